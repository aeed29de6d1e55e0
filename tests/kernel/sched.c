/* SPDX-License-Identifier: MIT */
/* Who runs: priorities, turns, lending along chains of calls, and whose time it is. */
#include "test.h"

#define MS 1000000UL

static SHARED uint64_t spins[8], done, go, order[8], next;

static void spinner(uint64_t index)
{
	for (;;)
		++*(volatile uint64_t *)&spins[index];
}

static struct child *spinner_new(unsigned index, unsigned priority)
{
	struct child *c = child_new(spinner, priority);

	child_start(c, index);
	return c;
}

static uint64_t consumed(struct child *c) { return sys(SYS_THREAD_INFO, c->thread, 0, 0, 0, 0).badge; }

/* Works for so many ms of the CPU's time, in the middle of a call, then answers. */
static void works(uint64_t gate)
{
	struct msg m = wait();

	for (;;) {
		if (gate)
			call(gate, m.w[0]);
		for (uint64_t i = 0; i < m.w[0] * 100000; i++)
			*(volatile uint64_t *)&go = i;
		m = reply_wait(0);
	}
}

static void asks(uint64_t gate)
{
	for (;;) {
		EXPECT(status_of(call(gate, 1)) == STATUS_OK);
		done++;
	}
}

TEST(the_higher_priority_runs_alone)
{
	spinner_new(0, 5);
	spinner_new(1, 6);
	run_for(50 * MS);
	CHECK(spins[0] == 0 && spins[1] > 1000);
}

TEST(a_woken_thread_of_higher_priority_runs_at_once)
{
	spinner_new(0, 5);
	run_for(MS);
	uint64_t start = now();
	CHECK_IS(status_of(wait_until(start + MS)), STATUS_TIMEOUT);
	CHECK(now() - start < MS + MS / 10);
}

TEST(equal_priorities_take_turns)
{
	for (unsigned i = 0; i < 4; i++)
		spinner_new(i, 5);
	run_for(400 * MS);
	for (unsigned i = 0; i < 4; i++)
		CHECK(spins[i] > spins[0] / 10 * 8 && spins[i] < spins[0] / 10 * 12);
}

TEST(who_is_interrupted_keeps_the_rest_of_its_turn)
{
	uint64_t half;

	spinner_new(0, 5);
	spinner_new(1, 5);
	run_for(5 * MS);
	half = spins[0] + spins[1];
	CHECK(spins[0] == 0 || spins[1] == 0);
	run_for(4 * MS);
	CHECK(spins[0] == 0 || spins[1] == 0);
	CHECK(spins[0] + spins[1] > half);
	run_for(4 * MS);
	CHECK(spins[0] && spins[1]);
}

static void yields(uint64_t index)
{
	for (unsigned i = 0; i < 4; i++) {
		order[next++] = index;
		sys(SYS_YIELD, 0, 0, 0, 0, 0);
	}
}

TEST(yield_gives_equal_priorities_a_turn)
{
	child_start(child_new(yields, 5), 1);
	child_start(child_new(yields, 5), 2);
	settle();
	CHECK_IS(next, 8);
	for (unsigned i = 1; i < 8; i++)
		CHECK(order[i] != order[i - 1]);
}

TEST(yield_does_not_give_lower_priorities_a_turn)
{
	child_start(child_new(yields, 6), 1);
	child_start(child_new(yields, 5), 2);
	settle();
	CHECK(order[3] == 1 && order[4] == 2);
}

TEST(a_new_priority_counts_at_once)
{
	struct child *a = spinner_new(0, 5);

	spinner_new(1, 6);
	run_for(5 * MS);
	OK(op3(SYS_THREAD_SET, a->thread, THREAD_PRIORITY, 7));
	uint64_t before = spins[1];
	run_for(5 * MS);
	CHECK(spins[0] > 1000 && spins[1] == before);
	OK(op3(SYS_THREAD_SET, a->thread, THREAD_PRIORITY, 4));
	before = spins[0];
	run_for(5 * MS);
	CHECK(spins[0] == before && spins[1] > 0);
}

TEST(a_paused_thread_does_not_run)
{
	struct child *a = spinner_new(0, 5);

	settle();
	OK(thread_ctl(a, THREAD_PAUSE));
	uint64_t before = spins[0];
	CHECK(before);
	settle();
	CHECK_IS(spins[0], before);
	OK(thread_ctl(a, THREAD_START));
	settle();
	CHECK(spins[0] > before);
}

TEST(a_thread_that_was_never_started_does_not_run)
{
	struct child *a = child_new(spinner, 5);

	settle();
	CHECK(spins[0] == 0 && thread_state(a) == NEW);
	CHECK_IS(consumed(a), 0);
}

/* --- Lending --- */

TEST(a_server_runs_with_the_priority_of_its_caller)
{
	struct child *s = child_run(works, 2, 0);

	settle();
	child_run(asks, 8, gate_new(s, 0));
	spinner_new(0, 5);
	run_for(20 * MS);
	CHECK(done >= 5 && spins[0] == 0);
}

TEST(a_server_of_higher_priority_runs_with_that_of_its_caller_too)
{
	struct child *s = child_run(works, 9, 0);

	settle();
	child_run(asks, 2, gate_new(s, 0));
	spinner_new(0, 5);
	run_for(20 * MS);
	CHECK(done == 0 && spins[0] > 1000);
}

TEST(priority_is_lent_over_a_chain_of_three)
{
	struct child *c = child_run(works, 1, 0), *b = child_run(works, 2, gate_new(c, 0)), *a = child_run(works, 3, gate_new(b, 0));

	settle();
	child_run(asks, 8, gate_new(a, 0));
	spinner_new(0, 5);
	run_for(50 * MS);
	CHECK(done >= 5 && spins[0] == 0);
}

TEST(a_waiting_caller_lends_its_priority_to_the_server_of_another)
{
	struct child *s = child_run(works, 1, 0);
	uint64_t gate = gate_new(s, 0);

	settle();
	child_run(asks, 2, gate);
	settle();
	spinner_new(0, 5);
	run_for(5 * MS);
	CHECK(spins[0] > 0);
	uint64_t before = spins[0], answers = done;
	child_run(asks, 8, gate);
	run_for(20 * MS);
	CHECK(done > answers + 5);
	CHECK(spins[0] - before < 100);
}

TEST(a_waiting_caller_lends_over_a_chain)
{
	struct child *c = child_run(works, 1, 0), *b = child_run(works, 1, gate_new(c, 0));
	uint64_t gate = gate_new(b, 0);

	settle();
	child_run(asks, 2, gate);
	run_for(MS / 2);                        /* the chain is in the last server now */
	spinner_new(0, 5);
	run_for(5 * MS);
	uint64_t before = spins[0], answers = done;
	child_run(asks, 8, gate);
	run_for(20 * MS);
	CHECK(done > answers + 3);
	CHECK(spins[0] - before < 100);
}

TEST(what_was_lent_ends_with_the_reply)
{
	struct child *s = child_run(works, 2, 0);

	settle();
	OK(status_of(call(child_give(&self, gate_new(s, 0)), 1)));
	uint64_t start = spins[0];
	spinner_new(0, 5);
	child_run(asks, 1, gate_new(s, 0));
	run_for(5 * MS);
	CHECK(spins[0] > start && done == 0);
}

/* A server that blocks in the middle of a call until `signal`, then works. */
static void blocks_and_works(uint64_t signal)
{
	struct msg m = wait();

	for (;;) {
		wait_one(signal);
		for (uint64_t i = 0; i < 500000; i++)
			*(volatile uint64_t *)&go = i;
		m = reply_wait(m.w[0]);
	}
}

TEST(a_parked_waiter_lends_again_when_the_server_goes_on)
{
	struct child *s = child_new(blocks_and_works, 1);
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0), cap = child_give(&self, signal);

	child_start(s, child_give(s, signal));
	settle();
	child_run(asks, 2, gate);
	settle();
	child_run(asks, 8, gate);
	settle();
	spinner_new(0, 5);
	settle();
	CHECK(spins[0]);
	uint64_t before = spins[0];
	OK(submit(cap));
	settle();
	CHECK(done == 0 && spins[0] - before < 100);
}

TEST(a_parked_waiter_that_becomes_the_best_lends_at_once)
{
	struct child *s = child_new(blocks_and_works, 1), *raised;
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0), cap = child_give(&self, signal);

	child_start(s, child_give(s, signal));
	settle();
	child_run(asks, 2, gate);
	settle();
	raised = child_run(asks, 3, gate);
	child_run(asks, 4, gate);
	settle();
	spinner_new(0, 5);
	OK(submit(cap));
	settle();
	uint64_t before = spins[0];
	CHECK(before);
	OK(op3(SYS_THREAD_SET, raised->thread, THREAD_PRIORITY, 8));
	settle();
	CHECK_IS(thread_state(raised), QUEUED);
	CHECK(spins[0] - before < 100);
}

TEST(a_waiter_that_becomes_the_best_as_another_falls_lends_at_once)
{
	struct child *s = child_new(blocks_and_works, 1), *lowered;
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0), cap = child_give(&self, signal);

	child_start(s, child_give(s, signal));
	settle();
	child_run(asks, 2, gate);
	settle();
	lowered = child_run(asks, 8, gate);
	child_run(asks, 7, gate);
	settle();
	spinner_new(0, 5);
	OK(submit(cap));
	OK(op3(SYS_THREAD_SET, lowered->thread, THREAD_PRIORITY, 3));
	settle();
	CHECK_IS(spins[0], 0);
}

/* --- Time --- */

TEST(consumed_time_adds_up)
{
	struct child *a = spinner_new(0, 5), *b = spinner_new(1, 5);
	uint64_t start = now(), core = consumed(&self);

	run_for(100 * MS);
	uint64_t elapsed = now() - start, sum = consumed(a) + consumed(b) + consumed(&self) - core;
	CHECK(sum > elapsed - elapsed / 100 && sum <= elapsed + elapsed / 100);
	CHECK(consumed(a) > 40 * MS && consumed(b) > 40 * MS);
}

TEST(idle_time_is_nobodys)
{
	struct child *a = child_run(works, 5, 0);
	uint64_t core = consumed(&self);

	run_for(100 * MS);
	CHECK(consumed(a) < MS && consumed(&self) - core < MS);
}

TEST(a_servers_work_is_its_callers_time)
{
	struct child *s = child_run(works, 8, 0), *c;

	settle();
	uint64_t before = consumed(s);
	c = child_run(asks, 5, gate_new(s, 0));
	run_for(50 * MS);
	CHECK(done >= 10);
	CHECK(consumed(c) > 45 * MS);
	CHECK(consumed(s) - before < MS);
}

TEST(consumed_time_of_nothing_is_invalid)
{
	CHECK_IS(op1(SYS_THREAD_INFO, self.pd), STATUS_INVALID);
	CHECK_IS(op1(SYS_THREAD_INFO, frame()), STATUS_INVALID);
}
