/* SPDX-License-Identifier: MIT */
/* Object frames, and the making and unmaking of objects: a slip of core is a status and changes nothing. */
#include "test.h"

static void sleeper(uint64_t argument) {}

static uint64_t object_frame(void)
{
	uint64_t f = frame();

	OK(op1(SYS_FRAME_GIVE, f));
	return f;
}

static void check_zero(uint64_t phys, unsigned size)
{
	uint64_t const *word = at(phys);

	for (unsigned i = 0; i < size / sizeof(*word); i++)
		CHECK_IS(word[i], 0);
}

TEST(a_given_frame_is_zeroed_whatever_was_in_it)
{
	uint64_t f = frame();

	memset(at(f), 0x5a, PAGE_SIZE);
	OK(op1(SYS_FRAME_GIVE, f));
	check_zero(f + GRANULE, PAGE_SIZE - GRANULE);
	OK(op1(SYS_FRAME_TAKE, f));
	check_zero(f, PAGE_SIZE);
}

TEST(a_frame_is_given_even_if_its_last_user_made_it_look_like_an_object_frame)
{
	uint64_t f = object_frame(), forged = frame();

	memcpy(at(forged), at(f), PAGE_SIZE);
	OK(op1(SYS_FRAME_GIVE, forged));
	OK(op1(SYS_FRAME_TAKE, forged));
	OK(op1(SYS_FRAME_TAKE, f));
}

TEST(a_frame_is_taken_once)
{
	uint64_t f = object_frame();

	OK(op1(SYS_FRAME_TAKE, f));
	CHECK_IS(op1(SYS_FRAME_TAKE, f), STATUS_INVALID);
}

TEST(frames_begin_on_page_boundaries)
{
	uint64_t f = object_frame();

	CHECK_IS(op1(SYS_FRAME_GIVE, f + 64), STATUS_INVALID);
	CHECK_IS(op1(SYS_FRAME_GIVE, f + 1), STATUS_INVALID);
	CHECK_IS(op1(SYS_FRAME_TAKE, f + 64), STATUS_INVALID);
	OK(op1(SYS_FRAME_TAKE, f));
}

TEST(a_frame_in_use_is_not_taken)
{
	uint64_t f = object_frame();

	OK(op3(SYS_GATE_CREATE, f + 63 * GRANULE, self.thread, 0));
	CHECK_IS(op1(SYS_FRAME_TAKE, f), STATUS_BUSY);
	OK(op1(SYS_DESTROY, f + 63 * GRANULE));
	OK(op1(SYS_FRAME_TAKE, f));
}

TEST(granules_are_used_once)
{
	struct child *c = child_new(sleeper, 1);
	uint64_t f = object_frame();

	OK(op3(SYS_GATE_CREATE, f + 10 * GRANULE, self.thread, 0));
	CHECK_IS(op3(SYS_GATE_CREATE, f + 10 * GRANULE, self.thread, 0), STATUS_INVALID);
	for (unsigned first = 3; first <= 10; first++)
		CHECK_IS(op5(SYS_THREAD_CREATE, f + first * GRANULE, c->pd, frame(), 0x1000, 0x1000), STATUS_INVALID);
	OK(op5(SYS_THREAD_CREATE, f + 2 * GRANULE, c->pd, frame(), 0x1000, 0x1000));
	OK(op5(SYS_THREAD_CREATE, f + 11 * GRANULE, c->pd, frame(), 0x1000, 0x1000));
	CHECK_IS(op3(SYS_PD_CREATE, f + 18 * GRANULE, frame(), frame()), STATUS_INVALID);
	OK(op3(SYS_PD_CREATE, f + 19 * GRANULE, frame(), frame()));
	OK(destroy(f + 2 * GRANULE));
	OK(destroy(f + 11 * GRANULE));
	OK(destroy(f + 10 * GRANULE));
	OK(destroy(f + 19 * GRANULE));
	OK(op1(SYS_FRAME_TAKE, f));
}

TEST(objects_lie_within_their_frame)
{
	struct child *c = child_new(sleeper, 1);
	uint64_t f = object_frame();

	CHECK_IS(op3(SYS_GATE_CREATE, f, self.thread, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_GATE_CREATE, f + 32, self.thread, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_GATE_CREATE, f + 65, self.thread, 0), STATUS_INVALID);
	CHECK_IS(op5(SYS_THREAD_CREATE, f + 57 * GRANULE, c->pd, frame(), 0x1000, 0x1000), STATUS_INVALID);
	CHECK_IS(op3(SYS_PD_CREATE, f + 62 * GRANULE, frame(), frame()), STATUS_INVALID);
	OK(op1(SYS_FRAME_TAKE, f));
}

TEST(objects_lie_in_object_frames_alone)
{
	uint64_t f = frame();

	CHECK_IS(op3(SYS_GATE_CREATE, f + GRANULE, self.thread, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_SIGNAL_CREATE, f + GRANULE, self.thread, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_PD_CREATE, f + GRANULE, frame(), frame()), STATUS_INVALID);
	CHECK_IS(op1(SYS_DESTROY, f + GRANULE), STATUS_INVALID);
	check_zero(f, PAGE_SIZE);
}

TEST(gates_and_signal_contexts_belong_to_a_thread)
{
	uint64_t where = place(1), other = gate_new(&self, 0);

	CHECK_IS(op3(SYS_GATE_CREATE, where, other, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_GATE_CREATE, where, self.pd, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_GATE_CREATE, where, self.thread + GRANULE, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_SIGNAL_CREATE, where, other, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_SIGNAL_CREATE, where, 0, 0), STATUS_INVALID);
	check_zero(where, GRANULE);
}

TEST(a_thread_needs_a_domain_a_utcb_and_user_addresses)
{
	struct child *c = child_new(sleeper, 1);
	uint64_t where = place(THREAD_GRANULES), u = frame();

	CHECK_IS(op5(SYS_THREAD_CREATE, where, c->thread, u, 0x1000, 0x1000), STATUS_INVALID);
	CHECK_IS(op5(SYS_THREAD_CREATE, where, c->pd, 0, 0x1000, 0x1000), STATUS_INVALID);
	CHECK_IS(op5(SYS_THREAD_CREATE, where, c->pd, u + 1024, 0x1000, 0x1000), STATUS_INVALID);
	CHECK_IS(op5(SYS_THREAD_CREATE, where, c->pd, u, 0x7ffffffff000, 0x1000), STATUS_INVALID);
	CHECK_IS(op5(SYS_THREAD_CREATE, where, c->pd, u, 0xffffffff80000000, 0x1000), STATUS_INVALID);
	CHECK_IS(op5(SYS_THREAD_CREATE, where, c->pd, u, 0x1000, 0xffff800000000000), STATUS_INVALID);
	CHECK_IS(op5(SYS_THREAD_CREATE, where, c->pd, u, 0x1000, 0x0000800000000000), STATUS_INVALID);
	check_zero(where, THREAD_GRANULES * GRANULE);
	OK(op5(SYS_THREAD_CREATE, where, c->pd, u + UTCB_SIZE, 0x7fffffffefff, 0x7fffffffefff));
	OK(destroy(where));
}

TEST(a_domain_needs_two_frames)
{
	uint64_t where = place(PD_GRANULES), f = frame();

	CHECK_IS(op3(SYS_PD_CREATE, where, f, f), STATUS_INVALID);
	CHECK_IS(op3(SYS_PD_CREATE, where, 0, f), STATUS_INVALID);
	CHECK_IS(op3(SYS_PD_CREATE, where, f, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_PD_CREATE, where, f + 8, frame()), STATUS_INVALID);
	CHECK_IS(op3(SYS_PD_CREATE, where, f, frame() + 8), STATUS_INVALID);
	check_zero(where, PD_GRANULES * GRANULE);
	OK(op3(SYS_PD_CREATE, where, f, frame()));
	CHECK_IS(op3(SYS_PD_GROW, where, f + 8, FRAME_TABLE), STATUS_INVALID);
	CHECK_IS(op3(SYS_PD_GROW, where, 0, FRAME_CAPS), STATUS_INVALID);
	CHECK_IS(op3(SYS_PD_GROW, where, frame(), FRAME_LIST + 1), STATUS_INVALID);
	CHECK_IS(op3(SYS_PD_GROW, where + GRANULE, frame(), FRAME_CAPS), STATUS_INVALID);
	OK(destroy(where));
}

TEST(a_destroyed_object_leaves_zeroed_granules_that_can_be_used_again)
{
	uint64_t gate = gate_new(&self, ~0UL);

	child_give(&self, gate);
	OK(destroy(gate));
	check_zero(gate, GRANULE);
	CHECK_IS(op1(SYS_DESTROY, gate), STATUS_INVALID);
	OK(op3(SYS_SIGNAL_CREATE, gate, self.thread, 3));
	CHECK_IS(op3(SYS_GATE_CREATE, gate, self.thread, 3), STATUS_INVALID);
}

TEST(a_thread_outlives_what_delivers_to_it)
{
	struct child *c = child_run(sleeper, 10, 0);
	uint64_t gate = gate_new(c, 0), signal = signal_new(c, 0), cap = child_give(&self, gate);

	settle();
	CHECK_IS(destroy(c->thread), STATUS_BUSY);
	CHECK_IS(status_of(call(cap, 0)), STATUS_PEER_GONE);      /* dead all the same */
	CHECK_IS(op2(SYS_THREAD_CTL, c->thread, THREAD_START), STATUS_INVALID);
	OK(destroy(gate));
	CHECK_IS(destroy(c->thread), STATUS_BUSY);
	OK(destroy(signal));
	OK(destroy(c->thread));
}

TEST(a_domain_outlives_its_threads)
{
	struct child *c = child_run(sleeper, 10, 0), *d = child_beside(c, sleeper, 10);

	CHECK_IS(destroy(c->pd), STATUS_BUSY);
	OK(destroy(c->thread));
	CHECK_IS(destroy(c->pd), STATUS_BUSY);
	OK(destroy(d->thread));
	OK(destroy(c->pd));
	check_zero(c->pd, PD_GRANULES * GRANULE);
}

TEST(a_dying_domain_takes_no_threads_frames_or_mappings)
{
	struct child *c = child_new(sleeper, 10);

	CHECK_IS(destroy(c->pd), STATUS_BUSY);
	CHECK_IS(op5(SYS_THREAD_CREATE, place(THREAD_GRANULES), c->pd, frame(), 0x1000, 0x1000), STATUS_INVALID);
	CHECK_IS(op3(SYS_PD_GROW, c->pd, frame(), FRAME_TABLE), STATUS_INVALID);
	CHECK_IS(op5(SYS_MAP, c->pd, 0x400000, frame(), 1, 0), STATUS_INVALID);
	CHECK_IS(op5(SYS_CAP_INSTALL, c->pd, slot(9), gate_new(&self, 0), RIGHTS_ALL, 0), STATUS_INVALID);
}

TEST(a_domain_is_destroyed_in_slices)
{
	uint64_t pd = pd_new();
	unsigned slices;

	for (unsigned frames = 1; frames < PD_NEAR_FRAMES; frames++)
		OK(op3(SYS_PD_GROW, pd, frame(), FRAME_CAPS));
	OK(destroy_counted(pd, &slices));
	CHECK(slices >= PD_NEAR_FRAMES * SLOTS_PER_FRAME / 64);
}

TEST(core_cannot_destroy_itself)
{
	CHECK_IS(op1(SYS_DESTROY, self.thread), STATUS_INVALID);
	CHECK_IS(op1(SYS_DESTROY, self.pd), STATUS_BUSY);
	OK(op5(SYS_CAP_INSTALL, self.pd, own_slot(), gate_new(&self, 0), RIGHTS_ALL, 0)); /* and it has not died from the attempt */
}

TEST(what_is_no_object_cannot_be_destroyed)
{
	struct child *c = child_new(sleeper, 10);

	CHECK_IS(op1(SYS_DESTROY, frame()), STATUS_INVALID);
	CHECK_IS(op1(SYS_DESTROY, c->thread + GRANULE), STATUS_INVALID);
	CHECK_IS(op1(SYS_DESTROY, c->thread + 8), STATUS_INVALID);
	CHECK_IS(op1(SYS_DESTROY, c->thread & ~(PAGE_SIZE - 1)), STATUS_INVALID);
	child_start(c, 0);
	settle();
	CHECK_IS(thread_state(c), RECEPTIVE);
}

TEST(thread_attributes_have_bounds)
{
	struct child *c = child_new(sleeper, 10);

	CHECK_IS(op3(SYS_THREAD_SET, c->thread, THREAD_PRIORITY, PRIORITIES), STATUS_INVALID);
	CHECK_IS(op3(SYS_THREAD_SET, c->thread, THREAD_PRIORITY, 1UL << 32), STATUS_INVALID);
	CHECK_IS(op3(SYS_THREAD_SET, c->thread, THREAD_PAGER, c->thread), STATUS_INVALID);
	CHECK_IS(op3(SYS_THREAD_SET, c->thread, THREAD_HANDLER, signal_new(c, 0)), STATUS_INVALID);
	CHECK_IS(op3(SYS_THREAD_SET, c->thread, 99, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_THREAD_SET, c->pd, THREAD_PRIORITY, 1), STATUS_INVALID);
	CHECK_IS(op2(SYS_THREAD_CTL, c->thread, 99), STATUS_INVALID);
	CHECK_IS(op2(SYS_THREAD_CTL, c->pd, THREAD_START), STATUS_INVALID);
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_PRIORITY, PRIORITIES - 1));
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_PRIORITY, 0));
}
