/* SPDX-License-Identifier: MIT */
/*
 * Traces. A thread that is in one has its number in the word that the fast path compares, so it is never met there, and takes the C path itself;
 * who is in none pays nothing on the fast path, and a test of two bytes at each event elsewhere. Events are written under the kernel lock.
 */
#pragma once

#include <kernel/abi/trace.h>
#include <kernel/cpu.h>

/* Ring `number` (1 to TRACE_RINGS) is the frames from `phys` on from now on; 0: none, and what threads in it do is not written. INVALID. */
enum status trace_set_ring(uint64_t number, uint64_t phys, uint64_t pages);

/* `t` is in ring `number`, or in none (0). INVALID: there is no such number. */
enum status trace_set_thread(struct thread *t, uint64_t number);

/* What `trace_event` has under these names; the threads may be NULL. */
void trace_write(enum trace_kind kind, struct thread const *thread, struct thread const *partner, uint32_t label, uint64_t value);

static inline void trace(enum trace_kind kind, struct thread const *thread, struct thread const *partner, uint32_t label, uint64_t value)
{
	if (__builtin_expect((thread ? thread->trace : 0) | (partner ? partner->trace : 0), 0))
		trace_write(kind, thread, partner, label, value);
}
