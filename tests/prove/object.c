/* SPDX-License-Identifier: MIT */
/*
 * proves: kernel/object.c (included)
 * assumes the contract of: zero_quads
 * Any two objects of any sizes anywhere in a frame, ended in either order: no granule is given twice, lookups find what is there and nothing
 * else, a frame is taken back when it is empty and only then. Zeroing is an instruction that Eva does not know: the frame is zero before, and
 * what an object leaves in its granules is for the tests to look at.
 */
#include <kernel/object.h>

/*@ assigns \nothing; */
static inline void zero_quads(void *to, size_t quads);

#include "prove.h"

enum { PLACES = PROVE_SCALE == 1 ? 3 : 6, CASES = 4 * PLACES * 4 * PLACES * 2 };
enum { FRAME = 0x10000 };

void panic(char const *format, ...)
{
	/*@ assert no_panic: \false; */
	for (;;)
		;
}

/* The edges of the frame, its middle, and the header. */
static unsigned const places[] = { 1, 60, 3, 62, 2, 0, 63, 33, 5 };

static uint64_t any_place(void)
{
	return FRAME + places[choose(PLACES)] * GRANULE;
}

static enum object_type any_type(unsigned *granules)
{
	static enum object_type const types[] = { OBJECT_GATE, OBJECT_IRQ, OBJECT_PD, OBJECT_THREAD };
	static unsigned const sizes[] = { GATE_GRANULES, IRQ_GRANULES, PD_GRANULES, THREAD_GRANULES };
	unsigned which = choose(4);

	*granules = sizes[which];
	return types[which];
}

static bool overlap(uint64_t a, unsigned a_granules, uint64_t b, unsigned b_granules)
{
	return a < b + b_granules * GRANULE && b < a + a_granules * GRANULE;
}

static bool fits(uint64_t place, unsigned granules)
{
	return place > FRAME && place + granules * GRANULE <= FRAME + PAGE_SIZE;
}

static void prove_one(void)
{
	struct object_frame *frame = (struct object_frame *)FRAME;
	struct object *a = 0, *b = 0;
	unsigned a_granules, b_granules;
	enum object_type a_type = any_type(&a_granules), b_type;
	uint64_t a_place = any_place(), b_place;
	enum status status;

	b_type = any_type(&b_granules);
	b_place = any_place();
	*frame = (struct object_frame) { .magic = 0 };
	for (unsigned i = 0; i < PLACES; i++)
		if (places[i] && places[i] < FRAME_GRANULES)
			*(struct object *)(FRAME + (uint64_t)places[i] * GRANULE) = (struct object) { .type = OBJECT_NONE };
	status = frame_give(FRAME);
	/*@ assert given: status == STATUS_OK; */
	status = object_create(a_place, a_granules, a_type, &a);
	bool has_a = status == STATUS_OK;
	bool fits_a = fits(a_place, a_granules);
	/*@ assert fits_a: has_a == fits_a; */
	status = object_create(b_place, b_granules, b_type, &b);
	bool has_b = status == STATUS_OK;
	bool fits_b = fits(b_place, b_granules) && !(has_a && overlap(a_place, a_granules, b_place, b_granules));
	/*@ assert fits_b: has_b == fits_b; */
	if (has_a) {
		struct object *found = object_at(a_place, a_type), *other = object_at(a_place, OBJECT_SIGNAL);
		/*@ assert found: found == a && other == \null; */
		status = frame_take(FRAME);
		/*@ assert busy: status == STATUS_BUSY; */
	}
	bool a_first = choose(2);
	if (a_first && has_a)
		object_free(a);
	if (has_b)
		object_free(b);
	if (!a_first && has_a)
		object_free(a);
	struct object *gone = object_any(a_place);
	/*@ assert gone: gone == \null; */
	/*@ assert free_again: frame->used == 1 && frame->starts == 0; */
	status = frame_take(FRAME);
	/*@ assert taken: status == STATUS_OK; */
}

#include "../../kernel/object.c"

PROVE_ALL(CASES)
