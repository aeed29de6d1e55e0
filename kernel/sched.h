/* SPDX-License-Identifier: MIT */
/*
 * The run queue, and who runs. sched.c says how chains of calls, helping and parking work.
 *
 * The own SC of a thread is in the run queue exactly when it has own work: it runs or calls without serving anybody,
 * or signals wait for it. The exception is a parked SC: its chain ends in a thread that cannot run. Whoever makes such
 * a thread able to run calls sched_wake, which puts the right SCs back.
 */
#pragma once

#include <kernel/cpu.h>
#include <kernel/x86_64/clock.h>

/* Puts the SC of `t` where its state says: into the run queue, or out of it. */
void sched_update(struct thread *t);

/* `t` can run or receive again: the SC at the root of its chain and the best waiter at each step may go on; some of them when this entry is over. */
void sched_wake(struct thread *t);

void sched_remove(struct thread *t);

/* To the tail of its priority. */
void sched_yield(struct thread *t);

void sched_set_priority(struct thread *t, unsigned priority);

/* Puts `t` among the waiters of its partner, and takes it out again. `level` is that of the SC it runs on. */
void sched_wait(struct thread *t, unsigned level);
void sched_unwait(struct thread *t);

/* `b` pays for the SC of `t` from now on; NULL: nobody. */
void sched_set_budget(struct thread *t, struct budget *b, bool takes_idle_time);

/* Its amount or period is another. */
void sched_budget_changed(struct budget *b);

/* It has no members, and is about to cease to exist. */
void sched_budget_forget(struct budget *b);

/*
 * Most kernel entries that end in another thread leave nothing to find out: who called goes on in its server, who was replied to goes on, who gets a
 * signal is better than what runs. Whatever happens after one of these in the same entry leads to a full dispatch again.
 *
 * sched_meets: the fast path could go from the current thread to `t`, which is receptive. So there is nothing to find out about either, and
 * leaving with `t` is all that is left to do: sched_go_to.
 */
static inline bool sched_meets(struct thread const *t) { return thread_word(t) == this_cpu.call_key && !this_cpu.reschedule; }

static inline void sched_go_to(struct thread *t)
{
	this_cpu.current = t;
	this_cpu.reschedule = GOES_TO_ITS_LIKE;
}

/* Can the SC that runs go on in `t`, a local thread that serves nobody else, if nothing else changes? Then sched_hand_over makes it so. */
static inline bool sched_goes_on_with(struct thread const *t)
{
	return !this_cpu.reschedule && !(t->special & ~(THREAD_HEAVY | THREAD_FAULTING)) && !t->trace && t->home == &this_cpu && !t->waiters && !t->signals &&
	       !this_cpu.sc->budget;
}

static inline void sched_hand_over(struct thread *t)
{
	this_cpu.current = t;
	this_cpu.reschedule = HANDED_OVER;
}

/* The timer for an SC that begins to run, or its quantum, is to be set. */
void sched_arm(struct thread *sc, uint64_t now);

/* Is the SC of `t`, whom the current thread meets, better than all that is ready, and nobody's time to be looked after? */
static inline bool sched_prefers(struct thread const *t)
{
	struct thread const *sc = this_cpu.sc;

	return !(this_cpu.ready >> t->level || (uint64_t)t->budget | (uint64_t)sc->budget | (uint64_t)sc->caller);
}

/* Makes it run. */
static inline void sched_switch_to(struct thread *t)
{
	struct thread *sc = this_cpu.sc;
	uint64_t now = clock_ticks(), spent = now - this_cpu.sc_since;

	sc->consumed += spent;
	sc->quantum -= spent;
	this_cpu.sc_since = now;
	this_cpu.sc = this_cpu.queue[t->level] = t->next = t->prev = t;
	this_cpu.ready |= 1UL << t->level;
	t->in_run_queue = 1;
	sched_go_to(t);
	if (t->quantum <= 0 || now + t->quantum < this_cpu.timer_set)
		sched_arm(t, now);
}

/* Finds out who runs next, idles if nobody can, and returns the thread to leave the kernel with; unlocks the kernel. */
struct thread *sched_dispatch(void);

/* The SC of `t` is about to cease to exist. */
void sched_forget(struct thread *t);

/* Before this CPU begins or ends to serve another one's thread, which pays for it. */
void sched_charge(void);

/* Ticks that the SC of `t` has spent so far, those of others' SCs for it included. */
uint64_t sched_consumed(struct thread const *t);

/* The timer interrupt: wakes those whose deadline has passed, ends the quantum. */
void sched_tick(void);

/* A timer interrupt comes at `ticks` if none comes before. */
void sched_tick_at(uint64_t ticks);

/* The deadline of `t`, in the place of another one: at `ticks` it is late (ipc_late), or at once. */
void sched_timeout_set(struct thread *t, uint64_t ticks);
void sched_timeout_cancel(struct thread *t);
