/* SPDX-License-Identifier: MIT */
/*
 * Access to memory that another component writes at the same time, and may write anything to. Each word is read
 * once, into a private place, and only that is looked at; the compiler can neither repeat nor split these accesses.
 */
#pragma once

#include <base/types.h>

/* What was stored before the value that is loaded here has been stored: pairs with shared_store. */
static inline uint32_t shared_load(uint32_t const *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

/* Whoever loads this value sees all that was stored before: pairs with shared_load. */
static inline void shared_store(uint32_t *at, uint32_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
}

/* The same for words of 16 bits, as devices have them. */
static inline uint16_t shared_load16(uint16_t const *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static inline void shared_store16(uint16_t *at, uint16_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
}

/* What was stored before is seen by others before anything is loaded after: for "tell, then look" on both sides. */
static inline void shared_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Copies `words` times eight bytes in and out; in no order of their own. */
static inline void shared_read(uint64_t *to, uint64_t const *from, size_t words)
{
	for (size_t i = 0; i < words; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

static inline void shared_write(uint64_t *to, uint64_t const *from, size_t words)
{
	for (size_t i = 0; i < words; i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
}
