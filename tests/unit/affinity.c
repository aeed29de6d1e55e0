/* SPDX-License-Identifier: MIT */
/* From the cells of an affinity space to CPUs: equal parts of what there is, never none. */
#include "unit.h"
#include "init/sandbox/affinity.h"

static uint32_t mask(uint32_t width, uint32_t height, struct config_area area, uint32_t own)
{
	struct config_area const space = { .width = width, .height = height };

	return affinity_mask(&space, &area, own);
}

START_TEST(without_an_area_all_cpus_are_meant)
{
	ck_assert_uint_eq(mask(4, 1, (struct config_area) { .width = 0 }, 0x5), 0x5);
	ck_assert_uint_eq(mask(0, 0, (struct config_area) { .width = 0 }, 0x1), 0x1);
}
END_TEST

START_TEST(a_cell_for_each_cpu_is_that_cpu)
{
	for (uint32_t x = 0; x < 4; x++)
		ck_assert_uint_eq(mask(4, 1, (struct config_area) { .x = x, .width = 1, .height = 1 }, 0xf), 1u << x);
	ck_assert_uint_eq(mask(2, 2, (struct config_area) { .y = 1, .width = 2, .height = 1 }, 0xf), 0xc);
	ck_assert_uint_eq(mask(4, 1, (struct config_area) { .x = 1, .width = 2, .height = 1 }, 0xf0), 0x60);
	ck_assert_uint_eq(mask(2, 1, (struct config_area) { .x = 1, .width = 1, .height = 1 }, 0x82), 0x80);
}
END_TEST

START_TEST(fewer_or_more_cells_share_the_cpus_out)
{
	ck_assert_uint_eq(mask(2, 1, (struct config_area) { .x = 1, .width = 1, .height = 1 }, 0xff), 0xf0);
	ck_assert_uint_eq(mask(3, 1, (struct config_area) { .x = 0, .width = 1, .height = 1 }, 0xf), 0x1);
	ck_assert_uint_eq(mask(3, 1, (struct config_area) { .x = 2, .width = 1, .height = 1 }, 0xf), 0xc);
	ck_assert_uint_eq(mask(8, 1, (struct config_area) { .x = 7, .width = 1, .height = 1 }, 0x3), 0x2);
	ck_assert_uint_eq(mask(64, 64, (struct config_area) { .x = 63, .y = 63, .width = 1, .height = 1 }, 0x1), 0x1);
	ck_assert_uint_eq(mask(64, 64, (struct config_area) { .width = 64, .height = 64 }, UINT32_MAX), UINT32_MAX);
}
END_TEST

UNIT_MAIN(without_an_area_all_cpus_are_meant, a_cell_for_each_cpu_is_that_cpu, fewer_or_more_cells_share_the_cpus_out)
