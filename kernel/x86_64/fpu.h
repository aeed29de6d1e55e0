/* SPDX-License-Identifier: MIT */
/*
 * FPU, SSE and AVX state, and the FS base that thread-local storage hangs on. Only threads that were given an FPU area have
 * them ("heavy"); for all others the first such instruction is exception 7. The state of the heavy thread that ran last stays
 * in the registers until another heavy one runs; light threads run with CR0.TS set meanwhile, so nothing is ever seen by another.
 */
#pragma once

#include <kernel/cpu.h>

/* Boot: turns on what the CPU has, and tells core the size of an area. */
void fpu_init(void);

/* See SYS_FPU_CREATE. The new state is the CPU's initial one. The thread does not execute, so the fast path does not come across it. */
enum status fpu_create(uint64_t place, struct thread *t);
enum status fpu_destroy(struct object *object);

/* INVALID: not a user address. */
enum status fpu_set_tls(struct thread *t, uint64_t base);

/* `t` is about to run; needed if it concerns it. The fast path calls it too. */
void fpu_switch(struct thread *t);
static inline bool fpu_concerns(struct thread const *t) { return this_cpu.heavy || t->fpu; }
