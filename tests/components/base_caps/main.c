/* SPDX-License-Identifier: MIT */
/*
 * The table of capabilities grows by itself, beyond the 1,024 slots that the kernel finds fastest, and what is in the new slots
 * works as in the first 128. Slots are counted: a slot is free when its last holder lets go, and not before.
 */
#include "../check.h"

enum { CONTEXTS = 5000 };

static struct signal_context contexts[CONTEXTS];

static enum status fill(struct env *env)
{
	for (unsigned i = 0; i < CONTEXTS; i++) {
		TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &contexts[i]));
		CHECK(!cap_is_null(contexts[i].cap));
	}
	return STATUS_OK;
}

/* Each slot holds what was put there: a signal arrives at its own context and at no other. */
static enum status use(void)
{
	for (unsigned i = 0; i < CONTEXTS; i += 7) {
		TRY(signal_submit(contexts[i]));
		CHECK_STATUS(signal_wait(contexts[(i + 1) % CONTEXTS], time_now_ns() + 1), STATUS_TIMEOUT);
		CHECK_STATUS(signal_wait(contexts[i], 0), STATUS_OK);
	}
	return STATUS_OK;
}

static enum status empty(struct env *env)
{
	for (unsigned i = 0; i < CONTEXTS; i++) {
		TRY(signal_free_context(&env->signal, contexts[i]));
		cap_release(contexts[i].cap);
	}
	return STATUS_OK;
}

static enum status test_count(struct env *env)
{
	unsigned const        slots = cap_slots_used();
	struct signal_context context;

	TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &context));
	cap_acquire(context.cap);
	cap_release(context.cap);
	CHECK(cap_slots_used() == slots + 1);
	CHECK_STATUS(signal_submit(context), STATUS_OK);
	cap_release(context.cap);
	CHECK(cap_slots_used() == slots);
	CHECK_STATUS(signal_submit(context), STATUS_BAD_CAP);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct books before, after;

	TRY(test_count(env));
	CHECK(cap_slots() == 128);
	TRY(fill(env));
	CHECK(cap_slots() >= CONTEXTS);
	TRY(use());
	TRY(empty(env));

	/* The table has its size now; filling and emptying it once more costs nothing. */
	TRY(books_read(env, &before));
	TRY(fill(env));
	TRY(use());
	TRY(empty(env));
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	return test_passed();
}
