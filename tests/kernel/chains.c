/* SPDX-License-Identifier: MIT */
/* Calls and waits that are cancelled, servers that do not answer, threads that wait for each other, chains that get too long. */
#include "callers.h"

/* --- Cancel --- */

TEST(a_call_is_cancelled_and_its_reply_goes_nowhere)
{
	struct child *s = child_run(slow_server, 4, 0);
	uint64_t gate = gate_new(s, 0);

	settle();
	struct child *c = caller_new(0, 5, gate);
	settle();
	OK(thread_ctl(c, THREAD_CANCEL));
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_CANCELLED);
	go = 1;
	settle();
	CHECK_IS(thread_state(s), RECEPTIVE);
	CHECK_IS(status_of(seen[0]), STATUS_CANCELLED);
	CHECK_IS(call(child_give(&self, gate), 3).w[0], 4);
}

TEST(a_queued_call_is_cancelled_and_never_delivered)
{
	struct child *s = child_new(blocking_server, 10);
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0), cap = child_give(&self, signal);

	child_start(s, child_give(s, signal));
	settle();
	caller_new(0, 5, gate);
	settle();
	struct child *c = caller_new(1, 5, gate);
	settle();
	CHECK_IS(thread_state(c), QUEUED);
	OK(thread_ctl(c, THREAD_CANCEL));
	settle();
	CHECK_IS(status_of(seen[1]), STATUS_CANCELLED);
	OK(submit(cap));
	settle();
	CHECK(next == 1 && seen[0].w[0] == 1);
}

static void waiter(uint64_t signal)
{
	seen[0].head = ~0UL;
	seen[0] = signal ? wait_one(signal) : wait();
	seen[1] = poll();
}

TEST(a_wait_is_cancelled)
{
	struct child *c = child_run(waiter, 10, 0);

	settle();
	OK(thread_ctl(c, THREAD_CANCEL));
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_CANCELLED);
	CHECK_IS(status_of(seen[1]), STATUS_TIMEOUT);
}

TEST(a_wait_for_one_is_cancelled)
{
	struct child *c = child_new(waiter, 10);

	child_start(c, child_give(c, signal_new(c, 0)));
	settle();
	CHECK_IS(thread_state(c), BLOCKED);
	OK(thread_ctl(c, THREAD_CANCEL));
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_CANCELLED);
}

static void spins_then_blocks(uint64_t gate)
{
	while (!*(volatile uint64_t *)&go)
		;
	seen[0] = go == 1 ? call(gate, 0) : go == 2 ? wait() : go == 3 ? wait_one(gate) : reply_wait(0);
	seen[1] = poll();
}

static void check_cancelled_ahead(uint64_t how)
{
	struct child *s = child_run(server, 10, 0), *c = child_new(spins_then_blocks, 10);

	child_start(c, child_give(c, how == 3 ? signal_new(c, 0) : gate_new(s, 0)));
	settle();
	OK(thread_ctl(c, THREAD_CANCEL));
	go = how;
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_CANCELLED);
	CHECK_IS(status_of(seen[1]), STATUS_TIMEOUT);
	CHECK_IS(next, 0);
}

TEST(a_running_threads_next_call_is_cancelled)          { check_cancelled_ahead(1); }
TEST(a_running_threads_next_wait_is_cancelled)          { check_cancelled_ahead(2); }
TEST(a_running_threads_next_wait_for_one_is_cancelled)  { check_cancelled_ahead(3); }
TEST(a_running_threads_next_reply_wait_is_cancelled)    { check_cancelled_ahead(4); }

/* --- No answer --- */

static void turns_away(uint64_t argument)
{
	wait();
	wait();
}

TEST(a_server_that_waits_without_an_answer_gives_no_reply)
{
	struct child *s = child_run(turns_away, 10, 0);

	settle();
	CHECK_IS(status_of(call(child_give(&self, gate_new(s, 0)), 0)), STATUS_NO_REPLY);
}

TEST(a_server_may_wait_for_one_before_it_answers)
{
	struct child *s = child_new(blocking_server, 10);
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0);

	child_start(s, child_give(s, signal));
	settle();
	struct child *c = caller_new(0, 5, gate);
	settle();
	CHECK_IS(thread_state(c), CALLING);
	OK(submit(child_give(&self, signal)));
	settle();
	CHECK_IS(seen[0].w[0], 1);
}

/* --- Rings and depth --- */

TEST(a_thread_that_calls_itself_is_told_deadlock)
{
	CHECK_IS(status_of(call(child_give(&self, gate_new(&self, 0)), 0)), STATUS_DEADLOCK);
}

TEST(a_ring_of_two_is_told_deadlock)
{
	struct child *s = child_new(middle, 10);

	child_start(s, child_give(s, gate_new(&self, 0)));
	settle();
	CHECK_IS(call(child_give(&self, gate_new(s, 0)), 0).w[0], 100 + STATUS_DEADLOCK);
}

TEST(a_ring_of_three_is_told_deadlock)
{
	struct child *a = child_new(middle, 10), *b = child_new(middle, 10);

	child_start(b, child_give(b, gate_new(&self, 0)));
	child_start(a, child_give(a, gate_new(b, 0)));
	settle();
	CHECK_IS(call(child_give(&self, gate_new(a, 0)), 0).w[0], 100 + STATUS_DEADLOCK);
}

/* Takes one call, spins until `go`, asks `gate`, and answers with the status. */
static void slow_middle(uint64_t gate)
{
	wait();
	while (!*(volatile uint64_t *)&go)
		;
	reply_wait(100 + status_of(call(gate, 0)));
}

TEST(a_ring_over_a_queue_is_told_deadlock)
{
	struct child *a = child_new(middle, 10), *b = child_new(slow_middle, 10);
	uint64_t a_gate = gate_new(a, 0), b_gate = gate_new(b, 0);

	child_start(a, child_give(a, b_gate));
	child_start(b, child_give(b, a_gate));
	settle();
	caller_new(0, 5, b_gate);
	settle();
	caller_new(1, 6, a_gate);
	settle();
	CHECK_IS(thread_state(a), QUEUED);
	go = 1;
	settle();
	CHECK_IS(seen[0].w[0], 100 + STATUS_DEADLOCK);
}

TEST(a_chain_of_calls_is_at_most_16_deep)
{
	struct child *s = child_run(server, 10, 0);
	uint64_t gate = gate_new(s, 0);

	for (unsigned i = 0; i < CHAIN_DEPTH_MAX; i++) {
		if (i == CHAIN_DEPTH_MAX - 1) {
			settle();
			CHECK_IS(call(child_give(&self, gate), 7).w[0], 8);
		}
		s = child_new(middle, 10);
		child_start(s, child_give(s, gate));
		gate = gate_new(s, 0);
	}
	settle();
	CHECK_IS(call(child_give(&self, gate), 7).w[0], 100 + STATUS_TOO_DEEP);
}

TEST(core_is_there_at_the_end_of_the_longest_chain)
{
	uint64_t gate = gate_new(&self, 9);

	for (unsigned i = 0; i < CHAIN_DEPTH_MAX; i++) {
		struct child *c = child_new(middle, 10);
		child_start(c, child_give(c, gate));
		gate = gate_new(c, 0);
	}
	settle();
	caller_new(3, 10, gate);
	CHECK_IS(wait().badge, 9);
	reply(0, 77);
	settle();
	CHECK_IS(status_of(seen[3]), STATUS_OK);
	CHECK_IS(seen[3].w[0], 77);
}

/* At the end of a chain: waits again, is cancelled, and calls on its own. */
static void alone_later(uint64_t gate)
{
	wait();
	reply_wait(0);
	seen[0] = call(gate, 5);
}

TEST(the_depth_of_a_chain_is_forgotten_when_it_ends)
{
	struct child *s = child_run(server, 10, 0), *end = child_new(alone_later, 10);
	uint64_t gate = gate_new(end, 0), last = gate_new(s, 0);

	for (unsigned i = 0; i < CHAIN_DEPTH_MAX - 1; i++) {
		struct child *c = child_new(middle, 10);
		child_start(c, child_give(c, gate));
		gate = gate_new(c, 0);
	}
	child_start(end, child_give(end, last));
	settle();
	OK(status_of(call(child_give(&self, gate), 0)));
	OK(thread_ctl(end, THREAD_CANCEL));
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_OK);
	CHECK_IS(seen[0].w[0], 6);
}
