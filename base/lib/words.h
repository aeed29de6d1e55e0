/* SPDX-License-Identifier: MIT */
/* Text eight bytes at a time. */
#pragma once

#include <base/types.h>

typedef uint64_t __attribute__((may_alias)) words_aligned;

/* Its lowest bit is in the lowest byte of the word that is zero; 0: there is none. */
static inline uint64_t words_zero_bytes(uint64_t word)
{
	return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

/* The length of the text, or `size` if that is less. Aligned words reach into no page that the text does not reach into. */
__attribute__((no_sanitize("address"))) static inline size_t words_length(char const *text, size_t size)
{
	size_t const         skip   = (uintptr_t)text % sizeof(uint64_t);
	words_aligned const *at     = (words_aligned const *)(text - skip);
	size_t               length = sizeof(uint64_t) - skip;    /* that was looked at */
	uint64_t             found  = size ? words_zero_bytes(*at | ~(UINT64_MAX << skip * 8)) : 0;

	for (; !found && length < size; length += sizeof(uint64_t))
		found = words_zero_bytes(*++at);
	if (!found)
		return size;
	length += (size_t)__builtin_ctzll(found) / 8 - sizeof(uint64_t);
	return length < size ? length : size;
}
