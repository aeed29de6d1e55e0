/* SPDX-License-Identifier: MIT */
/* Capabilities in messages: granted with calls and replies, moved, missing, refused. */
#include "test.h"

enum { WINDOW = 40 };       /* slots of children for what they get */

static SHARED uint64_t got_kind[UTCB_CAPS], got_badge[UTCB_CAPS];
static SHARED uint64_t arrived;
static SHARED struct msg seen;

/* Takes capabilities into slots from WINDOW up and submits to each as a signal context. */
static void taker(uint64_t argument)
{
	for (unsigned i = 0; i < UTCB_CAPS; i++)
		utcb()->window[i] = slot(WINDOW + i);
	struct msg m = wait();
	for (;;) {
		arrived++;
		for (unsigned i = 0; i < caps_of(m); i++) {
			got_kind[i] = utcb()->got[i].kind;
			got_badge[i] = utcb()->got[i].badge;
			submit(slot(WINDOW + i));
		}
		m = reply_wait(caps_of(m));
	}
}

static struct child *taker_new(uint64_t *gate)
{
	struct child *c = child_run(taker, 10, 0);

	settle();
	*gate = child_give(&self, gate_new(c, 0));
	return c;
}

static struct msg send(uint64_t gate, unsigned caps)
{
	return sys(syscall_header(SYS_CALL, 0, caps, 0, 0), gate, 0, 0, 0, 0);
}

static uint64_t type_of(uint64_t selector) { return sys(SYS_CAP_INFO, selector, 0, 0, 0, 0).w[0]; }

TEST(a_call_grants_a_copy)
{
	uint64_t gate;

	taker_new(&gate);
	utcb()->send[0] = child_give(&self, signal_new(&self, 0x51));
	OK(status_of(send(gate, 1)));
	CHECK_IS(got_kind[0], GOT_SLOT);
	struct msg m = await();
	CHECK_IS(kind_of(m), MESSAGE_SIGNAL);
	CHECK_IS(m.badge, 0x51);
	CHECK_IS(type_of(utcb()->send[0]), CAP_SIGNAL);
}

static void asker(uint64_t gate)
{
	utcb()->window[0] = slot(WINDOW);
	seen = sys(syscall_header(SYS_CALL, 0, 0, 1, 0), gate, 0, 0, 0, 0);
	got_kind[0] = utcb()->got[0].kind;
	submit(slot(WINDOW));
}

TEST(a_reply_grants_a_copy)
{
	child_run(asker, 10, gate_new(&self, 0));
	await();
	utcb()->send[0] = child_give(&self, signal_new(&self, 0x52));
	sys(syscall_header(SYS_REPLY_WAIT, 0, 1, 0, 0) | flags(SYS_FLAG_NOBLOCK), 0, 0, 0, 0, 0);
	CHECK_IS(await().badge, 0x52);
	CHECK_IS(caps_of(seen), 1);
	CHECK_IS(got_kind[0], GOT_SLOT);
}

/* Calls with windows for more than it expects, as every server has them, by each way into the kernel. */
static void careful_asker(uint64_t gate)
{
	for (unsigned expect = 0; expect < 3; expect++) {
		for (unsigned i = 0; i < UTCB_CAPS; i++)
			utcb()->window[i] = slot(WINDOW + i);
		utcb()->send[0] = 0;
		seen = sys(syscall_header(SYS_CALL, 0, expect > 1, expect, 0), gate, 0, 0, 0, 0);
		for (unsigned i = 0; i < UTCB_CAPS; i++) {
			got_kind[i] = utcb()->got[i].kind;
			got_badge[i] = sys(SYS_CAP_INFO, slot(WINDOW + i), 0, 0, 0, 0).w[0];
		}
		arrived = expect + 1;
		call(gate, 1);
	}
}

static void check_no_more_than_expected(uint64_t reply_flags)
{
	uint64_t signal = child_give(&self, signal_new(&self, 0x52));

	child_run(careful_asker, 10, gate_new(&self, 0));
	for (unsigned expect = 0; expect < 3; expect++) {
		await();
		for (unsigned i = 0; i < UTCB_CAPS; i++)
			utcb()->send[i] = signal;
		sys(syscall_header(SYS_REPLY_WAIT, 0, UTCB_CAPS, 0, 0) | reply_flags, 0, 0, 0, 0, 0);
		if (reply_flags)
			await();
		CHECK_IS(arrived, expect + 1);
		CHECK_IS(caps_of(seen), UTCB_CAPS);
		for (unsigned i = 0; i < UTCB_CAPS; i++) {
			CHECK_IS(got_kind[i], i < expect ? GOT_SLOT : GOT_MISSING);
			CHECK_IS(got_badge[i], i < expect ? CAP_SIGNAL : CAP_NONE);
		}
		reply(0, 0);
	}
}

TEST(a_reply_fills_no_slots_that_were_not_offered) { check_no_more_than_expected(flags(SYS_FLAG_NOBLOCK)); }

TEST(a_fast_reply_fills_no_slots_that_were_not_offered) { check_no_more_than_expected(0); }

TEST(eight_capabilities_travel_at_once)
{
	uint64_t gate, sum = 0;

	taker_new(&gate);
	for (unsigned i = 0; i < UTCB_CAPS; i++)
		utcb()->send[i] = child_give(&self, signal_new(&self, 1UL << i));
	CHECK_IS(send(gate, UTCB_CAPS).w[0], UTCB_CAPS);
	for (unsigned i = 0; i < UTCB_CAPS; i++)
		sum += await().badge;
	CHECK_IS(sum, 255);
}

TEST(nine_capabilities_are_invalid)
{
	uint64_t gate;

	taker_new(&gate);
	CHECK_IS(status_of(send(gate, 9)), STATUS_INVALID);
	CHECK_IS(status_of(sys(syscall_header(SYS_CALL, 0, 0, 9, 0), gate, 0, 0, 0, 0)), STATUS_INVALID);
	CHECK_IS(status_of(sys(syscall_header(SYS_REPLY_WAIT, 0, 9, 0, 0), 0, 0, 0, 0, 0)), STATUS_INVALID);
	CHECK_IS(arrived, 0);
}

TEST(an_own_gate_arrives_as_its_badge_in_no_slot)
{
	uint64_t gate;
	struct child *c = taker_new(&gate);

	utcb()->send[0] = child_give(&self, gate_new(c, 0xb0b));
	OK(status_of(send(gate, 1)));
	CHECK_IS(got_kind[0], GOT_OWN);
	CHECK_IS(got_badge[0], 0xb0b);
	OK(op5(SYS_CAP_INSTALL, c->pd, slot(WINDOW), gate_new(&self, 0), RIGHTS_ALL, 0)); /* the slot is empty */
}

TEST(a_gate_of_another_thread_of_the_domain_is_own_too)
{
	uint64_t gate;
	struct child *c = taker_new(&gate), *other = child_beside(c, taker, 10);

	utcb()->send[0] = child_give(&self, gate_new(other, 0xcab));
	OK(status_of(send(gate, 1)));
	CHECK_IS(got_kind[0], GOT_OWN);
	CHECK_IS(got_badge[0], 0xcab);
}

TEST(a_move_empties_the_senders_slot)
{
	uint64_t gate, signal;

	taker_new(&gate);
	signal = child_give(&self, signal_new(&self, 0x53));
	utcb()->send[0] = signal | SEND_MOVE;
	OK(status_of(send(gate, 1)));
	CHECK_IS(await().badge, 0x53);
	CHECK_IS(type_of(signal), CAP_NONE);
}

TEST(without_a_window_the_message_arrives_and_the_capability_is_missing)
{
	uint64_t gate;
	struct child *c = taker_new(&gate);

	c->utcb->window[0] = 0;
	c->utcb->window[1] = 8 * PAGE_SIZE;
	utcb()->send[0] = utcb()->send[1] = child_give(&self, signal_new(&self, 0));
	CHECK_IS(send(gate, 2).w[0], 2);
	CHECK_IS(got_kind[0], GOT_MISSING);
	CHECK_IS(got_kind[1], GOT_MISSING);
	CHECK_IS(type_of(utcb()->send[0]), CAP_SIGNAL);
}

TEST(a_missing_window_does_not_move_the_capability_away)
{
	uint64_t gate, signal;

	taker_new(&gate)->utcb->window[0] = 0;
	signal = child_give(&self, signal_new(&self, 0));
	utcb()->send[0] = signal | SEND_MOVE;
	OK(status_of(send(gate, 1)));
	CHECK_IS(type_of(signal), CAP_SIGNAL);
}

TEST(who_expects_capabilities_without_windows_sends_nothing)
{
	uint64_t gate;

	taker_new(&gate);
	utcb()->window[0] = own_slot();
	CHECK_IS(status_of(sys(syscall_header(SYS_CALL, 0, 0, 2, 0), gate, 0, 0, 0, 0)), STATUS_OUT_OF_CAPS);
	CHECK_IS(arrived, 0);
	OK(status_of(sys(syscall_header(SYS_CALL, 0, 0, 1, 0), gate, 0, 0, 0, 0)));
	CHECK_IS(arrived, 1);
}

TEST(what_was_in_the_window_is_dropped)
{
	uint64_t gate;
	struct child *c = taker_new(&gate);
	uint64_t old = signal_new(&self, 1), fresh = signal_new(&self, 2);

	OK(op5(SYS_CAP_INSTALL, c->pd, slot(WINDOW), old, RIGHTS_ALL, 0));
	utcb()->send[0] = child_give(&self, fresh);
	OK(status_of(send(gate, 1)));
	CHECK_IS(await().badge, 2);
	unsigned slices;
	OK(destroy_counted(old, &slices));
	OK(status_of(send(gate, 1)));
	CHECK_IS(await().badge, 2);
}

/* What a server or core does for whoever shows a capability, only its user may ask for. */
TEST(a_capability_that_may_only_be_copied_proves_nothing)
{
	uint64_t gate, weak = own_slot();
	struct child *c = taker_new(&gate);

	OK(op3(SYS_CAP_COPY, child_give(&self, gate_new(c, 0xb0b)), weak, RIGHT_COPY));
	utcb()->send[0] = weak;
	OK(status_of(send(gate, 1)));
	CHECK_IS(got_kind[0], GOT_NULL);
	CHECK_IS(op1(SYS_CAP_OBJECT, weak), STATUS_BAD_CAP);
}

TEST(a_dead_capability_arrives_as_null)
{
	uint64_t gate, signal;

	taker_new(&gate);
	signal = signal_new(&self, 0);
	utcb()->send[0] = child_give(&self, signal);
	OK(destroy(signal));
	got_kind[0] = 99;
	CHECK_IS(send(gate, 1).w[0], 1);
	CHECK_IS(got_kind[0], GOT_NULL);
}

TEST(the_null_selector_sends_a_null_capability)
{
	uint64_t gate;

	taker_new(&gate);
	got_kind[0] = 99;
	utcb()->send[0] = 0;
	CHECK_IS(send(gate, 1).w[0], 1);
	CHECK_IS(got_kind[0], GOT_NULL);
}

TEST(an_empty_selector_cannot_be_sent)
{
	uint64_t gate;

	taker_new(&gate);
	utcb()->send[0] = own_slot();
	CHECK_IS(status_of(send(gate, 1)), STATUS_BAD_CAP);
	utcb()->send[0] = 8 * PAGE_SIZE;
	CHECK_IS(status_of(send(gate, 1)), STATUS_BAD_CAP);
	CHECK_IS(arrived, 0);
}

TEST(a_capability_without_the_right_to_copy_cannot_be_sent)
{
	uint64_t gate, weak = own_slot();

	taker_new(&gate);
	OK(op3(SYS_CAP_COPY, child_give(&self, signal_new(&self, 0)), weak, RIGHT_USE));
	utcb()->send[0] = weak;
	CHECK_IS(status_of(send(gate, 1)), STATUS_BAD_CAP);
	CHECK_IS(arrived, 0);
}

TEST(a_capability_in_a_reply_that_may_not_be_copied_arrives_as_null)
{
	uint64_t weak = own_slot();

	child_run(asker, 10, gate_new(&self, 0));
	await();
	OK(op3(SYS_CAP_COPY, child_give(&self, signal_new(&self, 0)), weak, RIGHT_USE));
	utcb()->send[0] = weak;
	sys(syscall_header(SYS_REPLY_WAIT, 0, 1, 0, 0) | flags(SYS_FLAG_NOBLOCK), 0, 0, 0, 0, 0);
	settle();
	CHECK_IS(caps_of(seen), 1);
	CHECK_IS(got_kind[0], GOT_NULL);
}

TEST(what_was_granted_goes_when_the_sender_revokes)
{
	uint64_t gate;

	taker_new(&gate);
	utcb()->send[0] = child_give(&self, signal_new(&self, 1));
	OK(status_of(send(gate, 1)));
	await();
	OK(op1(SYS_CAP_REVOKE, utcb()->send[0]));
	OK(status_of(send(gate, 0)));
	submit(utcb()->send[0]);
	CHECK_IS(await().w[0], 1);                 /* the child's is gone, the sender's works */
	CHECK_IS(status_of(poll()), STATUS_TIMEOUT);
}

TEST(what_was_moved_keeps_its_place_in_the_family)
{
	uint64_t gate, root, copy = own_slot();
	struct child *c = taker_new(&gate);

	root = child_give(&self, signal_new(&self, 1));
	OK(cap_copy(root, copy));
	utcb()->send[0] = copy | SEND_MOVE;
	OK(status_of(send(gate, 1)));
	await();
	CHECK_IS(op5(SYS_CAP_INSTALL, c->pd, slot(WINDOW), gate_new(&self, 0), RIGHTS_ALL, 0), STATUS_EXISTS);
	OK(op1(SYS_CAP_REVOKE, root));
	OK(op5(SYS_CAP_INSTALL, c->pd, slot(WINDOW), gate_new(&self, 0), RIGHTS_ALL, 0));
}

TEST(core_sends_its_objects_by_address)
{
	uint64_t gate, signal;

	taker_new(&gate);
	signal = signal_new(&self, 0x54);
	utcb()->send[0] = signal | SEND_OBJECT;
	utcb()->send[1] = gate_new(&self, 0) | SEND_OBJECT;
	OK(destroy(utcb()->send[1] & ~3UL));
	OK(status_of(send(gate, 2)));
	CHECK_IS(await().badge, 0x54);
	CHECK_IS(got_kind[1], GOT_NULL);
}

static void sender_of_an_address(uint64_t gate)
{
	utcb()->send[0] = arrived | SEND_OBJECT;
	seen = send(gate, 1);
}

TEST(nobody_else_sends_objects_by_address)
{
	arrived = signal_new(&self, 0);
	child_run(sender_of_an_address, 10, gate_new(&self, 0));
	settle();
	CHECK_IS(status_of(seen), STATUS_BAD_CAP);
}

static SHARED uint64_t full;

/* Fills its table, then asks for one more capability, with a slot and without. */
static void hoarder(uint64_t gate)
{
	unsigned n = 2;

	while (cap_copy(gate, slot(n)) == STATUS_OK)
		n++;
	full = n;
	utcb()->window[0] = slot(n);
	seen = sys(syscall_header(SYS_CALL, 0, 0, 1, 0), gate, 0, 0, 0, 0);
}

TEST(a_full_table_is_told_to_its_owner_and_no_message_is_lost)
{
	child_run(hoarder, 10, gate_new(&self, 0));
	settle();
	CHECK_IS(full, SLOTS_PER_FRAME);
	CHECK_IS(status_of(seen), STATUS_OUT_OF_CAPS);
}
