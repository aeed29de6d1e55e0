/* SPDX-License-Identifier: MIT */
/*
 * Threads, calls, signals and the run queue of the kernel under random operations, with what must always hold checked after each
 * one. System calls are those of whoever the scheduler says runs; core's come in between, as does the timer. There is no model:
 * the invariants are told from the state alone (see check_*).
 */
#include "kernel_cpus.h"

enum { PDS = 3, THREADS = 12, GATES = 16, SIGNALS = 16, BUDGETS = 3, HOPS = 64 };

static uint64_t pds[PDS], threads[THREADS], utcbs[THREADS], gates[GATES], signals[SIGNALS], budgets[BUDGETS];
static struct thread *core;
static bool destroys = true;

/* --- The world --- */

static struct thread *thread_at(unsigned i) { return phys_to_virt(threads[i]); }
static bool is_thread(uint64_t phys)        { return object_any(phys) && object_any(phys)->type == OBJECT_THREAD; }

static enum status core_op(unsigned op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	core->frame.rax = op;
	core->frame.rdi = a;
	core->frame.rsi = b;
	core->frame.rdx = c;
	core->frame.r8 = d;
	core->frame.r9 = 0x1000;
	core_call_dispatch(core, op);
	return core->frame.rax & 0xff;
}

static uint64_t place(unsigned granules)
{
	static uint64_t frame;
	static unsigned used = FRAME_GRANULES;

	if (used + granules > FRAME_GRANULES) {
		frame = kernel_frame();
		CHECK(frame_give(frame) == STATUS_OK);
		used = 1;
	}
	used += granules;
	return frame + (used - granules) * GRANULE;
}

static struct thread *thread_new(uint64_t where, uint64_t pd, uint64_t utcb)
{
	struct frame args = { .rdi = where, .rsi = pd, .rdx = utcb, .r8 = 0x1000, .r9 = 0x2000 };

	CHECK(thread_create(NULL, &args) == STATUS_OK);
	return phys_to_virt(where);
}

static uint64_t pd_new(void)
{
	uint64_t pd = place(PD_GRANULES);

	CHECK(pd_create(pd, kernel_frame(), kernel_frame()) == STATUS_OK);
	return pd;
}

/* A thread anew, with its priority, pager and handler: gates of other threads. */
static void equip_thread(unsigned i)
{
	struct thread *t = thread_at(i);

	t->frame.rdi = unit_random();
	core_op(SYS_THREAD_SET, threads[i], THREAD_CPU, unit_below(CPUS), 0);
	core_op(SYS_THREAD_SET, threads[i], THREAD_PRIORITY, 1 + unit_below(8), 0);
	core_op(SYS_THREAD_SET, threads[i], THREAD_PAGER, gates[unit_below(GATES)], 0);
	core_op(SYS_THREAD_SET, threads[i], THREAD_HANDLER, gates[unit_below(GATES)], 0);
	core_op(SYS_THREAD_CTL, threads[i], THREAD_START, 0, 0);
}

static uint64_t selector(void)
{
	return unit_below(30) ? (1 + unit_below(40)) * SLOT_SIZE : unit_below(2 * PAGE_SIZE);
}

static void install(void)
{
	uint64_t object = unit_below(2) ? gates[unit_below(GATES)] : signals[unit_below(SIGNALS)];

	core_op(SYS_CAP_INSTALL, pds[unit_below(PDS)], selector(), object, 1 + 2 * unit_below(2));
}

static void setup(void)
{
	kernel_memory();
	memset(cpus, 0, sizeof(cpus));
	memset(kicks, 0, sizeof(kicks));
	unit_cpu = &cpus[0];
	cpu_count = CPUS;
	ticks = 1;
	paging_set_kernel_top(kernel_frame());
	core = thread_new(place(THREAD_GRANULES), pd_new(), kernel_frame());
	core->pd->is_core = 1;
	for (unsigned i = 0; i < CPUS; i++) {
		cpus[i].number = i;
		cpus[i].is_up = true;
		cpus[i].idle = true;
		idlers[i] = thread_new(place(THREAD_GRANULES), pd_new(), kernel_frame());
		CHECK(thread_set_cpu(idlers[i], i) == STATUS_OK);
		idlers[i]->state = THREAD_RUNNING;
		sched_update(idlers[i]);
	}
	for (unsigned i = 0; i < PDS; i++)
		pds[i] = pd_new();
	for (unsigned i = 0; i < THREADS; i++)
		thread_new(threads[i] = place(THREAD_GRANULES), pds[i % PDS], utcbs[i] = kernel_frame());
	for (unsigned i = 0; i < GATES; i++)
		CHECK(core_op(SYS_GATE_CREATE, gates[i] = place(1), threads[i % THREADS], i, 0) == STATUS_OK);
	for (unsigned i = 0; i < SIGNALS; i++)
		CHECK(core_op(SYS_SIGNAL_CREATE, signals[i] = place(1), threads[i % THREADS], i, 0) == STATUS_OK);
	for (unsigned i = 0; i < BUDGETS; i++)
		CHECK(core_op(SYS_BUDGET_CREATE, budgets[i] = place(BUDGET_GRANULES), 50000, 200000, 0) == STATUS_OK);
	for (unsigned i = 0; i < THREADS; i++)
		equip_thread(i);
	for (unsigned i = 0; i < 80; i++)
		install();
}

/* --- What must hold --- */

/* The run queue is what its marks say. */
static void check_run_queue(void)
{
	unsigned queued = 0, marked = idler->in_run_queue;

	for (unsigned p = 0; p < PRIORITIES; p++) {
		struct thread *first = this_cpu.queue[p], *t = first;
		CHECK(!first == !(this_cpu.ready >> p & 1));
		if (!first)
			continue;
		do {
			CHECK(t->home == &this_cpu && t->in_run_queue && t->level == p && t->level == (thread_is_dry(t) ? 0 : t->priority));
			CHECK((!t->object.dead || t->requests) && t->next->prev == t);
			CHECK(!thread_is_dry(t) || t->object.flags & THREAD_TAKES_IDLE);
			CHECK(++queued <= THREADS + 1);
			t = t->next;
		} while (t != first);
	}
	for (unsigned i = 0; i < THREADS; i++)
		marked += is_thread(threads[i]) && thread_at(i)->in_run_queue && thread_at(i)->home == &this_cpu;
	CHECK(queued == marked);
}

/* What a budget says of its threads is what they say. */
static void check_budget(uint64_t phys)
{
	struct budget const *b = phys_to_virt(phys);
	struct thread const *t = b->dry;
	unsigned members = 0, active = 0, dry = 0, in_ring = 0;
	int64_t sum = b->left;

	for (unsigned i = 0; i < THREADS; i++) {
		struct thread const *m = thread_at(i);
		if (!is_thread(threads[i]) || m->budget != b)
			continue;
		members++;
		dry += thread_is_dry(m);
		active += m->in_run_queue && !thread_is_dry(m);
	}
	for (; t && (t != b->dry || !in_ring); t = phys_to_virt((uint64_t)t->dry_next * GRANULE)) {
		struct thread const *next = phys_to_virt((uint64_t)t->dry_next * GRANULE);
		CHECK(thread_is_dry(t) && t->budget == b && phys_to_virt((uint64_t)next->dry_prev * GRANULE) == t && ++in_ring <= THREADS);
	}
	CHECK(members == b->members && active == b->active && dry == in_ring);
	CHECK(!dry || pnode_queued(&b->refill) || (b->left <= 0 && budget_next(b) == UINT64_MAX));
	for (unsigned i = 0; i < b->count; i++)
		sum += (int64_t)b->due[(b->first + i) % BUDGET_DUE].ticks;
	CHECK(sum == (int64_t)b->amount);
}

static bool waits_at(struct thread const *t, struct thread const *server)
{
	struct pnode const *node = &t->waiting;

	for (unsigned i = 0; node->parent; i++) {
		CHECK(i < THREADS);
		node = node->parent;
	}
	return node == server->waiters;
}

static unsigned count_remote(struct thread const *t)
{
	unsigned count = 0;

	for (unsigned i = 0; i < THREADS; i++)
		count += is_thread(threads[i]) && thread_at(i)->state == THREAD_QUEUED && thread_at(i)->partner == t && thread_is_remote(thread_at(i), t);
	return count;
}

static bool in_inbox(struct thread const *t)
{
	struct thread const *in = t->home->inbox;

	for (unsigned i = 0; in && in != t; i++, in = in->inbox_next)
		CHECK(i < THREADS);
	return in;
}

/* Callers and servers point at each other, and nobody else does; whoever waits is where it says. */
static void check_links(struct thread const *t)
{
	bool calls = t->state == THREAD_CALLING, queued = t->state == THREAD_QUEUED;

	if (t->object.dead)
		CHECK(t->requests || (t->state == THREAD_EXITED && !t->in_run_queue));
	CHECK(pnode_queued(&t->waiting) == queued);
	if (calls)
		CHECK(t->partner->caller == t && t->partner->state != THREAD_RECEPTIVE && (!t->partner->object.dead || t->partner->requests));
	if (queued)
		CHECK(waits_at(t, t->partner));
	if (t->caller) {
		CHECK(t->caller->state == THREAD_CALLING && t->caller->partner == t && t->state != THREAD_RECEPTIVE);
		CHECK(t->depth == t->caller->depth + 1);
	}
	CHECK(t->depth <= FAULT_DEPTH_MAX);
	CHECK(t->remote_waiters == count_remote(t));
	CHECK((t->requests == 0) == !in_inbox(t));
	CHECK(!thread_is(t, THREAD_LATE) || (!pnode_queued(&t->timeout) && t->state != THREAD_RECEPTIVE && (t->state != THREAD_BLOCKED || !t->wait_one)));
	CHECK(!thread_is(t, THREAD_FAULTING) || calls || queued);
	CHECK(t->state != THREAD_BLOCKED || !t->wait_one || (t->wait_one->thread == t && !t->wait_one->count));
	struct thread const *end = t;
	for (unsigned hops = 0; end->state == THREAD_CALLING || end->state == THREAD_QUEUED; hops++) {
		CHECK(hops < HOPS);
		end = end->partner;
	}
}

/* The signals submitted to a thread are in its list, once, and none else is. */
static void check_signals(struct thread const *t)
{
	unsigned listed = 0, pending = 0;
	struct signal const *last = NULL;

	for (struct signal const *s = t->signals; s; s = s->next) {
		CHECK(s->thread == t && s->object.flags & SIGNAL_PENDING && ++listed <= SIGNALS);
		last = s;
	}
	CHECK(!last || t->signals_tail == last);
	for (unsigned i = 0; i < SIGNALS; i++) {
		struct signal const *s = phys_to_virt(signals[i]);
		if (!object_any(signals[i]) || s->thread != t)
			continue;
		pending += (s->object.flags & SIGNAL_PENDING) != 0;
		CHECK(s->object.flags & SIGNAL_PENDING || !s->count);
	}
	CHECK(listed == pending);
}

static bool can_run(struct thread const *t)
{
	if (t->object.dead || thread_is(t, THREAD_PAUSED))
		return false;
	if (t->state != THREAD_RECEPTIVE)
		return t->state == THREAD_RUNNING;
	for (struct signal const *s = t->signals; s; s = s->next)
		if (s->count)
			return true;
	return t->waiters;
}

/* Who runs when it is the turn of this SC, if somebody does. A thread that waits for another CPU does not. */
static struct thread const *end_of(struct thread const *sc)
{
	struct thread const *t = sc;

	while ((t->state == THREAD_CALLING || t->state == THREAD_QUEUED) && !thread_is_remote(t, t->partner))
		t = t->partner;
	return t;
}

/* The level that the best waiter lends, when nobody helps: that of the SC that it runs on. One of another CPU lends none. */
static int level_of_best(struct thread const *t)
{
	struct thread const *w = container_of(t->waiters, struct thread, waiting);

	if (thread_is_remote(t, w))
		return 0;
	while (w->caller && !thread_is_remote(w, w->caller))
		w = w->caller;
	return w->level;
}

/*
 * Nothing that can run is forgotten, and it runs with the best priority of those that wait for it, at each step of its chain. If they
 * all are dry, it waits with them.
 */
static void check_runnable(struct thread const *t)
{
	int best = -1;
	bool dry = false;

	if (!can_run(t) || t->home->inbox || kicks[t->cpu])
		return;
	for (unsigned i = 0; i < THREADS; i++) {
		struct thread const *sc = thread_at(i);
		if (!is_thread(threads[i]) || end_of(sc) != t)
			continue;
		dry |= thread_is_dry(sc);
		if (sc->in_run_queue && sc->level > best)
			best = sc->level;
	}
	CHECK(best >= 0 || dry);
	best = best < 0 ? 0 : best;
	for (;;) {
		if (t->waiters)
			CHECK(level_of_best(t) <= best);
		if (!t->caller || thread_is_remote(t, t->caller))
			break;
		t = t->caller;
	}
	CHECK(t->state == THREAD_RECEPTIVE || t->level <= best);
}

/* Each live slot is in the tree of its object. */
static unsigned count_tree(struct slot const *root)
{
	struct slot const *stack[PDS * SLOTS_PER_FRAME + 2 * THREADS];
	unsigned depth = 0, count = 0;

	stack[depth++] = root;
	while (depth) {
		struct slot const *parent = stack[--depth];
		for (struct slot const *s = parent->first ? phys_to_virt((uint64_t)parent->first * SLOT_SIZE) : NULL; s;
		     s = s->last_child ? NULL : phys_to_virt((uint64_t)s->next * SLOT_SIZE)) {
			CHECK(s->state == SLOT_LIVE && object_root(slot_object(s)) == root && depth < ARRAY_SIZE(stack));
			stack[depth++] = s;
			count++;
		}
	}
	return count;
}

static void check_slots(void)
{
	unsigned live = 0, linked = 0;

	for (unsigned i = 0; i < PDS; i++) {
		struct pd const *pd = phys_to_virt(pds[i]);
		for (unsigned n = 0; n < SLOTS_PER_FRAME; n++)
			live += pd->caps[0][n].state == SLOT_LIVE;
	}
	for (unsigned i = 0; i < THREADS; i++)
		if (is_thread(threads[i]))
			live += (thread_at(i)->pager.state == SLOT_LIVE) + (thread_at(i)->handler.state == SLOT_LIVE);
	for (unsigned i = 0; i < GATES; i++)
		linked += object_any(gates[i]) ? count_tree(object_root(object_any(gates[i]))) : 0;
	for (unsigned i = 0; i < SIGNALS; i++)
		linked += object_any(signals[i]) ? count_tree(object_root(object_any(signals[i]))) : 0;
	CHECK(live == linked);
}

static void check_all(void)
{
	check_run_queue();
	for (unsigned i = 0; i < BUDGETS; i++)
		check_budget(budgets[i]);
	for (unsigned i = 0; i < THREADS; i++) {
		if (!is_thread(threads[i]))
			continue;
		check_links(thread_at(i));
		check_signals(thread_at(i));
		check_runnable(thread_at(i));
	}
}

static void check_current(void)
{
	if (kicks[this_cpu.number])
		return; /* others have changed something, and it has yet to look */

	struct thread const *sc = this_cpu.queue[63 - __builtin_clzl(this_cpu.ready)], *t = this_cpu.current;

	CHECK(sc == this_cpu.sc && end_of(sc) == t);
	CHECK(t->state == THREAD_RUNNING && !thread_is(t, THREAD_PAUSED) && !t->object.dead);
}

/* --- What happens --- */

static void random_call(struct thread *t)
{
	static uint8_t const ops[] = {
		SYS_CALL, SYS_CALL, SYS_CALL, SYS_CALL, SYS_REPLY_WAIT, SYS_REPLY_WAIT, SYS_REPLY_WAIT, SYS_WAIT, SYS_WAIT, SYS_SUBMIT, SYS_SUBMIT,
		SYS_YIELD, SYS_CAP_COPY, SYS_CAP_MOVE, SYS_CAP_DROP, SYS_CAP_REVOKE, SYS_CAP_INFO, SYS_TIME,
	};
	struct frame *f = &t->frame;
	unsigned op = unit_below(200) ? ops[unit_below(ARRAY_SIZE(ops))] : SYS_THREAD_EXIT;
	uint64_t flags = unit_below(3) ? 0 : unit_below(8);

	for (unsigned i = 0; i < UTCB_CAPS; i++) {
		t->utcb->send[i] = unit_below(4) ? selector() | unit_below(2) : 0;
		t->utcb->window[i] = unit_below(4) ? selector() : 0;
	}
	f->rax = syscall_header(op, (unsigned)unit_below(unit_below(9) ? 9 : 140), unit_below(4) ? 0 : (unsigned)unit_below(9),
	                        unit_below(6) ? 0 : (unsigned)unit_below(4), (unsigned)unit_below(3)) | flags << 24;
	f->rdi = selector();
	if (flags & SYS_FLAG_DEADLINE && !(flags & SYS_FLAG_ONE) && op != SYS_CALL)
		f->rdi = ticks + unit_below(50);
	f->rsi = flags & SYS_FLAG_ONE ? ticks + unit_below(50) : selector();
	f->rdx = unit_below(4);
	t->by_syscall = 1;
	syscall_dispatch(t);
}

static void random_fault(struct thread *t)
{
	t->by_syscall = 0;
	t->frame.vector = unit_below(2) ? 14 : 6;
	ipc_fault(t, 0x1234);
}

/* Destroys an object, in slices that other things come between; what delivers to a thread must go first. */
static void random_destroy(void)
{
	uint64_t what = unit_below(3);
	uint64_t *object = what == 0 ? &threads[unit_below(THREADS)] : what == 1 ? &gates[unit_below(GATES)] : &signals[unit_below(SIGNALS)];

	if (destroys)
		core_op(SYS_DESTROY, *object, 0, 0, 0);
}

/* What has gone is made again in its place. */
static void random_create(void)
{
	unsigned i = (unsigned)unit_below(THREADS), g = (unsigned)unit_below(GATES), s = (unsigned)unit_below(SIGNALS);

	if (!object_any(threads[i]))
		thread_new(threads[i], pds[i % PDS], utcbs[i]);
	else if (object_at(threads[i], OBJECT_THREAD) && thread_at(i)->state == THREAD_NEW)
		equip_thread(i);
	core_op(SYS_GATE_CREATE, gates[g], threads[g % THREADS], g, 0);
	core_op(SYS_SIGNAL_CREATE, signals[s], threads[s % THREADS], s, 0);
}

/* A dead thread is free when nothing delivers to it any more. */
static void finish_threads(void)
{
	for (unsigned i = 0; i < THREADS; i++) {
		if (!is_thread(threads[i]) || !thread_at(i)->object.dead)
			continue;
		for (unsigned g = i; g < GATES; g += THREADS)
			core_op(SYS_DESTROY, gates[g], 0, 0, 0);
		for (unsigned s = i; s < SIGNALS; s += THREADS)
			core_op(SYS_DESTROY, signals[s], 0, 0, 0);
		core_op(SYS_DESTROY, threads[i], 0, 0, 0);
	}
}

static void random_budget_op(uint64_t thread)
{
	uint64_t budget = budgets[unit_below(BUDGETS)], period = 100000 + unit_below(300000);

	if (unit_below(3))
		core_op(SYS_THREAD_SET, thread, THREAD_BUDGET, unit_below(4) ? budget | unit_below(2) : 0, 0);
	else
		core_op(SYS_BUDGET_SET, budget, unit_below(8) ? unit_below(period) : 0, period, 0);
}

static void random_core_op(void)
{
	uint64_t t = threads[unit_below(THREADS)];

	switch (unit_below(16)) {
	case 0: case 1: case 2: core_op(SYS_THREAD_CTL, t, THREAD_CANCEL, 0, 0); break;
	case 3:                 core_op(SYS_THREAD_CTL, t, THREAD_PAUSE, 0, 0); break;
	case 4: case 5:         core_op(SYS_THREAD_CTL, t, THREAD_START, 0, 0); break;
	case 6: case 7:         core_op(SYS_THREAD_SET, t, THREAD_PRIORITY, 1 + unit_below(8), 0); break;
	case 8:                 core_op(SYS_THREAD_SET, t, THREAD_PAGER, gates[unit_below(GATES)], 0); break;
	case 9:                 random_destroy(); break;
	case 10:                finish_threads(); random_create(); break;
	case 11:                core_op(SYS_SIGNAL_SUBMIT, signals[unit_below(SIGNALS)], 0, 0, 0); break;
	case 12: case 13:       random_budget_op(t); break;
	default:                install();
	}
}

static void step(void)
{
	struct thread *t = this_cpu.current;
	unsigned what = (unsigned)unit_below(100);

	ticks += unit_below(20) ? 1 + unit_below(3) : unit_below(100000);
	if (ticks >= timer || what < 5) {
		ticks = what < 2 ? ticks + 20000000 : ticks;
		sched_tick();
	} else if (this_cpu.number == 0 && (t == idler || what < 30)) {
		random_core_op();
	} else if (t == idler) {
		return;
	} else if (what < 35) {
		random_fault(t);
	} else {
		random_call(t);
	}
}

/* The kernel lock is held from a kernel entry on. */
static void leave_kernel(void)
{
	if (this_cpu.reschedule) {
		kernel_lock();
		sched_dispatch();
	}
	this_cpu.idle = this_cpu.current == idler;
}

static void start_cpus(void)
{
	for (unsigned i = 0; i < CPUS; i++) {
		unit_cpu = &cpus[i];
		this_cpu.idle = false;
		leave_kernel();
	}
}

/* A CPU has its turn. */
static void enter_kernel(void)
{
	unit_cpu = &cpus[unit_below(CPUS)];
	this_cpu.idle = false;
	if (kicks[this_cpu.number] && unit_below(2)) {
		kicks[this_cpu.number] = false;
		cpu_attend();
		this_cpu.reschedule = true;
	} else {
		step();
	}
}

START_TEST(random_operations_keep_all_invariants)
{
	setup();
	start_cpus();
	for (unsigned round = 0; round < 200000; round++) {
		enter_kernel();
		check_all();
		if (round % 16 == 0)
			check_slots();
		leave_kernel();
		check_all();
		check_current();
	}
}
END_TEST

/* The time that all threads have consumed is the time that has passed. */
START_TEST(consumed_time_adds_up_whatever_happens)
{
	setup();
	destroys = false;
	start_cpus();
	for (unsigned round = 0; round < 20000; round++) {
		uint64_t sum = 0;

		enter_kernel();
		leave_kernel();
		for (unsigned i = 0; i < CPUS; i++) {
			unit_cpu = &cpus[i];
			sched_charge();
			sum += idler->consumed;
		}
		for (unsigned i = 0; i < THREADS; i++)
			sum += thread_at(i)->consumed;
		CHECK(sum == CPUS * (ticks - 1));
	}
}
END_TEST

UNIT_MAIN(random_operations_keep_all_invariants, consumed_time_adds_up_whatever_happens)
