/* SPDX-License-Identifier: MIT */
/* The sum over every byte that comes or goes: RFC 1071, eight bytes at a time, its section 2 (B) and (C). */
#include "net_checksum.h"

struct __attribute__((packed, may_alias)) word64 { uint64_t value; };

/* Fewer than eight bytes, as the lowest ones of a word. */
static uint64_t load_rest(unsigned char const *from, int size)
{
	uint64_t value = 0;

	while (size-- > 0)
		value = value << 8 | from[size];
	return value;
}

static uint64_t fold(uint64_t sum, unsigned bits)
{
	return (sum >> bits) + (sum & ((UINT64_C(1) << bits) - 1));
}

uint16_t net_checksum(void const *data, int size)
{
	unsigned char const *at  = data;
	uint64_t             sum = 0, carries = 0, rest;

#pragma GCC unroll 4
	for (; size >= 8; at += 8, size -= 8) {
		uint64_t const word = ((struct word64 const *)at)->value;

		sum += word;
		carries += sum < word;
	}
	rest = load_rest(at, size);
	sum += rest;
	carries += sum < rest;
	return (uint16_t)fold(fold(fold(fold(sum, 32) + carries, 16), 16), 16);
}
