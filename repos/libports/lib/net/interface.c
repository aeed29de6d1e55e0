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
#include <base/time.h>
#include <base/try.h>
#include <frames/frames.h>
#include <lwip/etharp.h>
#include <lwip/priv/tcp_priv.h>
#include <nic/nic.h>

static struct {
	struct env           *env;
	struct netif         *netif;
	uint32_t              tx_count, rx_count;
	struct nic            nic;
	struct frame_link     link;
	struct handler        changed, lost;
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

static void send_queue(void)
{
	while (self.queue_number && frame_has_room(&self.link.source)) {
		struct pbuf *p = self.queue[self.queue_first];

		send_frame(p);
		pbuf_free(p);
		self.queue_first = (self.queue_first + 1) % self.tx_count;
		self.queue_number--;
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

/* --- The session --- */

static void check_link(void)
{
	bool is_up;

	if (nic_link(&self.nic, &is_up))
		return; /* it is gone: `lost` comes */
	if (is_up)
		netif_set_link_up(self.netif);
	else
		netif_set_link_down(self.netif);
}

static void handle_changed(struct handler *handler, uint64_t count)
{
	net_enter();
	check_link();
	net_leave();
}

static enum status start_session(void)
{
	struct frame_buffers buffers = { .sent_count = self.tx_count, .received_count = self.rx_count };

	TRY(nic_address(&self.nic, self.netif->hwaddr));
	TRY(nic_link_signal(&self.nic, self.changed_context));
	TRY(nic_buffers(&self.nic, &buffers.sent, &buffers.received));
	TRY(frame_link_init(&self.link, self.env, &buffers));
	TRY(nic_start(&self.nic, self.link.source.stream.end.context, self.link.sink.stream.end.context, &self.link.sent_peer,
	              &self.link.received_peer));
	frame_link_start(&self.link);
	connection_on_lost(&self.nic.connection, &self.lost);
	check_link();
	return STATUS_OK;
}

/* The server is gone, or breaks the rules: as if the cable had been pulled, until there is one again. */
static void handle_lost(struct handler *handler, uint64_t count)
{
	struct nic_args const args = { .tx_count = self.tx_count, .rx_count = self.rx_count };
	enum status           status;

	net_enter();
	netif_set_link_down(self.netif);
	frame_link_fini(&self.link);
	net_leave();
	status = nic_reopen(&self.nic, "", &args); /* which may take a while */
	net_enter();
	if (status == STATUS_OK)
		status = start_session();
	if (status)
		log_error("cannot open NIC again: %s; there is no network until this component is restarted", status_name(status));
	else
		self.counts.reopened++;
	net_leave();
}

static void leave_server(void)
{
	log_error("the server of NIC breaks the rules of its streams: its session is closed and opened again");
	ep_timeout(&self.env->ep, &self.lost, time_now_ns());
}

static void handle_source_broken(struct frame_source *source) { leave_server(); }
static void handle_sink_broken(struct frame_sink *sink) { leave_server(); }

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

enum status net_interface_start(struct env *env, struct net_config const *config, struct netif *netif)
{
	struct nic_args const args = { .tx_count = config->tx_count, .rx_count = config->rx_count };

	self.env = env;
	self.netif = netif;
	self.tx_count = config->tx_count;
	self.rx_count = config->rx_count;
	self.changed.handle = handle_changed;
	self.lost.handle = handle_lost;
	self.link.source.room = handle_room;
	self.link.source.broken = handle_source_broken;
	self.link.sink.arrived = handle_frames;
	self.link.sink.broken = handle_sink_broken;
	TRY(heap_new_array(&env->heap, self.tx_count, &self.queue));
	if (!netif_add(netif, &config->address, &config->netmask, &config->gateway, NULL, init_netif, netif_input))
		return STATUS_INTERNAL;
	netif_set_default(netif);
	TRY(ep_signal(&env->ep, &self.changed, &self.changed_context));
	TRY(nic_open(&self.nic, env, "", &args));
	return start_session();
}
