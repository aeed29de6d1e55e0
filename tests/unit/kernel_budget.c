/* SPDX-License-Identifier: MIT */
/*
 * The account of a budget against the plain list of everything that was ever used. What was used has to come back no earlier than a period after the
 * time since which the budget was wanted, and no later than an eighth of a period after that; nothing is made and nothing lost.
 */
#include "kernel.h"
#include <kernel/budget.h>

enum { USES = 4096, ROUNDS = 200000 };

static struct { uint64_t since, ticks; } uses[USES];
static unsigned use_count;
static struct budget b;
static uint64_t now;

static int64_t in_due(void)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < b.count; i++)
		sum += (int64_t)b.due[(b.first + i) % BUDGET_DUE].ticks;
	return sum;
}

static void check_shape(void)
{
	CHECK(b.count <= BUDGET_DUE && b.first < BUDGET_DUE && b.left + in_due() == (int64_t)b.amount);
	for (unsigned i = 1; i < b.count; i++)
		CHECK(b.due[(b.first + i - 1) % BUDGET_DUE].time <= b.due[(b.first + i) % BUDGET_DUE].time);
}

/* What must still be out at `now`, if everything comes back so long after its `since`. */
static int64_t out_after(uint64_t delay)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < use_count; i++)
		sum += uses[i].since + delay > now ? (int64_t)uses[i].ticks : 0;
	return sum;
}

/* Old uses, which are back by any rule, are of no interest any more. */
static void forget_old(void)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < use_count; i++)
		if (uses[i].since + 2 * b.period > now)
			uses[kept++] = uses[i];
	use_count = kept;
}

static void begin(uint64_t amount, uint64_t period)
{
	b = (struct budget) { .members = 0 };
	use_count = 0;
	now = 1000;
	budget_set(&b, amount, period);
	budget_activate(&b, now);
}

static void spend(uint64_t ticks)
{
	CHECK(use_count < USES);
	uses[use_count].since = b.since;
	uses[use_count++].ticks = ticks;
	budget_spend(&b, ticks);
	now += ticks;
}

START_TEST(what_is_used_comes_back_in_time)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (round % 1000 == 0) {
			uint64_t period = 1000 + unit_below(100000);
			begin(1 + unit_below(period), period);
		}
		if (unit_below(3))
			now += unit_below(b.period / (1 + unit_below(50)) + 1);
		budget_refresh(&b, now);
		if (!unit_below(3))
			budget_activate(&b, now);
		if (b.left > 0)
			spend(1 + unit_below((uint64_t)b.left));
		budget_refresh(&b, now);
		check_shape();
		CHECK(b.left >= 0);
		CHECK(b.left <= (int64_t)b.amount - out_after(b.period));
		CHECK(b.left >= (int64_t)b.amount - out_after(b.period + b.period / BUDGET_PIECES + 1));
		forget_old();
	}
}
END_TEST

START_TEST(who_wants_it_all_the_time_gets_its_amount_in_each_period)
{
	for (unsigned round = 0; round < 100; round++) {
		uint64_t period = 1000 + unit_below(100000), start, used = 0;

		begin(1 + unit_below(period), period);
		start = now;
		for (unsigned i = 0; i < 500; i++) {
			budget_refresh(&b, now);
			if (b.left > 0) {
				uint64_t part = 1 + unit_below((uint64_t)b.left);
				budget_spend(&b, part);
				used += part;
				now += part;
			} else {
				CHECK(budget_next(&b) > now && budget_next(&b) != UINT64_MAX);
				now = budget_next(&b);
			}
			CHECK(used <= ((now - start) / period + 1) * b.amount);
		}
		CHECK(used >= (now - start) / period * b.amount);
	}
}
END_TEST

START_TEST(overdrafts_are_paid_back)
{
	for (unsigned round = 0; round < 100; round++) {
		uint64_t period = 1000 + unit_below(100000), amount = period / (1 + unit_below(20)), start, used = 0;

		begin(amount, period);
		start = now;
		for (unsigned i = 0; i < 200; i++) {
			budget_refresh(&b, now);
			check_shape();
			if (b.left > 0) {
				uint64_t part = (uint64_t)b.left + unit_below(3 * amount);    /* a call into core, say, that takes its time */
				budget_spend(&b, part);
				used += part;
				now += part;
			} else {
				now = budget_next(&b) > now ? budget_next(&b) : now;
			}
		}
		/* In the long run it has had its share, but for what it is in debt with at the end. */
		CHECK(used <= ((now - start) / period + 6) * amount);
	}
}
END_TEST

START_TEST(a_budget_that_is_changed_keeps_its_sum)
{
	for (unsigned round = 0; round < ROUNDS / 10; round++) {
		if (round % 1000 == 0)
			begin(1000, 10000);
		now += unit_below(5000);
		budget_refresh(&b, now);
		if (!unit_below(4))
			budget_set(&b, unit_below(5) ? 1 + unit_below(10000) : 0, 10000 + unit_below(10000));
		if (!unit_below(3))
			budget_activate(&b, now);
		if (b.left > 0)
			budget_spend(&b, 1 + unit_below((uint64_t)b.left));
		check_shape();
	}
	now += 1000000;
	budget_refresh(&b, now);
	CHECK(b.left == (int64_t)b.amount && !b.count);
}
END_TEST

UNIT_MAIN(what_is_used_comes_back_in_time, who_wants_it_all_the_time_gets_its_amount_in_each_period, overdrafts_are_paid_back,
          a_budget_that_is_changed_keeps_its_sum)
