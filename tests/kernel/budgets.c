/* SPDX-License-Identifier: MIT */
/* Budgets: how much of a period threads may use, alone or together, what happens when it is used up, and who pays for a call. */
#include "test.h"

#define MS 1000000UL
#define US 1000UL

static SHARED uint64_t spins[4], done, late, ended;

static void spinner(uint64_t index)
{
	for (;;)
		++*(volatile uint64_t *)&spins[index];
}

static uint64_t consumed(struct child *c) { return sys(SYS_THREAD_INFO, c->thread, 0, 0, 0, 0).badge; }

static uint64_t budget_new(uint64_t amount_ns, uint64_t period_ns)
{
	uint64_t budget = place(BUDGET_GRANULES);

	OK(op3(SYS_BUDGET_CREATE, budget, amount_ns, period_ns));
	return budget;
}

/* The budget ends after the thread, which is noted before. */
static void give(struct child *c, uint64_t budget, bool takes_idle_time)
{
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_BUDGET, budget | takes_idle_time));
}

static struct child *limited(child_function *run, unsigned priority, uint64_t argument, uint64_t budget)
{
	struct child *c = child_new(run, priority);

	give(c, budget, false);
	child_start(c, argument);
	return c;
}

static void check_part(uint64_t part, uint64_t whole, unsigned permille)
{
	uint64_t is = part * 1000 / whole;

	CHECK(is + 8 >= permille);
	CHECK(is <= permille + 8);
}

/* Works for so many us of the CPU's time, in the middle of a call, then answers. */
static void works_for(uint64_t us)
{
	uint64_t from = now();

	while (now() - from < us * US)
		;
}

static void works(uint64_t gate)
{
	struct msg m = wait();

	for (;;) {
		if (gate)
			call(gate, m.w[0]);
		works_for(m.w[0]);
		m = reply_wait(0);
	}
}

static void asks(uint64_t gate)
{
	for (;;) {
		EXPECT(status_of(call(gate, 200)) == STATUS_OK);
		done++;
	}
}

/* --- What it bounds --- */

TEST(a_budget_bounds_what_its_thread_uses)
{
	struct child *a = limited(spinner, 5, 0, note(budget_new(3 * MS, 10 * MS)));

	run_for(200 * MS);
	check_part(consumed(a), 200 * MS, 300);
}

TEST(while_a_thread_is_dry_those_of_lower_priority_run)
{
	struct child *a = limited(spinner, 9, 0, note(budget_new(3 * MS, 10 * MS))), *b = child_new(spinner, 5);

	child_start(b, 1);
	run_for(200 * MS);
	check_part(consumed(a), 200 * MS, 300);
	check_part(consumed(b), 200 * MS, 700);
}

TEST(threads_that_have_one_budget_share_its_time)
{
	uint64_t budget = note(budget_new(40 * MS, 100 * MS));
	struct child *a = limited(spinner, 5, 0, budget), *b = limited(spinner, 5, 1, budget);

	run_for(500 * MS);
	check_part(consumed(a) + consumed(b), 500 * MS, 400);
	CHECK(consumed(a) > 80 * MS && consumed(b) > 80 * MS);
}

TEST(a_whole_period_is_no_bound)
{
	struct child *a = limited(spinner, 5, 0, note(budget_new(10 * MS, 10 * MS)));

	run_for(100 * MS);
	check_part(consumed(a), 100 * MS, 1000);
}

/* Touches its budget, waits until it nearly is a period old, then wants all that it can get. */
static void saves_up(uint64_t until)
{
	works_for(10);
	wait_until(until);
	spinner(0);
}

TEST(a_budget_is_not_used_twice_within_a_period)
{
	uint64_t begin = now();
	struct child *a = limited(saves_up, 5, begin + 7 * MS, note(budget_new(3 * MS, 10 * MS)));

	run_for(begin + 17 * MS - now());
	CHECK(consumed(a) > 29 * MS / 10 && consumed(a) < 31 * MS / 10);
	run_for(3 * MS);
	CHECK(consumed(a) > 59 * MS / 10);
}

/* A job of 2 ms every 10 ms, told when it is over. */
static void periodic(uint64_t begin)
{
	for (uint64_t i = 0; i < 20; i++) {
		wait_until(begin + i * 10 * MS);
		works_for(1900);
		if (now() > begin + i * 10 * MS + 21 * MS / 10)
			late++;
		done++;
	}
}

TEST(a_periodic_thread_whose_budget_is_just_its_work_is_never_late)
{
	struct child *b = child_new(spinner, 5);

	child_start(b, 0);
	limited(periodic, 9, now() + 10 * MS, note(budget_new(2 * MS, 10 * MS)));
	run_for(215 * MS);
	CHECK_IS(done, 20);
	CHECK_IS(late, 0);
}

/* --- Idle time --- */

TEST(who_takes_idle_time_goes_on_when_it_is_dry)
{
	struct child *a = child_new(spinner, 5);

	give(a, note(budget_new(1 * MS, 10 * MS)), true);
	child_start(a, 0);
	run_for(100 * MS);
	check_part(consumed(a), 100 * MS, 1000);
}

TEST(idle_time_is_what_nobody_with_a_priority_wants)
{
	struct child *a = child_new(spinner, 9), *b = child_new(spinner, 1);

	give(a, note(budget_new(2 * MS, 10 * MS)), true);
	child_start(a, 0);
	child_start(b, 1);
	run_for(200 * MS);
	check_part(consumed(a), 200 * MS, 200);
	check_part(consumed(b), 200 * MS, 800);
}

TEST(idle_time_is_not_charged_to_a_budget)
{
	struct child *a = child_new(spinner, 5), *b = child_new(spinner, 1);

	give(a, note(budget_new(2 * MS, 10 * MS)), true);
	child_start(a, 0);
	run_for(100 * MS);
	uint64_t before = consumed(a);
	child_start(b, 1);
	run_for(100 * MS);
	check_part(consumed(a) - before, 100 * MS, 200);
}

/* --- Calls --- */

TEST(a_servers_work_is_paid_from_its_callers_budget)
{
	struct child *s = child_run(works, 9, 0), *c = child_new(asks, 5);

	settle();
	give(c, note(budget_new(2 * MS, 10 * MS)), false);
	child_start(c, child_give(c, gate_new(s, 0)));
	run_for(200 * MS);
	check_part(consumed(c), 200 * MS, 200);
	CHECK(consumed(s) < MS);
	CHECK(done > 150 && done <= 205);
}

TEST(a_dry_callers_server_is_run_by_those_that_wait)
{
	struct child *s = child_run(works, 9, 0), *c = child_new(asks, 8);
	uint64_t gate = gate_new(s, 0), before;

	settle();
	give(c, note(budget_new(1 * MS / 10, 100 * MS)), false);
	child_start(c, child_give(c, gate));
	run_for(5 * MS);
	CHECK_IS(done, 0);
	CHECK_IS(thread_state(c), CALLING);
	child_run(asks, 5, gate);
	before = done;
	run_for(20 * MS);
	CHECK(done - before > 80);
}

TEST(a_dry_waiter_is_served_after_the_others)
{
	struct child *s = child_run(works, 9, 0), *c = child_new(asks, 8), *d;
	uint64_t gate = gate_new(s, 0), dry = note(budget_new(1 * MS / 4, 100 * MS));

	settle();
	child_run(asks, 4, gate);
	run_for(MS);
	give(c, dry, false);
	child_start(c, child_give(c, gate));
	run_for(5 * MS);
	d = child_run(asks, 5, gate);
	uint64_t before = consumed(d);
	run_for(20 * MS);
	CHECK(consumed(d) - before > 15 * MS);
}

/* A server that blocks in the middle of a call until `signal`, then works. */
static void blocks_and_works(uint64_t signal)
{
	struct msg m = wait();

	for (;;) {
		wait_one(signal);
		works_for(3000);
		m = reply_wait(m.w[0]);
	}
}

TEST(a_dry_waiter_leaves_it_to_the_next_best_to_lend)
{
	struct child *s = child_new(blocks_and_works, 1), *c = child_new(asks, 8);
	uint64_t signal = signal_new(s, 0), gate = gate_new(s, 0), cap = child_give(&self, signal);

	child_start(s, child_give(s, signal));
	settle();
	child_run(asks, 2, gate);
	settle();
	give(c, note(budget_new(MS / 10, 100 * MS)), false);
	child_start(c, child_give(c, gate));
	child_run(asks, 5, gate);
	settle();
	child_start(child_new(spinner, 4), 0);
	OK(submit(cap));
	settle();
	CHECK_IS(spins[0], 0);
}

/* Calls core, which is the test, once; then spins. */
static void asks_core(uint64_t gate)
{
	EXPECT(status_of(call(gate, 0)) == STATUS_OK);
	ended = now();
	spinner(0);
}

TEST(core_finishes_a_call_on_overdraft)
{
	struct child *c = child_new(asks_core, 9), *b = child_new(spinner, 5);
	uint64_t before, gate = gate_new(&self, 0x77);

	child_start(b, 1);
	give(c, note(budget_new(1 * MS, 100 * MS)), false);
	child_start(c, child_give(c, gate));
	struct msg m = await();
	CHECK_IS(m.badge, 0x77);
	before = spins[1];
	works_for(5000);
	CHECK_IS(spins[1], before);
	reply(0, 0);
	run_for(20 * MS);
	CHECK_IS(spins[0], 0);                  /* it is dry as soon as core has answered */
	CHECK(spins[1] > before);
}

static void asks_core_later(uint64_t gate)
{
	works_for(20000);
	call(gate, 0);
}

TEST(who_calls_core_on_overdraft_is_dry_with_the_answer)
{
	struct child *c = child_new(asks_core, 9), *b = child_new(asks_core_later, 5);
	uint64_t gate = gate_new(&self, 0x77);

	give(c, note(budget_new(1 * MS, 100 * MS)), false);
	child_start(c, child_give(c, gate));
	CHECK_IS(await().badge, 0x77);
	works_for(5000);
	child_start(b, child_give(b, gate));
	CHECK_IS(reply_wait(0).badge, 0x77);   /* the fast way, if there was one */
	CHECK_IS(spins[0], 0);
	reply(0, 0);
}

static void floods_core(uint64_t gate)
{
	for (;;) {
		EXPECT(status_of(call(gate, 0)) == STATUS_OK);
		done++;
	}
}

TEST(the_overdraft_is_taken_from_what_comes_back)
{
	struct child *c = child_new(floods_core, 9);
	uint64_t begin = now();

	give(c, note(budget_new(1 * MS, 10 * MS)), false);
	child_start(c, child_give(c, gate_new(&self, 0x77)));
	while (now() - begin < 200 * MS) {
		struct msg m = wait_until(begin + 200 * MS);
		if (status_of(m) == STATUS_TIMEOUT)
			break;
		works_for(3000);
		reply(0, 0);
	}
	CHECK(done >= 4);
	CHECK(consumed(c) < 28 * MS);
}

/* --- Changes --- */

TEST(a_budget_of_nothing_runs_nobody_until_it_is_set)
{
	uint64_t budget = note(budget_new(0, 10 * MS));
	struct child *a = limited(spinner, 5, 0, budget);

	run_for(50 * MS);
	CHECK_IS(spins[0], 0);
	OK(op3(SYS_BUDGET_SET, budget, 5 * MS, 10 * MS));
	uint64_t before = consumed(a);
	run_for(100 * MS);
	check_part(consumed(a) - before, 100 * MS, 500);
}

TEST(a_smaller_budget_counts_at_once)
{
	uint64_t budget = note(budget_new(8 * MS, 10 * MS));
	struct child *a = limited(spinner, 5, 0, budget);

	run_for(100 * MS);
	OK(op3(SYS_BUDGET_SET, budget, 2 * MS, 10 * MS));
	uint64_t before = consumed(a);
	run_for(200 * MS);
	CHECK(consumed(a) - before < 42 * MS && consumed(a) - before > 32 * MS);
}

TEST(a_thread_that_loses_its_budget_is_unbounded)
{
	struct child *a = limited(spinner, 5, 0, note(budget_new(1 * MS, 100 * MS)));

	run_for(10 * MS);
	OK(op3(SYS_THREAD_SET, a->thread, THREAD_BUDGET, 0));
	uint64_t before = consumed(a);
	run_for(50 * MS);
	check_part(consumed(a) - before, 50 * MS, 1000);
}

TEST(a_dry_thread_keeps_the_priority_it_is_given)
{
	struct child *a = limited(spinner, 5, 0, note(budget_new(2 * MS, 10 * MS))), *b = child_new(spinner, 6);

	run_for(5 * MS);
	OK(op3(SYS_THREAD_SET, a->thread, THREAD_PRIORITY, 7));
	child_start(b, 1);
	uint64_t before = consumed(a);
	run_for(105 * MS);
	CHECK(consumed(a) - before > 19 * MS);
}

TEST(budgets_have_sensible_periods_and_no_more_than_all_of_it)
{
	uint64_t where = place(BUDGET_GRANULES);

	CHECK_IS(op3(SYS_BUDGET_CREATE, where, 1, BUDGET_PERIOD_MIN - 1), STATUS_INVALID);
	CHECK_IS(op3(SYS_BUDGET_CREATE, where, 1, BUDGET_PERIOD_MAX + 1), STATUS_INVALID);
	CHECK_IS(op3(SYS_BUDGET_CREATE, where, MS * info->cpus + 1, MS), STATUS_INVALID);
	CHECK_IS(op3(SYS_BUDGET_CREATE, where, 99, MS), STATUS_INVALID);
	CHECK_IS(op3(SYS_BUDGET_CREATE, self.thread, 1, MS), STATUS_INVALID);
	OK(op3(SYS_BUDGET_CREATE, where, MS, MS));
	CHECK_IS(op3(SYS_BUDGET_SET, where, MS * info->cpus + 1, MS), STATUS_INVALID);
	CHECK_IS(op3(SYS_BUDGET_SET, self.thread, 1, MS), STATUS_INVALID);
	CHECK_IS(op3(SYS_THREAD_SET, child_new(spinner, 5)->thread, THREAD_BUDGET, self.thread), STATUS_INVALID);
	OK(destroy(where));
}

TEST(a_budget_outlives_its_threads)
{
	uint64_t budget = budget_new(MS, 10 * MS);
	struct child *a = limited(spinner, 5, 0, budget);

	run_for(2 * MS);
	CHECK_IS(destroy(budget), STATUS_BUSY);
	kill_child(a);
	OK(destroy(budget));
}
