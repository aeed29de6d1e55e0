/* SPDX-License-Identifier: MIT */
/*
 * Signals: submissions while the receiver is busy are counted and none is lost, submitting never blocks, a wait can have a
 * deadline, and a context that is gone says so.
 */
#include <base/thread.h>
#include "../check.h"

enum { BURST = 5, FLOOD = 1000, PATIENCE_NS = 30 * TIME_NS_PER_MS };

static struct test {
	struct env           *env;
	struct handler        burst, flood, end;
	struct signal_context burst_signal, flood_signal;
	struct local_thread   flooder;
	unsigned              burst_runs;
	uint64_t              burst_count, flood_count;
	bool                  submit_failed;
} self;

static void handle_burst(struct handler *handler, uint64_t count)
{
	self.burst_runs++;
	self.burst_count += count;
}

static void handle_flood(struct handler *handler, uint64_t count)
{
	self.flood_count += count;
}

static void flood(struct local_thread *thread)
{
	for (unsigned i = 0; i < FLOOD; i++)
		if (signal_submit(self.flood_signal) != STATUS_OK)
			self.submit_failed = true;
}

static enum status test_wait(struct env *env)
{
	struct signal_context context;
	uint64_t const        start = time_now_ns();

	TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &context));
	CHECK_STATUS(signal_wait(context, start + PATIENCE_NS), STATUS_TIMEOUT);
	CHECK(time_now_ns() >= start + PATIENCE_NS);
	TRY(signal_submit(context));
	CHECK_STATUS(signal_wait(context, 0), STATUS_OK);
	CHECK_STATUS(signal_wait(context, time_now_ns() + 1), STATUS_TIMEOUT);
	TRY(signal_free_context(&env->signal, context));
	CHECK(signal_submit(context) != STATUS_OK);
	CHECK(signal_free_context(&env->signal, context) != STATUS_OK);
	cap_release(context.cap);
	return STATUS_OK;
}

static enum status check_end(void)
{
	CHECK(self.burst_runs == 1 && self.burst_count == BURST);
	CHECK(self.flood_count == FLOOD && !self.submit_failed);
	ep_signal_end(&self.env->ep, self.burst_signal);
	ep_signal_end(&self.env->ep, self.flood_signal);
	return test_passed();
}

/* Joins the flooder only now: until then its signals arrived at the loop. */
static void handle_end(struct handler *handler, uint64_t count)
{
	if (self.flood_count < FLOOD && !self.submit_failed && count == 1 && time_now_ns() < 20ul * TIME_NS_PER_S) {
		ep_timeout(&self.env->ep, &self.end, time_now_ns() + PATIENCE_NS);
		return;
	}
	local_thread_join(&self.flooder);
	if (check_end() != STATUS_OK)
		env_exit(self.env, 1);
}

enum status component_construct(struct env *env)
{
	struct books before, after;

	self.env = env;
	TRY(books_read(env, &before));
	TRY(test_wait(env));
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));

	self.burst.handle = handle_burst;
	self.flood.handle = handle_flood;
	TRY(ep_signal(&env->ep, &self.burst, &self.burst_signal));
	TRY(ep_signal(&env->ep, &self.flood, &self.flood_signal));
	for (unsigned i = 0; i < BURST; i++)
		TRY(signal_submit(self.burst_signal));
	TRY(local_thread_create(&self.flooder, env, "flooder", 0, STACK_DEFAULT));
	TRY(local_thread_start(&self.flooder, flood));
	self.end.handle = handle_end;
	ep_timeout(&env->ep, &self.end, time_now_ns() + PATIENCE_NS);
	return STATUS_OK;
}
