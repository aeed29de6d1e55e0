/* SPDX-License-Identifier: MIT */
/* Threads, from their record to their end; see thread.h. */
#include <core/thread.h>

#include <base/string.h>
#include <core/core.h>
#include <core/machine.h>
#include <core/pd.h>
#include <core/trace.h>

struct paddr pager_gate, handler_gate;

/* The CPU that `affinity` names among those of a session. */
static uint16_t number_of(uint32_t cpus, uint32_t affinity)
{
	uint16_t number = 0;
	uint32_t count = 0;

	for (uint32_t left = cpus; left; left &= left - 1)
		count++;
	for (affinity %= count; affinity || !(cpus & 1); number++, cpus >>= 1)
		affinity -= cpus & 1;
	return number;
}

/* --- FPU state --- */

static struct paddr fpu_area(struct thread const *thread) { return (struct paddr) { paddr_of_frame(thread->fpu_frame).value + GRANULE }; }

/* An object frame; the page has been charged. */
static uint32_t fpu_frame_new(void)
{
	uint64_t frame;
	enum status status = memory_alloc(&core_memory, 1, 1, &frame);

	assert(status == STATUS_OK);
	kernel_frame_give(paddr_of_frame(frame));
	return frame;
}

static void fpu_frame_free(uint32_t frame)
{
	kernel_frame_take(paddr_of_frame(frame));
	memory_free(&core_memory, frame, 1);
}

enum status thread_add_fpu(struct thread *thread)
{
	enum status status = STATUS_OK;

	if (!core_has_fpu)
		return STATUS_UNSUPPORTED;
	if (thread->fpu_frame || thread->record.state == THREAD_STATE_EXITED)
		return STATUS_BUSY;
	RPC_TRY(account_charge(thread->record.account, 1, 0));
	thread->fpu_frame = fpu_frame_new();
	if (thread->pd)
		status = kernel_fpu_create(fpu_area(thread), thread_object(thread));
	if (status == STATUS_OK)
		return STATUS_OK;
	fpu_frame_free(thread->fpu_frame);
	thread->fpu_frame = 0;
	account_credit(thread->record.account, 1, 0);
	return status;
}

/* --- From the record to the end --- */

enum status thread_create(struct cpu *cpu, struct account *payer, struct thread_want const *want, struct thread **thread)
{
	struct thread *made;
	uint64_t frame;
	enum status status;

	if (want->heavy && !core_has_fpu)
		return STATUS_UNSUPPORTED;
	RPC_TRY(object_create(payer, PLACES_THREAD, THREAD_PAGES + want->heavy, RECORD_THREAD, &made));
	made->fpu_frame = want->heavy ? fpu_frame_new() : 0;
	status = memory_alloc(&core_memory, 1, 1, &frame);
	assert(status == STATUS_OK);
	machine_zero(ram_at(paddr_of_frame(frame)), PAGE_SIZE);
	made->cpu = cpu;
	list_append(&cpu->threads, &made->of_cpu);
	list_init(&made->gates);
	list_init(&made->signals);
	made->slot = want->slot;
	made->utcb_frame = frame;
	made->priority = (uint16_t)want->priority;
	made->number = number_of(cpu->cpus, want->affinity);
	made->takes_idle_time = want->takes_idle_time;
	status = string_copy(made->name, sizeof(made->name), want->name);
	assert(status == STATUS_OK);
	kernel_gate_create(place_address(&made->record, THREAD_GATE), core_thread, badge_of(&made->record, 0));
	*thread = made;
	return STATUS_OK;
}

/* For the kernel's debugger: the last element of the domain's label, and the thread's name if there is room. */
static void set_name(struct thread *thread, struct pd *pd)
{
	static char const arrow[] = " -> ";
	char name[THREAD_NAME_SIZE + 1] = {};
	char const *last = pd->label, *next;

	while ((next = string_find_text(last, arrow)))
		last = next + sizeof(arrow) - 1;
	format_cut(name, sizeof(name), "%s:%s", last, thread->name);
	memcpy(core_utcb->words, name, THREAD_NAME_SIZE);
	kernel_thread_set(thread_object(thread), THREAD_NAME, 0);
}

void thread_bind(struct thread *thread, struct pd *pd)
{
	thread->pd = pd;
	kernel_thread_create(thread_object(thread), pd_object(pd), paddr_of_frame(thread->utcb_frame));
	kernel_thread_set(thread_object(thread), THREAD_CPU, thread->number);
	kernel_thread_set(thread_object(thread), THREAD_PRIORITY, thread->priority);
	budget_join(thread);
	if (thread->fpu_frame) {
		enum status status = kernel_fpu_create(fpu_area(thread), thread_object(thread));

		assert(status == STATUS_OK);
	}
	kernel_thread_set(thread_object(thread), THREAD_PAGER, pager_gate.value);
	kernel_thread_set(thread_object(thread), THREAD_HANDLER, handler_gate.value);
	set_name(thread, pd);
	trace_thread_bound(thread, pd);
}

enum status thread_set_map(struct thread *thread, struct rm *rm)
{
	if (!thread->pd || thread->utcb.rm)
		return STATUS_BUSY;
	RPC_TRY(rm_bind(rm, thread->pd));
	return region_attach_utcb(rm, &thread->utcb, thread->slot + STACK_SLOT_UTCB, thread->utcb_frame, thread->record.account);
}

enum status thread_start(struct thread *thread, uint64_t ip, uint64_t sp, uint64_t argument)
{
	struct thread_regs *regs = (struct thread_regs *)core_utcb->words;

	if (!thread->pd || thread->pd->record.dying || !thread->utcb.rm || thread->record.state != THREAD_STATE_NEW)
		return STATUS_BUSY;
	if (ip >= REGION_END || sp >= REGION_END)
		return STATUS_INVALID;
	*regs = (struct thread_regs) { .rdi = argument, .ip = ip, .sp = sp };
	kernel_thread_write(thread_object(thread));
	thread->record.state = THREAD_STATE_RUNNING;
	kernel_thread_ctl(thread_object(thread), THREAD_START);
	return STATUS_OK;
}

/* Ends what delivers to it. AGAIN: a slice is done. */
static enum status disconnect(struct thread *thread, bool keep_oldest)
{
	struct list_link *first;

	while (!list_is_empty(&thread->gates)) {
		gate_destroy(list_first_object(&thread->gates, struct gate, of_thread));
		if (!work_step())
			return STATUS_AGAIN;
	}
	while ((first = list_first(&thread->signals)) && !(keep_oldest && first == list_last(&thread->signals))) {
		signal_destroy(list_object(list_last(&thread->signals), struct signal, of_thread));
		if (!work_step())
			return STATUS_AGAIN;
	}
	return STATUS_OK;
}

enum status thread_unbind(struct thread *thread)
{
	struct pd *pd = thread->pd;

	/* It executes no more; what it served is told when its gates go. */
	kernel_thread_ctl(thread_object(thread), THREAD_PAUSE);
	walk_forget(thread);
	RPC_TRY(disconnect(thread, false));
	if (thread->utcb.rm)
		RPC_TRY(region_destroy(&thread->utcb));
	thread->consumed_ns = kernel_thread_consumed(thread_object(thread));
	budget_leave(thread);
	trace_thread_ends(thread);
	if (thread->fpu_frame)
		kernel_destroy(fpu_area(thread));
	kernel_destroy(thread_object(thread));
	kernel_sync();
	thread->record.state = THREAD_STATE_EXITED;
	list_remove(&thread->of_pd);
	thread->pd = NULL;
	if (pd->main == thread)
		pd->main = NULL;
	return STATUS_OK;
}

enum status thread_destroy(struct thread *thread)
{
	thread->record.dying = true;
	if (thread->pd)
		RPC_TRY(thread_unbind(thread));
	if (thread->own_budget)
		RPC_TRY(budget_destroy(thread->own_budget));
	if (thread->record.state != THREAD_STATE_NEW)
		signal_ref_submit(&thread->exception);
	signal_ref_clear(&thread->exception);
	kernel_destroy(place_address(&thread->record, THREAD_GATE));
	thread->cpu->consumed_ns += thread->consumed_ns;
	list_remove(&thread->of_cpu);
	memory_free(&core_memory, thread->utcb_frame, 1);
	if (thread->fpu_frame)
		fpu_frame_free(thread->fpu_frame);
	object_destroy(&thread->record, THREAD_PAGES + !!thread->fpu_frame);
	return STATUS_OK;
}

uint64_t thread_consumed(struct thread const *thread)
{
	return thread->pd ? kernel_thread_consumed(thread_object(thread)) : thread->consumed_ns;
}

/* --- Operations --- */

static struct thread *thread_of(struct thread_object *self)
{
	return (struct thread *)self;
}

static enum status op_start(struct thread_object *self, uint64_t ip, uint64_t sp, uint64_t argument)
{
	return thread_start(thread_of(self), ip, sp, argument);
}

static enum status op_add_fpu(struct thread_object *self)
{
	return thread_add_fpu(thread_of(self));
}

static enum status op_single_step(struct thread_object *self, bool on)
{
	struct thread *thread = thread_of(self);

	if (!thread->pd)
		return STATUS_BUSY;
	thread->stepped = on;
	kernel_thread_set(thread_object(thread), THREAD_STEP, on);
	return STATUS_OK;
}

/* Registers mean something while it neither executes nor is about to. */
static bool rests(struct thread const *thread)
{
	return thread->pd && (thread->record.state == THREAD_STATE_STOPPED || thread->record.state == THREAD_STATE_FAULTED);
}

static_assert(sizeof(struct thread_registers) == sizeof(struct thread_regs) &&
              offsetof(struct thread_registers, r15) == offsetof(struct thread_regs, r15) &&
              offsetof(struct thread_registers, sp) == offsetof(struct thread_regs, sp), "the kernel's order");

static enum status op_registers(struct thread_object *self, struct thread_registers *registers)
{
	struct thread *thread = thread_of(self);

	if (!rests(thread))
		return STATUS_BUSY;
	kernel_thread_read(thread_object(thread));
	memcpy(registers, core_utcb->words, sizeof(*registers));
	return STATUS_OK;
}

static enum status op_set_registers(struct thread_object *self, struct thread_registers const *registers)
{
	struct thread *thread = thread_of(self);

	if (!rests(thread))
		return STATUS_BUSY;
	if (registers->ip >= REGION_END || registers->sp >= REGION_END)
		return STATUS_INVALID;
	memmove(core_utcb->words, registers, sizeof(*registers));
	return kernel_thread_change(thread_object(thread));
}

static enum status op_pause(struct thread_object *self)
{
	struct thread *thread = thread_of(self);

	if (thread->pd && thread->record.state == THREAD_STATE_RUNNING) {
		kernel_thread_ctl(thread_object(thread), THREAD_PAUSE);
		thread->record.state = THREAD_STATE_STOPPED;
	}
	return STATUS_OK;
}

static enum status op_resume(struct thread_object *self)
{
	struct thread *thread = thread_of(self);

	if (thread->pd && !thread->pd->record.dying &&
	    (thread->record.state == THREAD_STATE_STOPPED || thread->record.state == THREAD_STATE_FAULTED)) {
		thread->record.state = THREAD_STATE_RUNNING;
		if (!thread->waits)
			kernel_thread_ctl(thread_object(thread), THREAD_START);
	}
	return STATUS_OK;
}

static enum status op_cancel(struct thread_object *self)
{
	struct thread *thread = thread_of(self);

	/* A faulted thread waits, too, but not in a call; so does one that waits for a fault handler. */
	if (thread->pd && !thread->waits && (thread->record.state == THREAD_STATE_RUNNING || thread->record.state == THREAD_STATE_STOPPED))
		kernel_thread_ctl(thread_object(thread), THREAD_CANCEL);
	return STATUS_OK;
}

static enum status op_state(struct thread_object *self, enum thread_state *state, struct thread_fault *fault)
{
	struct thread *thread = thread_of(self);

	*state = (enum thread_state)thread->record.state;
	*fault = thread->record.state == THREAD_STATE_FAULTED ? thread->fault : (struct thread_fault) {};
	return STATUS_OK;
}

static enum status op_exception_handler(struct thread_object *self, struct rpc_cap const *handler)
{
	return signal_ref_set(&thread_of(self)->exception, handler);
}

static enum status op_consumed(struct thread_object *self, uint64_t *ns)
{
	*ns = thread_consumed(thread_of(self));
	return STATUS_OK;
}

static enum status op_disconnect(struct thread_object *self, bool keep_oldest)
{
	return disconnect(thread_of(self), keep_oldest);
}

struct thread_ops const thread_operations = {
	.start = op_start, .pause = op_pause, .resume = op_resume, .cancel = op_cancel, .state = op_state,
	.exception_handler = op_exception_handler, .add_fpu = op_add_fpu, .single_step = op_single_step,
	.registers = op_registers, .set_registers = op_set_registers, .consumed = op_consumed, .disconnect = op_disconnect,
};
