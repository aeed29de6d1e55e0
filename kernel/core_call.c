/* SPDX-License-Identifier: MIT */
/*
 * What core alone may do: make and end kernel objects, map memory, look after threads. Core is trusted with which memory
 * it names; the kernel checks the form (alignment, type, state), so that a slip of core is a status, not a wild write.
 *
 * Destruction: the object is dead at once, so every use fails from then on; its references are swept SWEEP_SLOTS at
 * a time (AGAIN), then its granules are zeroed and free.
 */
#include <kernel/syscall.h>

#include <kernel/budget.h>
#include <kernel/console.h>
#include <kernel/ipc.h>
#include <kernel/irq.h>
#include <kernel/pd.h>
#include <kernel/sched.h>
#include <kernel/trace.h>
#include <kernel/x86_64/clock.h>
#include <kernel/x86_64/fpu.h>
#include <kernel/x86_64/machine.h>
#include <kernel/x86_64/paging.h>

static struct pd *pd_at(uint64_t phys)
{
	struct object *object = object_at(phys, OBJECT_PD);
	return object ? container_of(object, struct pd, object) : NULL;
}

static struct thread *thread_at(uint64_t phys)
{
	struct object *object = object_at(phys, OBJECT_THREAD);
	return object ? container_of(object, struct thread, object) : NULL;
}

static struct signal *signal_at(uint64_t phys)
{
	struct object *object = object_at(phys, OBJECT_SIGNAL);
	return object ? container_of(object, struct signal, object) : NULL;
}

static struct gate *gate_at(uint64_t phys)
{
	struct object *object = object_at(phys, OBJECT_GATE);
	return object ? container_of(object, struct gate, object) : NULL;
}

static enum status gate_create(uint64_t place, uint64_t thread_phys, uint64_t badge)
{
	struct thread *thread = thread_at(thread_phys);
	struct object *object;

	if (!thread || object_create(place, GATE_GRANULES, OBJECT_GATE, &object))
		return STATUS_INVALID;
	struct gate *gate = container_of(object, struct gate, object);
	gate->thread = thread;
	gate->badge = badge;
	thread->bound++;
	return STATUS_OK;
}

static enum status signal_create(uint64_t place, uint64_t thread_phys, uint64_t badge)
{
	struct thread *thread = thread_at(thread_phys);
	struct object *object;

	if (!thread || object_create(place, SIGNAL_GRANULES, OBJECT_SIGNAL, &object))
		return STATUS_INVALID;
	struct signal *signal = container_of(object, struct signal, object);
	signal->thread = thread;
	signal->badge = badge;
	thread->bound++;
	return STATUS_OK;
}

static bool budget_is_valid(uint64_t amount_ns, uint64_t period_ns)
{
	return period_ns >= BUDGET_PERIOD_MIN && period_ns <= BUDGET_PERIOD_MAX && amount_ns <= period_ns * cpu_count &&
	       (!amount_ns || amount_ns >= period_ns / BUDGET_PARTS);
}

static struct budget *budget_at(uint64_t phys)
{
	struct object *object = object_at(phys, OBJECT_BUDGET);
	return object ? container_of(object, struct budget, object) : NULL;
}

static enum status budget_create(uint64_t place, uint64_t amount_ns, uint64_t period_ns)
{
	struct object *object;

	if (!budget_is_valid(amount_ns, period_ns) || object_create(place, BUDGET_GRANULES, OBJECT_BUDGET, &object))
		return STATUS_INVALID;
	budget_set(container_of(object, struct budget, object), clock_ns_to_ticks(amount_ns), clock_ns_to_ticks(period_ns));
	return STATUS_OK;
}

static enum status budget_change(struct budget *b, uint64_t amount_ns, uint64_t period_ns)
{
	if (!b || !budget_is_valid(amount_ns, period_ns))
		return STATUS_INVALID;
	budget_set(b, clock_ns_to_ticks(amount_ns), clock_ns_to_ticks(period_ns));
	sched_budget_changed(b);
	return STATUS_OK;
}

/* The lowest bit of the address says whether idle time is taken. */
static enum status set_budget(struct thread *t, uint64_t budget)
{
	struct budget *b = budget_at(budget & ~1UL);

	if (budget && !b)
		return STATUS_INVALID;
	sched_set_budget(t, b, budget & 1);
	return STATUS_OK;
}

static enum status thread_ctl(uint64_t phys, enum thread_ctl what)
{
	struct thread *t = thread_at(phys);

	if (!t)
		return STATUS_INVALID;
	if (t->requests)
		return STATUS_AGAIN; /* one after the other */
	switch (what) {
	case THREAD_START:
		thread_request(t, REQUEST_START);
		return STATUS_OK;
	case THREAD_PAUSE:
		if (!thread_is(t, THREAD_PAUSED)) {
			t->special |= THREAD_PAUSED;
			thread_request(t, REQUEST_LOOK);
		}
		return t->requests ? STATUS_AGAIN : STATUS_OK; /* it may still execute */
	case THREAD_CANCEL:
		thread_request(t, REQUEST_CANCEL);
		return STATUS_OK;
	}
	return STATUS_INVALID;
}

static enum status set_gate(struct slot *slot, uint64_t gate_phys)
{
	struct gate *gate = gate_phys ? gate_at(gate_phys) : NULL;

	if (gate_phys && !gate)
		return STATUS_INVALID;
	slot_drop(slot);
	if (gate)
		slot_install(slot, &gate->root, &gate->object, RIGHT_USE);
	return STATUS_OK;
}

static enum status thread_set(struct thread *core, uint64_t phys, enum thread_attribute attribute, uint64_t value)
{
	struct thread *t = thread_at(phys);

	if (!t)
		return STATUS_INVALID;
	switch (attribute) {
	case THREAD_PRIORITY:
		if (value >= PRIORITIES)
			return STATUS_INVALID;
		sched_set_priority(t, value);
		return STATUS_OK;
	case THREAD_PAGER:
		return set_gate(&t->pager, value);
	case THREAD_HANDLER:
		return set_gate(&t->handler, value);
	case THREAD_BUDGET:
		return set_budget(t, value);
	case THREAD_TRACE:
		return trace_set_thread(t, value);
	case THREAD_STEP:
		t->special = (t->special & ~THREAD_STEPPED) | (value ? THREAD_STEPPED : 0);
		t->frame.rflags &= ~(uint64_t)USER_FLAG_STEP;
		cpu_reschedule(t->home);
		return STATUS_OK;
	case THREAD_NAME:
		copy_bytes(t->name, core->utcb->words, sizeof(t->name));
		return STATUS_OK;
	case THREAD_CPU:
		return thread_set_cpu(t, value);
	}
	return STATUS_INVALID;
}

/* Registers of a thread that does not execute, through core's UTCB. */
static enum status thread_state(struct thread *core, uint64_t phys, bool write)
{
	struct thread *t = thread_at(phys);
	uint64_t *w = core->utcb->words;

	if (!t || t == core)
		return STATUS_INVALID;
	struct frame *f = &t->frame;
	uint64_t *regs[] = { &f->rax, &f->rbx, &f->rcx, &f->rdx, &f->rsi, &f->rdi, &f->rbp, &f->r8, &f->r9, &f->r10,
	                     &f->r11, &f->r12, &f->r13, &f->r14, &f->r15, &f->rip, &f->rflags, &f->rsp };
	if (write && (t->state == THREAD_CALLING || t->state == THREAD_QUEUED || t->state == THREAD_RECEPTIVE))
		return STATUS_BUSY;
	if (write && t->state == THREAD_RUNNING && (t->requests || !(cpu_is_quiet(t->home) || thread_is(t, THREAD_PAUSED))))
		return STATUS_BUSY;
	if (write && (w[15] >= USER_END || w[17] >= USER_END))
		return STATUS_INVALID;
	for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
		if (!write)
			w[i] = *regs[i];
		else if (i != 16)
			*regs[i] = w[i];
	}
	if (write) {
		f->rflags = (w[16] & USER_FLAGS_MASK) | USER_FLAGS;
		t->by_syscall = 0;
	}
	return STATUS_OK;
}

static enum status cap_install(struct pd *pd, uint64_t selector, uint64_t object_phys, unsigned rights)
{
	struct slot *slot = pd ? pd_slot(pd, selector) : NULL;
	struct object *object = object_any(object_phys);

	if (!slot || !object || object->dead || !object_root(object))
		return STATUS_INVALID;
	if (slot->state != SLOT_EMPTY)
		return STATUS_EXISTS;
	slot_install(slot, object_root(object), object, rights & RIGHTS_ALL);
	return STATUS_OK;
}

/* The sender may have put another one there meanwhile; it is its own all the same. */
static enum status cap_give(struct thread *t, uint64_t from, struct pd *to, uint64_t selector)
{
	struct pd *pd = t->pd;

	if (!to)
		return STATUS_INVALID;
	if (from & GIVE_SENT(0)) {
		uint64_t index = from >> 1;

		if (!t->caller || index >= UTCB_CAPS)
			return STATUS_BAD_CAP;
		pd = t->caller->pd;
		from = t->caller->utcb->send[index] & ~(uint64_t)(SLOT_SIZE - 1);
	}
	return pd_cap_copy(pd, from, to, selector, RIGHTS_ALL);
}

static enum status cap_object(struct thread *t, uint64_t selector)
{
	struct slot *slot = pd_slot(t->pd, selector);

	if (!slot || slot->state == SLOT_EMPTY)
		return STATUS_BAD_CAP;
	if (slot_is_dead(slot))
		return STATUS_PEER_GONE;
	if (!(slot->rights & RIGHT_USE))
		return STATUS_BAD_CAP;
	t->frame.rdi = virt_to_phys(slot_object(slot));
	t->frame.rsi = slot_object(slot)->type == OBJECT_GATE ? CAP_GATE : slot_object(slot)->type == OBJECT_SIGNAL ? CAP_SIGNAL : CAP_IRQ;
	return STATUS_OK;
}

static enum status pd_take(struct pd *pd, uint64_t address, uint64_t *frame)
{
	if (!pd)
		return STATUS_INVALID;
	return address ? paging_take_table_of(pd, address, frame) : paging_take_table(pd, frame);
}

/* The calls that take only their arguments. */
static enum status core_call(struct thread *t, unsigned op)
{
	struct frame *r = &t->frame;

	switch (op) {
	case SYS_FRAME_GIVE:    return frame_give(r->rdi);
	case SYS_FRAME_TAKE:    return frame_take(r->rdi);
	case SYS_PD_CREATE:     return pd_create(r->rdi, r->rsi, r->rdx);
	case SYS_PD_GROW:       return pd_at(r->rdi) ? pd_grow(pd_at(r->rdi), r->rsi, r->rdx) : STATUS_INVALID;
	case SYS_RECYCLE:       return pd_at(r->rdi) ? paging_recycle(pd_at(r->rdi)) : STATUS_INVALID;
	case SYS_PD_TAKE:       return pd_take(pd_at(r->rdi), r->rsi, &r->rdi);
	case SYS_THREAD_CREATE: return thread_create(t, r);
	case SYS_THREAD_CTL:    return thread_ctl(r->rdi, r->rsi);
	case SYS_THREAD_SET:    return thread_set(t, r->rdi, r->rsi, r->rdx);
	case SYS_THREAD_STATE:  return thread_state(t, r->rdi, r->rsi);
	case SYS_GATE_CREATE:   return gate_create(r->rdi, r->rsi, r->rdx);
	case SYS_SIGNAL_CREATE: return signal_create(r->rdi, r->rsi, r->rdx);
	case SYS_BUDGET_CREATE: return budget_create(r->rdi, r->rsi, r->rdx);
	case SYS_BUDGET_SET:    return budget_change(budget_at(r->rdi), r->rsi, r->rdx);
	case SYS_FPU_CREATE:    return thread_at(r->rsi) ? fpu_create(r->rdi, thread_at(r->rsi)) : STATUS_INVALID;
	case SYS_CAP_INSTALL:   return cap_install(pd_at(r->rdi), r->rsi, r->rdx, r->r8);
	case SYS_CAP_GIVE:      return cap_give(t, r->rdi, pd_at(r->rsi), r->rdx);
	case SYS_CAP_OBJECT:    return cap_object(t, r->rdi);
	case SYS_DESTROY:       return object_destroy(r->rdi);
	case SYS_SYNC:          return cpu_epoch_is_over(cpu_epoch_last()) ? STATUS_OK : STATUS_AGAIN;
	case SYS_TRACE_RING:    return trace_set_ring(r->rdi, r->rsi, r->rdx);
	case SYS_CONSOLE_READ:  return console_read(&r->rdi);
	case SYS_CONSOLE_BIND:  return console_bind(signal_at(r->rdi));
	case SYS_MACHINE:       machine_end(r->rdi, r->rsi);
	}
	return STATUS_UNSUPPORTED;
}

static enum status map(struct frame *r)
{
	struct pd *pd = pd_at(r->rdi);
	struct mapping mapping = { .va = r->rsi, .pa = r->rdx, .pages = r->r8, .attributes = r->r9 };

	return pd ? paging_map(pd, &mapping, &r->rdi) : STATUS_INVALID;
}

static enum status unmap(struct frame *r)
{
	struct pd *pd = pd_at(r->rdi);

	return pd ? paging_unmap(pd, r->rsi, r->rdx) : STATUS_INVALID;
}

static enum status thread_info(struct frame *r)
{
	struct thread *t = thread_at(r->rdi);

	if (!t)
		return STATUS_INVALID;
	r->rdi = clock_ticks_to_ns(sched_consumed(t));
	r->rsi = t->state;
	return STATUS_OK;
}

static enum status submit(struct frame *r)
{
	struct signal *signal = signal_at(r->rdi);

	if (!signal)
		return STATUS_INVALID;
	signal_submit(signal);
	return STATUS_OK;
}

void core_call_dispatch(struct thread *t, unsigned op)
{
	struct frame *r = &t->frame;

	switch (op) {
	case SYS_MAP:
		r->rax = map(r);
		return;
	case SYS_UNMAP:
		r->rax = unmap(r);
		return;
	case SYS_THREAD_INFO:
		r->rax = thread_info(r);
		return;
	case SYS_SIGNAL_SUBMIT:
		r->rax = submit(r);
		return;
	case SYS_IRQ_CREATE:
		r->rax = irq_create(r);
		return;
	case SYS_IRQ_BIND:
		r->rax = r->rdx <= IRQ_BIND_STORM ? irq_bind(r->rdi, r->rsi ? signal_at(r->rsi) : NULL, r->rsi != 0, r->rdx) : STATUS_INVALID;
		return;
	case SYS_PORT_IO:
		r->rax = machine_port_io(r->rdi, r->rsi, r->rdx, &r->rdi);
		return;
	case SYS_CONSOLE: {
		uint64_t words[4] = { r->rsi, r->rdx, r->r8, r->r9 };
		r->rdi = console_write((char const *)words, r->rax >> 32);
		r->rax = STATUS_OK;
		return;
	}
	default:
		r->rax = core_call(t, op);
	}
}
