/* SPDX-License-Identifier: MIT */
/*
 * virtio_net_drv: a client of Platform, which gives it its device, and of Uplink, where frames come from and go to (nic_bridge). It provides
 * nothing, and nobody waits for it: when it dies, its uplink closes, and the next one takes over.
 *
 * Everything is a turn of the event loop, of BATCH frames at most each way; the device is notified, and the bridge is woken, once a turn. Frames that
 * cannot go on stay where they are: those that came in at the device, until the bridge has room; those to be sent at the bridge,
 * until the device has.
 */
#include "net.h"

#include <base/component.h>
#include <base/signal.h>
#include <base/string.h>
#include <frames/frames.h>
#include <uplink/uplink.h>
#include <virtio/pci.h>

enum { BATCH = 64, COUNT_DEFAULT = 64 };

static struct {
	struct env           *env;
	struct virtio_pci     pci;
	struct net            net;
	struct frame_link     link;               /* the uplink */
	struct handler        turn, config;
	struct signal_context turn_context, config_context;
	struct cap            turn_line, config_line;
	bool                  has_vectors, is_up, was_told;
} self;

/* The device, or the bridge, is not what it should be: a new start is the way out, and the parent's to decide. */
static void give_up(char const *what, enum status status)
{
	log_error("%s: %s: restart me", what, status_name(status));
	(void)env_exit(self.env, 1);
}

static void next_turn(void)
{
	enum status status = signal_submit(self.turn_context);

	(void)status; /* it is our own */
}

/* --- Frames --- */

/* From the device to the bridge. True: BATCH is over, there may be more. */
static bool move_in(void)
{
	for (unsigned i = 0; i < BATCH; i++) {
		struct net_frame frame;
		enum status      status;

		if (!frame_has_room(&self.link.source))
			return false;
		status = net_receive(&self.net, &frame);
		if (status == STATUS_NOT_FOUND)
			return false;
		if (status == STATUS_OK) {
			(void)frame_send(&self.link.source, frame.data, frame.size);
			status = net_recycle(&self.net, &frame);
		}
		if (status)
			give_up("the device breaks the rules of its receive queue", status);
	}
	return true;
}

/* From the bridge to the device. True: frames wait for room at the device. */
static bool move_out(void)
{
	size_t      size;
	void const *data;

	while ((data = frame_first(&self.link.sink, &size)) != NULL) {
		if (!net_has_room(&self.net))
			return true;
		enum status status = net_send(&self.net, data, size);
		if (status)
			give_up("the device breaks the rules of its transmit queue", status);
		frame_done(&self.link.sink);
	}
	return false;
}

/* The answer to what was asked at the start comes with some turn. */
static void tell_once(void)
{
	if (self.was_told || virtio_queue_out(&self.net.queues[NET_CONTROL]))
		return;
	self.was_told = true;
	if (!self.net.is_promiscuous)
		log_warning("the device does not agree to receive everything: clients of the bridge may get nothing but broadcasts");
}

static void move(void)
{
	enum status status = net_reclaim(&self.net);
	bool        waits, more;

	if (status)
		give_up("the device breaks the rules of its transmit queue", status);
	waits = move_out();
	more = move_in();
	net_flush(&self.net);
	if (self.net.has_control)
		tell_once();
	/* Without room at the bridge, what comes in is no reason to wake up: its room is. */
	if (more || !net_sleep(&self.net, frame_has_room(&self.link.source), waits))
		next_turn();
}

static void frames_arrived(struct frame_sink *sink)
{
	move();
}

static void room_again(struct frame_source *source)
{
	move();
}

/* --- Interrupts --- */

static void handle_config(struct handler *handler, uint64_t count);

static void handle_turn(struct handler *handler, uint64_t count)
{
	net_awake(&self.net);
	if (!self.has_vectors && (virtio_device_interrupt_cause(&self.pci.device) & VIRTIO_CAUSE_CONFIG))
		handle_config(&self.config, 1);
	irq_ack(self.turn_line);
	move();
}

static void tell_link(void)
{
	enum status status;

	if (!self.link.is_open)
		return;
	status = uplink_link(&self.link.uplink, self.is_up);
	if (status && status != STATUS_PEER_GONE) /* then another one comes, which is told */
		log_warning("cannot tell the bridge that the link is %s: %s", self.is_up ? "up" : "down", status_name(status));
}

static void handle_config(struct handler *handler, uint64_t count)
{
	bool const  was_up = self.is_up;
	enum status status;

	if (self.has_vectors)
		irq_ack(self.config_line);
	if (virtio_device_needs_reset(&self.pci.device))
		give_up("the device has run into an error", STATUS_PEER_FAULT);
	status = net_link(&self.net, &self.is_up);
	if (status)
		give_up("cannot read the state of the link", status);
	if (self.is_up == was_up)
		return;
	log_info("link %s", self.is_up ? "up" : "down");
	tell_link();
}

/* --- Start --- */

static enum status connect_device(struct net_counts counts)
{
	struct pci_args const args = { .dma_bytes = net_bytes(counts), .buffers = 1, .interrupts = NET_VECTORS };
	struct virtio_dma     memory;
	struct net_memory     place;

	TRY(virtio_pci_open(&self.pci, self.env, "", VIRTIO_KIND_NET, &args));
	self.has_vectors = self.pci.identity.interrupts >= NET_VECTORS;
	TRY(net_init(&self.net, &self.pci.device));
	TRY(virtio_pci_dma(&self.pci, self.env, net_bytes(counts), &memory));
	TRY(ep_signal(&self.env->ep, &self.turn, &self.turn_context));
	TRY(pci_interrupt(&self.pci.pci, self.has_vectors ? NET_VECTOR_QUEUES : 0, self.turn_context, &self.turn_line));
	if (self.has_vectors) {
		TRY(ep_signal(&self.env->ep, &self.config, &self.config_context));
		TRY(pci_interrupt(&self.pci.pci, NET_VECTOR_CONFIG, self.config_context, &self.config_line));
	}
	TRY(pci_bus_master(&self.pci.pci, true));
	place = (struct net_memory) { .start = memory.start, .address = memory.address };
	TRY(net_start(&self.net, &place, counts, self.has_vectors));
	return net_link(&self.net, &self.is_up);
}

static enum status handle_opened(struct frame_link *link)
{
	next_turn();
	return self.is_up ? STATUS_OK : uplink_link(&link->uplink, false);
}

/* The bridge has gone, and what was on its way with it; the next one gets the same device. */
static void handle_closed(struct frame_link *link)
{
	log_info("uplink lost: opening another one");
}

static enum status connect_uplink(struct net_counts counts)
{
	struct uplink_args args = { .rx_count = counts.rx, .tx_count = counts.tx };

	self.link.source.room = room_again;
	self.link.sink.arrived = frames_arrived;
	self.link.opened = handle_opened;
	self.link.closed = handle_closed;
	memcpy(args.address, self.net.address, NET_ADDRESS);
	return frame_link_open_uplink(&self.link, self.env, "", &args);
}

/* A power of two from 2 to NET_COUNT_MAX. */
static enum status count_from(struct node config, char const *name, uint16_t *count)
{
	uint64_t const value = node_u64(config, name, COUNT_DEFAULT, 2, NET_COUNT_MAX);

	if (!is_power_of_two(value)) {
		log_error("config: %s=\"%lu\" is no power of two", name, value);
		return STATUS_INVALID;
	}
	*count = (uint16_t)value;
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct net_counts counts;
	uint8_t const    *address = self.net.address;

	self.env = env;
	TRY(count_from(env_config(env), "rx_count", &counts.rx));
	TRY(count_from(env_config(env), "tx_count", &counts.tx));
	self.turn.handle = handle_turn;
	self.config.handle = handle_config;
	TRY(connect_device(counts));
	log_info("%02x:%02x:%02x:%02x:%02x:%02x, %u frames in, %u out, %s, link %s", address[0], address[1], address[2], address[3], address[4], address[5],
	         self.net.counts.rx, self.net.counts.tx, self.has_vectors ? "MSI-X" : "interrupt line", self.is_up ? "up" : "down");
	return connect_uplink(counts);
}
