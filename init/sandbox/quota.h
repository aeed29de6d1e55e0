/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic on quota: RAM in bytes and caps, always both. Nothing wraps: what does not fit is told. What a child costs
 * beyond its own quota, and what its session slots take of it, is computed here for init and for the checker.
 */
#pragma once

#include <base/status.h>
#include <base/types.h>

struct quota {
	uint64_t ram, caps;
};

/* sum += more. False: it does not fit 64 bits, and sum is as it was. */
MUST_CHECK bool quota_add(struct quota *sum, struct quota more);

/* from -= less. False: there is too little of one, and `from` is as it was. */
MUST_CHECK bool quota_take(struct quota *from, struct quota less);

/* Is `need` within `have`, both of it? */
bool quota_covers(struct quota have, struct quota need);

/* `bytes` rounded up to pages; UINT64_MAX: it does not fit. */
uint64_t quota_pages(uint64_t bytes);

/* What the account for a child's session slots and its configuration of `config_size` bytes (0: none) holds; the account's own caps come on top. */
struct quota quota_of_slots(unsigned sessions, size_t config_size);
