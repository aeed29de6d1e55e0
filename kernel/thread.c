/* SPDX-License-Identifier: MIT */
/* Making and stopping threads. A thread starts with all registers zero but ip, sp and its argument, so nothing of anyone else is in them. */
#include <kernel/thread.h>

#include <kernel/ipc.h>
#include <kernel/sched.h>
#include <kernel/x86_64/machine.h>

enum status thread_create(struct thread *core, struct frame const *args)
{
	uint64_t place = args->rdi, utcb = args->rdx, ip = args->r8, sp = args->r9;
	struct object *pd_object = object_at(args->rsi, OBJECT_PD), *object;

	if (!pd_object || utcb % UTCB_SIZE || !utcb || ip >= USER_END || sp >= USER_END)
		return STATUS_INVALID;
	if (object_create(place, THREAD_GRANULES, OBJECT_THREAD, &object))
		return STATUS_INVALID;

	struct thread *t = container_of(object, struct thread, object);
	t->pd = container_of(pd_object, struct pd, object);
	t->pd->threads++;
	t->utcb = phys_to_virt(utcb);
	t->home = &this_cpu;
	t->cpu = this_cpu.number;
	t->state = THREAD_NEW;
	t->frame = (struct frame) {
		.rip = ip, .rsp = sp, .rdi = core ? core->utcb->words[0] : 0, .cs = USER_CS, .ss = USER_SS, .rflags = USER_FLAGS,
	};
	return STATUS_OK;
}

enum status thread_set_cpu(struct thread *t, uint64_t number)
{
	if (number >= cpu_count)
		return STATUS_INVALID;
	if (t->state != THREAD_NEW || t->requests || t->waiters)
		return STATUS_BUSY;
	t->home = cpu_at(number);
	t->cpu = number;
	return STATUS_OK;
}

static void start(struct thread *t)
{
	t->special &= ~THREAD_PAUSED;
	if (t->state == THREAD_NEW || (t->state == THREAD_BLOCKED && !t->wait_one))
		t->state = THREAD_RUNNING;
	sched_wake(t);
}

static void cancel(struct thread *t)
{
	if (t->state == THREAD_RUNNING || thread_is(t, THREAD_FAULTING))
		t->special |= THREAD_CANCELLED;
	else
		ipc_abort_wait(t, STATUS_CANCELLED);
}

/* Whom it serves is told; who serves it goes on without it. */
static void end(struct thread *t)
{
	ipc_abort_caller(t, STATUS_PEER_GONE);
	if (t->state != THREAD_EXITED) {
		ipc_abort_wait(t, STATUS_CANCELLED);
		t->state = THREAD_EXITED;
	}
	sched_timeout_cancel(t);
	sched_set_budget(t, NULL, false);
	sched_remove(t);
	sched_forget(t);
	t->object.flags |= THREAD_ENDED;
	t->epoch = cpu_epoch_begin();
}

void thread_attend(struct thread *t, unsigned requests)
{
	if (requests & REQUEST_START)
		start(t);
	if (requests & REQUEST_CANCEL)
		cancel(t);
	if (requests & REQUEST_END)
		end(t);
	if (requests & REQUEST_LOOK)
		sched_wake(t);
}

/* Into the inbox of its home CPU. */
static void post(struct thread *t, enum thread_request what)
{
	struct cpu *cpu = t->home;

	if (!t->requests) {
		t->inbox_next = NULL;
		if (cpu->inbox)
			cpu->inbox_tail->inbox_next = t;
		else
			cpu->inbox = t;
		cpu->inbox_tail = t;
	}
	t->requests |= what;
	cpu_kick(cpu);
}

void thread_request(struct thread *t, enum thread_request what)
{
	if (cpu_is_quiet(t->home))
		thread_attend(t, what);
	else
		post(t, what);
}

void thread_look_later(struct thread *t) { post(t, REQUEST_LOOK); }
