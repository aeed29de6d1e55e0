/* SPDX-License-Identifier: MIT */
/*
 * Which segments lwIP is to see. It looks at what a segment acknowledges, at its window and its options before it looks at where its data belongs, so
 * the checks of RFC 9293, 3.10.7.4, and RFC 5961, 5.2, come first: who does not see a connection cannot disturb it. A SYN finds room, if need
 * be that of another one. And data is taken from the wire as long as memory is not scarce.
 */
#include "net_hooks.h"

#include <lwip/priv/tcp_priv.h>

/* Below that, data is taken as long as there is memory at all. */
enum { ALWAYS = 2 * TCP_MSS };

/*
 * Does any of it, or its end at least, belong into the window? Who has probed one that is closed counts the byte of the probe, and is not to be
 * answered for that: two ends whose windows are both closed would answer each other for ever.
 */
static bool is_in_window(struct tcp_pcb const *pcb, struct tcp_hdr const *header, struct pbuf const *segment)
{
	u8_t const  flags  = TCPH_FLAGS(header);
	u32_t const end    = header->seqno + segment->tot_len + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
	u32_t const window = pcb->rcv_wnd ? pcb->rcv_wnd : 1;

	return TCP_SEQ_GEQ(end, pcb->rcv_nxt) && TCP_SEQ_LEQ(header->seqno, pcb->rcv_nxt + window);
}

/* A number that the peer has reason to send: not of what was never sent, and not older than a window. */
static bool may_acknowledge(struct tcp_pcb const *pcb, struct tcp_hdr const *header)
{
	return TCP_SEQ_LEQ(header->ackno, pcb->snd_nxt) && TCP_SEQ_GEQ(header->ackno, pcb->lastack - pcb->snd_wnd_max);
}

/* Resets are checked by lwIP, by their number alone; so are those segments that may complete a handshake. */
static bool is_of_connection(struct tcp_pcb const *pcb, struct tcp_hdr const *header, struct pbuf const *segment)
{
	return is_in_window(pcb, header, segment) && (pcb->state == SYN_RCVD || !(TCPH_FLAGS(header) & TCP_ACK) || may_acknowledge(pcb, header));
}

/*
 * If the backlog is full, the oldest connection that has not answered our SYN is forgotten (RFC 4987, 3.4): a flood of SYNs shuts only those out
 * who take longer to answer than the flood takes to fill the backlog.
 */
static void make_room(struct tcp_pcb_listen const *listener)
{
	struct tcp_pcb *oldest = NULL;

	if (listener->accepts_pending < listener->backlog)
		return;
	for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next) /* new ones are put first */
		if (pcb->state == SYN_RCVD && pcb->listener == listener && (!oldest || (s32_t)(oldest->tmr - pcb->tmr) >= 0))
			oldest = pcb;
	if (oldest)
		tcp_abandon(oldest, 0);
}

static bool has_room(struct tcp_pcb const *pcb, struct pbuf const *segment)
{
	size_t const held = TCP_WND_MAX(pcb) - pcb->rcv_wnd;

	return !segment->tot_len || pcb->state < ESTABLISHED || held <= ALWAYS || held <= net_memory_share();
}

err_t net_take_segment(struct tcp_pcb *pcb, struct tcp_hdr const *header, struct pbuf const *segment)
{
	u8_t const flags = TCPH_FLAGS(header);

	if (pcb->state == LISTEN && (flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN)
		make_room((struct tcp_pcb_listen const *)pcb);
	if (pcb->state < SYN_RCVD || pcb->state == TIME_WAIT || (flags & TCP_RST))
		return ERR_OK;
	if (!(flags & (TCP_ACK | TCP_SYN)))
		return ERR_VAL;
	if (!is_of_connection(pcb, header, segment)) {
		tcp_send_empty_ack(pcb);
		return ERR_VAL;
	}
	return has_room(pcb, segment) ? ERR_OK : ERR_MEM;
}
