/* SPDX-License-Identifier: MIT */
/* Packets as frames.c and target.c make and read them: random numbers, fields, sums. Numbers in packets are at offsets from the start of the frame. */
#pragma once

#include "frames.h"

#include <string.h>

enum {
	ETHERNET = 14, IP = 20, L4 = ETHERNET + IP, TCP = 20, UDP = 8, ICMP = 8,
	TYPE_AT = 12, IP_SIZE_AT = 16, IP_ID_AT = 18, IP_FRAGMENT_AT = 20, IP_PROTOCOL_AT = 23, IP_SUM_AT = 24, IP_FROM_AT = 26, IP_TO_AT = 30,
	ARP_OPERATION_AT = 20, ARP_FROM_AT = 22, ARP_FROM_IP_AT = 28, ARP_TO_IP_AT = 38, ARP_SIZE = 42,
	TYPE_IP = 0x0800, TYPE_ARP = 0x0806,
	IS_ICMP = 1, IS_TCP = 6, IS_UDP = 17,
	FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16,
	FULL = 1514,                 /* bytes of Ethernet's longest frame */
	OWN_FIRST = 64, OWN_COUNT = 64, MUTE = 32, /* own addresses, the last byte; with this bit nobody answers ARP */
	OPENING_MAX = 8, OPEN_MAX = 100, ENDING_MIN = 4, ENDING_MAX = 60, /* segments in a state */
};

static uint8_t const own_address[6] = { 0x02, 'm', 'a', 'l', 'f', '.' };

/* --- Random numbers (splitmix64, Steele and others, 2014) --- */

static inline uint64_t next_random(struct frames *f)
{
	uint64_t z = f->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline uint32_t below(struct frames *f, uint32_t end)
{
	return (uint32_t)(next_random(f) % end);
}

static inline bool one_in(struct frames *f, uint32_t number)
{
	return !below(f, number);
}

static inline void fill_random(struct frames *f, uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)next_random(f);
}

/* Numbers at which code goes wrong, or any */
static inline uint32_t odd_number(struct frames *f)
{
	static uint32_t const odd[] = { 0, 1, 2, 3, 4, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff };

	return one_in(f, 3) ? (uint32_t)next_random(f) : odd[below(f, sizeof(odd) / sizeof(odd[0]))];
}

/* --- Fields --- */

static inline uint16_t get16(uint8_t const *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static inline uint32_t get32(uint8_t const *at) { return (uint32_t)get16(at) << 16 | get16(at + 2); }

static inline void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static inline uint32_t sum(uint32_t start, uint8_t const *at, size_t size)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		start += get16(at + i);
	return size % 2 ? start + (uint32_t)(at[size - 1] << 8) : start;
}

static inline uint16_t fold(uint32_t value)
{
	while (value >> 16)
		value = (value & 0xffff) + (value >> 16);
	return (uint16_t)~value;
}

/* Makes the sums right of what the headers say, as far as it is there. */
static inline void fix_sums(uint8_t *frame, size_t size)
{
	size_t const header = (size_t)(frame[ETHERNET] & 15) * 4, end = ETHERNET + (size_t)get16(frame + IP_SIZE_AT);
	uint8_t      at     = 0, protocol = frame[IP_PROTOCOL_AT], *body = frame + ETHERNET + header;
	uint32_t     start  = 0;

	if (size < L4 || get16(frame + TYPE_AT) != TYPE_IP || header < IP || ETHERNET + header > size)
		return;
	put16(frame + IP_SUM_AT, 0);
	put16(frame + IP_SUM_AT, fold(sum(0, frame + ETHERNET, header)));
	at = protocol == IS_TCP ? 16 : protocol == IS_UDP ? 6 : 2;
	if ((get16(frame + IP_FRAGMENT_AT) & 0x3fff) || end > size || end < ETHERNET + header + at + 2)
		return;
	if (protocol != IS_ICMP)
		start = sum(protocol + (uint32_t)(end - ETHERNET - header), frame + IP_FROM_AT, 8);
	put16(body + at, 0);
	put16(body + at, fold(sum(start, body, end - ETHERNET - header)));
}

/* --- Correct packets --- */

static inline uint32_t own_ip(struct frames *f)
{
	return (f->ip & ~0xffu) + OWN_FIRST + below(f, OWN_COUNT);
}

static inline bool is_own(struct frames const *f, uint32_t ip)
{
	return ip - ((f->ip & ~0xffu) + OWN_FIRST) < OWN_COUNT;
}

static inline void put_ethernet(struct frames const *f, uint8_t *frame, uint16_t type)
{
	memcpy(frame, f->target, 6);
	memcpy(frame + 6, own_address, 6);
	put16(frame + TYPE_AT, type);
}

static inline void put_ip(struct frames *f, uint8_t *frame, uint8_t protocol, uint32_t from)
{
	put_ethernet(f, frame, TYPE_IP);
	memset(frame + ETHERNET, 0, IP);
	frame[ETHERNET] = 0x45;
	put16(frame + IP_ID_AT, (uint32_t)next_random(f));
	frame[22] = 64;
	frame[IP_PROTOCOL_AT] = protocol;
	put32(frame + IP_FROM_AT, from);
	put32(frame + IP_TO_AT, f->ip);
}

static inline size_t end_ip(uint8_t *frame, size_t size)
{
	put16(frame + IP_SIZE_AT, (uint32_t)size - ETHERNET);
	fix_sums(frame, size);
	return size;
}

static inline size_t make_arp(struct frames *f, uint8_t *frame, uint16_t operation, uint32_t from)
{
	static uint8_t const kind[] = { 0, 1, 8, 0, 6, 4 };

	put_ethernet(f, frame, TYPE_ARP);
	memset(frame + ETHERNET, 0, ARP_SIZE - ETHERNET);
	memcpy(frame + ETHERNET, kind, sizeof(kind));
	put16(frame + ARP_OPERATION_AT, operation);
	memcpy(frame + ARP_FROM_AT, own_address, 6);
	put32(frame + ARP_FROM_IP_AT, from);
	put32(frame + ARP_TO_IP_AT, f->ip);
	return ARP_SIZE;
}

struct segment {
	uint32_t ip;
	uint16_t port;
	uint32_t sequence, acknowledged;
	uint8_t  flags;
	uint16_t window;
	size_t   options, data;      /* bytes, which are put in already */
};

static inline size_t make_segment(struct frames *f, uint8_t *frame, struct segment const *s)
{
	put_ip(f, frame, IS_TCP, s->ip);
	put16(frame + L4, s->port);
	put16(frame + L4 + 2, f->port);
	put32(frame + L4 + 4, s->sequence);
	put32(frame + L4 + 8, s->acknowledged);
	frame[L4 + 12] = (uint8_t)((TCP + s->options) / 4 << 4);
	frame[L4 + 13] = s->flags;
	put16(frame + L4 + 14, s->window);
	put32(frame + L4 + 16, 0);
	return end_ip(frame, L4 + TCP + s->options + s->data);
}

/* --- Connections of its own --- */

static inline void set_state(struct frames_connection *c, int state)
{
	c->state = state;
	c->age = 0;
}
