/* SPDX-License-Identifier: MIT */
/* System calls for everyone. Arguments and results are in the thread's frame. */
#include <kernel/syscall.h>

#include <kernel/ipc.h>
#include <kernel/irq.h>
#include <kernel/pd.h>
#include <kernel/sched.h>
#include <kernel/trace.h>
#include <kernel/x86_64/clock.h>
#include <kernel/x86_64/fpu.h>

static enum status submit(struct thread *t)
{
	enum status status;
	struct object *object = pd_lookup(t->pd, t->frame.rdi, OBJECT_SIGNAL, &status);

	if (object)
		signal_submit(container_of(object, struct signal, object));
	return status;
}

static enum status cap_info(struct thread *t)
{
	struct cap_info info;
	enum status status = pd_cap_info(t->pd, t->frame.rdi, t->frame.rsi, &info);

	t->frame.rdi = info.badge;
	t->frame.rsi = info.type;
	t->frame.rdx = info.rights;
	t->frame.r8 = info.same;
	return status;
}

/* The handler is told as of an exception, and finds the thread EXITED afterwards. */
static void thread_exit(struct thread *t)
{
	ipc_abort_caller(t, STATUS_PEER_GONE);
	t->frame.vector = FAULT_EXIT;
	t->frame.error = 0;
	ipc_fault(t, 0);
}

void syscall_dispatch(struct thread *t)
{
	struct frame *regs = &t->frame;
	unsigned op = regs->rax & 0xff;

	switch (op) {
	case SYS_CALL:
		ipc_call(t);
		return;
	case SYS_REPLY_WAIT:
		ipc_reply_wait(t);
		return;
	case SYS_WAIT:
		ipc_wait(t);
		return;
	case SYS_SUBMIT:
		regs->rax = submit(t);
		return;
	case SYS_IRQ_ACK:
		regs->rax = irq_ack(t->pd, regs->rdi);
		return;
	case SYS_YIELD:
		sched_yield(this_cpu.sc);
		regs->rax = STATUS_OK;
		return;
	case SYS_CAP_COPY:
		regs->rax = pd_cap_copy(t->pd, regs->rdi, t->pd, regs->rsi, regs->rdx & RIGHTS_ALL);
		return;
	case SYS_CAP_MOVE:
		regs->rax = pd_cap_move(t->pd, regs->rdi, regs->rsi);
		return;
	case SYS_CAP_DROP:
		regs->rax = pd_cap_drop(t->pd, regs->rdi);
		return;
	case SYS_CAP_REVOKE:
		regs->rax = pd_cap_revoke(t->pd, regs->rdi);
		return;
	case SYS_CAP_INFO:
		regs->rax = cap_info(t);
		return;
	case SYS_THREAD_EXIT:
		thread_exit(t);
		return;
	case SYS_THREAD_TLS:
		regs->rax = fpu_set_tls(t, regs->rdi);
		return;
	case SYS_TRACE_MARK:
		trace(TRACE_MARK, t, NULL, regs->rax >> 32, regs->rdi);
		regs->rax = STATUS_OK;
		return;
	case SYS_TIME:
		regs->rdi = clock_now_ns();
		regs->rax = STATUS_OK;
		return;
	}
	if (op >= SYS_CORE_FIRST && op < SYS_CORE_END && t->pd->is_core)
		core_call_dispatch(t, op);
	else
		regs->rax = STATUS_UNSUPPORTED;
}
