/* SPDX-License-Identifier: MIT */
/* The capability table and the family tree: copy, move, drop, revoke, and what is left when the object goes. */
#include "test.h"

static struct msg info_of(uint64_t selector, uint64_t other) { return sys(SYS_CAP_INFO, selector, other, 0, 0, 0); }
static uint64_t type_of(uint64_t selector)                   { return info_of(selector, 0).w[0]; }

/* A capability for a signal context of the test. */
static uint64_t signal_cap(uint64_t badge) { return child_give(&self, signal_new(&self, badge)); }

static uint64_t copied(uint64_t from)
{
	uint64_t copy = own_slot();

	OK(cap_copy(from, copy));
	return copy;
}

TEST(a_copy_works_like_the_original)
{
	uint64_t copy = copied(signal_cap(0x77));

	OK(submit(copy));
	CHECK_IS(await().badge, 0x77);
}

TEST(nothing_can_be_copied_onto_something)
{
	uint64_t a = signal_cap(1), b = signal_cap(2);

	CHECK_IS(cap_copy(a, b), STATUS_EXISTS);
	CHECK_IS(cap_copy(a, a), STATUS_EXISTS);
	CHECK_IS(op2(SYS_CAP_MOVE, a, b), STATUS_EXISTS);
	CHECK_IS(op2(SYS_CAP_MOVE, a, a), STATUS_EXISTS);
	OK(submit(b));
	CHECK_IS(await().badge, 2);
}

TEST(an_empty_slot_cannot_be_copied_or_moved)
{
	uint64_t empty = own_slot();

	CHECK_IS(cap_copy(empty, own_slot()), STATUS_BAD_CAP);
	CHECK_IS(op2(SYS_CAP_MOVE, empty, own_slot()), STATUS_BAD_CAP);
	CHECK_IS(cap_copy(NO_CAP, own_slot()), STATUS_BAD_CAP);
}

TEST(selectors_beyond_the_table_name_nothing)
{
	uint64_t cap = signal_cap(0), beyond[] = { NO_CAP, slot(SLOTS_PER_FRAME), PD_NEAR_FRAMES * PAGE_SIZE, PD_CAP_FRAMES * PAGE_SIZE, 1UL << 32, 1UL << 63, ~0UL };

	for (unsigned i = 0; i < ARRAY_SIZE(beyond); i++) {
		CHECK_IS(cap_copy(cap, beyond[i]), STATUS_BAD_CAP);
		CHECK_IS(cap_copy(beyond[i], own_slot()), STATUS_BAD_CAP);
		CHECK_IS(op2(SYS_CAP_MOVE, cap, beyond[i]), STATUS_BAD_CAP);
		CHECK_IS(cap_drop(beyond[i]), STATUS_BAD_CAP);
		CHECK_IS(op1(SYS_CAP_REVOKE, beyond[i]), STATUS_BAD_CAP);
		CHECK_IS(op1(SYS_CAP_INFO, beyond[i]), STATUS_BAD_CAP);
		CHECK_IS(submit(beyond[i]), STATUS_BAD_CAP);
	}
}

TEST(rights_only_shrink)
{
	uint64_t cap = signal_cap(0), use = own_slot(), copy = own_slot(), both = own_slot();

	OK(op3(SYS_CAP_COPY, cap, use, RIGHT_USE));
	CHECK_IS(info_of(use, 0).w[1], RIGHT_USE);
	OK(op3(SYS_CAP_COPY, cap, copy, RIGHT_COPY));
	OK(op3(SYS_CAP_COPY, copy, both, ~0UL));
	CHECK_IS(info_of(both, 0).w[1], RIGHT_COPY);
	CHECK_IS(submit(both), STATUS_BAD_CAP);
	OK(submit(use));
	await();
}

TEST(without_the_right_to_copy_a_copy_is_denied)
{
	uint64_t weak = own_slot(), none = own_slot(), target = own_slot();

	OK(op3(SYS_CAP_COPY, signal_cap(0), weak, RIGHT_USE));
	OK(op3(SYS_CAP_COPY, signal_cap(0), none, 0));
	CHECK_IS(cap_copy(weak, target), STATUS_DENIED);
	CHECK_IS(cap_copy(none, target), STATUS_DENIED);
	CHECK_IS(type_of(target), CAP_NONE);
}

TEST(a_move_leaves_the_old_slot_empty_and_keeps_the_rights)
{
	uint64_t weak = own_slot(), target = own_slot();

	OK(op3(SYS_CAP_COPY, signal_cap(6), weak, RIGHT_USE));
	OK(op2(SYS_CAP_MOVE, weak, target));
	CHECK_IS(type_of(weak), CAP_NONE);
	CHECK_IS(info_of(target, 0).w[1], RIGHT_USE);
	OK(submit(target));
	CHECK_IS(await().badge, 6);
}

TEST(a_dropped_slot_is_empty_and_dropping_again_is_fine)
{
	uint64_t cap = signal_cap(0);

	OK(cap_drop(cap));
	OK(cap_drop(cap));
	CHECK_IS(type_of(cap), CAP_NONE);
	CHECK_IS(submit(cap), STATUS_BAD_CAP);
}

TEST(cap_info_tells_type_rights_and_sameness)
{
	uint64_t signal = signal_cap(0), gate = child_give(&self, gate_new(&self, 0x99)), copy = copied(gate);

	CHECK_IS(type_of(signal), CAP_SIGNAL);
	CHECK_IS(type_of(gate), CAP_GATE);
	CHECK_IS(info_of(gate, 0).w[1], RIGHTS_ALL);
	CHECK_IS(info_of(gate, copy).w[2], 1);
	CHECK_IS(info_of(gate, signal).w[2], 0);
	CHECK_IS(info_of(gate, own_slot()).w[2], 0);
	CHECK_IS(info_of(gate, ~0UL).w[2], 0);
}

static SHARED struct msg seen;
static SHARED uint64_t count;

static void looks_at(uint64_t selector)
{
	seen = info_of(selector, 0);
}

TEST(the_badge_of_a_gate_is_told_to_its_server_alone)
{
	uint64_t gate = gate_new(&self, 0x99);

	CHECK_IS(info_of(child_give(&self, gate), 0).badge, 0x99);
	seen.badge = 1;
	child_run(looks_at, 10, gate);
	settle();
	CHECK_IS(seen.badge, 0);
	CHECK_IS(seen.w[0], CAP_GATE);
}

TEST(revoke_reaches_copies_at_any_distance)
{
	uint64_t root = signal_cap(3), chain[40], wide[40];

	for (unsigned i = 0; i < ARRAY_SIZE(chain); i++) {
		chain[i] = copied(i ? chain[i - 1] : root);
		wide[i] = copied(chain[i / 2]);
	}
	while (op1(SYS_CAP_REVOKE, root) == STATUS_AGAIN)
		;
	for (unsigned i = 0; i < ARRAY_SIZE(chain); i++) {
		CHECK_IS(type_of(chain[i]), CAP_NONE);
		CHECK_IS(type_of(wide[i]), CAP_NONE);
	}
	OK(submit(root));
	CHECK_IS(await().badge, 3);
}

TEST(revoke_reaches_nothing_above_or_beside)
{
	uint64_t root = signal_cap(3), middle = copied(root), beside = copied(root), below = copied(middle), other = signal_cap(4);

	OK(op1(SYS_CAP_REVOKE, middle));
	CHECK_IS(type_of(below), CAP_NONE);
	CHECK_IS(type_of(middle), CAP_SIGNAL);
	CHECK_IS(type_of(beside), CAP_SIGNAL);
	CHECK_IS(type_of(root), CAP_SIGNAL);
	CHECK_IS(type_of(other), CAP_SIGNAL);
}

TEST(copies_of_a_dropped_copy_are_those_of_its_parent)
{
	uint64_t root = signal_cap(3), middle = copied(root), first = copied(middle), second = copied(middle), beside = copied(root);

	OK(cap_drop(middle));
	OK(submit(first));
	await();
	OK(op1(SYS_CAP_REVOKE, root));
	CHECK_IS(type_of(first), CAP_NONE);
	CHECK_IS(type_of(second), CAP_NONE);
	CHECK_IS(type_of(beside), CAP_NONE);
}

TEST(copies_of_a_dropped_first_capability_live_on)
{
	uint64_t signal = signal_new(&self, 3), root = child_give(&self, signal), copy = copied(root);

	OK(cap_drop(root));
	OK(submit(copy));
	await();
	OK(destroy(signal));
	CHECK_IS(submit(copy), STATUS_PEER_GONE);
}

TEST(a_moved_slot_keeps_its_copies_and_its_parent)
{
	uint64_t root = signal_cap(3), middle = copied(root), leaf = copied(middle), target = own_slot();

	OK(op2(SYS_CAP_MOVE, middle, target));
	OK(op1(SYS_CAP_REVOKE, target));
	CHECK_IS(type_of(leaf), CAP_NONE);
	leaf = copied(target);
	OK(op1(SYS_CAP_REVOKE, root));
	CHECK_IS(type_of(target), CAP_NONE);
	CHECK_IS(type_of(leaf), CAP_NONE);
}

/* Fills its whole table with copies, each made from the one before. */
static void copier(uint64_t selector)
{
	while (cap_copy(selector, selector + SLOT_SIZE) == STATUS_OK) {
		selector += SLOT_SIZE;
		count++;
	}
}

TEST(ten_thousand_copies_are_revoked_in_slices)
{
	uint64_t root = signal_cap(3), slices = 1;
	struct child *c = NULL;

	for (unsigned i = 0; i < 10; i++) {
		c = child_new(copier, 10);
		for (unsigned frames = 1; frames < PD_NEAR_FRAMES; frames++)
			OK(op3(SYS_PD_GROW, c->pd, frame(), FRAME_CAPS));
		OK(op3(SYS_CAP_GIVE, root, c->pd, slot(1)));
		child_start(c, slot(1));
		settle();
	}
	count += 10;
	CHECK(count > 10000);
	for (; op1(SYS_CAP_REVOKE, root) == STATUS_AGAIN; slices++)
		CHECK(slices < count);
	CHECK(slices >= count / 64 && slices <= count / 16);
	OK(submit(root));
	await();
	OK(op5(SYS_CAP_INSTALL, c->pd, slot(1), gate_new(&self, 0), RIGHTS_ALL, 0));
	OK(op5(SYS_CAP_INSTALL, c->pd, slot(1000), gate_new(&self, 0), RIGHTS_ALL, 0));
}

TEST(the_table_grows_to_eight_frames)
{
	struct child *c = child_new(looks_at, 10);
	uint64_t gate = gate_new(&self, 0);

	CHECK_IS(op5(SYS_CAP_INSTALL, c->pd, PAGE_SIZE, gate, RIGHTS_ALL, 0), STATUS_INVALID);
	for (unsigned frames = 1; frames < PD_NEAR_FRAMES; frames++)
		OK(op3(SYS_PD_GROW, c->pd, frame(), FRAME_CAPS));
	CHECK_IS(op3(SYS_PD_GROW, c->pd, frame(), FRAME_CAPS), STATUS_OVERFLOW);
	OK(op5(SYS_CAP_INSTALL, c->pd, PAGE_SIZE, gate, RIGHTS_ALL, 0));
	OK(op5(SYS_CAP_INSTALL, c->pd, PD_NEAR_FRAMES * PAGE_SIZE - SLOT_SIZE, gate, RIGHTS_ALL, 0));
	CHECK_IS(op5(SYS_CAP_INSTALL, c->pd, PD_NEAR_FRAMES * PAGE_SIZE, gate, RIGHTS_ALL, 0), STATUS_INVALID);
}

/* Gives a domain the largest table that there is. */
static void grow_far(uint64_t pd)
{
	for (unsigned frames = 1; frames < PD_NEAR_FRAMES; frames++)
		OK(op3(SYS_PD_GROW, pd, frame(), FRAME_CAPS));
	OK(op3(SYS_PD_GROW, pd, frame(), FRAME_LIST));
	for (unsigned frames = PD_NEAR_FRAMES; frames < PD_CAP_FRAMES; frames++)
		OK(op3(SYS_PD_GROW, pd, frame(), FRAME_CAPS));
}

#define FAR_FIRST (PD_NEAR_FRAMES * PAGE_SIZE)
#define FAR_LAST  (PD_CAP_FRAMES * PAGE_SIZE - SLOT_SIZE)

TEST(the_table_grows_beyond_with_a_list_of_its_frames)
{
	struct child *c = child_new(looks_at, 10);
	uint64_t gate = gate_new(&self, 0);

	grow_far(c->pd);
	CHECK_IS(op3(SYS_PD_GROW, c->pd, frame(), FRAME_CAPS), STATUS_OVERFLOW);
	CHECK_IS(op3(SYS_PD_GROW, c->pd, frame(), FRAME_LIST), STATUS_INVALID);
	OK(op5(SYS_CAP_INSTALL, c->pd, FAR_FIRST, gate, RIGHTS_ALL, 0));
	OK(op5(SYS_CAP_INSTALL, c->pd, FAR_LAST, gate, RIGHTS_ALL, 0));
	CHECK_IS(op5(SYS_CAP_INSTALL, c->pd, FAR_LAST, gate, RIGHTS_ALL, 0), STATUS_EXISTS);
	CHECK_IS(op5(SYS_CAP_INSTALL, c->pd, PD_CAP_FRAMES * PAGE_SIZE, gate, RIGHTS_ALL, 0), STATUS_INVALID);
}

static void calls_far(uint64_t selector)
{
	EXPECT(cap_copy(selector, FAR_FIRST) == STATUS_OK && cap_copy(selector, FAR_LAST) == STATUS_OK);
	EXPECT(status_of(call(FAR_FIRST, 5)) == STATUS_OK);
	EXPECT(status_of(call(FAR_LAST, 6)) == STATUS_OK);
	EXPECT(status_of(call(FAR_FIRST + SLOT_SIZE, 7)) == STATUS_BAD_CAP);
	EXPECT(status_of(call(PD_CAP_FRAMES * PAGE_SIZE, 7)) == STATUS_BAD_CAP);
	EXPECT(cap_drop(FAR_LAST) == STATUS_OK);
	EXPECT(status_of(call(FAR_LAST, 7)) == STATUS_BAD_CAP);
	call(selector, 8);
}

TEST(far_capabilities_can_be_called)
{
	struct child *c = child_new(calls_far, 10);
	uint64_t gate = gate_new(&self, 0x9a7e);

	grow_far(c->pd);
	child_start(c, child_give(c, gate));
	struct msg m = await();
	for (unsigned word = 5; word < 8; word++) {
		CHECK(m.badge == 0x9a7e && m.w[0] == (word < 7 ? word : 8));
		m = word < 7 ? reply_wait(0) : m;
	}
}

TEST(far_capabilities_are_revoked_and_go_with_their_domain)
{
	struct child *c = child_new(looks_at, 10), *other = child_new(looks_at, 10);
	uint64_t root = signal_cap(3);

	grow_far(c->pd);
	grow_far(other->pd);
	OK(op3(SYS_CAP_GIVE, root, c->pd, FAR_LAST));
	OK(op3(SYS_CAP_GIVE, root, other->pd, FAR_FIRST));
	kill_child(other);
	OK(destroy(other->pd));
	CHECK_IS(op5(SYS_CAP_INSTALL, c->pd, FAR_LAST, gate_new(&self, 0), RIGHTS_ALL, 0), STATUS_EXISTS);
	OK(op1(SYS_CAP_REVOKE, root));
	OK(op5(SYS_CAP_INSTALL, c->pd, FAR_LAST, gate_new(&self, 0), RIGHTS_ALL, 0));
	OK(submit(root));
	CHECK_IS(await().badge, 3);
}

TEST(a_destroyed_object_is_gone_for_every_copy_at_once)
{
	uint64_t signal = signal_new(&self, 0), root = child_give(&self, signal), copies[100];

	for (unsigned i = 0; i < ARRAY_SIZE(copies); i++)
		copies[i] = copied(i % 3 ? copies[i - 1] : root);
	CHECK_IS(op1(SYS_DESTROY, signal), STATUS_AGAIN);
	for (unsigned i = 0; i < ARRAY_SIZE(copies); i++)
		CHECK_IS(submit(copies[i]), STATUS_PEER_GONE);
	OK(destroy(signal));
	for (unsigned i = 0; i < ARRAY_SIZE(copies); i++)
		CHECK_IS(submit(copies[i]), STATUS_PEER_GONE);
}

/* A signal context that has begun to go, with a slot that no slice has reached yet. */
static uint64_t dying_cap(uint64_t *signal)
{
	*signal = signal_new(&self, 0);
	uint64_t cap = child_give(&self, *signal);
	for (unsigned i = 0; i < 70; i++)
		copied(cap);
	CHECK_IS(op1(SYS_DESTROY, *signal), STATUS_AGAIN);
	return slot(self.next_slot - 1);
}

TEST(a_dying_capability_cannot_be_copied)
{
	uint64_t signal, cap = dying_cap(&signal);

	CHECK_IS(cap_copy(cap, own_slot()), STATUS_PEER_GONE);
	OK(destroy(signal));
}

TEST(a_dying_capability_is_told_as_gone)
{
	uint64_t signal, cap = dying_cap(&signal);

	CHECK_IS(op1(SYS_CAP_INFO, cap), STATUS_PEER_GONE);
	CHECK_IS(op1(SYS_CAP_OBJECT, cap), STATUS_PEER_GONE);
	OK(destroy(signal));
}

static void receiver(uint64_t argument)
{
	utcb()->window[0] = slot(50);
	wait();
	for (;;)
		reply_wait(utcb()->got[0].kind);
}

TEST(a_dying_capability_arrives_as_null)
{
	struct child *c = child_run(receiver, 10, 0);

	settle();
	uint64_t signal, gate = child_give(&self, gate_new(c, 0)), cap = dying_cap(&signal);
	utcb()->send[0] = cap;
	struct msg m = sys(syscall_header(SYS_CALL, 0, 1, 0, 0), gate, 0, 0, 0, 0);
	CHECK_IS(status_of(m), STATUS_OK);
	CHECK_IS(m.w[0], GOT_NULL);
	OK(destroy(signal));
}

TEST(a_dying_capability_can_be_moved_and_dropped)
{
	uint64_t signal, cap = dying_cap(&signal), target = own_slot();

	OK(op2(SYS_CAP_MOVE, cap, target));
	OK(cap_drop(slot(self.next_slot - 3)));
	OK(destroy(signal));
	CHECK_IS(submit(target), STATUS_PEER_GONE);
}

TEST(a_dead_slot_keeps_its_place_until_it_is_dropped)
{
	uint64_t signal = signal_new(&self, 0), cap = child_give(&self, signal), target = own_slot();

	OK(destroy(signal));
	CHECK_IS(op5(SYS_CAP_INSTALL, self.pd, cap, gate_new(&self, 0), RIGHTS_ALL, 0), STATUS_EXISTS);
	CHECK_IS(op1(SYS_CAP_INFO, cap), STATUS_PEER_GONE);
	CHECK_IS(cap_copy(cap, target), STATUS_PEER_GONE);
	OK(op1(SYS_CAP_REVOKE, cap));
	OK(op2(SYS_CAP_MOVE, cap, target));
	CHECK_IS(submit(target), STATUS_PEER_GONE);
	OK(cap_drop(target));
	CHECK_IS(type_of(target), CAP_NONE);
}

TEST(a_new_object_in_an_old_place_is_not_reached_by_old_capabilities)
{
	uint64_t signal = signal_new(&self, 1), cap = child_give(&self, signal);

	OK(destroy(signal));
	OK(op3(SYS_SIGNAL_CREATE, signal, self.thread, 2));
	CHECK_IS(submit(cap), STATUS_PEER_GONE);
}

TEST(freed_slots_do_not_reveal_their_last_owner)
{
	uint64_t pd = place(PD_GRANULES), caps = frame(), top = frame(), *words = at(caps);

	OK(op3(SYS_PD_CREATE, pd, caps, top));
	for (unsigned n = 1; n < SLOTS_PER_FRAME; n++)
		OK(op5(SYS_CAP_INSTALL, pd, slot(n), gate_new(&self, n), RIGHTS_ALL, 0));
	OK(destroy(pd));
	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*words); i++)
		CHECK_IS(words[i], 0);
}

TEST(core_gives_copies_to_any_domain)
{
	struct child *c = child_new(looks_at, 10);
	uint64_t signal = signal_cap(5), weak = own_slot();

	OK(op3(SYS_CAP_GIVE, signal, c->pd, slot(1)));
	CHECK_IS(op3(SYS_CAP_GIVE, signal, c->pd, slot(1)), STATUS_EXISTS);
	CHECK_IS(op3(SYS_CAP_GIVE, own_slot(), c->pd, slot(2)), STATUS_BAD_CAP);
	CHECK_IS(op3(SYS_CAP_GIVE, signal, signal_new(&self, 0), slot(2)), STATUS_INVALID);
	OK(op3(SYS_CAP_COPY, signal, weak, RIGHT_USE));
	CHECK_IS(op3(SYS_CAP_GIVE, weak, c->pd, slot(2)), STATUS_DENIED);
	child_start(c, slot(1));
	settle();
	CHECK_IS(seen.w[0], CAP_SIGNAL);
}

TEST(core_is_told_which_object_a_capability_names)
{
	uint64_t signal = signal_new(&self, 0), gate = gate_new(&self, 0);
	struct msg m = sys(SYS_CAP_OBJECT, child_give(&self, signal), 0, 0, 0, 0);

	CHECK(m.badge == signal && m.w[0] == CAP_SIGNAL);
	m = sys(SYS_CAP_OBJECT, child_give(&self, gate), 0, 0, 0, 0);
	CHECK(m.badge == gate && m.w[0] == CAP_GATE);
	CHECK_IS(op1(SYS_CAP_OBJECT, own_slot()), STATUS_BAD_CAP);
}

TEST(only_gates_signal_contexts_and_irqs_can_be_named)
{
	struct child *c = child_new(looks_at, 10);

	CHECK_IS(op5(SYS_CAP_INSTALL, c->pd, slot(1), c->thread, RIGHTS_ALL, 0), STATUS_INVALID);
	CHECK_IS(op5(SYS_CAP_INSTALL, c->pd, slot(1), c->pd, RIGHTS_ALL, 0), STATUS_INVALID);
	CHECK_IS(op5(SYS_CAP_INSTALL, c->thread, slot(1), gate_new(c, 0), RIGHTS_ALL, 0), STATUS_INVALID);
}

TEST(an_installed_capability_has_no_more_rights_than_there_are)
{
	uint64_t cap = own_slot();

	OK(op5(SYS_CAP_INSTALL, self.pd, cap, signal_new(&self, 0), ~0UL, 0));
	CHECK_IS(info_of(cap, 0).w[1], RIGHTS_ALL);
}
