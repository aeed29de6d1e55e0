/* SPDX-License-Identifier: MIT */
/*
 * Who runs. The run queue holds scheduling contexts (SCs), highest priority first, round robin inside one. Dispatch takes
 * the first and follows `partner` from its owner: over delivered calls (CALLING) to the server, over waiting ones (QUEUED)
 * to the server that is busy for someone else. The thread at the end runs on this SC. So
 *
 * - a server runs with the priority and time of the best of its callers, at any depth, with nothing to update;
 * - a waiting caller helps the server to become free, and its call is delivered when dispatch finds the server receptive;
 * - if the end of the chain cannot run (it waits for one signal, was stopped or paused), the SC is parked: it leaves the run queue.
 *   sched_wake, at the thread that can go on, puts back the SC at the root of its chain and, at each step, the one that the best
 *   waiter runs on, at most CHAIN_DEPTH_MAX times CHAIN_DEPTH_MAX of them. The other parked ones follow one by one, each time
 *   a call is delivered or a server becomes receptive.
 *
 * Time is charged when the SC changes, and only then is the clock read and the timer set.
 */
#include <kernel/sched.h>

#include <kernel/ipc.h>
#include <kernel/x86_64/clock.h>
#include <kernel/x86_64/cpu_ops.h>
#include <kernel/x86_64/fpu.h>
#include <kernel/x86_64/paging.h>

#define QUANTUM_NS 10000000UL
#define NO_KEY       UINT32_MAX
#define HELP_HOPS  64    /* over queues and calls together, a dispatch */
#define TIMEOUTS_MAX 16  /* a timer interrupt; the rest at the next one, which follows at once */

static void enqueue(struct thread *t, bool head)
{
	struct cpu *cpu = t->home;
	struct thread *first = cpu->queue[t->priority];

	if (first) {
		t->next = first;
		t->prev = first->prev;
		first->prev->next = t;
		first->prev = t;
	} else {
		t->next = t->prev = t;
	}
	if (!first || head)
		cpu->queue[t->priority] = t;
	cpu->ready |= 1UL << t->priority;
	t->in_run_queue = 1;
	if (!cpu->sc || t->priority > cpu->sc->priority)
		cpu_reschedule(cpu);
}

void sched_remove(struct thread *t)
{
	struct cpu *cpu = t->home;

	if (!t->in_run_queue)
		return;
	if (t->next == t) {
		cpu->queue[t->priority] = NULL;
		cpu->ready &= ~(1UL << t->priority);
	} else {
		t->next->prev = t->prev;
		t->prev->next = t->next;
		if (cpu->queue[t->priority] == t)
			cpu->queue[t->priority] = t->next;
	}
	t->in_run_queue = 0;
	cpu_reschedule(cpu);
}

static bool has_own_work(struct thread const *t)
{
	switch (t->state) {
	case THREAD_CALLING:
	case THREAD_QUEUED:
		if (thread_is_remote(t, t->partner))
			return false; /* the partner runs on its own SC, there */
		/* fall through */
	case THREAD_RUNNING:
		return !t->caller || t->signals || t->remote_waiters || thread_is_remote(t, t->caller);
	case THREAD_RECEPTIVE:
		return t->signals || t->remote_waiters;
	default:
		return false;
	}
}

void sched_update(struct thread *t)
{
	bool wanted = !t->object.dead && has_own_work(t);

	if (wanted && !t->in_run_queue)
		enqueue(t, false);
	else if (!wanted)
		sched_remove(t);
}

static struct thread *best_waiter(struct thread *t)
{
	return t->waiters ? container_of(t->waiters, struct thread, waiting) : NULL;
}

/* The SC that a waiter runs on is that of the root of its chain; at each step up to it another one may help. Bound: the depth of chains. */
static void wake_best_waiter(struct thread *t)
{
	for (struct thread *u = best_waiter(t); u && !thread_is_remote(t, u); u = u->caller) {
		sched_update(u);
		if (u->waiters && !thread_is_remote(u, best_waiter(u)))
			sched_update(best_waiter(u));
	}
}

void sched_wake(struct thread *t)
{
	cpu_reschedule(t->home);
	for (unsigned depth = 0; ; depth++) {
		assert(depth <= FAULT_DEPTH_MAX);
		wake_best_waiter(t);
		sched_update(t);
		if (!t->caller || thread_is_remote(t, t->caller))
			return;
		t = t->caller;
	}
}

void sched_yield(struct thread *t)
{
	if (t->in_run_queue && this_cpu.queue[t->priority] == t)
		this_cpu.queue[t->priority] = t->next;
	this_cpu.reschedule = true;
}

void sched_set_priority(struct thread *t, unsigned priority)
{
	bool queued = t->in_run_queue;

	sched_remove(t);
	t->priority = priority;
	if (queued)
		enqueue(t, false);
	if (pnode_queued(&t->waiting) && !t->caller) {
		sched_unwait(t);
		sched_wait(t, priority);
		if (thread_is_remote(t, t->partner))
			thread_request(t->partner, REQUEST_LOOK);
		else
			wake_best_waiter(t->partner); /* another one may be the best now, and parked */
	}
}

void sched_wait(struct thread *t, unsigned priority)
{
	struct thread *partner = t->partner;

	partner->remote_waiters += thread_is_remote(t, partner);
	pqueue_insert(&partner->waiters, &t->waiting, (uint64_t)(PRIORITIES - priority) << 56 | partner->home->arrivals++);
}

void sched_unwait(struct thread *t)
{
	t->partner->remote_waiters -= thread_is_remote(t, t->partner);
	pqueue_remove(&t->partner->waiters, &t->waiting);
}

/* Who pays for the time of an SC: its owner, or the first of the chain that it serves on behalf of another CPU. Bound: the depth of chains. */
static struct thread *payer_of(struct thread *sc)
{
	if (sc->caller && thread_is_remote(sc, sc->caller))
		while (sc->caller)
			sc = sc->caller;
	return sc;
}

/* Charges the time up to `now` to the SC that it was spent on. */
static void charge(uint64_t now)
{
	if (this_cpu.sc) {
		uint64_t spent = now - this_cpu.sc_since;
		payer_of(this_cpu.sc)->consumed += spent;
		this_cpu.sc->quantum -= spent < this_cpu.sc->quantum ? spent : this_cpu.sc->quantum;
	}
	this_cpu.sc_since = now;
}

void sched_charge(void) { charge(clock_ticks()); }

/* Makes `sc` the one that is charged from `now` on; the timer is set for the end of its quantum or the first deadline. */
static void begin(struct thread *sc, uint64_t now)
{
	this_cpu.sc = sc;
	if (sc && !sc->quantum)
		sc->quantum = clock_ns_to_ticks(QUANTUM_NS);

	uint64_t end = sc ? now + sc->quantum : UINT64_MAX;
	if (this_cpu.timeouts && this_cpu.timeouts->key < end)
		end = this_cpu.timeouts->key;
	if (end != this_cpu.timer_set) {
		this_cpu.timer_set = end;
		clock_set_timer(now, end);
	}
}

static void switch_sc(struct thread *sc)
{
	uint64_t now = clock_ticks();

	charge(now);
	begin(sc, now);
}

/* The thread that runs on this SC, or NULL if the chain's end cannot run. Delivers what can be delivered on the way. */
static struct thread *chain_end(struct thread *sc)
{
	struct thread *t = sc;

	for (unsigned hops = 0; t->state == THREAD_CALLING || t->state == THREAD_QUEUED; hops++) {
		if (hops == HELP_HOPS || thread_is_remote(t, t->partner))
			return NULL;
		if (t->state == THREAD_QUEUED && t->partner->state == THREAD_RECEPTIVE && !thread_is(t->partner, THREAD_PAUSED))
			ipc_deliver_call(t); /* or it ends, if the gate is gone */
		else
			t = t->partner;
	}
	if (t->state == THREAD_RECEPTIVE && t == sc && !thread_is(t, THREAD_PAUSED))
		ipc_deliver_next(t);
	return t->state == THREAD_RUNNING && !thread_is(t, THREAD_PAUSED) ? t : NULL;
}

/* Waits for an interrupt that makes somebody ready. */
static void idle(void)
{
	switch_sc(NULL);
	this_cpu.current = NULL;
	this_cpu.idle = true;
	paging_leave();
	while (!this_cpu.ready) {
		kernel_unlock();
		cpu_wait_for_interrupt();
		kernel_lock();
	}
	this_cpu.idle = false;
	cpu_attend();
}

struct thread *sched_dispatch(void)
{
	while (this_cpu.reschedule) {
		if (!this_cpu.ready) {
			idle();
			continue;
		}
		struct thread *sc = this_cpu.queue[63 - __builtin_clzl(this_cpu.ready)];
		struct thread *end = chain_end(sc);
		if (!end) {
			sched_remove(sc);
			continue;
		}
		if (sc != this_cpu.queue[63 - __builtin_clzl(this_cpu.ready)])
			continue; /* a delivery made something better ready */
		this_cpu.reschedule = false;
		this_cpu.current = end;
		if (sc != this_cpu.sc)
			switch_sc(sc);
	}
	fpu_switch(this_cpu.current);
	this_cpu.call_key = this_cpu.current->special ? NO_KEY : THREAD_RECEPTIVE | this_cpu.number << 16;
	this_cpu.reply_key = this_cpu.current->special ? NO_KEY : THREAD_CALLING | this_cpu.number << 16;
	kernel_unlock();
	return this_cpu.current;
}

void sched_forget(struct thread *t)
{
	if (t->home->sc != t)
		return;
	assert(t->home == &this_cpu);
	charge(clock_ticks());
	this_cpu.sc = NULL;
	this_cpu.reschedule = true;
}

uint64_t sched_consumed(struct thread const *t)
{
	return t->consumed + (t == t->home->sc && payer_of(t->home->sc) == t ? clock_ticks() - t->home->sc_since : 0);
}

void sched_timeout_set(struct thread *t, uint64_t ticks)
{
	t->special |= THREAD_TIMED;
	pqueue_insert(&this_cpu.timeouts, &t->timeout, ticks);
	if (ticks < this_cpu.timer_set) {
		this_cpu.timer_set = ticks;
		clock_set_timer(clock_ticks(), ticks);
	}
}

void sched_timeout_cancel(struct thread *t)
{
	if (!thread_is(t, THREAD_TIMED))
		return;
	t->special &= ~THREAD_TIMED;
	pqueue_remove(&t->home->timeouts, &t->timeout);
}

void sched_tick(void)
{
	uint64_t now = clock_ticks();
	struct thread *sc = this_cpu.sc;

	this_cpu.timer_set = 0;
	for (unsigned woken = 0; woken < TIMEOUTS_MAX && this_cpu.timeouts && this_cpu.timeouts->key <= now; woken++)
		ipc_abort_wait(container_of(this_cpu.timeouts, struct thread, timeout), STATUS_TIMEOUT);
	charge(now);
	if (sc && !sc->quantum)
		sched_yield(sc);
	begin(sc, now);
}
