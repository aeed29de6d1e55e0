/* SPDX-License-Identifier: MIT */
/* Quota arithmetic: both kinds move or none, nothing wraps, slots are paid to the page. */
#include "unit.h"
#include "init/sandbox/quota.h"
#include "init/sandbox/session.h"

START_TEST(quota_moves_whole_or_not_at_all)
{
	struct quota quota = { 100, 10 };

	ck_assert(quota_add(&quota, (struct quota) { 5, 1 }) && quota.ram == 105 && quota.caps == 11);
	ck_assert(quota_take(&quota, (struct quota) { 105, 11 }) && !quota.ram && !quota.caps);
	quota = (struct quota) { 100, 10 };
	ck_assert(!quota_take(&quota, (struct quota) { 101, 1 }) && quota.ram == 100 && quota.caps == 10);
	ck_assert(!quota_take(&quota, (struct quota) { 1, 11 }) && quota.ram == 100 && quota.caps == 10);
}
END_TEST

START_TEST(sums_never_wrap)
{
	struct quota quota = { UINT64_MAX - 1, 1 };

	ck_assert(!quota_add(&quota, (struct quota) { 2, 0 }) && quota.ram == UINT64_MAX - 1 && quota.caps == 1);
	ck_assert(quota_add(&quota, (struct quota) { 1, 0 }) && quota.ram == UINT64_MAX);
	quota = (struct quota) { 0, UINT64_MAX };
	ck_assert(!quota_add(&quota, (struct quota) { 1, 1 }) && quota.ram == 0);
	ck_assert(quota_pages(UINT64_MAX) == UINT64_MAX && quota_pages(0) == 0 && quota_pages(1) == PAGE_SIZE && quota_pages(PAGE_SIZE) == PAGE_SIZE);
}
END_TEST

START_TEST(random_moves_keep_the_sum)
{
	struct quota accounts[4] = { { 1 << 20, 1000 } };

	for (unsigned i = 0; i < 100000; i++) {
		struct quota *from = &accounts[unit_below(4)], *to = &accounts[unit_below(4)], sum = { 0 };
		struct quota  some = { unit_below(1 << 18), unit_below(300) };
		bool          fits = quota_covers(*from, some);

		ck_assert(quota_take(from, some) == fits);
		if (fits)
			ck_assert(quota_add(to, some));
		for (unsigned a = 0; a < 4; a++)
			ck_assert(quota_add(&sum, accounts[a]));
		ck_assert(sum.ram == 1 << 20 && sum.caps == 1000);
	}
}
END_TEST

START_TEST(eight_slots_fit_a_page)
{
	struct quota none = quota_of_slots(8, 0), more = quota_of_slots(9, 0), config = quota_of_slots(8, 1), large = quota_of_slots(8, 4097);

	ck_assert(more.ram == none.ram + PAGE_SIZE && more.caps == none.caps);
	ck_assert(config.ram > none.ram && config.caps > none.caps && large.ram == config.ram + PAGE_SIZE && large.caps == config.caps);
}
END_TEST

UNIT_MAIN(quota_moves_whole_or_not_at_all, sums_never_wrap, random_moves_keep_the_sum, eight_slots_fit_a_page)
