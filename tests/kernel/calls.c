/* SPDX-License-Identifier: MIT */
/* Calls that go another way: callers and servers that are killed, paused, cancelled, that do not answer, that wait for each other. */
#include "test.h"

static SHARED struct msg seen[40];
static SHARED uint64_t order[40], next, spins, go, served;

/* Calls with its argument's low half as selector; notes the reply at the index in the high half. */
static void caller(uint64_t argument)
{
	uint64_t index = argument >> 32;

	seen[index].head = ~0UL;
	seen[index] = call(argument & 0xffffffff, index);
}

static struct child *caller_new(unsigned index, unsigned priority, uint64_t gate)
{
	struct child *c = child_new(caller, priority);

	child_start(c, child_give(c, gate) | (uint64_t)index << 32);
	return c;
}

/* Answers calls with their word plus one; notes their order. */
static void server(uint64_t argument)
{
	struct msg m = wait();

	for (;;) {
		if (next < ARRAY_SIZE(order))
			order[next++] = m.w[0];
		m = reply_wait(m.w[0] + 1);
	}
}

/* Takes one call and spins until `go`, then serves on. */
static void slow_server(uint64_t argument)
{
	struct msg m = wait();

	for (;;) {
		served++;
		while (!*(volatile uint64_t *)&go)
			;
		m = reply_wait(status_of(m) ? 0 : m.w[0] + 1);
	}
}

/* Forwards what it is asked to `gate`, and answers with the status it got and the word. */
static void middle(uint64_t gate)
{
	wait();
	for (;;) {
		seen[30] = call(gate, 7);
		reply_wait(status_of(seen[30]) ? 100 + status_of(seen[30]) : seen[30].w[0]);
	}
}

/* Blocks in the middle of a call, waiting for one signal context: its argument. */
static void blocking_server(uint64_t signal)
{
	struct msg m = wait();

	for (;;) {
		if (next < ARRAY_SIZE(order))
			order[next++] = m.w[0];
		wait_one(signal);
		m = reply_wait(m.w[0] + 1);
	}
}

static bool waits(unsigned index) { return seen[index].head == ~0UL; }

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
	CHECK_IS(slices, 2);
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
	spins = 1;
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
	CHECK_IS(spins, 0);
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
