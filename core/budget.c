/* SPDX-License-Identifier: MIT */
/* Shares of CPU time; see budget.h. */
#include <core/budget.h>

#include <core/account.h>
#include <core/claims.h>
#include <core/core.h>
#include <core/thread.h>

static struct budget *root;

static_assert(sizeof(struct budget) <= PLACES_BUDGET_SHARED * GRANULE && (unsigned)PLACES_BUDGET_SHARED < (unsigned)PLACES_BUDGET, "what it costs");

static struct paddr budget_object(struct budget const *budget) { return place_address(&budget->record, 0); }

static uint64_t period_ns(struct budget const *budget) { return (uint64_t)budget->period_us * 1000; }

static uint64_t amount_ns(struct budget const *budget)
{
	return period_ns(budget) * (budget->share - budget->given) / BUDGET_PARTS;
}

/* The kernel hears of what is left to it. */
static void tell_kernel(struct budget const *budget)
{
	if (budget != root)
		kernel_budget_set(budget_object(budget), amount_ns(budget), period_ns(budget));
}

void budget_init_root(struct cpu *cpu, uint32_t cpus)
{
	enum status status = object_create(&core_account, PLACES_BUDGET_SHARED, 0, RECORD_BUDGET, &root);

	assert(status == STATUS_OK);
	root->cpu = cpu;
	root->share = cpus * BUDGET_PARTS;
	list_init(&root->parts);
	list_init(&root->threads);
	cpu->budget = record_number(root);
}

/* --- Who runs on it --- */

/* A share of 0 has an origin that has one. The time of the root is bound by nothing. */
static struct budget *paying(struct budget *budget)
{
	if (budget && !budget->share)
		budget = budget->origin;
	return budget == root ? NULL : budget;
}

/* NULL: nothing bounds it. */
static void run_on(struct thread *thread, struct budget *budget)
{
	thread->budget = budget;
	if (budget)
		list_append(&budget->threads, &thread->of_budget);
	kernel_thread_set(thread_object(thread), THREAD_BUDGET, budget ? budget_object(budget).value | thread->takes_idle_time : 0);
}

void budget_join(struct thread *thread)
{
	run_on(thread, paying(thread->own_budget ? thread->own_budget : cpu_budget(thread->cpu)));
}

void budget_leave(struct thread *thread)
{
	if (thread->budget)
		list_remove(&thread->of_budget);
	thread->budget = NULL;
}

/* --- Giving --- */

static char const *label_of(struct cpu const *cpu) { return cpu->record.account->label; }

static enum status deny(struct cpu const *from, uint32_t share, char const *why)
{
	if (claims_denial_counts())
		core_print("\"%s\" gives away %u of %u parts of a CPU: %s", label_of(from), share, BUDGET_PARTS, why);
	return STATUS_DENIED;
}

/* Who uses up the share of the one that `budget` comes from can do so within `budget`, too: that is a part of it. */
static bool narrows(struct budget const *has, struct budget const *budget)
{
	return !has->share && has->origin == budget->origin;
}

static enum status check(struct cpu const *from, struct budget const *has, struct budget_want const *want)
{
	struct budget const *budget = cpu_budget(from);

	if (!budget || !budget->share)
		return deny(from, want->share, "it has no share itself");
	if (has && has->origin != budget && !narrows(has, budget))
		return deny(from, want->share, "whom it is for has a share from somebody else");
	if (want->share > budget->share - budget->given + (has ? has->share : 0))
		return deny(from, want->share, "it has not so much left");
	if (has && has->share && !want->share)
		return STATUS_INVALID;
	if (!want->share)
		return budget == root ? STATUS_INVALID : STATUS_OK;
	if (want->period_us < PERIOD_MIN_US || want->period_us > PERIOD_MAX_US)
		return STATUS_INVALID;
	return has && want->share < has->given ? STATUS_BUSY : STATUS_OK;
}

static enum status make(struct budget *from, struct account *payer, struct budget_want const *want, struct budget **budget)
{
	struct budget *made;

	RPC_TRY(object_create(payer, want->share ? PLACES_BUDGET : PLACES_BUDGET_SHARED, 0, RECORD_BUDGET, &made));
	made->origin = from;
	made->period_us = want->period_us;
	list_append(&from->parts, &made->of_origin);
	list_init(&made->parts);
	list_init(&made->threads);
	if (want->share)
		kernel_budget_create(budget_object(made), 0, period_ns(made));
	*budget = made;
	return STATUS_OK;
}

/* What is given is first taken away. */
static void set_share(struct budget *budget, struct budget_want const *want)
{
	bool grows = want->share > budget->share;

	budget->origin->given += want->share - budget->share;
	budget->share = want->share;
	budget->period_us = want->period_us;
	if (!want->share)
		return;
	tell_kernel(grows ? budget->origin : budget);
	tell_kernel(grows ? budget : budget->origin);
}

/* One that is used together with its origin, and that nobody is on: a share of its own takes its place. */
static void end_shared(struct budget *budget)
{
	list_remove(&budget->of_origin);
	object_destroy(&budget->record, 0);
}

enum status budget_give(struct cpu *from, struct cpu *to, struct budget_want const *want)
{
	struct budget *budget = cpu_budget(to), *shared;

	if (from == to)
		return STATUS_INVALID;
	RPC_TRY(check(from, budget, want));
	if (!budget || !budget->share != !want->share || budget->origin != cpu_budget(from)) {
		if (!list_is_empty(&to->threads) || (budget && !list_is_empty(&budget->parts)))
			return STATUS_BUSY;
		shared = budget;
		RPC_TRY(make(cpu_budget(from), to->record.account, want, &budget));
		budget->cpu = to;
		to->budget = record_number(budget);
		if (shared)
			end_shared(shared);
	}
	set_share(budget, want);
	return STATUS_OK;
}

enum status budget_give_thread(struct cpu *from, struct thread *thread, struct budget_want const *want)
{
	if (thread->cpu != from || !want->share)
		return STATUS_INVALID;
	RPC_TRY(check(from, thread->own_budget, want));
	if (!thread->own_budget) {
		RPC_TRY(make(cpu_budget(from), thread->record.account, want, &thread->own_budget));
		thread->own_budget->thread = thread;
	}
	set_share(thread->own_budget, want);
	if (thread->pd) {
		budget_leave(thread);
		budget_join(thread);
	}
	return STATUS_OK;
}

/* --- The end --- */

enum status budget_destroy(struct budget *budget)
{
	struct budget *origin = budget->origin;

	budget->record.dying = true;
	if (budget->cpu)
		budget->cpu->record.dying = true;
	/* Its threads run on what the origin has from now on. Those of a session that ends are about to end, too. */
	while (!list_is_empty(&budget->threads)) {
		struct thread *thread = list_first_object(&budget->threads, struct thread, of_budget);

		if (!work_step())
			return STATUS_AGAIN;
		budget_leave(thread);
		run_on(thread, paying(origin));
	}
	while (!list_is_empty(&budget->parts)) {
		struct budget *part = list_first_object(&budget->parts, struct budget, of_origin);

		if (!work_step())
			return STATUS_AGAIN;
		list_remove(&part->of_origin);
		list_append(&origin->parts, &part->of_origin);
		part->origin = origin;
	}
	list_remove(&budget->of_origin);
	if (budget->cpu)
		budget->cpu->budget = 0;
	else
		budget->thread->own_budget = NULL;
	if (budget->share)
		kernel_destroy(budget_object(budget));
	origin->given -= budget->share - budget->given;
	if (budget->share)
		tell_kernel(origin);
	object_destroy(&budget->record, 0);
	return STATUS_OK;
}
