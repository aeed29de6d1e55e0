/* SPDX-License-Identifier: MIT */
/* The few instructions of the CPU that core uses on memory. */
#pragma once

#include <base/types.h>

/* size: a multiple of 8. */
static inline void machine_zero(void *at, uint64_t size)
{
	uint64_t quads = size / 8;

	__asm__ volatile("rep stosq" : "+D"(at), "+c"(quads) : "a"(0UL) : "memory");
}

/* Writes back and forgets all cache lines, before the memory is used uncached. */
static inline void machine_flush(void const *at, uint64_t size)
{
	for (uint64_t offset = 0; offset < size; offset += 64)
		__asm__ volatile("clflush %0" : : "m"(*((char const *)at + offset)) : "memory");
	__asm__ volatile("mfence" : : : "memory");
}
