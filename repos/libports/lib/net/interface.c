/* SPDX-License-Identifier: MIT */
/*
 * Frames between the session of NIC and lwIP. A frame that comes in is copied once, from the buffer that the server can still write to into
 * memory of the network; one that goes out once, from lwIP's packet into the buffer. Streams belong to the main thread, and lwIP may run on
 * another one: what it sends is queued, by reference, until the main thread takes it. When the queue is full, lwIP keeps TCP's data and is called
 * again when there is room; other packets are lost, as Ethernet's are.
 */
#include "own.h"

#include <base/log.h>
#include <base/string.h>
#include <base/try.h>
#include <frames/frames.h>
#include <lwip/etharp.h>
#include <lwip/priv/tcp_priv.h>
#include <nic/nic.h>

static struct {
	struct env           *env;
	struct netif         *netif;
	uint32_t              tx_count, rx_count;
	struct frame_link     link;
	struct handler        changed;
	struct signal_context changed_context;
	struct pbuf         **queue;                      /* ring of tx_count */
	uint32_t              queue_first, queue_number;
	bool                  was_full;                   /* lwIP was told so */
	struct net_counts     counts;
} self;

struct net_counts net_counts(void)
{
	return self.counts;
}

/* --- Out --- */

static err_t queue_frame(struct netif *netif, struct pbuf *p)
{
	if (p->tot_len < FRAME_MIN || p->tot_len > FRAME_MAX)
		return ERR_VAL;
	if (self.queue_number == self.tx_count) {
		self.was_full = true;
		return ERR_MEM;
	}
	pbuf_ref(p);
	self.queue[(self.queue_first + self.queue_number++) % self.tx_count] = p;
	return ERR_OK;
}

static void send_frame(struct pbuf *p)
{
	uint8_t    frame[FRAME_MAX];
	bool const is_one = p->len == p->tot_len;

	if (!is_one)
		pbuf_copy_partial(p, frame, p->tot_len, 0);
	self.counts.sent += frame_send(&self.link.source, is_one ? p->payload : frame, p->tot_len);
}

static struct pbuf *take_queued(void)
{
	struct pbuf *p = self.queue[self.queue_first];

	self.queue_first = (self.queue_first + 1) % self.tx_count;
	self.queue_number--;
	return p;
}

static void send_queue(void)
{
	while (self.queue_number && frame_has_room(&self.link.source)) {
		struct pbuf *p = take_queued();

		send_frame(p);
		pbuf_free(p);
	}
}

void net_interface_send(void)
{
	send_queue();
	if (!self.was_full || self.queue_number == self.tx_count)
		return;
	self.was_full = false;
	tcp_txnow();
	send_queue();
}

static void handle_room(struct frame_source *source)
{
	net_enter();
	net_leave();
}

/* --- In --- */

/*
 * Does it claim to come from this component (RFC 1122, 3.2.1.3)? Such packets come by the loopback alone, where lwIP would send the answer: to a
 * segment of this component with itself it could answer for ever.
 */
static bool is_false_own(uint8_t const *frame, size_t size)
{
	struct eth_hdr const *ethernet = (struct eth_hdr const *)frame;
	struct ip_hdr const  *ip       = (struct ip_hdr const *)(frame + SIZEOF_ETH_HDR);
	ip4_addr_t            from;

	if (size < SIZEOF_ETH_HDR + IP_HLEN || ethernet->type != PP_HTONS(ETHTYPE_IP))
		return false;
	ip4_addr_copy(from, ip->src);
	return ip4_addr_isloopback(&from) || (!ip4_addr_isany_val(from) && ip4_addr_cmp(&from, netif_ip4_addr(self.netif)));
}

static void receive(void const *data, size_t size)
{
	struct pbuf *p = is_false_own(data, size) ? NULL : pbuf_alloc(PBUF_RAW, (u16_t)size, PBUF_RAM);

	self.counts.received++;
	if (!p) {
		self.counts.dropped++;
		return;
	}
	memcpy(p->payload, data, size);
	if (self.netif->input(p, self.netif) != ERR_OK)
		pbuf_free(p);
}

static void handle_frames(struct frame_sink *sink)
{
	size_t      size;
	void const *data;

	net_enter();
	while ((data = frame_first(sink, &size)) != NULL) {
		receive(data, size);
		frame_done(sink);
	}
	net_leave();
}

/* --- The session. Its server is asked before the network is entered: who uses that does not wait for it. --- */

static void set_link(bool is_up)
{
	if (is_up)
		netif_set_link_up(self.netif);
	else
		netif_set_link_down(self.netif);
}

static void handle_changed(struct handler *handler, uint64_t count)
{
	bool is_up;

	if (!self.link.is_open || nic_link(&self.link.nic, &is_up))
		return; /* it is gone: another one is opened */
	net_enter();
	set_link(is_up);
	net_leave();
}

static enum status handle_opened(struct frame_link *link)
{
	uint8_t address[NIC_ADDRESS];
	bool    is_up;

	TRY(nic_address(&link->nic, address));
	TRY(nic_link_signal(&link->nic, self.changed_context));
	TRY(nic_link(&link->nic, &is_up));
	net_enter();
	memcpy(self.netif->hwaddr, address, sizeof(address));
	self.counts.opened++;
	set_link(is_up);
	net_leave();
	return STATUS_OK;
}

/* As if the cable had been pulled, until there is another session: which may have another address, so frames with this one do not wait for it. */
static void handle_closed(struct frame_link *link)
{
	net_enter();
	while (self.queue_number)
		pbuf_free(take_queued());
	set_link(false);
	net_leave();
}

/* --- Setting up --- */

static err_t init_netif(struct netif *netif)
{
	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->mtu = FRAME_MAX - FRAME_HEADER;
	netif->hwaddr_len = NIC_ADDRESS;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
	netif->output = etharp_output;
	netif->linkoutput = queue_frame;
	return ERR_OK;
}

enum status net_interface_init(struct env *env, struct net_config const *config, struct netif *netif)
{
	self.env = env;
	self.netif = netif;
	self.tx_count = config->tx_count;
	self.rx_count = config->rx_count;
	self.changed.handle = handle_changed;
	self.link.source.room = handle_room;
	self.link.sink.arrived = handle_frames;
	self.link.opened = handle_opened;
	self.link.closed = handle_closed;
	TRY(heap_new_array(&env->heap, self.tx_count, &self.queue));
	TRY(ep_signal(&env->ep, &self.changed, &self.changed_context));
	if (!netif_add(netif, &config->address, &config->netmask, &config->gateway, NULL, init_netif, netif_input))
		return STATUS_INTERNAL;
	netif_set_default(netif);
	return STATUS_OK;
}

enum status net_interface_open(void)
{
	struct nic_args const args = { .tx_count = self.tx_count, .rx_count = self.rx_count };

	return frame_link_open_nic(&self.link, self.env, "", &args);
}
