/* SPDX-License-Identifier: MIT */
/* A host on an Ethernet, behind NIC or behind Uplink: pings the others, checks each answer, and answers theirs. */
#include "../check.h"

#include <base/signal.h>
#include <base/string.h>
#include <frames/frames.h>
#include <uplink/uplink.h>

enum kind { HELLO, PING, PONG, NOISE };

/* As on the wire: IEEE 802.3 header with the ethertype for local experiments, then ours. */
struct message {
	uint8_t  to[NIC_ADDRESS], from[NIC_ADDRESS];
	uint8_t  type[2];
	uint16_t kind;
	uint32_t number;
	uint8_t  fill[FRAME_MAX - 20];
} __attribute__((packed));

enum { HEADER = 20, PEERS = 8, TICK_MS = 5 };

static uint8_t const everybody[NIC_ADDRESS] = { 255, 255, 255, 255, 255, 255 };
static uint8_t const wire_address[NIC_ADDRESS] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

struct peer {
	uint8_t  address[NIC_ADDRESS];
	uint32_t answered;
};

static struct {
	struct env        *env;
	char               role[8];
	struct frame_link  link;
	uint8_t            address[NIC_ADDRESS];
	struct peer        peers[PEERS];
	unsigned           known, expected;
	uint32_t           count;        /* of frames in each stream */
	uint32_t           pings, wrong, strange, foreign;
	uint64_t           frames, reopen_after, link_changes;
	uint32_t           reopens;
	bool               is_done;
	struct handler     tick, changed;
	struct signal_context changed_context;
} self;

static bool is_role(char const *role) { return !strcmp(self.role, role); }
static bool is_same(uint8_t const *a, uint8_t const *b) { return !memcmp(a, b, NIC_ADDRESS); }

/* --- Messages --- */

static size_t size_of(uint32_t number)
{
	return 60 + number * 97u % (FRAME_MAX - 60 + 1);
}

static uint8_t fill_of(uint32_t number, size_t i)
{
	return (uint8_t)(number * 31 + i * 7);
}

static void send_message(uint8_t const *to, enum kind kind, uint32_t number)
{
	struct message message = { .type = { 0x88, 0xb5 }, .kind = (uint16_t)kind, .number = number };
	size_t const   size    = kind == HELLO || kind == NOISE ? 60 : size_of(number);

	memcpy(message.to, to, NIC_ADDRESS);
	memcpy(message.from, self.address, NIC_ADDRESS);
	for (size_t i = 0; i < size - HEADER; i++)
		message.fill[i] = fill_of(number, i);
	(void)frame_send(&self.link.source, &message, size);
}

static bool is_right(struct message const *message, size_t size)
{
	bool right = size == size_of(message->number);

	for (size_t i = 0; right && i < size - HEADER; i++)
		right = message->fill[i] == fill_of(message->number, i);
	return right;
}

static struct peer *peer_of(uint8_t const *address, bool is_new)
{
	for (unsigned i = 0; i < self.known; i++) {
		if (is_same(self.peers[i].address, address))
			return &self.peers[i];
	}
	if (!is_new || self.known == PEERS)
		return NULL;
	memcpy(self.peers[self.known].address, address, NIC_ADDRESS);
	return &self.peers[self.known++];
}

static void check_done(void)
{
	if (self.is_done || self.known != self.expected)
		return;
	for (unsigned i = 0; i < self.known; i++) {
		if (self.peers[i].answered < self.pings)
			return;
	}
	self.is_done = true;
	log_info("%u peers answered %u pings each; %u wrong, %u for others, %u strange; link changed %lu times", self.known, self.pings, self.wrong,
	         self.foreign, self.strange, self.link_changes);
}

static void handle_answer(struct message const *message, size_t size)
{
	struct peer *peer = peer_of(message->from, false);

	self.wrong += !is_right(message, size);
	if (!peer || message->number != peer->answered)
		return; /* to one that was sent twice */
	if (++peer->answered < self.pings)
		send_message(peer->address, PING, peer->answered);
	check_done();
}

static void handle_message(struct message const *message, size_t size)
{
	self.frames++;
	if (!is_same(message->to, self.address) && !is_same(message->to, everybody)) {
		self.foreign++;
		return;
	}
	if (message->type[0] != 0x88 || size < HEADER || is_same(message->from, self.address)) {
		self.strange++;
		return;
	}
	switch (message->kind) {
	case HELLO: (void)!peer_of(message->from, true); break;
	case PING:  send_message(message->from, PONG, message->number); break;
	case PONG:  handle_answer(message, size); break;
	case NOISE: break;
	default:    self.strange++;
	}
}

static void handle_frames(struct frame_sink *sink)
{
	struct message message;
	size_t         size;
	void const    *data;

	while ((data = frame_first(sink, &size)) != NULL) {
		memcpy(&message, data, size);
		frame_done(sink);
		handle_message(&message, size);
	}
}

/* --- Sessions --- */

static void handle_changed(struct handler *handler, uint64_t count)
{
	self.link_changes += count;
}

static void ignore(struct frame_sink *sink) {}

static enum status opened_nic(struct frame_link *link)
{
	TRY(nic_address(&link->nic, self.address));
	return nic_link_signal(&link->nic, self.changed_context);
}

static enum status connect_nic(void)
{
	struct nic_args const args = { .tx_count = self.count, .rx_count = self.count };

	self.link.opened = opened_nic;
	TRY(ep_signal(&self.env->ep, &self.changed, &self.changed_context));
	return frame_link_open_nic(&self.link, self.env, "", &args);
}

static enum status connect_uplink(void)
{
	struct uplink_args args = { .rx_count = self.count, .tx_count = self.count };

	memcpy(args.address, wire_address, NIC_ADDRESS);
	memcpy(self.address, wire_address, NIC_ADDRESS);
	return frame_link_open_uplink(&self.link, self.env, "", &args);
}

static enum status reopen_uplink(void)
{
	self.frames = 0;
	self.reopens--;
	frame_link_close(&self.link);
	return connect_uplink();
}

/* --- What it does --- */

static void flood(void)
{
	self.address[5] ^= 0x40;
	send_message(everybody, PING, 1);
	self.address[5] ^= 0x40;
	while (frame_has_room(&self.link.source))
		send_message(everybody, NOISE, 0);
}

static void handle_tick(struct handler *handler, uint64_t count)
{
	ep_timeout(&self.env->ep, &self.tick, time_now_ns() + TICK_MS * TIME_NS_PER_MS);
	if (self.reopens && self.frames > self.reopen_after && reopen_uplink())
		log_error("cannot open the uplink again");
	if (is_role("flood")) {
		flood();
		return;
	}
	send_message(everybody, HELLO, 0);
	for (unsigned i = 0; i < self.known; i++) {
		if (self.peers[i].answered < self.pings)
			send_message(self.peers[i].address, PING, self.peers[i].answered);
	}
}

enum status component_construct(struct env *env)
{
	struct node const config = env_config(env);

	self.env = env;
	TRY(node_string(config, "role", "host", self.role, sizeof(self.role)));
	self.expected = (unsigned)node_u64(config, "peers", 0, 0, PEERS);
	self.pings = (uint32_t)node_u64(config, "pings", 0, 0, 1000000);
	self.reopen_after = node_u64(config, "reopen_after", 0, 0, 1000000);
	self.count = (uint32_t)node_u64(config, "count", 16, 2, 1024);
	self.reopens = (uint32_t)node_u64(config, "reopens", 0, 0, 1000);
	self.tick.handle = handle_tick;
	self.changed.handle = handle_changed;
	self.link.sink.arrived = is_role("flood") ? ignore : handle_frames;
	TRY(is_role("wire") ? connect_uplink() : connect_nic());
	handle_tick(&self.tick, 1);
	return STATUS_OK;
}
