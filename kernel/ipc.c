/* SPDX-License-Identifier: MIT */
/*
 * IPC. A message is four words in registers, further ones from UTCB to UTCB, and capabilities (transfer.c). The
 * receiver's registers are written while it does not run, so a message is delivered whole or not at all.
 *
 * State changes, all made here:
 *   call         RUNNING -> QUEUED -> CALLING (delivered) -> RUNNING (reply, or an error)
 *   wait         RUNNING -> RECEPTIVE -> RUNNING (call, signal, timeout)
 *   wait for one RUNNING -> BLOCKED -> RUNNING (that signal, timeout)
 *   fault        RUNNING -> QUEUED -> CALLING -> RUNNING (resume) or BLOCKED (stop)
 * t.caller == c holds exactly when c.partner == t and c is CALLING.
 */
#include <kernel/ipc.h>

#include <kernel/sched.h>
#include <kernel/trace.h>
#include <kernel/x86_64/clock.h>

#define VECTOR_PAGE_FAULT 14
#define DEAD_CALLERS_MAX 2 /* calls that an entry turns away, since their gate died while they were queued */

static unsigned header_words(uint64_t header) { return header >> 8 & 0xff; }
static unsigned header_caps(uint64_t header)  { return header >> 16 & 0xf; }
static unsigned header_flags(uint64_t header) { return header >> 24 & 0xff; }

static void set_result(struct thread *t, enum status status) { t->frame.rax = status; }

/* Makes a thread run whose wait is over. */
static void run(struct thread *t)
{
	if (t->state == THREAD_BLOCKED && t->wait_one)
		sched_timeout_cancel(t);
	t->state = THREAD_RUNNING;
	t->wait_one = NULL;
	sched_wake(t);
}

/* What both directions carry. The receiver's badge register is set by the caller of this. */
static void transfer(struct thread *from, struct thread *to, uint64_t header)
{
	unsigned words = header_words(header), caps = header_caps(header);

	to->frame.rsi = from->frame.rsi;
	to->frame.rdx = from->frame.rdx;
	to->frame.r8 = from->frame.r8;
	to->frame.r9 = from->frame.r9;
	if (words > 4)
		copy_quads(&to->utcb->words[4], &from->utcb->words[4], words - 4);
	if (caps)
		transfer_caps(from, to, caps);
	to->frame.rax = STATUS_OK | words << 8 | caps << 16 | (uint64_t)MESSAGE_RPC << 20 | (header >> 32 << 32);
}

static void transfer_fault(struct thread *from, struct thread *to)
{
	to->frame.rsi = virt_to_phys(from);
	to->frame.rdx = from->frame.error;
	to->frame.r8 = from->fault_address;
	to->frame.r9 = from->frame.rip;
	to->utcb->words[4] = from->frame.rsp;
	to->utcb->words[5] = from->frame.rbp;
	to->frame.rax = STATUS_OK | 6 << 8 | (uint64_t)MESSAGE_FAULT << 20 | from->frame.vector << 32;
}

/* The gate that `t` calls, looked up again: it may have been destroyed, or its slot given away, while the call was queued. */
static struct gate *called_gate(struct thread *t, enum status *status)
{
	struct slot *slot = t->frame.vector == VECTOR_PAGE_FAULT ? &t->pager : &t->handler;

	if (!thread_is(t, THREAD_FAULTING)) {
		struct object *object = pd_lookup(t->pd, t->frame.rdi, OBJECT_GATE, status);
		return object ? container_of(object, struct gate, object) : NULL;
	}
	*status = STATUS_PEER_GONE;
	return slot->state == SLOT_LIVE && !slot_object(slot)->dead ? container_of(slot_object(slot), struct gate, object) : NULL;
}

/* The call of `t` arrives at its partner, which is receptive. */
static inline __attribute__((always_inline)) void deliver_call(struct thread *t, struct gate const *gate)
{
	struct thread *server = t->partner;

	t->state = THREAD_CALLING;
	server->caller = t;
	server->depth = t->depth + 1;
	server->offered = t->call_header >> 20 & 0xf;
	server->signalled = 0;
	if (thread_is(t, THREAD_FAULTING))
		transfer_fault(t, server);
	else
		transfer(t, server, t->call_header);
	server->frame.rdi = gate->badge;
	server->state = THREAD_RUNNING;
}

void ipc_deliver_call(struct thread *t)
{
	struct thread *server = t->partner;
	enum status status;
	struct gate *gate = called_gate(t, &status);

	if (!gate || gate->thread != server) {
		ipc_abort_wait(t, gate ? STATUS_BAD_CAP : status);
		return;
	}
	if (pnode_queued(&t->waiting))
		sched_unwait(t);
	if (thread_is_remote(t, server))
		sched_charge();
	deliver_call(t, gate);
	trace(TRACE_RECEIVE, t, server, t->call_header >> 32, gate->badge);
	sched_update(server);
	if (server->waiters || t->waiters || t->caller)
		sched_wake(server); /* helpers may be parked, and better than what this call runs on */
	cpu_reschedule(server->home);
}

/* Would `t` wait for itself if it called `server`? Bound: chains and queues on the way, cut off as in dispatch. */
static bool closes_a_ring(struct thread const *t, struct thread const *server)
{
	for (unsigned hops = 0; hops < 64; hops++) {
		if (server == t)
			return true;
		if (server->state != THREAD_CALLING && server->state != THREAD_QUEUED)
			return false;
		server = server->partner;
	}
	return true;
}

/* Most calls: the server waits, and nobody else does. False: nothing has happened. Neither side is traced. */
static inline __attribute__((always_inline)) bool call_directly(struct thread *t, struct gate *gate, uint64_t header)
{
	struct thread *server = gate->thread;

	if (server->state != THREAD_RECEPTIVE || !sched_goes_on_with(server) || t->trace || t != this_cpu.current)
		return false;
	t->partner = server;
	t->call_header = header;
	deliver_call(t, gate);
	sched_hand_over(server);
	return true;
}

/* Calls the thread behind a gate, which queues there; `t` has been checked. */
static void start_call(struct thread *t, struct gate *gate, uint64_t header)
{
	t->partner = gate->thread;
	t->call_header = header;
	if (!thread_is(t, THREAD_FAULTING))
		trace(TRACE_CALL, t, t->partner, header >> 32, gate->badge);
	t->state = THREAD_QUEUED;
	if (cpu_is_quiet(t->partner->home) && t->partner->state == THREAD_RECEPTIVE && !thread_is(t->partner, THREAD_PAUSED)) {
		ipc_deliver_call(t);
	} else {
		sched_wait(t, this_cpu.sc ? this_cpu.sc->level : t->level); /* of the SC that it runs on, which may be lent */
		if (thread_is_remote(t, t->partner))
			thread_request(t->partner, REQUEST_LOOK);
	}
	sched_update(t);
	this_cpu.reschedule = true;
}

static enum status check_call(struct thread *t, uint64_t header, struct gate **gate)
{
	enum status status;
	struct object *object = pd_lookup(t->pd, t->frame.rdi, OBJECT_GATE, &status);
	unsigned expect = header >> 20 & 0xf;

	if (!object)
		return status;
	*gate = container_of(object, struct gate, object);
	struct thread *server = (*gate)->thread;
	if (server->object.dead || server->state == THREAD_EXITED)
		return STATUS_PEER_GONE;
	if (header_words(header) > UTCB_WORDS || header_caps(header) > UTCB_CAPS || expect > UTCB_CAPS)
		return STATUS_INVALID;
	/* Core is there for the last of the longest chain, too: whoever is called there must be able to give back what it holds. */
	if (t->depth >= CHAIN_DEPTH_MAX + server->pd->is_core)
		return STATUS_TOO_DEEP;
	if (closes_a_ring(t, server))
		return STATUS_DEADLOCK;
	if (transfer_check_windows(t, expect))
		return STATUS_OUT_OF_CAPS;
	return transfer_check(t, header_caps(header));
}

void ipc_call(struct thread *t)
{
	uint64_t header = t->frame.rax;
	struct gate *gate = NULL;
	enum status status = check_call(t, header, &gate);

	if (!status && thread_is(t, THREAD_CANCELLED)) {
		t->special &= ~THREAD_CANCELLED;
		status = STATUS_CANCELLED;
	}
	if (status) {
		set_result(t, status);
		return;
	}
	assert(gate);
	if (!call_directly(t, gate, header))
		start_call(t, gate, header);
}

void signal_unlink(struct signal *signal)
{
	struct thread *t = signal->thread;
	struct signal *before = (struct signal *)signal->root.word;

	if (!(signal->object.flags & SIGNAL_PENDING))
		return;
	if (t->signals == signal)
		t->signals = signal->next;
	else
		before->next = signal->next;
	if (t->signals_tail == signal)
		t->signals_tail = before;
	else
		signal->next->root.word = (uint64_t)before;
	signal->next = NULL;
	signal->object.flags &= ~SIGNAL_PENDING;
}

/* The receiver gets all that was submitted. */
static void take(struct signal *signal)
{
	struct frame *frame = &signal->thread->frame;

	signal_unlink(signal);
	trace(TRACE_SIGNAL, signal->thread, NULL, signal->count, signal->badge);
	frame->rax = STATUS_OK | (uint64_t)MESSAGE_SIGNAL << 20;
	frame->rdi = signal->badge;
	frame->rsi = signal->count;
	signal->count = 0;
}

bool ipc_deliver_signal(struct thread *t)
{
	if (!t->signals) {
		sched_update(t);
		return false;
	}
	take(t->signals);
	t->signalled = 1;
	t->depth = 0;
	run(t);
	return true;
}

void ipc_deliver_next(struct thread *t)
{
	bool callers_first = t->signalled && t->remote_waiters; /* a stream of signals does not starve them */

	if (!callers_first && ipc_deliver_signal(t))
		return;
	for (unsigned looks = 0; t->state == THREAD_RECEPTIVE && t->remote_waiters; looks++) {
		if (looks == DEAD_CALLERS_MAX) {
			thread_look_later(t);
			return;
		}
		ipc_deliver_call(container_of(t->waiters, struct thread, waiting));
	}
	if (t->state == THREAD_RECEPTIVE && callers_first)
		ipc_deliver_signal(t);
}

/* The receiver does not wait for it, or does not run at once. */
static __attribute__((noinline)) void submit_slowly(struct signal *signal)
{
	struct thread *t = signal->thread;

	signal->count = 1;
	trace(TRACE_SUBMIT, this_cpu.current, t, 0, signal->badge);
	if (t->state == THREAD_BLOCKED && t->wait_one == signal) {
		take(signal);
		run(t);
		return;
	}
	signal->object.flags |= SIGNAL_PENDING;
	if (t->signals)
		t->signals_tail->next = signal;
	else
		t->signals = signal;
	signal->root.word = (uint64_t)t->signals_tail;
	t->signals_tail = signal;
	if (t->home == &this_cpu)
		sched_update(t);
	else
		thread_request(t, REQUEST_LOOK);
}

void signal_submit(struct signal *signal)
{
	struct thread *t = signal->thread;

	if (signal->object.flags & SIGNAL_PENDING) {
		signal->count += signal->count < UINT32_MAX;
		return;
	}
	/* Most drivers wait, and are better than what runs. */
	if (!sched_meets(t) || (uint64_t)t->signals | (uint64_t)t->waiters || !sched_prefers(t)) {
		submit_slowly(signal);
		return;
	}
	t->frame.rax = STATUS_OK | (uint64_t)MESSAGE_SIGNAL << 20;
	t->frame.rdi = signal->badge;
	t->frame.rsi = 1;
	t->signalled = 1;
	t->depth = 0;
	t->state = THREAD_RUNNING;
	sched_switch_to(t);
}

/* Waiting goes no further than a look if the caller said so, or if its deadline has passed. `deadline_ns` counts from boot. */
static bool is_poll(struct thread *t, uint64_t header, uint64_t deadline_ns)
{
	if (header_flags(header) & SYS_FLAG_DEADLINE)
		sched_timeout_set(t, clock_ns_to_deadline(deadline_ns));
	return header_flags(header) & SYS_FLAG_NOBLOCK || thread_is(t, THREAD_LATE);
}

static void receive(struct thread *t, uint64_t header)
{
	bool poll = is_poll(t, header, t->frame.rdi);
	bool late = thread_is(t, THREAD_LATE) && !(header_flags(header) & SYS_FLAG_NOBLOCK);
	bool yields = t->waiters && t->signalled && !late; /* a stream of signals does not starve callers */

	t->depth = 0;
	t->state = THREAD_RECEPTIVE;
	if (thread_is(t, THREAD_CANCELLED)) {
		t->special &= ~THREAD_CANCELLED;
		ipc_abort_wait(t, STATUS_CANCELLED);
		return;
	}
	if (t->signals && !yields && ipc_deliver_signal(t))
		return;
	/* A stream of callers does not starve deadlines. */
	for (unsigned looks = 0; poll && !late && t->waiters && looks < DEAD_CALLERS_MAX; looks++) {
		ipc_deliver_call(container_of(t->waiters, struct thread, waiting));
		if (t->caller)
			return;
	}
	if (poll && yields && ipc_deliver_signal(t))
		return;
	if (poll) {
		t->special &= ~THREAD_LATE;
		ipc_abort_wait(t, STATUS_TIMEOUT);
		return;
	}
	if (yields)
		sched_remove(t); /* to the tail */
	sched_wake(t);
}

/* Most replies: nobody and nothing else waits for the server, and the caller goes on, on the SC that ran the server. */
static bool reply_directly(struct thread *t, struct thread *caller)
{
	uint64_t header = t->frame.rax;
	bool faulting = thread_is(caller, THREAD_FAULTING);

	if (header_flags(header) || t->waiters || !sched_goes_on_with(caller) || !sched_goes_on_with(t) || this_cpu.sc == t)
		return false;
	if (faulting && (header >> 32 != FAULT_RESUME || caller->frame.vector == FAULT_EXIT))
		return false;
	if (!faulting)
		transfer(t, caller, header);
	caller->special &= ~THREAD_FAULTING;
	caller->state = THREAD_RUNNING;
	t->caller = NULL;
	t->signalled = t->depth = 0;
	t->state = THREAD_RECEPTIVE;
	sched_hand_over(caller);
	return true;
}

void ipc_reply_wait(struct thread *t)
{
	uint64_t header = t->frame.rax;
	struct thread *caller = t->caller;

	if (header_words(header) > UTCB_WORDS || header_caps(header) > UTCB_CAPS) {
		set_result(t, STATUS_INVALID);
		return;
	}
	if (caller && reply_directly(t, caller))
		return;
	if (caller) {
		if (thread_is_remote(t, caller))
			sched_charge();
		t->caller = NULL;
		t->signalled = 0;
		if (!thread_is(caller, THREAD_FAULTING)) {
			trace(TRACE_REPLY, t, caller, header >> 32, 0);
			transfer(t, caller, header);
			run(caller);
		} else {
			caller->special &= ~THREAD_FAULTING;
			caller->state = caller->frame.vector == FAULT_EXIT ? THREAD_EXITED : THREAD_BLOCKED;
			if (caller->state == THREAD_BLOCKED && header >> 32 == FAULT_RESUME)
				run(caller);
			else
				sched_update(caller);
		}
	}
	receive(t, header);
}

void ipc_wait(struct thread *t)
{
	uint64_t header = t->frame.rax;
	enum status status;

	if (!(header_flags(header) & SYS_FLAG_ONE)) {
		ipc_abort_caller(t, STATUS_NO_REPLY);
		receive(t, header);
		return;
	}

	struct object *object = pd_lookup(t->pd, t->frame.rdi, OBJECT_SIGNAL, &status);
	struct signal *signal = container_of(object, struct signal, object);

	sched_timeout_cancel(t);
	if (!object) {
		set_result(t, status);
	} else if (signal->thread != t) {
		set_result(t, STATUS_INVALID);
	} else if (thread_is(t, THREAD_CANCELLED)) {
		t->special &= ~THREAD_CANCELLED;
		set_result(t, STATUS_CANCELLED);
	} else if (signal->count) {
		take(signal);
		sched_update(t);
	} else if (is_poll(t, header, t->frame.rsi)) {
		sched_timeout_cancel(t);
		set_result(t, STATUS_TIMEOUT);
	} else {
		t->state = THREAD_BLOCKED;
		t->wait_one = signal;
		sched_update(t);
		this_cpu.reschedule = true;
	}
}

/* The fault is not taken at once: it waits for its handler, or nobody is there to take it. */
static __attribute__((noinline)) void fault_slowly(struct thread *t, struct gate *gate)
{
	bool heard = gate && !gate->object.dead && !gate->thread->object.dead && t->depth < FAULT_DEPTH_MAX && !closes_a_ring(t, gate->thread);

	if (heard && call_directly(t, gate, 0))
		return;
	trace(TRACE_FAULT, t, NULL, t->frame.vector, t->fault_address);
	if (heard) {
		start_call(t, gate, 0);
		return;
	}
	if (t->pd->is_core)
		panic("core faulted: vector %lu error %lx address %lx ip %lx sp %lx", t->frame.vector, t->frame.error, t->fault_address,
		      t->frame.rip, t->frame.rsp);
	t->special &= ~THREAD_FAULTING;
	t->state = t->frame.vector == FAULT_EXIT ? THREAD_EXITED : THREAD_BLOCKED;
	sched_update(t);
	this_cpu.reschedule = true;
}

void ipc_fault(struct thread *t, uint64_t address)
{
	struct slot *slot = t->frame.vector == VECTOR_PAGE_FAULT ? &t->pager : &t->handler;
	struct gate *gate = slot->state == SLOT_LIVE ? container_of(slot_object(slot), struct gate, object) : NULL;

	t->fault_address = address;
	t->wait_one = NULL;
	t->special |= THREAD_FAULTING;
	if (!gate || gate->object.dead || !sched_meets(gate->thread) || t->depth >= FAULT_DEPTH_MAX) {
		fault_slowly(t, gate);
		return;
	}
	t->partner = gate->thread;
	deliver_call(t, gate);
	sched_go_to(gate->thread);
}

void ipc_abort_wait(struct thread *t, enum status status)
{
	struct thread *partner = t->partner;

	switch (t->state) {
	case THREAD_CALLING:
		partner->caller = NULL;
		if (!thread_is_remote(t, partner)) /* else it runs on its own SC anyway */
			sched_wake(partner);
		break;
	case THREAD_QUEUED:
		sched_unwait(t);
		if (thread_is_remote(t, partner))
			thread_request(partner, REQUEST_LOOK);
		else
			sched_wake(partner);
		break;
	case THREAD_RECEPTIVE:
		t->depth = 0; /* the fast path leaves it as it was */
		break;
	case THREAD_BLOCKED:
		if (t->wait_one)
			break;
		return;
	default:
		return;
	}
	t->partner = NULL;
	if (thread_is(t, THREAD_FAULTING)) {
		t->special &= ~THREAD_FAULTING;
		t->state = t->frame.vector == FAULT_EXIT ? THREAD_EXITED : THREAD_BLOCKED;
		sched_update(t);
		return;
	}
	trace(TRACE_RETURN, t, NULL, status, 0);
	set_result(t, status);
	run(t);
}

void ipc_late(struct thread *t)
{
	sched_timeout_cancel(t);
	if (t->state == THREAD_RECEPTIVE || (t->state == THREAD_BLOCKED && t->wait_one))
		ipc_abort_wait(t, STATUS_TIMEOUT);
	else
		t->special |= THREAD_LATE;
}

void ipc_abort_caller(struct thread *t, enum status status)
{
	if (t->caller)
		ipc_abort_wait(t->caller, status);
}

enum status ipc_abort_waiters(struct thread *t, unsigned max)
{
	for (; t->waiters; max--) {
		if (!max)
			return STATUS_AGAIN;
		ipc_abort_wait(container_of(t->waiters, struct thread, waiting), STATUS_PEER_GONE);
	}
	return STATUS_OK;
}
