/* SPDX-License-Identifier: MIT */
/*
 * proves: kernel/pd.c (included)
 * The capability table, grown frame by frame to its largest size: whatever a selector is, it leads to a slot in one of the domain's frames, or to
 * none; the last slot can be named and what is behind it cannot; a frame without a place is refused. The instruction that zeroes a frame is the C
 * library's function here.
 */
#include <string.h>

#define zero_quads instruction_zero_quads
#include <kernel/kernel.h>
#undef zero_quads

static void zero_quads(void *to, size_t quads) { memset(to, 0, quads * 8); }

#include <kernel/pd.h>
#include <kernel/x86_64/paging.h>

/* Page tables and the creation of domains are not the matter of this. */
/*@ assigns \nothing; */
void paging_give_table(struct pd *pd, uint64_t frame);

#include "prove.h"

enum { CASES = 1, FRAMES = PROVE_SCALE == 1 ? 24 : PD_CAP_FRAMES, SLOTS = PAGE_SIZE / SLOT_SIZE };
enum { FRAME = 0x10000, LIST = 0x11000 };

static struct pd pd;

/* Any value at all */
extern uint64_t volatile const any_selector;

void panic(char const *format, ...)
{
	/*@ assert no_panic: \false; */
	for (;;)
		;
}

static void check_any(void)
{
	struct slot *slot = pd_slot(&pd, any_selector);

	if (!slot)
		return;
	/*@ assert in_a_frame: \valid(slot) && (unsigned long)slot >= FRAME && (unsigned long)slot + 32 <= FRAME + 4096; */
	/*@ assert a_slot: (unsigned long)slot % 32 == 0; */
}

static void check_ends(void)
{
	struct slot *null = pd_slot(&pd, 0), *first = pd_slot(&pd, SLOT_SIZE), *last = pd_slot(&pd, pd.cap_frames * PAGE_SIZE - 1);
	struct slot *behind = pd_slot(&pd, pd.cap_frames * PAGE_SIZE), *far_behind = pd_slot(&pd, ~0UL);

	/*@ assert null: null == \null; */
	/*@ assert first: (unsigned long)first == FRAME + 32; */
	/*@ assert last: (unsigned long)last == FRAME + 127 * 32; */
	/*@ assert behind: behind == \null && far_behind == \null; */
}

static void prove_one(void)
{
	enum status status;

	pd = (struct pd) { .object = { .type = OBJECT_PD }, .near_frames = 1, .cap_frames = 1, .caps = { (struct slot *)FRAME } };
	check_ends();
	/* All frames are one here: which one a slot is in is for `pd_slot` to find, that it is in one is what is shown. */
	for (unsigned i = 1; i < FRAMES; i++) {
		status = pd_grow(&pd, FRAME, FRAME_CAPS);
		if (i == PD_NEAR_FRAMES) {
			/*@ assert no_list: status == STATUS_OVERFLOW; */
			status = pd_grow(&pd, LIST, FRAME_LIST);
			/*@ assert list: status == STATUS_OK; */
			status = pd_grow(&pd, LIST, FRAME_LIST);
			/*@ assert one_list: status == STATUS_INVALID; */
			status = pd_grow(&pd, FRAME, FRAME_CAPS);
		}
		/*@ assert grown: status == STATUS_OK && pd.cap_frames == i + 1 && pd.near_frames <= PD_NEAR_FRAMES; */
		check_ends();
		check_any();
	}
	status = pd_grow(&pd, FRAME, FRAME_CAPS);
	/*@ assert full: status == (pd.cap_frames == PD_CAP_FRAMES ? STATUS_OVERFLOW : STATUS_OK); */
	status = pd_grow(&pd, FRAME + 1, FRAME_CAPS);
	/*@ assert aligned: status == STATUS_INVALID; */
}

#include "../../kernel/pd.c"

PROVE_ALL(CASES)
