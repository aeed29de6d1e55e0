/* SPDX-License-Identifier: MIT */
/*
 * The end of kernel objects, in slices. Each function first makes its object dead, which no later step can undo, then
 * returns AGAIN until nothing refers to it.
 */
#include <kernel/budget.h>
#include <kernel/console.h>
#include <kernel/ipc.h>
#include <kernel/irq.h>
#include <kernel/pd.h>
#include <kernel/sched.h>
#include <kernel/x86_64/fpu.h>
#include <kernel/x86_64/paging.h>

/* A gate's callers that are queued already are its thread's business: they were let in. */
static enum status destroy_gate(struct gate *gate)
{
	if (!gate->epoch)
		gate->epoch = cpu_epoch_begin();
	if (slot_sweep(&gate->root, SWEEP_SLOTS) || !cpu_epoch_is_over(gate->epoch))
		return STATUS_AGAIN;
	gate->thread->bound--;
	return STATUS_OK;
}

static enum status destroy_signal(struct signal *signal)
{
	struct thread *t = signal->thread;

	console_forget(signal);
	if (signal->object.flags & SIGNAL_PENDING) {
		signal_unlink(signal);
		thread_request(t, REQUEST_LOOK);
	}
	if (t->state == THREAD_BLOCKED && t->wait_one == signal)
		ipc_abort_wait(t, STATUS_PEER_GONE);
	if (slot_sweep(&signal->root, SWEEP_SLOTS))
		return STATUS_AGAIN;
	t->bound--;
	return STATUS_OK;
}

/* Its home CPU stops it; whoever queues for it is told, and it is free when no CPU can know it any more. */
static enum status destroy_thread(struct thread *t)
{
	if (!(t->object.flags & THREAD_ENDED) && !(t->requests & REQUEST_END))
		thread_request(t, REQUEST_END);
	if (!(t->object.flags & THREAD_ENDED) || t->requests)
		return STATUS_AGAIN;
	if (ipc_abort_waiters(t, SWEEP_WAITERS))
		return STATUS_AGAIN;
	if (t->bound || t->fpu)
		return STATUS_BUSY;
	if (!cpu_epoch_is_over(t->epoch))
		return STATUS_AGAIN;
	slot_drop(&t->pager);
	slot_drop(&t->handler);
	t->pd->threads--;
	return STATUS_OK;
}

static enum status destroy_budget(struct budget *b)
{
	if (b->members)
		return STATUS_BUSY;
	sched_budget_forget(b);
	return STATUS_OK;
}

static struct slot *last_cap_frame(struct pd const *pd)
{
	return pd->cap_frames > PD_NEAR_FRAMES ? pd->far[pd->cap_frames - PD_NEAR_FRAMES - 1] : pd->caps[pd->cap_frames - 1];
}

static enum status destroy_pd(struct pd *pd)
{
	if (pd->threads)
		return STATUS_BUSY;
	if (paging_recycle(pd) || !cpu_epoch_is_over(pd->epoch))
		return STATUS_AGAIN;
	for (unsigned left = SWEEP_SLOTS; left; left--) {
		if (!pd->cap_frames)
			return STATUS_OK;
		slot_drop(&last_cap_frame(pd)[pd->swept]);
		pd->swept = (pd->swept + 1) % SLOTS_PER_FRAME;
		if (!pd->swept)
			pd->cap_frames--;
	}
	return STATUS_AGAIN;
}

enum status object_destroy(uint64_t phys)
{
	struct object *object = object_any(phys);
	enum status status;

	if (!object)
		return STATUS_INVALID;
	if (object->type == OBJECT_THREAD && container_of(object, struct thread, object) == this_cpu.current)
		return STATUS_INVALID;
	if (object->type == OBJECT_PD && container_of(object, struct pd, object)->is_core)
		return STATUS_BUSY;
	object->dead = 1;
	switch (object->type) {
	case OBJECT_GATE:
		status = destroy_gate(container_of(object, struct gate, object));
		break;
	case OBJECT_SIGNAL:
		status = destroy_signal(container_of(object, struct signal, object));
		break;
	case OBJECT_THREAD:
		status = destroy_thread(container_of(object, struct thread, object));
		break;
	case OBJECT_PD:
		status = destroy_pd(container_of(object, struct pd, object));
		break;
	case OBJECT_BUDGET:
		status = destroy_budget(container_of(object, struct budget, object));
		break;
	case OBJECT_FPU:
		status = fpu_destroy(object);
		break;
	default:
		status = irq_destroy(object);
	}
	if (!status)
		object_free(object);
	return status;
}
