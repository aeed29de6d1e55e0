/* SPDX-License-Identifier: MIT */
/* CPU sessions: they make threads and count the time that these execute. */
#include <core/core.h>
#include <core/thread.h>

void cpu_init(struct cpu *cpu, uint32_t priority, uint32_t affinity)
{
	list_init(&cpu->threads);
	cpu->record.state = priority;
	cpu->cpus = affinity & core_cpus;
	assert(cpu->cpus);
}

enum status cpu_destroy(struct cpu *cpu)
{
	cpu->record.dying = true;
	while (!list_is_empty(&cpu->threads)) {
		if (!work_step())
			return STATUS_AGAIN;
		RPC_TRY(thread_destroy(list_first_object(&cpu->threads, struct thread, of_cpu)));
	}
	if (cpu->budget)
		RPC_TRY(budget_destroy(cpu_budget(cpu)));
	kernel_destroy(place_address(&cpu->record, 0));
	object_destroy(&cpu->record, 0);
	return STATUS_OK;
}

static enum status op_create_thread(struct cpu_session *self, char const *name, uint64_t stack_slot,
                                    struct thread_options const *options, struct rpc_cap const *pay, struct cap *cap)
{
	struct cpu *cpu = (struct cpu *)self;
	struct account *payer = cpu->record.account;
	struct thread_want want = {
		.name = name, .slot = stack_slot, .priority = cpu->record.state - MIN(options->priority, (uint32_t)cpu->record.state),
		.affinity = options->affinity, .takes_idle_time = options->idle_time, .heavy = options->heavy,
	};
	struct thread *thread;

	if (pay->kind != GOT_NULL)
		RPC_TRY(cap_record(pay, RECORD_ACCOUNT, ACCOUNT_USE, &payer));
	if (!is_aligned(stack_slot, STACK_SLOT_SIZE) || stack_slot < REGION_LOWEST || !is_within(stack_slot, STACK_SLOT_SIZE, REGION_END))
		return STATUS_INVALID;
	RPC_TRY(thread_create(cpu, payer, &want, &thread));
	*cap = cap_of(&thread->record, THREAD_GATE);
	return STATUS_OK;
}

static enum status op_kill_thread(struct cpu_session *self, struct rpc_cap const *cap)
{
	struct thread *thread;

	RPC_TRY(cap_record_any(cap, RECORD_THREAD, 0, &thread));
	if (thread->cpu != (struct cpu *)self)
		return STATUS_NOT_FOUND;
	return thread_destroy(thread);
}

static enum status op_give_share(struct cpu_session *self, struct rpc_cap const *to, uint32_t share, uint32_t period_us)
{
	struct budget_want want = { .share = share, .period_us = period_us };
	struct cpu *cpu;

	if (cap_record(to, RECORD_CPU, 0, &cpu) != STATUS_OK)
		return STATUS_INVALID;
	return budget_give((struct cpu *)self, cpu, &want);
}

static enum status op_give_thread_share(struct cpu_session *self, struct rpc_cap const *cap, uint32_t share, uint32_t period_us)
{
	struct budget_want want = { .share = share, .period_us = period_us };
	struct thread *thread;

	RPC_TRY(cap_record(cap, RECORD_THREAD, 0, &thread));
	if (thread->cpu != (struct cpu *)self)
		return STATUS_NOT_FOUND;
	return budget_give_thread((struct cpu *)self, thread, &want);
}

static enum status op_share(struct cpu_session *self, uint32_t *share, uint32_t *given_on, uint32_t *period_us, bool *shared)
{
	static struct budget const none;
	struct cpu const *cpu = (struct cpu *)self;
	struct budget const *budget = cpu->budget ? cpu_budget(cpu) : &none;

	*share = budget->share;
	*given_on = budget->given;
	*period_us = budget->period_us;
	*shared = cpu->budget && !budget->share;
	return STATUS_OK;
}

static enum status op_consumed(struct cpu_session *self, uint64_t *ns)
{
	struct cpu *cpu = (struct cpu *)self;

	*ns = cpu->consumed_ns;
	list_for_each(thread, &cpu->threads, struct thread, of_cpu)
		*ns += thread_consumed(thread);
	return STATUS_OK;
}

static enum status op_cpus(struct cpu_session *self, uint32_t *cpus)
{
	*cpus = ((struct cpu *)self)->cpus;
	return STATUS_OK;
}

struct cpu_ops const cpu_operations = {
	.create_thread = op_create_thread, .kill_thread = op_kill_thread, .give_share = op_give_share, .give_thread_share = op_give_thread_share,
	.share = op_share, .consumed = op_consumed, .cpus = op_cpus,
};
