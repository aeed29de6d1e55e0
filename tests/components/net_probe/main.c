/* SPDX-License-Identifier: MIT */
/* A host that is just enough of one to see whether a real network answers: states one after the other, each repeated until its answer has come. */
#include "packet.h"

#include <base/component.h>
#include <base/signal.h>

enum state { WANTS_OFFER, WANTS_ACK, WANTS_GATEWAY, PINGS, DONE };

enum { COUNT = 32, PATIENCE_MS = 100, ID = 0x4242 };

static uint8_t const everybody[6] = { 255, 255, 255, 255, 255, 255 };

static struct {
	struct env       *env;
	struct frame_link link;
	enum state        state;
	uint8_t           address[6], gateway_address[6];
	uint32_t          ip, server, gateway;           /* as on the wire */
	uint32_t          number, pings, repeated, wrong;
	uint64_t          pause_ms;
	bool              is_endless;
	struct handler    tick;
	struct packet_buffer out;
} self;

/* --- Sending --- */

static void send_frame(uint8_t const *to, uint16_t type, size_t size)
{
	memcpy(self.out.ethernet.to, to, 6);
	memcpy(self.out.ethernet.from, self.address, 6);
	self.out.ethernet.type = swap16(type);
	(void)frame_send(&self.link.source, self.out.bytes, MAX(size, 60u));
}

static void send_ip(uint8_t const *to, uint32_t to_ip, uint8_t protocol, size_t size)
{
	struct ip *ip = &self.out.icmp.ip;

	*ip = (struct ip) { .version = 0x45, .size = swap16((uint16_t)size), .id = swap16((uint16_t)self.number), .hops = 64, .protocol = protocol,
	                    .from = self.ip, .to = to_ip };
	ip->checksum = checksum_end(checksum_add(0, ip, sizeof(*ip)));
	send_frame(to, TYPE_IP, sizeof(struct ethernet) + size);
}

static void send_arp(uint8_t const *to, uint32_t to_ip, uint16_t operation)
{
	memset(&self.out, 0, sizeof(self.out));
	self.out.arp.body = (struct arp) { .hardware = swap16(1), .protocol = swap16(TYPE_IP), .hardware_size = 6, .protocol_size = 4,
	                                   .operation = swap16(operation), .from_ip = self.ip, .to_ip = to_ip };
	memcpy(self.out.arp.body.from, self.address, 6);
	if (operation == ARP_REPLY)
		memcpy(self.out.arp.body.to, to, 6);
	send_frame(to, TYPE_ARP, sizeof(self.out.arp));
}

static uint8_t *add_option(uint8_t *at, uint8_t code, void const *data, uint8_t size)
{
	at[0] = code;
	at[1] = size;
	memcpy(at + 2, data, size);
	return at + 2 + size;
}

/* RFC 2131, 4.1 and table 5; options: RFC 2132 */
static void send_dhcp(uint8_t kind)
{
	struct udp  *udp  = &self.out.dhcp.udp;
	struct dhcp *dhcp = &self.out.dhcp.body;
	uint8_t     *at   = dhcp->options;
	size_t const size = sizeof(*udp) + sizeof(*dhcp);

	memset(&self.out, 0, sizeof(self.out));
	dhcp->operation = dhcp->hardware = 1;
	dhcp->hardware_size = 6;
	memcpy(&dhcp->id, self.address + 2, 4);
	memcpy(dhcp->address, self.address, 6);
	dhcp->magic = swap32(DHCP_MAGIC);
	at = add_option(at, 53, &kind, 1);
	if (kind == DHCP_REQUEST) {
		at = add_option(at, 50, &self.ip, 4);
		at = add_option(at, 54, &self.server, 4);
	}
	*at = 255;
	*udp = (struct udp) { .from = swap16(DHCP_CLIENT_PORT), .to = swap16(DHCP_SERVER_PORT), .size = swap16((uint16_t)size) };

	uint32_t const offered = self.ip;
	self.ip = 0;
	udp->checksum = checksum_end(checksum_add(PROTOCOL_UDP + size + 2 * 0xffff, udp, size));
	send_ip(everybody, UINT32_MAX, PROTOCOL_UDP, sizeof(struct ip) + size);
	self.ip = offered;
}

static size_t data_size(uint32_t number) { return number * 37u % (ICMP_DATA_MAX + 1); }
static uint8_t data_byte(uint32_t number, size_t i) { return (uint8_t)(number * 31 + i * 7); }

static void send_ping(uint8_t const *to, uint32_t to_ip, uint8_t type, size_t size)
{
	struct icmp *icmp = &self.out.icmp.body;

	icmp->type = type;
	icmp->code = 0;
	icmp->checksum = 0;
	icmp->checksum = checksum_end(checksum_add(0, icmp, sizeof(*icmp) + size));
	send_ip(to, to_ip, PROTOCOL_ICMP, sizeof(struct ip) + sizeof(*icmp) + size);
}

static void ping(void)
{
	memset(&self.out, 0, sizeof(self.out));
	self.out.icmp.body = (struct icmp) { .id = swap16(ID), .number = swap16((uint16_t)self.number) };
	for (size_t i = 0; i < data_size(self.number); i++)
		self.out.icmp.data[i] = data_byte(self.number, i);
	send_ping(self.gateway_address, self.gateway, ECHO_REQUEST, data_size(self.number));
}

/* What this state asks for. */
static void ask(void)
{
	switch (self.state) {
	case WANTS_OFFER:   send_dhcp(DHCP_DISCOVER); break;
	case WANTS_ACK:     send_dhcp(DHCP_REQUEST); break;
	case WANTS_GATEWAY: send_arp(everybody, self.gateway, ARP_REQUEST); break;
	case PINGS:         ping(); break;
	case DONE:          return;
	}
	ep_timeout(&self.env->ep, &self.tick, time_now_ns() + PATIENCE_MS * TIME_NS_PER_MS);
}

static void enter(enum state state)
{
	self.state = state;
	ask();
}

static void handle_tick(struct handler *handler, uint64_t count)
{
	self.repeated++;
	ask();
}

static void handle_pause(struct handler *handler, uint64_t count)
{
	self.tick.handle = handle_tick;
	ask();
}

/* --- Receiving --- */

static void handle_arp(struct packet_buffer const *in)
{
	struct arp const *arp = &in->arp.body;

	if (in->size < sizeof(in->arp) || arp->to_ip != self.ip || self.state < WANTS_GATEWAY)
		return;
	if (arp->operation == swap16(ARP_REQUEST))
		send_arp(arp->from, arp->from_ip, ARP_REPLY);
	if (self.state == WANTS_GATEWAY && arp->operation == swap16(ARP_REPLY) && arp->from_ip == self.gateway) {
		memcpy(self.gateway_address, arp->from, 6);
		enter(PINGS);
	}
}

/* The value of an option of DHCP, of `size` bytes; NULL: it is not there. */
static uint8_t const *find_option(struct packet_buffer const *in, uint8_t code, uint8_t size)
{
	uint8_t const *at = in->dhcp.body.options, *end = in->bytes + in->size;

	while (at + 2 <= end && *at != 255) {
		if (!*at) {
			at++;
			continue;
		}
		if (at + 2 + at[1] > end)
			return NULL;
		if (at[0] == code && at[1] >= size)
			return at + 2;
		at += 2 + at[1];
	}
	return NULL;
}

static void handle_dhcp(struct packet_buffer const *in)
{
	struct dhcp const *dhcp = &in->dhcp.body;
	uint8_t const     *kind, *server, *router;
	uint8_t const     *ip = (uint8_t const *)&self.ip;

	if (in->size < offsetof(struct packet_buffer, dhcp.body.options) || dhcp->magic != swap32(DHCP_MAGIC) ||
	    memcmp(dhcp->address, self.address, 6) || dhcp->operation != 2)
		return;
	kind = find_option(in, 53, 1);
	server = find_option(in, 54, 4);
	router = find_option(in, 3, 4);
	if (!kind || !server || !router)
		return;
	if (self.state == WANTS_OFFER && *kind == DHCP_OFFER) {
		self.ip = dhcp->yours;
		memcpy(&self.server, server, 4);
		memcpy(&self.gateway, router, 4);
		enter(WANTS_ACK);
	} else if (self.state == WANTS_ACK && *kind == DHCP_ACK) {
		self.ip = dhcp->yours;
		log_info("has %u.%u.%u.%u by DHCP", ip[0], ip[1], ip[2], ip[3]);
		enter(WANTS_GATEWAY);
	}
}

static bool is_right(struct packet_buffer const *in, size_t size)
{
	bool right = size == data_size(self.number);

	for (size_t i = 0; right && i < size; i++)
		right = in->icmp.data[i] == data_byte(self.number, i);
	return right;
}

static void handle_answer(struct packet_buffer const *in, size_t size)
{
	uint8_t const *gateway = (uint8_t const *)&self.gateway;

	if (self.state != PINGS || in->icmp.body.id != swap16(ID) || in->icmp.body.number != swap16((uint16_t)self.number))
		return; /* to one that was sent twice */
	self.wrong += !is_right(in, size);
	if (++self.number % self.pings == 0) {
		ep_timeout_cancel(&self.env->ep, &self.tick);
		log_info("%u.%u.%u.%u answered %u pings, %u wrong; %u asked again", gateway[0], gateway[1], gateway[2], gateway[3], self.number, self.wrong,
		         self.repeated);
	}
	if (self.number == self.pings && !self.is_endless) {
		self.state = DONE;
	} else if (self.pause_ms) {
		self.tick.handle = handle_pause;
		ep_timeout(&self.env->ep, &self.tick, time_now_ns() + self.pause_ms * TIME_NS_PER_MS);
	} else {
		ask();
	}
}

static void handle_icmp(struct packet_buffer const *in, size_t size)
{
	if (size < sizeof(struct icmp) || checksum_end(checksum_add(0, &in->icmp.body, size))) {
		self.wrong++;
		return;
	}
	if (in->icmp.body.type == ECHO_REPLY)
		handle_answer(in, size - sizeof(struct icmp));
	if (in->icmp.body.type == ECHO_REQUEST) {
		self.out = *in;
		send_ping(in->ethernet.from, in->icmp.ip.from, ECHO_REPLY, size - sizeof(struct icmp));
	}
}

static void handle_ip(struct packet_buffer const *in)
{
	struct ip const *ip   = &in->icmp.ip;
	size_t const     size = swap16(ip->size);

	if (in->size < ICMP_AT || ip->version != 0x45 || size < sizeof(*ip) || size > in->size - sizeof(struct ethernet) ||
	    checksum_end(checksum_add(0, ip, sizeof(*ip)))) {
		self.wrong++;
		return;
	}
	if (ip->protocol == PROTOCOL_UDP && in->dhcp.udp.to == swap16(DHCP_CLIENT_PORT))
		handle_dhcp(in);
	if (ip->protocol == PROTOCOL_ICMP && ip->to == self.ip)
		handle_icmp(in, size - sizeof(*ip));
}

static void handle_frames(struct frame_sink *sink)
{
	static struct packet_buffer in;
	void const                 *data;

	while ((data = frame_first(sink, &in.size)) != NULL) {
		memcpy(in.bytes, data, in.size);
		frame_done(sink);
		if (in.ethernet.type == swap16(TYPE_ARP))
			handle_arp(&in);
		if (in.ethernet.type == swap16(TYPE_IP))
			handle_ip(&in);
	}
}

/* The next bridge may give another address: then the network hears of it. */
static enum status handle_opened(struct frame_link *link)
{
	uint8_t address[NIC_ADDRESS];

	TRY(nic_address(&link->nic, address));
	if (memcmp(address, self.address, sizeof(address))) {
		memcpy(self.address, address, sizeof(address));
		enter(WANTS_OFFER);
	}
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct node const     config = env_config(env);
	struct nic_args const args   = { .tx_count = COUNT, .rx_count = COUNT };

	self.env = env;
	self.pings = (uint32_t)node_u64(config, "pings", 10, 1, 1000000);
	self.pause_ms = node_u64(config, "pause_ms", 0, 0, 10000);
	self.is_endless = node_bool(config, "endless", false);
	self.tick.handle = handle_tick;
	self.link.sink.arrived = handle_frames;
	self.link.opened = handle_opened;
	return frame_link_open_nic(&self.link, env, "", &args);
}
