/* SPDX-License-Identifier: MIT */
/*
 * proves: kernel/slot.c
 * Any tree of SLOTS slots under a root, then any operations on any of them: the tree stays one, its links agree in all directions, and each
 * operation empties what it says and nothing else. The slots are where links, which are addresses / 32, can name them.
 */
#include <kernel/slot.h>

#include "prove.h"

enum { SLOTS = 4, STEPS = PROVE_SCALE == 1 ? 1 : 2, SHAPES = 1 * 2 * 3, ONE_STEP = 4 * SLOTS, CASES = SHAPES * (STEPS == 1 ? ONE_STEP : ONE_STEP * ONE_STEP) };

/* [0] is the root, the last one is empty at first. */
static struct slot *const slots = (struct slot *)0x10000;
static struct object *const object = (struct object *)0x10800;

void panic(char const *format, ...)
{
	/*@ assert no_panic: \false; */
	for (;;)
		;
}

static struct slot *named(uint32_t link) { return (struct slot *)((uint64_t)link * SLOT_SIZE); }

/* The children of one slot, both ways. Returns how many there are. Bound: the number of slots. */
static unsigned check_children(struct slot const *parent)
{
	unsigned children = 0;
	struct slot const *child = parent->first ? named(parent->first) : 0;

	/*@ assert ends: (parent->first == 0) == (parent->last == 0); */
	for (unsigned i = 0; child && i <= SLOTS; i++) {
		children++;
		/*@ assert live: child->state == SLOT_LIVE; */
		/*@ assert first: (child->first_child == 1) == (children == 1); */
		if (child->first_child) {
			/*@ assert parent_of_first: child->prev == (unsigned long)parent / 32; */
		}
		if (child->last_child) {
			/*@ assert parent_of_last: child->next == (unsigned long)parent / 32 && parent->last == (unsigned long)child / 32; */
			return children;
		}
		struct slot const *next = named(child->next);
		/*@ assert siblings: next->prev == (unsigned long)child / 32; */
		child = next;
	}
	/*@ assert ends_at_last: children == 0; */
	return 0;
}

/* Each live slot is the child of exactly one. */
static unsigned check(void)
{
	unsigned live = 0, children = 0;

	for (unsigned i = 0; i <= SLOTS; i++) {
		if (i)
			live += slots[i].state == SLOT_LIVE;
		children += check_children(&slots[i]);
	}
	/*@ assert tree: live == children; */
	return live;
}

static void step(void)
{
	struct slot *slot = &slots[1 + choose(SLOTS)];
	unsigned operation = choose(4), before = check();

	if (operation == 0) {
		unsigned was = slot->state == SLOT_LIVE;
		slot_drop(slot);
		unsigned after = check();
		/*@ assert dropped: after + was == before && slot->state == SLOT_EMPTY; */
	} else if (operation == 1 && slot->state == SLOT_LIVE) {
		enum status status = slot_revoke(slot, SLOTS);
		/*@ assert revoked: status == STATUS_OK && slot->first == 0 && slot->state == SLOT_LIVE; */
	} else if (operation == 2) {
		for (unsigned i = 1; i <= SLOTS; i++) {
			if (slots[i].state == SLOT_EMPTY && &slots[i] != slot) {
				slot_move(slot, &slots[i]);
				unsigned after = check();
				/*@ assert moved: after == before && slot->state == SLOT_EMPTY; */
				break;
			}
		}
	} else if (operation == 3) {
		enum status status = slot_sweep(&slots[0], 2);
		unsigned after = check();
		/*@ assert swept: after == (before > 2 ? before - 2 : 0) && (status == STATUS_AGAIN) == (before > 2); */
	}
	check();
}

static void prove_one(void)
{
	for (unsigned i = 0; i <= SLOTS; i++)
		slots[i] = (struct slot) { .state = SLOT_EMPTY };
	*object = (struct object) { .type = OBJECT_GATE };
	slot_install(&slots[1], &slots[0], object, RIGHTS_ALL);
	for (unsigned i = 2; i < SLOTS; i++) {
		struct slot *from = &slots[choose(i)];

		if (from == &slots[0])
			slot_install(&slots[i], &slots[0], object, RIGHTS_ALL);
		else
			slot_copy(from, &slots[i], RIGHTS_ALL);
	}
	check();
	for (unsigned i = 0; i < STEPS; i++)
		step();
}

PROVE_ALL(CASES)
