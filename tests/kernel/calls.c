/* SPDX-License-Identifier: MIT */
/* Who is served when, and callers and servers that are killed or paused in mid-call. */
#include "callers.h"

/* --- Order --- */

TEST(callers_of_a_busy_server_are_served_by_priority_and_then_in_order)
{
	static unsigned char const priorities[] = { 3, 9, 5, 9, 3, 7, 9 }, expected[] = { 20, 1, 3, 6, 5, 2, 0, 4 };
	struct child *s = child_new(blocking_server, 10);
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0), cap = child_give(&self, signal);

	child_start(s, child_give(s, signal));
	settle();
	caller_new(20, 1, gate);
	settle();
	for (unsigned i = 0; i < ARRAY_SIZE(priorities); i++) {
		caller_new(i, priorities[i], gate);
		settle();
	}
	for (unsigned i = 0; i < ARRAY_SIZE(expected); i++) {
		CHECK_IS(next, i + 1);
		CHECK_IS(order[i], expected[i]);
		OK(submit(cap));
		settle();
		CHECK_IS(seen[expected[i]].w[0], expected[i] + 1u);
	}
}

TEST(a_new_priority_moves_a_queued_caller)
{
	struct child *s = child_new(blocking_server, 10), *c[4];
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0), cap = child_give(&self, signal);

	child_start(s, child_give(s, signal));
	settle();
	for (unsigned i = 0; i < 4; i++) {
		c[i] = caller_new(i, 5, gate);
		settle();
	}
	OK(op3(SYS_THREAD_SET, c[3]->thread, THREAD_PRIORITY, 6));
	OK(op3(SYS_THREAD_SET, c[1]->thread, THREAD_PRIORITY, 4));
	for (unsigned i = 0; i < 4; i++) {
		OK(submit(cap));
		settle();
	}
	CHECK(order[0] == 0 && order[1] == 3 && order[2] == 2 && order[3] == 1);
}

TEST(many_callers_are_all_served)
{
	struct child *s = child_new(blocking_server, 10);
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0), cap = child_give(&self, signal);

	child_start(s, child_give(s, signal));
	settle();
	for (unsigned i = 0; i < 30; i++)
		caller_new(i, 1 + i * 7 % 13, gate);
	settle();
	for (unsigned i = 0; i < 30; i++) {
		OK(submit(cap));
		settle();
	}
	for (unsigned i = 0; i < 30; i++)
		CHECK_IS(seen[i].w[0], i + 1);
}

TEST(a_caller_whose_server_queues_elsewhere_goes_on_when_it_is_its_turn)
{
	struct child *s = child_new(blocking_server, 10), *between = child_new(middle, 10);
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0), middle_gate = gate_new(between, 0), cap = child_give(&self, signal);

	child_start(s, child_give(s, signal));
	child_start(between, child_give(between, gate));
	settle();
	caller_new(0, 5, gate);
	settle();
	caller_new(1, 5, middle_gate);
	settle();
	CHECK_IS(thread_state(between), QUEUED);
	for (unsigned i = 0; i < 2; i++) {
		OK(submit(cap));
		settle();
	}
	CHECK_IS(seen[0].w[0], 1);
	CHECK_IS(seen[1].w[0], 8);
}

/* Waits for its signal, then serves whoever is there and polls after each answer. */
static void polling_server(uint64_t signal)
{
	wait_one(signal);
	for (struct msg m = poll();;)
		m = status_of(m) ? wait() : reply(0, m.w[0] + 1);
}

TEST(a_server_that_polls_serves_all_who_had_to_wait)
{
	struct child *s = child_new(polling_server, 10);
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0);

	child_start(s, child_give(s, signal));
	settle();
	for (unsigned i = 0; i < 5; i++)
		caller_new(i, 5, gate);
	settle();
	OK(op1(SYS_SIGNAL_SUBMIT, signal));
	settle();
	for (unsigned i = 0; i < 5; i++)
		CHECK_IS(seen[i].w[0], i + 1);
}

/* --- Death --- */

TEST(a_killed_caller_leaves_its_server_runnable)
{
	struct child *s = child_run(slow_server, 10, 0);
	uint64_t gate = gate_new(s, 0);

	settle();
	struct child *c = caller_new(0, 5, gate);
	settle();
	CHECK_IS(thread_state(c), CALLING);
	kill_child(c);
	go = 1;
	settle();
	CHECK_IS(thread_state(s), RECEPTIVE);
	CHECK_IS(call(child_give(&self, gate), 3).w[0], 4);
}

TEST(a_killed_caller_of_lower_priority_than_its_server_leaves_it_its_own)
{
	struct child *s = child_run(slow_server, 1, 0);
	uint64_t gate = gate_new(s, 0);

	settle();
	struct child *c = caller_new(0, 20, gate);
	settle();
	kill_child(c);
	struct child *d = child_run(slow_server, 2, 0); /* above the server, which is on its own now */
	go = 1;
	settle();
	CHECK_IS(thread_state(s), RECEPTIVE);
	CHECK_IS(thread_state(d), RECEPTIVE);
}

TEST(a_killed_server_gives_its_caller_peer_gone)
{
	struct child *s = child_run(slow_server, 10, 0);
	uint64_t gate = gate_new(s, 0);

	settle();
	caller_new(0, 5, gate);
	settle();
	CHECK_IS(destroy(s->thread), STATUS_BUSY);
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_PEER_GONE);
}

TEST(a_killed_server_gives_all_its_waiters_peer_gone)
{
	struct child *s = child_new(blocking_server, 10);
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0);
	unsigned slices;

	child_start(s, child_give(s, signal));
	settle();
	for (unsigned i = 0; i < 40; i++)
		caller_new(i, 5 + i % 3, gate);
	settle();
	CHECK_IS(destroy_counted(s->thread, &slices), STATUS_BUSY);
	CHECK_IS(slices, 10);
	settle();
	for (unsigned i = 0; i < 40; i++)
		CHECK_IS(status_of(seen[i]), STATUS_PEER_GONE);
}

TEST(a_killed_server_in_the_middle_frees_both_sides)
{
	struct child *last = child_run(slow_server, 4, 0), *between = child_new(middle, 10);
	uint64_t last_gate = gate_new(last, 0), gate = gate_new(between, 0);

	child_start(between, child_give(between, last_gate));
	settle();
	caller_new(0, 5, gate);
	settle();
	CHECK(served == 1 && waits(0));
	CHECK_IS(destroy(between->thread), STATUS_BUSY);
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_PEER_GONE);
	go = 1;
	settle();
	CHECK_IS(thread_state(last), RECEPTIVE);
	CHECK_IS(call(child_give(&self, last_gate), 3).w[0], 4);
}

TEST(a_killed_waiter_leaves_the_queue)
{
	struct child *s = child_new(blocking_server, 10), *c[3];
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0), cap = child_give(&self, signal);

	child_start(s, child_give(s, signal));
	settle();
	for (unsigned i = 0; i < 3; i++) {
		c[i] = caller_new(i, 5, gate);
		settle();
	}
	kill_child(c[1]);
	for (unsigned i = 0; i < 2; i++) {
		OK(submit(cap));
		settle();
	}
	CHECK(next == 2 && order[0] == 0 && order[1] == 2);
	CHECK(waits(1));
}

TEST(a_gate_destroyed_with_a_call_in_the_queue_does_not_deliver_it)
{
	struct child *s = child_new(blocking_server, 10);
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 1), doomed = gate_new(s, 2), cap = child_give(&self, signal);

	child_start(s, child_give(s, signal));
	settle();
	caller_new(0, 5, gate);
	settle();
	caller_new(1, 5, doomed);
	caller_new(2, 4, gate);
	settle();
	OK(destroy(doomed));
	OK(submit(cap));
	settle();
	CHECK_IS(status_of(seen[1]), STATUS_PEER_GONE);
	CHECK(next == 2 && order[1] == 2);
}

TEST(a_gate_destroyed_during_a_call_still_lets_its_server_answer)
{
	struct child *s = child_run(slow_server, 10, 0);
	uint64_t gate = gate_new(s, 0);

	settle();
	caller_new(3, 5, gate);
	settle();
	OK(destroy(gate));
	go = 1;
	settle();
	CHECK_IS(seen[3].w[0], 4);
}

TEST(a_capability_dropped_with_its_call_in_the_queue_ends_the_call)
{
	struct child *s = child_new(blocking_server, 10), *c;
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0), root = child_give(&self, gate);

	child_start(s, child_give(s, signal));
	settle();
	caller_new(0, 5, gate);
	settle();
	c = child_new(caller, 5);
	OK(op3(SYS_CAP_GIVE, root, c->pd, slot(1)));
	child_start(c, slot(1) | 1UL << 32);
	settle();
	OK(op1(SYS_CAP_REVOKE, root));
	OK(submit(child_give(&self, signal)));
	settle();
	CHECK_IS(status_of(seen[1]), STATUS_BAD_CAP);
}

static void exits(uint64_t argument)
{
	wait();
	sys(SYS_THREAD_EXIT, 0, 0, 0, 0, 0);
	served = 1;
}

TEST(a_server_that_exits_gives_peer_gone_then_and_later)
{
	struct child *s = child_run(exits, 10, 0);
	uint64_t gate = gate_new(s, 0);

	settle();
	caller_new(0, 5, gate);
	struct msg m = await();
	CHECK(kind_of(m) == MESSAGE_FAULT && label_of(m) == FAULT_EXIT);
	reply(FAULT_RESUME, 0);
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_PEER_GONE);
	CHECK_IS(thread_state(s), EXITED);
	CHECK_IS(status_of(call(child_give(&self, gate), 0)), STATUS_PEER_GONE);
	OK(thread_ctl(s, THREAD_START));
	settle();
	CHECK_IS(served, 0);
}

/* --- Pause --- */

TEST(a_paused_client_is_served_and_goes_on_when_it_may)
{
	struct child *s = child_run(slow_server, 10, 0);
	uint64_t gate = gate_new(s, 0);

	settle();
	struct child *c = caller_new(4, 5, gate);
	settle();
	OK(thread_ctl(c, THREAD_PAUSE));
	go = 1;
	settle();
	CHECK_IS(thread_state(s), RECEPTIVE);
	CHECK_IS(thread_state(c), RUNNING);
	CHECK(waits(4));
	OK(thread_ctl(c, THREAD_START));
	settle();
	CHECK_IS(seen[4].w[0], 5);
}

TEST(a_paused_server_takes_calls_when_it_may_go_on)
{
	struct child *s = child_run(server, 10, 0);
	uint64_t gate = gate_new(s, 0);

	settle();
	OK(thread_ctl(s, THREAD_PAUSE));
	struct child *c = caller_new(4, 5, gate);
	settle();
	CHECK_IS(thread_state(c), QUEUED);
	CHECK_IS(next, 0);
	OK(thread_ctl(s, THREAD_START));
	settle();
	CHECK_IS(seen[4].w[0], 5);
}

TEST(a_server_paused_in_mid_call_answers_later)
{
	struct child *s = child_run(slow_server, 10, 0);
	uint64_t gate = gate_new(s, 0);

	settle();
	caller_new(4, 5, gate);
	caller_new(5, 6, gate);
	settle();
	OK(thread_ctl(s, THREAD_PAUSE));
	go = 1;
	settle();
	CHECK(waits(4) && waits(5));
	OK(thread_ctl(s, THREAD_START));
	settle();
	CHECK(seen[4].w[0] == 5 && seen[5].w[0] == 6);
}
