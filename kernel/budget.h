/* SPDX-License-Identifier: MIT */
/*
 * Budgets: how much of a period the threads that have one may use together. A plain account of ticks, without a clock, a queue or a
 * timer, which are sched.c's. It is a sporadic server: what is used comes back a period after the time since which the budget
 * was wanted without a break, or since which it was full. So
 *
 * - who wants it all the time gets `amount` in each period, and no drift;
 * - within any period that begins when it is first wanted no more than `amount` is used, in however many pieces: to those of
 *   lower priority it looks like one periodic thread, and a response-time analysis holds for it;
 * - pieces that began within an eighth of a period come back together, with the last of them, so a bounded number is on its way.
 *
 * left + everything in `due` = amount, always. More than `left` can be used (core finishes the call that it is in, a timer comes late):
 * then `left` is below 0, and it all comes back later by the time that the rest takes to earn.
 */
#pragma once

#include <kernel/object.h>
#include <kernel/pqueue.h>

enum { BUDGET_PIECES = 8 /* in a period */, BUDGET_DUE = BUDGET_PIECES + 2 };

struct cpu;
struct thread;

struct budget_piece { uint64_t time, ticks; };

struct budget {
	struct object       object;
	uint32_t            members;         /* threads that have it; it outlives them */
	uint64_t            amount, period;  /* ticks */
	int64_t             left;
	uint64_t            since;           /* what is used now comes back a period after this */
	uint64_t            last_from;       /* when the first part of the last piece in `due` would have come back alone */
	uint32_t            active;          /* SCs in the run queue that it pays for */
	uint16_t            first, count;    /* of `due` */
	struct thread      *dry;             /* ring of SCs that wait for it to be filled (sched.c) */
	struct pnode        refill;          /* node in the `refills` of `cpu` while there are such */
	struct cpu         *cpu;
	struct budget_piece due[BUDGET_DUE]; /* what comes back and when, in order */
};

static_assert(sizeof(struct budget) <= BUDGET_GRANULES * GRANULE, "places that core pays for");

/* Another amount and period, from now on; a new budget has 0 and 0, and is full. amount: 0, or period / BUDGET_PARTS up to all CPUs. */
void budget_set(struct budget *b, uint64_t amount, uint64_t period);

/* It is wanted from `now` on, and was not before. */
void budget_activate(struct budget *b, uint64_t now);

/* What has come back until `now` can be used. */
void budget_refresh(struct budget *b, uint64_t now);

void budget_spend(struct budget *b, uint64_t ticks);

/* When there will be something left of a budget that has nothing now; UINT64_MAX: not before it is set anew. */
uint64_t budget_next(struct budget const *b);
