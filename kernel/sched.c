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
 *   waiter runs on. Those are up to CHAIN_DEPTH_MAX times CHAIN_DEPTH_MAX: what is too much for an entry is left to the inbox, that is, to an interrupt
 *   that follows at once. The other parked ones follow one by one, each time a call is delivered or a server becomes receptive.
 *
 * Time is charged when the SC changes, and only then is the clock read and the timer set.
 *
 * An SC may have a budget (budget.h), alone or with others. When dispatch picks one whose budget is used up, it becomes *dry*: until
 * something comes back it is out of the run queue or, if it takes idle time, goes on with priority 0, at nobody's expense. In
 * both cases those that wait beside it in a queue of callers come first. Core is never left in the middle of a call for that: it finishes on
 * overdraft, and its reply does not take the fast path.
 */
#include <kernel/sched.h>

#include <kernel/budget.h>
#include <kernel/ipc.h>
#include <kernel/trace.h>
#include <kernel/x86_64/clock.h>
#include <kernel/x86_64/cpu_ops.h>
#include <kernel/x86_64/fpu.h>
#include <kernel/x86_64/machine.h>
#include <kernel/x86_64/paging.h>

#define QUANTUM_NS 10000000UL
#define NO_KEY       UINT32_MAX
#define HELP_HOPS  64    /* over queues and calls together, a dispatch */
#define TURNS_MAX     4  /* of dispatch, each of which parks an SC or delivers a call; then interrupts are let in */
#define TIMEOUTS_MAX  4  /* a timer interrupt; the rest at the next one, which follows at once */
#define REFILLS_MAX   4  /* SCs and budgets, likewise */
#define WAKES_MAX    12 /* threads that an entry looks at for those who were woken */

static void enqueue(struct thread *t, bool head)
{
	struct cpu *cpu = t->home;
	struct thread *first = cpu->queue[t->level];

	if (first) {
		t->next = first;
		t->prev = first->prev;
		first->prev->next = t;
		first->prev = t;
	} else {
		t->next = t->prev = t;
	}
	if (!first || head)
		cpu->queue[t->level] = t;
	cpu->ready |= 1UL << t->level;
	t->in_run_queue = 1;
	if (!cpu->sc || t->level > cpu->sc->level)
		cpu_reschedule(cpu);
	if (t->budget && !thread_is_dry(t) && !t->budget->active++)
		budget_activate(t->budget, clock_ticks());
}

void sched_remove(struct thread *t)
{
	struct cpu *cpu = t->home;

	if (!t->in_run_queue)
		return;
	if (t->next == t) {
		cpu->queue[t->level] = NULL;
		cpu->ready &= ~(1UL << t->level);
	} else {
		t->next->prev = t->prev;
		t->prev->next = t->next;
		if (cpu->queue[t->level] == t)
			cpu->queue[t->level] = t->next;
	}
	t->in_run_queue = 0;
	if (t->budget && !thread_is_dry(t))
		t->budget->active--;
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
	bool may_run = !thread_is_dry(t) || t->object.flags & THREAD_TAKES_IDLE;
	bool wanted = !t->object.dead && may_run && has_own_work(t);

	if (wanted && !t->in_run_queue)
		enqueue(t, false);
	else if (!wanted)
		sched_remove(t);
}

static struct thread *best_waiter(struct thread *t)
{
	return t->waiters ? container_of(t->waiters, struct thread, waiting) : NULL;
}

/* May `t` still be looked at in this entry? If not, it is looked at later, with all that waits for it. */
static bool may_wake(struct thread *t)
{
	if (this_cpu.wakes == WAKES_MAX) {
		thread_look_later(t);
		return false;
	}
	this_cpu.wakes++;
	return true;
}

/* The SC that a waiter runs on is that of the root of its chain; at each step up to it another one may help. Bound: the depth of chains. */
static void wake_best_waiter(struct thread *t)
{
	for (struct thread *u = best_waiter(t); u && !thread_is_remote(t, u) && may_wake(u); u = u->caller) {
		sched_update(u);
		if (u->waiters && !thread_is_remote(u, best_waiter(u)))
			sched_update(best_waiter(u));
	}
}

void sched_wake(struct thread *t)
{
	cpu_reschedule(t->home);
	for (unsigned depth = 0; may_wake(t); depth++) {
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
	if (t->in_run_queue && this_cpu.queue[t->level] == t)
		this_cpu.queue[t->level] = t->next;
	this_cpu.reschedule = true;
}

/* Another place in the run queue, and in the queue of callers that its chain ends in. Bound: the depth of chains. */
static void set_level(struct thread *t, unsigned level)
{
	struct thread *u = t;

	sched_remove(t);
	t->level = level;
	if (cpu_is_quiet(t->home)) {
		sched_update(t);
		while (u->state == THREAD_CALLING && !thread_is_remote(u, u->partner))
			u = u->partner;
	} else if (t->state != THREAD_NEW) {
		thread_request(t, REQUEST_LOOK);
	}
	if (pnode_queued(&u->waiting) && !t->caller) {
		sched_unwait(u);
		sched_wait(u, level);
		if (thread_is_remote(u, u->partner))
			thread_request(u->partner, REQUEST_LOOK);
		else
			wake_best_waiter(u->partner); /* another one may be the best now, and parked */
	}
}

void sched_set_priority(struct thread *t, unsigned priority)
{
	t->priority = priority;
	if (!thread_is_dry(t))
		set_level(t, priority);
}

void sched_wait(struct thread *t, unsigned level)
{
	struct thread *partner = t->partner;

	partner->remote_waiters += thread_is_remote(t, partner);
	pqueue_insert(&partner->waiters, &t->waiting, (uint64_t)(PRIORITIES - level) << 56 | partner->home->arrivals++);
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
		struct thread *payer = payer_of(this_cpu.sc);
		payer->consumed += spent;
		if (payer->budget && !thread_is_dry(payer))
			budget_spend(payer->budget, spent);
		this_cpu.sc->quantum -= spent;
	}
	this_cpu.sc_since = now;
}

void sched_charge(void) { charge(clock_ticks()); }

static uint64_t first_key(struct pnode const *queue) { return queue ? queue->key : UINT64_MAX; }

/* On overdraft, which only core is allowed to be. */
static bool is_overdrawn(struct thread const *sc) { return sc->budget && !thread_is_dry(sc) && sc->budget->left <= 0; }

/*
 * Makes `sc` the one that is charged from `now` on; the timer is set for the end of its quantum or budget, the first deadline or the first
 * budget that is filled.
 */
static void begin(struct thread *sc, uint64_t now)
{
	uint64_t end = first_key(this_cpu.timeouts), refill = first_key(this_cpu.refills);

	this_cpu.sc = sc;
	if (sc && sc->quantum <= 0)
		sc->quantum = clock_ns_to_ticks(QUANTUM_NS);
	if (refill < end)
		end = refill;
	if (sc && now + sc->quantum < end)
		end = now + sc->quantum;
	if (sc && sc->budget && !thread_is_dry(sc) && sc->budget->left > 0 && now + sc->budget->left < end)
		end = now + sc->budget->left;
	if (!this_cpu.timer_set || end < this_cpu.timer_set) { /* too early does no harm: the interrupt sets it anew */
		this_cpu.timer_set = end;
		clock_set_timer(now, end);
	}
}

void sched_tick_at(uint64_t ticks)
{
	if (ticks >= this_cpu.timer_set)
		return;
	this_cpu.timer_set = ticks;
	clock_set_timer(clock_ticks(), ticks);
}

static void switch_sc(struct thread *sc)
{
	uint64_t now = clock_ticks();

	charge(now);
	begin(sc, now);
}

/* --- Budgets --- */

static void await_refill(struct budget *b)
{
	uint64_t next = b->left > 0 ? 0 : budget_next(b);

	if (next == UINT64_MAX)
		return;
	b->cpu = &this_cpu;
	pqueue_insert(&this_cpu.refills, &b->refill, next);
}

static void await_no_refill(struct budget *b)
{
	if (pnode_queued(&b->refill))
		pqueue_remove(&b->cpu->refills, &b->refill);
}

static uint32_t dry_link(struct thread const *t)    { return virt_to_phys(t) / GRANULE; }
static struct thread *dry_thread(uint32_t link)     { return phys_to_virt((uint64_t)link * GRANULE); }

static void leave_dry(struct thread *t)
{
	struct budget *b = t->budget;

	sched_remove(t);
	t->object.flags &= ~THREAD_DRY;
	dry_thread(t->dry_next)->dry_prev = t->dry_prev;
	dry_thread(t->dry_prev)->dry_next = t->dry_next;
	if (b->dry == t)
		b->dry = t->dry_next == dry_link(t) ? NULL : dry_thread(t->dry_next);
}

static void become_dry(struct thread *t)
{
	struct budget *b = t->budget;

	sched_remove(t);
	t->object.flags |= THREAD_DRY;
	if (!b->dry) {
		b->dry = t;
		t->dry_prev = dry_link(t);
	}
	t->dry_next = dry_link(b->dry);
	t->dry_prev = b->dry->dry_prev;
	dry_thread(t->dry_prev)->dry_next = b->dry->dry_prev = dry_link(t);
	set_level(t, 0);
	if (!pnode_queued(&b->refill))
		await_refill(b);
}

/* Whether `sc` may run `end`; if not, it is dry from now on. What was used until now is charged first, since budgets are shared. */
static bool has_time(struct thread *sc, struct thread const *end)
{
	uint64_t now;

	if (!sc->budget || thread_is_dry(sc))
		return true;
	now = clock_ticks();
	charge(now);
	this_cpu.sc = NULL; /* the timer is to be set anew */
	budget_refresh(sc->budget, now);
	if (sc->budget->left > 0 || end->pd->is_core)
		return true;
	become_dry(sc);
	return false;
}

/* One dry SC goes on whose budget, the first in the queue, has something left; or the budget waits on. */
static void refill_one(uint64_t now)
{
	struct budget *b = container_of(this_cpu.refills, struct budget, refill);
	struct thread *t = b->dry;

	budget_refresh(b, now);
	if (t && b->left > 0) {
		b->active++; /* it was wanted all the time */
		leave_dry(t);
		set_level(t, t->priority);
		b->active--;
		if (b->dry)
			return;
	}
	await_no_refill(b);
	if (b->dry)
		await_refill(b);
}

void sched_set_budget(struct thread *t, struct budget *b, bool takes_idle_time)
{
	charge(clock_ticks());
	if (thread_is_dry(t))
		leave_dry(t);
	sched_remove(t);
	if (t->budget)
		t->budget->members--;
	t->budget = b;
	t->object.flags = (t->object.flags & ~THREAD_TAKES_IDLE) | (takes_idle_time ? THREAD_TAKES_IDLE : 0);
	if (b)
		b->members++;
	set_level(t, t->priority);
	this_cpu.reschedule = true;
}

void sched_budget_changed(struct budget *b)
{
	await_no_refill(b);
	if (b->dry)
		await_refill(b);
	sched_tick_at(first_key(this_cpu.refills));
	this_cpu.reschedule = true;
}

void sched_budget_forget(struct budget *b)
{
	await_no_refill(b);
}

/* --- Who runs --- */

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

static void set_current(struct thread *t)
{
	if (t != this_cpu.current)
		trace(TRACE_SWITCH, t, this_cpu.current, 0, 0);
	this_cpu.current = t;
}

/* Waits for an interrupt that makes somebody ready; where somebody is, lets interrupts in. */
static void idle(void)
{
	switch_sc(NULL);
	set_current(NULL);
	this_cpu.idle = true;
	paging_leave();
	do {
		kernel_unlock();
		if (this_cpu.ready)
			cpu_let_interrupts_in();
		else
			cpu_wait_for_interrupt();
		kernel_lock();
	} while (!this_cpu.ready);
	this_cpu.idle = false;
	cpu_attend();
}

void sched_arm(struct thread *sc, uint64_t now)
{
	if (sc->quantum <= 0)
		sc->quantum = clock_ns_to_ticks(QUANTUM_NS);
	sched_tick_at(now + sc->quantum);
}

/* It leaves by iret, which alone sets the flag; and the next entry comes here again, whatever it is. */
static void step(struct thread *t)
{
	t->frame.rflags |= USER_FLAG_STEP;
	t->by_syscall = 0;
	this_cpu.reschedule = true;
}

/* Whom the current thread may call and reply to on the fast path: one that is as heavy as it is. */
static void set_keys(struct thread const *t)
{
	uint32_t same = this_cpu.number << 16 | (t->special ? THREAD_HEAVY << 8 | 1u << HEAVY_KEY : 0);
	bool slow = t->special & ~THREAD_HEAVY || t->trace || is_overdrawn(this_cpu.sc);

	this_cpu.call_key = slow ? NO_KEY : THREAD_RECEPTIVE | same;
	this_cpu.reply_key = slow ? NO_KEY : THREAD_CALLING | same;
}

struct thread *sched_dispatch(void)
{
	if (this_cpu.reschedule >= HANDED_OVER)
		this_cpu.reschedule = false;
	for (unsigned turns = 0; this_cpu.reschedule; turns++) {
		if (!this_cpu.ready || turns == TURNS_MAX) {
			idle();
			turns = 0;
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
		if (!has_time(sc, end))
			continue;
		this_cpu.reschedule = false;
		set_current(end);
		if (sc != this_cpu.sc)
			switch_sc(sc);
	}
	if (fpu_concerns(this_cpu.current))
		fpu_switch(this_cpu.current);
	if (thread_is(this_cpu.current, THREAD_STEPPED))
		step(this_cpu.current);
	set_keys(this_cpu.current);
	this_cpu.wakes = 0;
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
	sched_timeout_cancel(t);
	if (ticks <= clock_ticks()) {
		t->special |= THREAD_LATE;
		return;
	}
	pqueue_insert(&this_cpu.timeouts, &t->timeout, ticks);
	sched_tick_at(ticks);
}

void sched_timeout_cancel(struct thread *t)
{
	t->special &= ~THREAD_LATE;
	if (pnode_queued(&t->timeout))
		pqueue_remove(&t->home->timeouts, &t->timeout);
}

void sched_tick(void)
{
	uint64_t now = clock_ticks();
	struct thread *sc = this_cpu.sc;

	this_cpu.timer_set = 0;
	for (unsigned woken = 0; woken < TIMEOUTS_MAX && this_cpu.timeouts && this_cpu.timeouts->key <= now; woken++)
		ipc_late(container_of(this_cpu.timeouts, struct thread, timeout));
	charge(now);
	for (unsigned filled = 0; filled < REFILLS_MAX && first_key(this_cpu.refills) <= now; filled++)
		refill_one(now);
	if (sc && sc->quantum <= 0)
		sched_yield(sc);
	if (sc && is_overdrawn(sc))
		this_cpu.reschedule = true;
	begin(sc, now);
}
