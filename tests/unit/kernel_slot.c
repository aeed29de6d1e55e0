/* SPDX-License-Identifier: MIT */
/*
 * Capability slots and their family tree, against a model that has a parent's number for each slot and nothing else.
 * After each operation the tree that the kernel keeps must be the model's: each live slot once, below the right parent.
 */
#include "kernel.h"
#include <kernel/slot.h>

enum { SLOTS = 200, FAMILIES = 3, NONE = -1, ROOT = -2 };

struct model {
	int      state;         /* enum slot_state */
	int      family, parent; /* number of a slot, or ROOT */
	unsigned rights;
};

static struct slot  *slots, *roots;
static struct object objects[FAMILIES];
static struct model  model[SLOTS];

static uint32_t     link_of(struct slot const *slot) { return slot ? (uint32_t)(virt_to_phys(slot) / SLOT_SIZE) : 0; }
static struct slot *at_link(uint32_t link)           { return link ? phys_to_virt((uint64_t)link * SLOT_SIZE) : NULL; }
static int          number(struct slot const *slot)  { return (int)(slot - slots); }

static void setup(void)
{
	kernel_memory();
	slots = phys_to_virt(MEMORY_BASE + 2 * PAGE_SIZE);
	roots = phys_to_virt(MEMORY_BASE);
	for (unsigned i = 0; i < FAMILIES; i++)
		objects[i] = (struct object) { .type = i ? OBJECT_SIGNAL : OBJECT_GATE };
	memset(model, 0, sizeof(model));
}

/* The children of `parent` in the kernel's tree are those of `n` in the model. Links in both directions, marks at both ends. */
static void check_children(struct slot const *parent, int family, int n, bool seen[])
{
	struct slot *child = at_link(parent->first), *last = NULL;
	unsigned count = 0, expected = 0;

	for (; child; child = child->last_child ? NULL : at_link(child->next)) {
		int c = number(child);
		CHECK(c >= 0 && c < SLOTS && !seen[c]);
		seen[c] = true;
		CHECK(model[c].state == SLOT_LIVE && model[c].family == family && model[c].parent == n);
		CHECK(child->first_child == !last);
		CHECK(child->prev == link_of(last ? last : parent));
		last = child;
		count++;
	}
	CHECK(parent->last == link_of(last));
	CHECK(!last || last->next == link_of(parent));
	for (unsigned i = 0; i < SLOTS; i++)
		expected += model[i].state == SLOT_LIVE && model[i].family == family && model[i].parent == n;
	CHECK(count == expected);
}

static void check_all(void)
{
	bool seen[SLOTS] = { false };

	for (int f = 0; f < FAMILIES; f++)
		check_children(&roots[f], f, ROOT, seen);
	for (int i = 0; i < SLOTS; i++) {
		CHECK(slots[i].state == model[i].state);
		if (model[i].state != SLOT_LIVE) {
			CHECK(!slots[i].word && !slots[i].first && !slots[i].last && !slots[i].next && !slots[i].prev);
			continue;
		}
		check_children(&slots[i], model[i].family, i, seen);
		CHECK(slot_object(&slots[i]) == &objects[model[i].family] && slots[i].rights == model[i].rights);
		CHECK((slots[i].word & 1) == (objects[model[i].family].type == OBJECT_GATE && model[i].rights & RIGHT_USE));
	}
	for (int i = 0; i < SLOTS; i++)
		CHECK(seen[i] == (model[i].state == SLOT_LIVE));
}

static bool descends(int i, int from)
{
	for (int p = model[i].parent; p != ROOT; p = model[p].parent)
		if (p == from)
			return true;
	return false;
}

static void model_drop(int n)
{
	for (unsigned i = 0; model[n].state == SLOT_LIVE && i < SLOTS; i++)
		if (model[i].state == SLOT_LIVE && model[i].parent == n)
			model[i].parent = model[n].parent;
	model[n] = (struct model) { .state = SLOT_EMPTY };
}

static int random_slot(int state)
{
	for (unsigned tries = 0; tries < 1000; tries++) {
		int n = (int)unit_below(SLOTS);
		if (model[n].state == state)
			return n;
	}
	return NONE;
}

static void random_install(void)
{
	int n = random_slot(SLOT_EMPTY), family = (int)unit_below(FAMILIES);

	if (n == NONE)
		return;
	model[n] = (struct model) { SLOT_LIVE, family, ROOT, (unsigned)unit_below(4) };
	slot_install(&slots[n], &roots[family], &objects[family], model[n].rights);
}

static void random_copy(void)
{
	int from = random_slot(SLOT_LIVE), to = random_slot(SLOT_EMPTY);
	unsigned mask = (unsigned)unit_below(4);

	if (from == NONE || to == NONE)
		return;
	model[to] = (struct model) { SLOT_LIVE, model[from].family, from, model[from].rights & mask };
	slot_copy(&slots[from], &slots[to], mask);
}

static void random_move(void)
{
	int from = random_slot(unit_below(10) ? SLOT_LIVE : SLOT_DEAD), to = random_slot(SLOT_EMPTY);

	if (from == NONE || to == NONE)
		return;
	model[to] = model[from];
	for (unsigned i = 0; i < SLOTS; i++)
		if (model[i].state == SLOT_LIVE && model[i].parent == from)
			model[i].parent = to;
	model[from] = (struct model) { .state = SLOT_EMPTY };
	slot_move(&slots[from], &slots[to]);
}

static void random_drop(void)
{
	int n = (int)unit_below(SLOTS);

	model_drop(n);
	slot_drop(&slots[n]);
}

/* All copies go, at any distance, in slices; after each slice the tree is right, though the model cannot tell which went. */
static void random_revoke(void)
{
	int n = (int)unit_below(SLOTS);
	unsigned left = 0, max = 1 + (unsigned)unit_below(8);
	enum status status;

	for (unsigned i = 0; i < SLOTS; i++)
		left += model[n].state == SLOT_LIVE && model[i].state == SLOT_LIVE && descends((int)i, n);
	do {
		unsigned gone = 0;
		status = slot_revoke(&slots[n], max);
		for (int i = 0; i < SLOTS; i++) {
			if (model[i].state == SLOT_LIVE && slots[i].state == SLOT_EMPTY) {
				CHECK(descends(i, n));
				model_drop(i);
				gone++;
			}
		}
		CHECK(gone == (left < max ? left : max));
		left -= gone;
		check_all();
	} while (status == STATUS_AGAIN);
	CHECK(status == STATUS_OK && !left);
}

/* The object goes: its whole family is dead in the end. */
static void random_sweep(void)
{
	int family = (int)unit_below(FAMILIES);
	enum status status;

	objects[family].dead = 1;
	do {
		status = slot_sweep(&roots[family], 5);
		for (int i = 0; i < SLOTS; i++) {
			CHECK(slot_is_dead(&slots[i]) == (model[i].state == SLOT_DEAD || (model[i].state == SLOT_LIVE && model[i].family == family)));
			if (model[i].state == SLOT_LIVE && slots[i].state == SLOT_DEAD) {
				CHECK(model[i].family == family);
				model_drop(i);
				model[i].state = SLOT_DEAD;
			}
		}
		check_all();
	} while (status == STATUS_AGAIN);
	for (unsigned i = 0; i < SLOTS; i++)
		CHECK(model[i].state != SLOT_LIVE || model[i].family != family);
	objects[family].dead = 0;
}

START_TEST(random_operations_keep_the_tree_of_the_model)
{
	setup();
	for (unsigned round = 0; round < 6000; round++) {
		unsigned what = (unsigned)unit_below(1000);
		if (what < 100)
			random_install();
		else if (what < 700)
			random_copy();
		else if (what < 850)
			random_move();
		else if (what < 980)
			random_drop();
		else if (what < 997)
			random_revoke();
		else
			random_sweep();
		check_all();
	}
}
END_TEST

/* Every tree of five copies, by every choice of parents, with each slot dropped, moved, or revoked in it. */
START_TEST(small_trees_are_right_exhaustively)
{
	enum { N = 6 };

	for (unsigned shape = 0; shape < 1 * 2 * 3 * 4 * 5; shape++) {
		for (unsigned action = 0; action < 2 * N; action++) {
			setup();
			model[0] = (struct model) { SLOT_LIVE, 1, ROOT, RIGHTS_ALL };
			slot_install(&slots[0], &roots[1], &objects[1], RIGHTS_ALL);
			for (unsigned i = 1, rest = shape; i < N; rest /= i, i++) {
				model[i] = (struct model) { SLOT_LIVE, 1, (int)(rest % i), RIGHTS_ALL };
				slot_copy(&slots[rest % i], &slots[i], RIGHTS_ALL);
			}
			check_all();
			int n = (int)(action % N);
			if (action < N) {
				model_drop(n);
				slot_drop(&slots[n]);
			} else {
				model[N] = model[n];
				for (unsigned i = 0; i < N; i++)
					if (model[i].state == SLOT_LIVE && model[i].parent == n)
						model[i].parent = N;
				model[n] = (struct model) { .state = SLOT_EMPTY };
				slot_move(&slots[n], &slots[N]);
			}
			check_all();
		}
	}
}
END_TEST

START_TEST(an_empty_slot_is_nothing_to_revoke)
{
	setup();
	ck_assert_int_eq(slot_revoke(&slots[0], 1), STATUS_OK);
	slots[1].state = SLOT_DEAD;
	ck_assert_int_eq(slot_revoke(&slots[1], 1), STATUS_OK);
	ck_assert_int_eq(slot_sweep(&roots[0], 1), STATUS_OK);
}
END_TEST

START_TEST(misuse_is_caught)
{
	setup();
	slot_install(&slots[0], &roots[0], &objects[0], RIGHTS_ALL);
	CHECK_ASSERTS(slot_install(&slots[0], &roots[0], &objects[0], RIGHTS_ALL));
	CHECK_ASSERTS(slot_copy(&slots[1], &slots[2], RIGHTS_ALL));
	CHECK_ASSERTS(slot_move(&slots[0], &slots[0]));
	objects[0].dead = 1;
	CHECK_ASSERTS(slot_copy(&slots[0], &slots[1], RIGHTS_ALL));
	objects[0].dead = 0;
}
END_TEST

UNIT_MAIN(random_operations_keep_the_tree_of_the_model, small_trees_are_right_exhaustively, an_empty_slot_is_nothing_to_revoke,
          misuse_is_caught)
