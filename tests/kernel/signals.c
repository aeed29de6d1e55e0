/* SPDX-License-Identifier: MIT */
/* Signals, waits for one of them, and waits that end by themselves. */
#include "test.h"

#define MS 1000000UL

static SHARED struct msg seen[8];
static SHARED uint64_t count, other_count, stop;

static uint64_t own_signal(uint64_t badge) { return child_give(&self, signal_new(&self, badge)); }

TEST(signals_are_counted)
{
	uint64_t signal = own_signal(0xabc);

	for (unsigned i = 0; i < 1000; i++)
		OK(submit(signal));
	struct msg m = await();
	CHECK_IS(kind_of(m), MESSAGE_SIGNAL);
	CHECK_IS(m.badge, 0xabc);
	CHECK_IS(m.w[0], 1000);
	CHECK_IS(status_of(poll()), STATUS_TIMEOUT);
}

TEST(a_signal_count_saturates)
{
	uint64_t signal = signal_new(&self, 0), cap = child_give(&self, signal);

	for (unsigned by_address = 0; by_address < 2; by_address++) {
		OK(submit(cap));
		((uint32_t *)at(signal))[1] = UINT32_MAX - 2;
		for (unsigned i = 0; i < 10; i++)
			OK(by_address ? op1(SYS_SIGNAL_SUBMIT, signal) : submit(cap));
		CHECK_IS(await().w[0], UINT32_MAX);
		OK(submit(cap));
		CHECK_IS(await().w[0], 1);
	}
}

TEST(signals_arrive_in_the_order_of_their_first_submission)
{
	uint64_t signal[5];

	for (unsigned i = 0; i < 5; i++)
		signal[i] = own_signal(i);
	OK(submit(signal[3]));
	OK(submit(signal[1]));
	OK(submit(signal[4]));
	OK(submit(signal[3]));
	OK(submit(signal[0]));
	CHECK(await().badge == 3 && await().badge == 1 && await().badge == 4 && await().badge == 0);
	CHECK_IS(status_of(poll()), STATUS_TIMEOUT);
}

static void waiter(uint64_t signal)
{
	seen[0] = wait();
	count = 1;
}

TEST(a_signal_wakes_its_waiter)
{
	struct child *c = child_run(waiter, 10, 0);

	settle();
	CHECK_IS(thread_state(c), RECEPTIVE);
	OK(submit(child_give(&self, signal_new(c, 0x99))));
	CHECK_IS(count, 0);
	settle();
	CHECK(count == 1 && seen[0].badge == 0x99 && seen[0].w[0] == 1 && kind_of(seen[0]) == MESSAGE_SIGNAL);
}

static void submitter(uint64_t signal)
{
	other_count = 1 + submit(signal);
	EXPECT(!count);
}

TEST(a_submission_does_not_wait_for_a_lower_receiver)
{
	struct child *c = child_run(waiter, 5, 0), *s = child_new(submitter, 10);

	settle();
	child_start(s, child_give(s, signal_new(c, 0)));
	settle();
	CHECK(other_count == 1 && count == 1);
}

TEST(a_signal_needs_the_right_to_use)
{
	uint64_t weak = own_slot();

	OK(op3(SYS_CAP_COPY, own_signal(0), weak, RIGHT_COPY));
	CHECK_IS(submit(weak), STATUS_BAD_CAP);
	CHECK_IS(submit(child_give(&self, gate_new(&self, 0))), STATUS_BAD_CAP);
	CHECK_IS(submit(NO_CAP), STATUS_BAD_CAP);
	CHECK_IS(status_of(poll()), STATUS_TIMEOUT);
}

TEST(core_submits_by_address)
{
	uint64_t signal = signal_new(&self, 0x44);

	OK(op1(SYS_SIGNAL_SUBMIT, signal));
	CHECK_IS(await().badge, 0x44);
	CHECK_IS(op1(SYS_SIGNAL_SUBMIT, gate_new(&self, 0)), STATUS_INVALID);
	CHECK_IS(op1(SYS_SIGNAL_SUBMIT, 0), STATUS_INVALID);
}

TEST(a_destroyed_signal_is_not_delivered_and_others_are)
{
	uint64_t first = signal_new(&self, 1), doomed = signal_new(&self, 2), last = signal_new(&self, 3), all[] = { first, doomed, last };

	for (unsigned round = 0; round < 3; round++) {
		uint64_t extra = signal_new(&self, 4);
		for (unsigned i = 0; i < 3; i++)
			OK(op1(SYS_SIGNAL_SUBMIT, i == round ? extra : all[i]));
		OK(destroy(extra));
		for (unsigned i = 0; i < 3; i++)
			CHECK(i == round || await().badge == i + 1);
		OK(op1(SYS_SIGNAL_SUBMIT, last));
		CHECK_IS(await().badge, 3);
	}
	OK(op1(SYS_SIGNAL_SUBMIT, doomed));
	OK(destroy(doomed));
	CHECK_IS(status_of(poll()), STATUS_TIMEOUT);
}

TEST(signals_to_a_killed_thread_go_nowhere)
{
	struct child *c = child_run(waiter, 10, 0);
	uint64_t signal = signal_new(c, 0), cap = child_give(&self, signal);

	settle();
	CHECK_IS(destroy(c->thread), STATUS_BUSY);
	OK(submit(cap));
	settle();
	OK(destroy(signal));
	OK(destroy(c->thread));
}

/* --- One --- */

TEST(a_wait_for_one_takes_that_one_alone)
{
	uint64_t one = own_signal(1), other = own_signal(2), third = own_signal(3);

	OK(submit(other));
	OK(submit(one));
	OK(submit(one));
	OK(submit(third));
	struct msg m = wait_one(one);
	CHECK(status_of(m) == STATUS_OK && m.badge == 1 && m.w[0] == 2 && kind_of(m) == MESSAGE_SIGNAL);
	CHECK(await().badge == 2 && await().badge == 3);
	CHECK_IS(status_of(poll()), STATUS_TIMEOUT);
	OK(submit(one));
	CHECK_IS(await().w[0], 1);
}

static void one_then_all(uint64_t signal)
{
	seen[0] = wait_one(signal);
	seen[1] = wait();
}

static void calls(uint64_t gate)
{
	seen[2] = call(gate, 3);
}

TEST(a_wait_for_one_serves_nobody_else)
{
	struct child *c = child_new(one_then_all, 10), *caller;
	uint64_t signal = signal_new(c, 1), other = signal_new(c, 2);

	child_start(c, child_give(c, signal));
	settle();
	caller = child_run(calls, 5, gate_new(c, 7));
	OK(submit(child_give(&self, other)));
	settle();
	CHECK_IS(thread_state(c), BLOCKED);
	CHECK_IS(thread_state(caller), QUEUED);
	OK(submit(child_give(&self, signal)));
	settle();
	CHECK_IS(seen[0].badge, 1);
	CHECK_IS(seen[1].badge, 2);
}

TEST(only_the_receiver_waits_for_its_signal)
{
	struct child *c = child_run(waiter, 10, 0);

	CHECK_IS(status_of(wait_one(child_give(&self, signal_new(c, 0)))), STATUS_INVALID);
	CHECK_IS(status_of(wait_one(child_give(&self, gate_new(&self, 0)))), STATUS_BAD_CAP);
	CHECK_IS(status_of(wait_one(own_slot())), STATUS_BAD_CAP);
}

TEST(a_destroyed_signal_ends_the_wait_for_it)
{
	struct child *c = child_new(one_then_all, 10);
	uint64_t signal = signal_new(c, 1);

	child_start(c, child_give(c, signal));
	settle();
	OK(destroy(signal));
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_PEER_GONE);
	CHECK_IS(thread_state(c), RECEPTIVE);
}

/* Two threads take turns by two semaphores. */
static void ping(uint64_t pair)
{
	for (unsigned i = 0; i < 1000; i++) {
		submit(pair >> 32);
		EXPECT(wait_one(pair & 0xffffffff).w[0] == 1);
		count++;
	}
}

static void pong(uint64_t pair)
{
	for (unsigned i = 0; i < 1000; i++) {
		EXPECT(wait_one(pair & 0xffffffff).w[0] == 1);
		EXPECT(count == i);
		submit(pair >> 32);
	}
}

TEST(two_semaphores_take_turns)
{
	struct child *a = child_new(ping, 10), *b = child_new(pong, 7);
	uint64_t to_a = signal_new(a, 0), to_b = signal_new(b, 0);

	child_start(a, child_give(a, to_a) | child_give(a, to_b) << 32);
	child_start(b, child_give(b, to_b) | child_give(b, to_a) << 32);
	run_for(20 * MS);
	CHECK_IS(count, 1000);
}

/* --- Floods --- */

static void floods(uint64_t signal)
{
	while (!*(volatile uint64_t *)&stop)
		submit(signal);
}

static void calls_on(uint64_t gate)
{
	while (!*(volatile uint64_t *)&stop)
		call(gate, 0);
}

/* Counts signals and calls. */
static void counts(uint64_t argument)
{
	struct msg m = wait();

	for (;;) {
		if (kind_of(m) == MESSAGE_SIGNAL) {
			count += m.w[0];
			m = wait();
		} else {
			other_count++;
			m = reply_wait(0);
		}
	}
}

TEST(a_flood_of_signals_and_one_of_calls_do_not_starve_each_other)
{
	struct child *c = child_run(counts, 10, 0);

	settle();
	child_run(floods, 10, signal_new(c, 0));
	child_run(calls_on, 10, gate_new(c, 0));
	run_for(100 * MS);
	CHECK(count > 100 && other_count > 100);
}

/* Has the next signal pending whenever it looks. */
static void signals_itself(uint64_t signal)
{
	submit(signal);
	for (struct msg m = wait();;) {
		if (kind_of(m) == MESSAGE_SIGNAL) {
			submit(signal);
			count++;
			m = wait();
		} else {
			other_count++;
			m = reply_wait(0);
		}
	}
}

TEST(a_server_that_always_has_a_signal_serves_its_callers_too)
{
	struct child *c = child_new(signals_itself, 10);

	child_start(c, child_give(c, signal_new(c, 0)));
	child_run(calls_on, 10, gate_new(c, 0));
	run_for(50 * MS);
	CHECK(count > 100 && other_count > 100);
}

TEST(urgent_callers_get_through_a_flood_of_signals)
{
	struct child *c = child_run(counts, 10, 0);

	settle();
	child_run(floods, 10, signal_new(c, 0));
	run_for(5 * MS);
	uint64_t before = now();
	OK(status_of(call(child_give(&self, gate_new(c, 0)), 0)));
	CHECK(now() - before < 100000);
}

/* Works 10 ms for each message. */
static void works(uint64_t argument)
{
	struct msg m = wait();

	for (;;) {
		uint64_t start = now();
		while (now() - start < 10 * MS)
			;
		count = 1 + kind_of(m);
		m = reply_wait(0);
	}
}

static void submits_and_spins(uint64_t signal)
{
	submit(signal);
	for (;;)
		other_count++;
}

TEST(a_signal_pushes_its_server_through_the_call_of_a_slow_client)
{
	struct child *c = child_run(works, 10, 0);
	uint64_t signal = signal_new(c, 0);

	settle();
	child_run(calls, 2, gate_new(c, 0));
	settle();
	child_run(submits_and_spins, 5, signal);   /* between client and server: the client will not run any more */
	settle();
	CHECK_IS(count, 0);
	run_for(30 * MS);
	CHECK_IS(count, 1 + MESSAGE_SIGNAL);
}

/* --- Deadlines and polls --- */

TEST(a_wait_ends_at_its_deadline)
{
	uint64_t start = now();

	CHECK_IS(status_of(wait_until(start + 3 * MS)), STATUS_TIMEOUT);
	uint64_t late = now() - start - 3 * MS;
	CHECK(late < MS / 10);
}

TEST(a_deadline_in_the_past_polls)
{
	uint64_t signal = own_signal(5), start = now();

	CHECK_IS(status_of(wait_until(0)), STATUS_TIMEOUT);
	CHECK_IS(status_of(wait_until(start)), STATUS_TIMEOUT);
	CHECK(now() - start < MS / 10);
	OK(submit(signal));
	CHECK_IS(wait_until(1).badge, 5);
}

TEST(a_deadline_that_never_comes_waits)
{
	uint64_t signal = signal_new(&self, 6);

	child_run(submitter, 10, signal);
	CHECK_IS(wait_until(~0UL).badge, 6);
}

static SHARED uint64_t order[8], next;

static void sleeper(uint64_t deadline)
{
	EXPECT(status_of(wait_until(deadline)) == STATUS_TIMEOUT);
	if (next < ARRAY_SIZE(order))
		order[next] = deadline;
	next++;
}

TEST(deadlines_come_in_their_order)
{
	static unsigned char const delays[] = { 5, 2, 8, 1, 3, 8, 7, 4 };
	uint64_t start = now() + MS;

	for (unsigned i = 0; i < 8; i++)
		child_start(child_new(sleeper, 10 + i), start + delays[i] * MS);
	run_for(15 * MS);
	CHECK_IS(next, 8);
	for (unsigned i = 1; i < 8; i++)
		CHECK(order[i] >= order[i - 1]);
}

TEST(many_deadlines_at_once_all_come)
{
	uint64_t start = now() + 20 * MS;

	for (unsigned i = 0; i < 40; i++)
		child_start(child_new(sleeper, 10), start);
	run_for(15 * MS);
	CHECK_IS(next, 0);
	run_for(10 * MS);
	CHECK_IS(next, 40);
}

static void one_or_late(uint64_t signal)
{
	seen[0] = sys(SYS_WAIT | flags(SYS_FLAG_ONE | SYS_FLAG_DEADLINE), signal, now() + 2 * MS, 0, 0, 0);
	seen[1] = sys(SYS_WAIT | flags(SYS_FLAG_ONE | SYS_FLAG_DEADLINE), signal, now() + 50 * MS, 0, 0, 0);
	seen[2] = sys(SYS_WAIT | flags(SYS_FLAG_ONE | SYS_FLAG_NOBLOCK), signal, 0, 0, 0, 0);
	count = 1;
}

TEST(a_wait_for_one_has_deadlines_and_polls_too)
{
	struct child *c = child_new(one_or_late, 10);
	uint64_t signal = signal_new(c, 9);

	child_start(c, child_give(c, signal));
	run_for(4 * MS);
	CHECK_IS(status_of(seen[0]), STATUS_TIMEOUT);
	OK(op1(SYS_SIGNAL_SUBMIT, signal));
	settle();
	CHECK(status_of(seen[1]) == STATUS_OK && seen[1].badge == 9);
	CHECK_IS(status_of(seen[2]), STATUS_TIMEOUT);
	run_for(60 * MS);
	CHECK_IS(thread_state(c), RECEPTIVE);
}

TEST(a_message_before_the_deadline_ends_the_wait)
{
	uint64_t start = now();

	child_run(submitter, 10, signal_new(&self, 7));
	CHECK_IS(wait_until(start + 5 * MS).badge, 7);
	CHECK(now() - start < MS);
	CHECK_IS(status_of(wait_until(start + 5 * MS)), STATUS_TIMEOUT);
	CHECK(now() >= start + 5 * MS);
}

TEST(a_deadline_stands_until_a_wait_ends_by_it)
{
	uint64_t signal = own_signal(8), start = now();

	for (unsigned i = 0; i < 3; i++) {
		OK(submit(signal));
		CHECK_IS((i ? wait() : wait_with_deadline(start + 3 * MS)).badge, 8);
	}
	CHECK_IS(status_of(wait()), STATUS_TIMEOUT);
	CHECK(now() >= start + 3 * MS);
	CHECK_IS(status_of(poll()), STATUS_TIMEOUT);
	OK(submit(signal));
	CHECK_IS(wait().badge, 8);
}

static void serves_and_is_late(uint64_t signal)
{
	seen[0] = wait_with_deadline(now() + 20 * MS);
	for (uint64_t until = now() + 30 * MS; now() < until;)
		;
	seen[1] = reply_wait(5);
	seen[2] = poll();
	wait_with_deadline(now() + 2 * MS);
	seen[3] = sys(SYS_WAIT | flags(SYS_FLAG_ONE | SYS_FLAG_DEADLINE), signal, now() + 50 * MS, 0, 0, 0);
	count = 1;
	seen[4] = wait();
	count = 2;
}

static void calls_once(uint64_t gate) { EXPECT(status_of(call(gate, 0)) == STATUS_OK); }

TEST(a_deadline_that_passes_while_its_thread_runs_ends_the_next_wait_and_one_for_a_context_is_its_end)
{
	struct child *c = child_new(serves_and_is_late, 10);
	uint64_t signal = signal_new(c, 9);

	child_start(c, child_give(c, signal));
	settle();
	child_run(calls_once, 5, gate_new(c, 3));
	run_for(60 * MS);
	CHECK_IS(seen[0].badge, 3);
	CHECK_IS(status_of(seen[1]), STATUS_TIMEOUT);
	CHECK_IS(status_of(seen[2]), STATUS_TIMEOUT);
	OK(op1(SYS_SIGNAL_SUBMIT, signal));
	settle();
	CHECK_IS(seen[3].badge, 9);
	CHECK_IS(count, 1);
	run_for(60 * MS);
	CHECK_IS(count, 1);
}

TEST(a_reply_has_a_deadline_for_the_wait_after_it)
{
	uint64_t start;

	child_run(calls, 10, gate_new(&self, 0));
	await();
	start = now();
	CHECK_IS(status_of(sys(syscall_header(SYS_REPLY_WAIT, 1, 0, 0, 0) | flags(SYS_FLAG_DEADLINE), start + 2 * MS, 77, 0, 0, 0)), STATUS_TIMEOUT);
	CHECK(now() >= start + 2 * MS);
	CHECK_IS(seen[2].w[0], 77);
}

TEST(a_deadline_that_has_passed_comes_before_callers_but_not_before_signals)
{
	uint64_t signal = own_signal(8);

	child_run(calls, 10, gate_new(&self, 9));
	run_unheard(MS);
	CHECK_IS(status_of(wait_until(now() - MS)), STATUS_TIMEOUT);
	OK(submit(signal));
	CHECK_IS(wait_until(now() - MS).badge, 8);
	CHECK_IS(status_of(wait_until(now() - MS)), STATUS_TIMEOUT);
	CHECK_IS(poll().badge, 9);
	reply(0, 0);
}

TEST(a_poll_takes_what_is_there)
{
	uint64_t signal = own_signal(8);

	CHECK_IS(status_of(poll()), STATUS_TIMEOUT);
	OK(submit(signal));
	CHECK_IS(poll().badge, 8);
	child_run(calls, 10, gate_new(&self, 9));
	run_unheard(MS);
	CHECK_IS(poll().badge, 9);
	reply(0, 0);
}

TEST(a_poll_does_not_miss_a_signal_for_a_caller_that_is_gone)
{
	uint64_t signal = own_signal(1), gate = gate_new(&self, 2);

	OK(submit(signal));
	await();                                /* the next look is for callers first */
	child_run(calls, 10, gate);
	run_unheard(MS);
	OK(destroy(gate));
	OK(submit(signal));
	CHECK_IS(poll().badge, 1);
}

TEST(time_goes_on)
{
	uint64_t last = now();

	for (unsigned i = 0; i < 1000; i++) {
		uint64_t t = now();
		CHECK(t > last && t - last < MS);
		last = t;
	}
}
