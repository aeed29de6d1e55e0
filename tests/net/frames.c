/* SPDX-License-Identifier: MIT */
/* How the frames are made: a correct one of some kind, which a mutation or two then spoil. */
#include "packet.h"

void frames_init(struct frames *f, uint64_t seed, uint32_t ip, uint16_t port)
{
	*f = (struct frames) { .random = seed, .ip = ip, .gateway = (ip & ~0xffu) + 2, .port = port };
	memset(f->target, 0xff, 6);
}

/* --- Kinds of frames --- */

static size_t noise(struct frames *f, uint8_t *frame)
{
	static uint16_t const types[] = { TYPE_IP, TYPE_ARP, 0x8100, 0x86dd, 0x8863, 46, 1500, 0xffff };
	size_t const          size    = one_in(f, 20) ? below(f, FRAME_SPACE) : below(f, FULL);

	fill_random(f, frame, size);
	put_ethernet(f, frame, types[below(f, sizeof(types) / sizeof(types[0]))]);
	return size ? size : 1;
}

static size_t some_arp(struct frames *f, uint8_t *frame)
{
	return make_arp(f, frame, (uint16_t)(1 + below(f, 2)), own_ip(f));
}

static size_t some_icmp(struct frames *f, uint8_t *frame)
{
	size_t const size = L4 + ICMP + below(f, FULL - L4 - ICMP + 1);

	put_ip(f, frame, IS_ICMP, own_ip(f));
	fill_random(f, frame + L4, size - L4);
	if (!one_in(f, 4)) {
		frame[L4] = one_in(f, 2) ? 8 : (uint8_t)below(f, 19);
		frame[L4 + 1] = (uint8_t)below(f, 4);
	}
	return end_ip(frame, size);
}

static size_t some_udp(struct frames *f, uint8_t *frame)
{
	size_t const size = L4 + UDP + below(f, FULL - L4 - UDP + 1);

	put_ip(f, frame, IS_UDP, own_ip(f));
	fill_random(f, frame + L4, size - L4);
	if (one_in(f, 2))
		put16(frame + L4, 53);
	put16(frame + L4 + 4, (uint32_t)(size - L4));
	return end_ip(frame, size);
}

/* An offer to the request that was heard last, with options without sense (RFC 2131, 2132). */
static size_t some_dhcp(struct frames *f, uint8_t *frame)
{
	enum { AT = L4 + UDP, OPTIONS = AT + 240 };
	static uint8_t const start[] = { 99, 130, 83, 99, 53, 1, 2 };
	size_t const         size    = OPTIONS + 3 + below(f, 400);

	put_ip(f, frame, IS_UDP, own_ip(f));
	put16(frame + L4, 67);
	put16(frame + L4 + 2, 68);
	put16(frame + L4 + 4, (uint32_t)(size - L4));
	fill_random(f, frame + AT, size - AT);
	memcpy(frame + AT, (uint8_t[4]) { 2, 1, 6, 0 }, 4);
	put32(frame + AT + 4, f->dhcp_id);
	memcpy(frame + AT + 28, f->target, 6);
	memcpy(frame + OPTIONS - 4, start, sizeof(start));
	for (size_t at = OPTIONS + 3; at + 2 < size; at += 2 + below(f, 8)) {
		frame[at] = one_in(f, 2) ? (uint8_t)below(f, 70) : (uint8_t)next_random(f);
		frame[at + 1] = one_in(f, 2) ? (uint8_t)below(f, 9) : (uint8_t)odd_number(f);
	}
	return end_ip(frame, size);
}

/* Four packets at a time are made of fragments that overlap, miss, repeat or exceed them. */
static size_t some_fragment(struct frames *f, uint8_t *frame)
{
	static uint8_t const protocols[] = { IS_ICMP, IS_UDP, IS_TCP, 99 };
	uint32_t const       id          = below(f, 4);
	uint32_t const       offset      = one_in(f, 4) ? below(f, 8192) : below(f, 400);
	size_t const         size        = L4 + (one_in(f, 4) ? below(f, 64) : below(f, FULL - L4 + 1));

	put_ip(f, frame, protocols[id], (f->ip & ~0xffu) + OWN_FIRST);
	fill_random(f, frame + L4, size - L4);
	put16(frame + IP_ID_AT, id);
	put16(frame + IP_FRAGMENT_AT, offset | (one_in(f, 3) ? 0 : 0x2000));
	return end_ip(frame, size);
}

/* Options of TCP (RFC 9293, 3.1), correct ones among others that have any length, 0 too. Returns their size. */
static size_t put_options(struct frames *f, uint8_t *at)
{
	size_t const size = below(f, 11) * 4;

	fill_random(f, at, size);
	for (size_t i = 0; i < size; i += 1 + below(f, 5)) {
		at[i] = (uint8_t)below(f, 9);
		if (i + 1 < size && at[i] > 1)
			at[i + 1] = (uint8_t)(one_in(f, 2) ? below(f, 5) : odd_number(f));
	}
	return size;
}

/* From anybody: who cannot be, who does not answer, and who can be far away. */
static size_t some_syn(struct frames *f, uint8_t *frame)
{
	uint32_t const from[] = { own_ip(f), own_ip(f), own_ip(f), f->ip, 0, 0xffffffff, 0x7f000001, f->ip | 0xff, 0xe0000001, (uint32_t)next_random(f) };
	struct segment s = { .ip = from[below(f, 10)], .port = (uint16_t)next_random(f), .sequence = odd_number(f), .flags = SYN, .window = 8192 };

	if (s.ip == f->ip && one_in(f, 2))
		s.port = f->port;
	if (one_in(f, 8))
		s.flags = (uint8_t)next_random(f);
	s.options = put_options(f, frame + L4 + TCP);
	return make_segment(f, frame, &s);
}

/* In the name of others: far from the window of the connection (the lowest megabytes beside it are spared), or within and spoiled. */
static size_t some_of_others(struct frames *f, uint8_t *frame)
{
	struct frames_other const *other = &f->others[below(f, FRAMES_OTHERS)];
	struct segment             s     = { .ip = other->ip, .port = other->port, .acknowledged = one_in(f, 2) ? other->next : odd_number(f),
	                                     .window = (uint16_t)odd_number(f), .data = below(f, 1461) };
	bool const                 is_near = one_in(f, 4);
	size_t                     size;

	if (!other->ip)
		return some_syn(f, frame);
	s.flags = (uint8_t)(one_in(f, 3) ? next_random(f) : one_in(f, 2) ? RST : PSH | ACK);
	s.sequence = other->expected + (is_near ? 0 : (1u << 24) + below(f, UINT32_MAX - (1u << 25)));
	fill_random(f, frame + L4 + TCP, s.data);
	size = make_segment(f, frame, &s);
	if (is_near)
		frame[L4 + below(f, (uint32_t)(size - L4))] ^= (uint8_t)(1 << below(f, 8));
	return size;
}

/* --- Connections of its own --- */

static size_t put_request(struct frames *f, uint8_t *at)
{
	static char const *const requests[] = {
		"GET /small HTTP/1.1\r\n\r\n", "GET /data?1 HTTP/1.1\r\n\r\n", "GET /data?18446744073709551615 HTTP/1.1\r\n\r\n", "GET /da",
		"PUT /data HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", "PUT /data HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "\r\n\r\n\r\n\r\n",
	};
	char const *const text = requests[below(f, sizeof(requests) / sizeof(requests[0]))];
	size_t const      size = one_in(f, 3) ? below(f, 1461) : strlen(text);

	fill_random(f, at, size);
	memcpy(at, text, strlen(text) < size ? strlen(text) : size);
	return size;
}

static size_t open_connection(struct frames *f, struct frames_connection *c, uint8_t *frame)
{
	struct segment s = { .flags = SYN, .window = (uint16_t)odd_number(f) };

	if (c->state == CONNECTION_FREE) {
		*c = (struct frames_connection) { .state = CONNECTION_OPENING, .ip = own_ip(f) & ~(uint32_t)MUTE, .port = (uint16_t)(1024 + below(f, 64512)),
		                                  .next = odd_number(f) };
		c->next++;
	}
	s.ip = c->ip;
	s.port = c->port;
	s.sequence = c->next - 1;
	s.options = put_options(f, frame + L4 + TCP);
	return make_segment(f, frame, &s);
}

/* What the target looks at closely: it is near the window, and most of it belongs to no sane connection. */
static size_t misuse_connection(struct frames *f, struct frames_connection *c, uint8_t *frame)
{
	static uint8_t const  flags[] = { ACK, ACK | PSH, ACK | PSH, ACK | PSH, ACK | FIN, ACK | 0x20, ACK | SYN, SYN, 0, 0xff, ACK | RST };
	static uint16_t const windows[] = { 0, 1, 536, 2920 };
	struct segment        s = { .ip = c->ip, .port = c->port, .sequence = c->next, .acknowledged = c->expected, .window = windows[below(f, 4)] };

	s.flags = flags[below(f, sizeof(flags))];
	if (one_in(f, 3) || s.flags & RST)
		s.sequence += 1 + below(f, 200000);
	else if (one_in(f, 4))
		s.sequence -= 1 + below(f, 3000);
	if (one_in(f, 6))
		s.acknowledged = one_in(f, 2) ? odd_number(f) : s.acknowledged - 100 + below(f, 200);
	if (one_in(f, 4))
		s.options = put_options(f, frame + L4 + TCP);
	s.data = put_request(f, frame + L4 + TCP + s.options);
	if (L4 + TCP + s.options + s.data > FULL)
		s.data = 0;
	return make_segment(f, frame, &s);
}

/* A reset, and then something that a target without this connection resets: a reset that comes late tells nothing. */
static size_t end_connection(struct frames *f, struct frames_connection *c, uint8_t *frame)
{
	struct segment const s = { .ip = c->ip, .port = c->port, .sequence = c->next, .acknowledged = c->expected, .flags = c->age % 2 ? RST : ACK };

	return make_segment(f, frame, &s);
}

static size_t some_of_connection(struct frames *f, uint8_t *frame)
{
	struct frames_connection *c = &f->connections[below(f, FRAMES_CONNECTIONS)];

	c->age++;
	if ((c->state == CONNECTION_OPENING && c->age > OPENING_MAX) || (c->state == CONNECTION_OPEN && c->age > OPEN_MAX))
		set_state(c, CONNECTION_ENDING);
	else if (c->state == CONNECTION_ENDING && c->age > ENDING_MAX)
		set_state(c, CONNECTION_FREE);
	switch (c->state) {
	case CONNECTION_OPEN:   return misuse_connection(f, c, frame);
	case CONNECTION_ENDING: return end_connection(f, c, frame);
	default:                return open_connection(f, c, frame);
	}
}

size_t frames_end(struct frames *f, uint8_t frame[static FRAME_SPACE])
{
	struct frames_connection *c = NULL;
	uint32_t const            first = below(f, FRAMES_CONNECTIONS);

	for (uint32_t i = 0; i < FRAMES_CONNECTIONS && !c; i++)
		if (f->connections[(first + i) % FRAMES_CONNECTIONS].state != CONNECTION_FREE)
			c = &f->connections[(first + i) % FRAMES_CONNECTIONS];
	if (!c)
		return 0;
	if (c->state != CONNECTION_ENDING)
		set_state(c, CONNECTION_ENDING);
	else if (++c->age > ENDING_MAX)
		set_state(c, CONNECTION_FREE);
	return end_connection(f, c, frame);
}

/* --- Mutations --- */

/* Fields of 16 bits that say how long something is, or where it belongs. */
static void lie(struct frames *f, uint8_t *frame, size_t size)
{
	static uint8_t const fields[] = { TYPE_AT, ETHERNET, IP_SIZE_AT, IP_SIZE_AT, IP_FRAGMENT_AT, 22, L4, L4 + 2, L4 + 4, L4 + 12, L4 + 18 };
	size_t const         at       = fields[below(f, sizeof(fields))];

	if (at + 2 > size)
		return;
	if (one_in(f, 3))
		put16(frame + at, (uint32_t)(get16(frame + at) - 4 + (int)below(f, 9)));
	else
		put16(frame + at, odd_number(f));
}

/* Options between the headers of IP and what follows (RFC 791, 3.1), with any length. */
static size_t insert_options(struct frames *f, uint8_t *frame, size_t size)
{
	size_t const options = 4 + below(f, 10) * 4;

	if (size < L4 || size + options > FULL || get16(frame + TYPE_AT) != TYPE_IP || frame[ETHERNET] != 0x45)
		return size;
	memmove(frame + L4 + options, frame + L4, size - L4);
	fill_random(f, frame + L4, options);
	for (size_t i = 0; i < options; i += 1 + below(f, 4))
		frame[L4 + i] = (uint8_t)odd_number(f);
	frame[ETHERNET] = (uint8_t)(0x45 + options / 4);
	return end_ip(frame, size + options);
}

static size_t mutate(struct frames *f, uint8_t *frame, size_t size)
{
	static uint32_t const addresses[] = { 0, 0xffffffff, 0x7f000001, 0xe0000001, 0xf0000001 };
	size_t const          room        = FRAME_SPACE - size;
	size_t                longer;

	switch (below(f, 7)) {
	case 0: return 1 + below(f, (uint32_t)size);
	case 1:
		longer = below(f, one_in(f, 10) ? 2500 : 64);
		longer = longer < room ? longer : room;
		fill_random(f, frame + size, longer);
		return size + longer;
	case 2: fill_random(f, frame + below(f, (uint32_t)size), 1); return size;
	case 3: return insert_options(f, frame, size);
	case 4:
		if (size >= L4)
			put32(frame + (one_in(f, 2) ? IP_FROM_AT : IP_TO_AT), one_in(f, 4) ? f->ip | 0xff : addresses[below(f, 5)]);
		return size;
	case 5:
		memset(frame, 0xff, one_in(f, 2) ? 6 : 12);
		return size;
	default: lie(f, frame, size); return size;
	}
}

/* A network believes a correct ARP packet, so those to whom the target talks are not named in one. */
static void spare_gateway(struct frames *f, uint8_t *frame)
{
	if (get16(frame + TYPE_AT) == TYPE_ARP && !is_own(f, get32(frame + ARP_FROM_IP_AT)))
		put32(frame + ARP_FROM_IP_AT, own_ip(f));
}

size_t frames_next(struct frames *f, uint8_t frame[static FRAME_SPACE])
{
	static struct {
		size_t   (*make)(struct frames *f, uint8_t *frame);
		uint32_t   share;
		bool       is_final;     /* not to be spoiled further */
	} const kinds[] = {
		{ noise, 4, false }, { some_arp, 6, false }, { some_icmp, 8, false }, { some_udp, 6, false }, { some_dhcp, 6, false },
		{ some_fragment, 12, false }, { some_syn, 12, false }, { some_of_connection, 30, false }, { some_of_others, 16, true },
	};
	uint32_t choice = below(f, 100), i = 0;
	size_t   size;

	while (choice >= kinds[i].share)
		choice -= kinds[i++].share;
	size = kinds[i].make(f, frame);
	if (kinds[i].is_final)
		return size;
	for (uint32_t times = below(f, 3); times; times--)
		size = mutate(f, frame, size);
	if (!one_in(f, 4))
		fix_sums(frame, size);
	spare_gateway(f, frame);
	return size;
}

size_t frames_ping(struct frames *f, uint8_t frame[static FRAME_SPACE])
{
	if (f->target[0] & 1)
		return make_arp(f, frame, 1, (f->ip & ~0xffu) + OWN_FIRST);
	f->ping++;
	put_ip(f, frame, IS_ICMP, (f->ip & ~0xffu) + OWN_FIRST);
	memset(frame + L4, 0, ICMP);
	frame[L4] = 8;
	memcpy(frame + L4 + ICMP, &f->ping, sizeof(f->ping));
	return end_ip(frame, L4 + ICMP + sizeof(f->ping));
}
