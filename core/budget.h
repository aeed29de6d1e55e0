/* SPDX-License-Identifier: MIT */
/*
 * Shares of CPU time, in parts of which BUDGET_PARTS are one CPU all the time. They form a tree of their own: its root has all CPUs and belongs to
 * init's CPU session; a session that has a share gives parts of it to other sessions or to threads of its own. What it has
 * given is not its own meanwhile, so the sum is never above the parent's. For the kernel budgets are flat: each has what its share leaves to it.
 *
 * A session without a share is not bound by anything; it has nothing to give either. One that was given a share of 0 uses the
 * time of the giver's together with it.
 *
 * A share is paid for by the account of the session, or of the thread, that has it, and ends with that. Then what it had of its own goes back to
 * its origin, and what it gave on is the origin's gift from then on; the same with threads that ran on it.
 */
#pragma once

#include <core/record.h>

struct cpu;
struct thread;

enum { PERIOD_MIN_US = 1000, PERIOD_MAX_US = 1000000 };

struct budget {
	struct record    record;
	struct cpu      *cpu;          /* whose it is, */
	struct thread   *thread;       /* if it is not a thread's */
	struct budget   *origin;       /* NULL: the root */
	struct list_link of_origin;
	struct list      parts;        /* of struct budget by of_origin: what it gave */
	struct list      threads;      /* of struct thread by of_budget: bound ones that run on it */
	uint32_t         share, given; /* given: the sum of its parts' shares */
	uint32_t         period_us;
	uint32_t         reserved;
};

struct budget_want { uint32_t share, period_us; };

/* `cpu`, init's, has all CPUs. */
void budget_init_root(struct cpu *cpu, uint32_t cpus);

/*
 * Gives `to`, which has no threads yet, a share of what `from` has; or another one than before. DENIED: `from` has no share, or not so much of it
 * left, or `to` has its from somebody else, unless it uses up the share that the one of `from` is a part of: from then on it does so within that part;
 * the log says which. INVALID: a strange period, or a change from or to a share of 0. BUSY: `to` has threads, or has given more on. OUT_OF_CAPS: its
 * account.
 */
MUST_CHECK enum status budget_give(struct cpu *from, struct cpu *to, struct budget_want const *want);

/* The same for one of the threads of `from`. */
MUST_CHECK enum status budget_give_thread(struct cpu *from, struct thread *thread, struct budget_want const *want);

/* A thread that the kernel knows runs on its own share, or on its session's; before the kernel forgets it, it does not any more. */
void budget_join(struct thread *thread);
void budget_leave(struct thread *thread);

/* AGAIN: a slice is done. */
MUST_CHECK enum status budget_destroy(struct budget *budget);
