/* SPDX-License-Identifier: MIT */
/* Object frames, against a map with one byte for each granule. */
#include "kernel.h"
#include <kernel/object.h>

enum { FRAMES = 4, GRANULES = FRAMES * FRAME_GRANULES };

static uint64_t frames[FRAMES];
static bool     given[FRAMES];
static unsigned map[GRANULES];             /* 0: free, else the number of the object there */
static unsigned starts[GRANULES];          /* its type where an object starts */

static unsigned const sizes[] = {
	[OBJECT_PD] = PD_GRANULES,         [OBJECT_THREAD] = THREAD_GRANULES, [OBJECT_GATE] = GATE_GRANULES,
	[OBJECT_SIGNAL] = SIGNAL_GRANULES, [OBJECT_IRQ] = IRQ_GRANULES,
};

static uint64_t granule_at(unsigned g) { return frames[g / FRAME_GRANULES] + g % FRAME_GRANULES * GRANULE; }

static bool is_free(unsigned first, unsigned count)
{
	if (!given[first / FRAME_GRANULES] || first % FRAME_GRANULES == 0 || first % FRAME_GRANULES + count > FRAME_GRANULES)
		return false;
	for (unsigned g = first; g < first + count; g++)
		if (map[g])
			return false;
	return true;
}

static bool frame_is_empty(unsigned f)
{
	for (unsigned g = f * FRAME_GRANULES; g < (f + 1) * FRAME_GRANULES; g++)
		if (map[g])
			return false;
	return true;
}

static void setup(void)
{
	kernel_memory();
	memset(map, 0, sizeof(map));
	memset(starts, 0, sizeof(starts));
	for (unsigned i = 0; i < FRAMES; i++) {
		frames[i] = kernel_frame();
		given[i] = false;
	}
}

static void check_all(void)
{
	struct object *walked = NULL;
	unsigned count = 0;

	for (unsigned g = 0; g < GRANULES; g++) {
		struct object *object = object_any(granule_at(g));
		CHECK((object != NULL) == (starts[g] != 0));
		if (object)
			CHECK(object->type == starts[g] && object_at(granule_at(g), starts[g]) == (object->dead ? NULL : object));
		CHECK(!object_at(granule_at(g), starts[g] == OBJECT_GATE ? OBJECT_SIGNAL : OBJECT_GATE) || starts[g] == OBJECT_GATE);
		if (given[g / FRAME_GRANULES] && g % FRAME_GRANULES && !map[g])
			CHECK(kernel_is_zero(granule_at(g), GRANULE));
		count += starts[g] != 0;
	}
	while ((walked = object_next(walked)))
		count--;
	CHECK(count == 0);
}

static void random_create(unsigned mark)
{
	enum object_type type = 1 + unit_below(OBJECT_IRQ);
	unsigned first = (unsigned)unit_below(GRANULES), off = unit_below(10) ? 0 : (unsigned)unit_below(GRANULE);
	struct object *object = NULL;
	bool fits = !off && is_free(first, sizes[type]);
	enum status status = object_create(granule_at(first) + off, sizes[type], type, &object);

	CHECK(status == (fits ? STATUS_OK : STATUS_INVALID));
	if (status)
		return;
	CHECK(object == phys_to_virt(granule_at(first)));
	memset((char *)object + sizeof(*object), 0x55, sizes[type] * GRANULE - sizeof(*object));
	starts[first] = type;
	for (unsigned g = first; g < first + sizes[type]; g++)
		map[g] = mark;
}

static void random_free(void)
{
	unsigned g = (unsigned)unit_below(GRANULES), mark = map[g];

	if (!mark)
		return;
	while (!starts[g])
		g--;
	object_free(object_any(granule_at(g)));
	starts[g] = 0;
	for (; g < GRANULES && map[g] == mark; g++)
		map[g] = 0;
}

static void random_give_or_take(void)
{
	unsigned f = (unsigned)unit_below(FRAMES);

	if (!given[f]) {
		CHECK(frame_take(frames[f]) == STATUS_INVALID);
		memset(phys_to_virt(frames[f]), 0xaa, PAGE_SIZE);
		CHECK(frame_give(frames[f]) == STATUS_OK);
		given[f] = true;
	} else if (!frame_is_empty(f)) {
		CHECK(frame_take(frames[f]) == STATUS_BUSY);
	} else {
		CHECK(frame_take(frames[f]) == STATUS_OK);
		CHECK(kernel_is_zero(frames[f], PAGE_SIZE));
		given[f] = false;
	}
}

START_TEST(random_use_agrees_with_the_map)
{
	setup();
	for (unsigned round = 1; round < 20000; round++) {
		unsigned what = (unsigned)unit_below(20);
		if (what < 9)
			random_create(round);
		else if (what < 19)
			random_free();
		else
			random_give_or_take();
		if (round % 8 == 0)
			check_all();
	}
}
END_TEST

START_TEST(a_frame_is_full_with_63_granules)
{
	struct object *object;

	setup();
	ck_assert_int_eq(frame_give(frames[0]), STATUS_OK);
	for (unsigned g = 1; g < FRAME_GRANULES; g++)
		ck_assert_int_eq(object_create(frames[0] + g * GRANULE, 1, OBJECT_GATE, &object), STATUS_OK);
	for (unsigned g = 0; g < FRAME_GRANULES; g++)
		ck_assert_int_eq(object_create(frames[0] + g * GRANULE, 1, OBJECT_GATE, &object), STATUS_INVALID);
}
END_TEST

START_TEST(a_dead_object_is_found_by_its_sweeper_alone)
{
	struct object *object;

	setup();
	ck_assert_int_eq(frame_give(frames[0]), STATUS_OK);
	ck_assert_int_eq(object_create(frames[0] + GRANULE, 1, OBJECT_GATE, &object), STATUS_OK);
	ck_assert_ptr_eq(object_at(frames[0] + GRANULE, OBJECT_GATE), object);
	object->dead = 1;
	ck_assert_ptr_null(object_at(frames[0] + GRANULE, OBJECT_GATE));
	ck_assert_ptr_eq(object_any(frames[0] + GRANULE), object);
}
END_TEST

START_TEST(address_zero_is_never_an_object)
{
	struct object *object;

	setup();
	ck_assert_int_eq(frame_give(0), STATUS_INVALID);
	ck_assert_int_eq(frame_take(0), STATUS_INVALID);
	ck_assert_int_eq(object_create(GRANULE, 1, OBJECT_GATE, &object), STATUS_INVALID);
	ck_assert_ptr_null(object_any(0));
	ck_assert_ptr_null(object_at(GRANULE, OBJECT_GATE));
}
END_TEST

UNIT_MAIN(random_use_agrees_with_the_map, a_frame_is_full_with_63_granules, a_dead_object_is_found_by_its_sweeper_alone,
          address_zero_is_never_an_object)
