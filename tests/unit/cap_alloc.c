/* SPDX-License-Identifier: MIT */
/*
 * The selector allocator, over a fake PD session that grows the table: model, growth within a call that is being laid out,
 * an account that cannot pay, and threads that compete.
 */
#include "unit.h"
#include "platform.h"
#include <account/account.h>
#include <base/cap_alloc.h>
#include <base/heap.h>
#include <pd/pd.h>

enum { FIRST = 20, SLOTS_MAX = SLOTS_PER_FRAME * PD_CAP_FRAMES };

static unsigned    grown, slots = SLOTS_PER_FRAME;
static enum status refusal;             /* of growing */
static unsigned    dropped[SLOTS_MAX];

void fake_primitive(struct platform_regs *regs, enum platform_primitive primitive)
{
	if (primitive == PLATFORM_CAP_DROP) {
		__atomic_fetch_add(&dropped[regs->target / SLOT_SIZE], 1, __ATOMIC_RELAXED);
		regs->header = STATUS_OK;
		return;
	}
	if (primitive != PLATFORM_CALL) {
		fake_signal(regs, primitive);
		return;
	}
	CHECK(regs->target == SLOT_PD << 5 && platform_label(regs->header) == PD_OP_GROW_TABLE);
	CHECK(thread_utcb()->send[0] == SLOT_ACCOUNT << 5);

	/* As any call, it leaves its traces in the UTCB. */
	for (unsigned i = 0; i < RPC_WORDS; i++)
		thread_utcb()->words[i] = 0x1111;
	regs->header = (uint64_t)refusal << 32;
	if (refusal)
		return;
	__atomic_fetch_add(&grown, 1, __ATOMIC_RELAXED);
	slots += SLOTS_PER_FRAME;
	regs->header = 1 << 8;
	regs->w[0] = (uint64_t)slots * SLOT_SIZE;
}

/* Memory for what is known of far slots. */
static enum status get_memory(struct cap payer, size_t size, void **memory)
{
	CHECK(payer.selector == SLOT_ACCOUNT << 5);
	memset(thread_utcb()->words, 0x22, RPC_WORDS * 8);
	thread_utcb()->window[0] = thread_utcb()->send[0] = thread_utcb()->got[0].badge = 0x3333;
	if (refusal)
		return refusal;
	*memory = calloc(1, size);
	return STATUS_OK;
}

struct heap_source const heap_source_ram = { .get = get_memory };

static void *inside(void *entry)
{
	cap_alloc_init(FIRST * SLOT_SIZE);
	((void (*)(void))entry)();
	return NULL;
}

/* Runs `entry` in a thread that has a UTCB; each test is a process of its own, so the allocator is new. */
static void run(void (*entry)(void))
{
	struct fake_thread thread;

	fake_platform_map();
	fake_thread_start(&thread, inside, (void *)entry);
	fake_thread_join(&thread);
}

static void random_use(void)
{
	static uint8_t held[SLOTS_MAX];

	for (unsigned i = 0; i < 200000; i++) {
		struct cap     cap;
		unsigned const slot  = FIRST + (unsigned)unit_below(SLOTS_MAX - FIRST);
		unsigned const drops = dropped[slot];

		if (!held[slot]) {
			enum status status = cap_reserve(&cap);
			CHECK(status == STATUS_OK || (status == STATUS_OUT_OF_CAPS && cap_slots_used() + CAP_RESERVE >= SLOTS_MAX));
			if (status)
				continue;
			unsigned got = (unsigned)(cap.selector / SLOT_SIZE);
			CHECK(!held[got] && got >= FIRST && got < cap_slots() && cap.selector % SLOT_SIZE == 0);
			held[got] = 1;
		} else if (unit_below(3) == 0 && held[slot] < 5) {
			cap_acquire((struct cap) { (uint64_t)slot * SLOT_SIZE });
			held[slot]++;
		} else if (held[slot] == 1 && unit_below(3) == 0) {
			/* Nothing came into it, so nothing is dropped. */
			cap_unreserve((struct cap) { (uint64_t)slot * SLOT_SIZE });
			held[slot] = 0;
			CHECK(dropped[slot] == drops);
		} else {
			cap_release((struct cap) { (uint64_t)slot * SLOT_SIZE });
			held[slot]--;
			CHECK(dropped[slot] == drops + !held[slot]);
		}
	}
	CHECK(cap_slots() == SLOTS_PER_FRAME * (grown + 1));
	CHECK(cap_slots() <= SLOTS_MAX);
}

START_TEST(slots_are_given_once_and_dropped_by_their_last_holder)
{
	run(random_use);
}
END_TEST

static void grow_in_a_message(void)
{
	struct utcb *utcb = thread_utcb();
	struct cap   cap;

	while (cap_slots_used() + CAP_RESERVE < cap_slots())
		CHECK(cap_reserve(&cap) == STATUS_OK);
	for (unsigned i = 0; i < UTCB_WORDS; i++)
		utcb->words[i] = 0xabc0 + i;
	utcb->send[0] = 0x4321;
	CHECK(cap_reserve(&cap) == STATUS_OK && grown == 1);
	for (unsigned i = 0; i < UTCB_WORDS; i++)
		CHECK(utcb->words[i] == 0xabc0 + i);
	CHECK(utcb->send[0] == 0x4321);
}

START_TEST(growing_leaves_a_message_in_the_making_alone)
{
	run(grow_in_a_message);
}
END_TEST

/* Up to the largest table: each slot once, a message that is laid out stays, and what was released is found again. */
static void use_all(void)
{
	struct utcb *utcb = thread_utcb();
	static bool  held[SLOTS_MAX];
	struct cap   cap;
	unsigned     count = 0;

	for (; cap_slots_used() + CAP_RESERVE < SLOTS_MAX; count++) {
		for (unsigned i = 0; i < RPC_WORDS; i++)
			utcb->words[i] = 0xabc0 + i;
		utcb->window[0] = utcb->send[0] = utcb->got[0].badge = count;
		CHECK(cap_reserve(&cap) == STATUS_OK && !held[cap.selector / SLOT_SIZE]);
		held[cap.selector / SLOT_SIZE] = true;
		CHECK(utcb->window[0] == count && utcb->send[0] == count && utcb->got[0].badge == count && utcb->words[3] == 0xabc3);
	}
	CHECK(cap_slots() == SLOTS_MAX && cap_reserve(&cap) == STATUS_OUT_OF_CAPS);
	for (unsigned slot = FIRST; slot < SLOTS_MAX; slot += 777) {
		struct cap released = { (uint64_t)slot * SLOT_SIZE };

		if (!held[slot])
			continue;
		cap_acquire(released);
		cap_release(released);
		CHECK(!dropped[slot]);
		cap_release(released);
		CHECK(dropped[slot] == 1 && cap_reserve(&cap) == STATUS_OK && cap.selector == released.selector);
		cap_unreserve(cap);
		CHECK(dropped[slot] == 1 && cap_reserve(&cap) == STATUS_OK && cap.selector == released.selector);
	}
}

START_TEST(a_table_of_the_largest_size_is_used_to_the_last_slot)
{
	run(use_all);
}
END_TEST

/* The growth into far slots needs memory first: the table works on if there is none, and grows when there is. */
static void be_refused_memory(void)
{
	struct cap cap;

	while (cap_slots() < PD_NEAR_FRAMES * SLOTS_PER_FRAME || cap_slots_used() + CAP_RESERVE < cap_slots())
		CHECK(cap_reserve(&cap) == STATUS_OK);
	refusal = STATUS_OUT_OF_CAPS;
	CHECK(cap_reserve(&cap) == STATUS_OUT_OF_CAPS);
	refusal = STATUS_OK;
	CHECK(cap_reserve(&cap) == STATUS_OK && cap_slots() == (PD_NEAR_FRAMES + 1) * SLOTS_PER_FRAME);
}

START_TEST(what_refused_growth_once_does_not_refuse_it_for_ever)
{
	run(be_refused_memory);
}
END_TEST

static void be_refused(void)
{
	struct cap caps[CAP_RESERVE + 1];

	refusal = STATUS_OUT_OF_RAM;
	while (cap_reserve(&caps[0]) == STATUS_OK)
		CHECK(cap_slots_used() <= SLOTS_PER_FRAME - CAP_RESERVE);
	CHECK(cap_reserve(&caps[0]) == STATUS_OUT_OF_RAM && cap_slots_used() == SLOTS_PER_FRAME - CAP_RESERVE);
	cap_use_last(true);
	for (unsigned i = 0; i < CAP_RESERVE; i++)
		CHECK(cap_reserve(&caps[i]) == STATUS_OK);
	CHECK(cap_reserve(&caps[CAP_RESERVE]) == STATUS_OUT_OF_CAPS);
	cap_use_last(false);
	for (unsigned i = 0; i < CAP_RESERVE; i++)
		cap_release(caps[i]);
	refusal = STATUS_OK;
	CHECK(cap_reserve(&caps[0]) == STATUS_OK && cap_slots() == 2 * SLOTS_PER_FRAME);
}

START_TEST(the_reserve_is_kept_for_getting_more_quota)
{
	run(be_refused);
}
END_TEST

static void release_what_is_not_held(void)
{
	cap_release(CAP_NULL);
	cap_release(cap_well_known(SLOT_PARENT));
	CHECK(!dropped[0] && !dropped[SLOT_PARENT]);
}

START_TEST(well_known_slots_and_null_stay)
{
	run(release_what_is_not_held);
}
END_TEST

static unsigned holders[SLOTS_MAX];

static void *compete(void *number)
{
	struct cap caps[50];

	fake_signal_use((unsigned)(uintptr_t)number);
	for (unsigned round = 0; round < 500; round++) {
		for (unsigned i = 0; i < ARRAY_SIZE(caps); i++) {
			CHECK(cap_reserve(&caps[i]) == STATUS_OK);
			CHECK(__atomic_add_fetch(&holders[caps[i].selector / SLOT_SIZE], 1, __ATOMIC_RELAXED) == 1);
		}
		for (unsigned i = 0; i < ARRAY_SIZE(caps); i++) {
			__atomic_fetch_sub(&holders[caps[i].selector / SLOT_SIZE], 1, __ATOMIC_RELAXED);
			cap_release(caps[i]);
		}
	}
	return NULL;
}

static void start_competition(void)
{
	struct fake_thread threads[4];

	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
		fake_thread_start(&threads[i], compete, (void *)(uintptr_t)(i + 1));
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
		fake_thread_join(&threads[i]);
	CHECK(cap_slots_used() == FIRST);
}

START_TEST(threads_never_get_the_same_slot)
{
	run(start_competition);
}
END_TEST

UNIT_MAIN(slots_are_given_once_and_dropped_by_their_last_holder, growing_leaves_a_message_in_the_making_alone,
          a_table_of_the_largest_size_is_used_to_the_last_slot, what_refused_growth_once_does_not_refuse_it_for_ever,
          the_reserve_is_kept_for_getting_more_quota, well_known_slots_and_null_stay, threads_never_get_the_same_slot)
