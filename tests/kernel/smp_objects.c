/* SPDX-License-Identifier: MIT */
/* Several CPUs: signals, faults, memory and objects that one CPU uses while another takes them away. */
#include "callers.h"

#define MS     1000000UL
#define WINDOW 0x40000000UL

static SHARED volatile uint64_t sum, deliveries, stop, told[8], rounds[8], gone, late, value;

/* --- Signals --- */

static void submits(uint64_t argument)
{
	for (uint64_t i = 0; i < argument >> 32; i++)
		EXPECT(submit(argument & 0xffffffff) == STATUS_OK);
	__atomic_add_fetch(&told[0], 1, __ATOMIC_RELAXED);
}

static void submitter_on(unsigned cpu, uint64_t signal, uint64_t count)
{
	struct child *c = child_on(cpu, submits, 5);

	child_start(c, child_give(c, signal) | count << 32);
}

static void sums_signals(uint64_t argument)
{
	for (;; deliveries++)
		sum += wait().w[0];
}

TEST_SMP(signals_from_all_cpus_are_counted_each)
{
	uint64_t signal = signal_new(child_run_on(2, sums_signals, 5, 0), 0);

	for (unsigned i = 0; i < 8; i++)
		submitter_on(i % CPUS, signal, 500);
	for (unsigned i = 0; i < 100 && sum < 4000; i++)
		run_for(10 * MS);
	CHECK(told[0] == 8 && sum == 4000 && deliveries);
}

static void sums_one(uint64_t signal)
{
	for (;; deliveries++)
		sum += wait_one(signal).w[0];
}

TEST_SMP(a_wait_for_one_signal_of_other_cpus_misses_none)
{
	struct child *c = child_on(1, sums_one, 5);
	uint64_t signal = signal_new(c, 0);

	child_start(c, child_give(c, signal));
	for (unsigned i = 0; i < 8; i++)
		submitter_on(i % CPUS, signal, 500);
	for (unsigned i = 0; i < 100 && sum < 4000; i++)
		run_for(10 * MS);
	CHECK(told[0] == 8 && sum == 4000);
}

TEST_SMP(the_test_hears_signals_of_all_cpus)
{
	uint64_t signal = signal_new(&self, 7);

	for (unsigned i = 0; i < CPUS; i++)
		submitter_on(i, signal, 10);
	for (uint64_t count = 0; count < 10 * CPUS;) {
		struct msg m = await();
		CHECK(kind_of(m) == MESSAGE_SIGNAL && m.badge == 7);
		count += m.w[0];
		CHECK(count <= 10 * CPUS);
	}
}

static void submits_until_gone(uint64_t signal)
{
	while (!submit(signal))
		spin();
	__atomic_add_fetch(&told[0], 1, __ATOMIC_RELAXED);
}

TEST_SMP(a_destroyed_signal_of_another_cpu_is_not_delivered)
{
	uint64_t signal = signal_new(child_run_on(1, sums_signals, 5, 0), 0);

	for (unsigned i = 0; i < CPUS; i++)
		child_run_on(i, submits_until_gone, 5, signal);
	run_for(5 * MS);
	OK(destroy(signal));
	settle();
	uint64_t before = sum;
	settle();
	CHECK(before && sum == before && told[0] == CPUS);
}

/* --- Faults --- */

/* A child with page tables for the window. */
static struct child *roomy_on(unsigned cpu, child_function *run)
{
	struct child *c = child_on(cpu, run, 5);

	for (unsigned i = 0; i < 2; i++)
		OK(op3(SYS_PD_GROW, c->pd, frame(), FRAME_TABLE));
	return c;
}

static void reads_window(uint64_t index)
{
	value = *(volatile uint64_t *)(WINDOW + index * PAGE_SIZE);
	told[index] = value;
}

TEST_SMP(faults_of_all_cpus_are_mapped_and_the_threads_go_on)
{
	struct child *c[CPUS];

	for (unsigned i = 0; i < CPUS; i++) {
		c[i] = roomy_on(i, reads_window);
		child_start(c[i], i);
	}
	struct msg m = await();
	for (unsigned i = 0; i < CPUS; i++) {
		uint64_t page = frame();
		unsigned n = 0;

		CHECK(m.badge == BADGE_PAGER && kind_of(m) == MESSAGE_FAULT);
		while (c[n]->thread != m.w[0])
			CHECK(++n < CPUS);
		CHECK_IS(m.w[2], WINDOW + n * PAGE_SIZE);
		*(uint64_t *)at(page) = 100 + n;
		OK(op5(SYS_MAP, c[n]->pd, m.w[2], page, 1, 0));
		m = reply(FAULT_RESUME, 0);
		if (i < CPUS - 1 && status_of(m) == STATUS_TIMEOUT)
			m = await();
	}
	settle();
	for (unsigned i = 0; i < CPUS; i++)
		CHECK_IS(told[i], 100 + i);
}

static void ends_itself(uint64_t argument) { op1(SYS_THREAD_EXIT, 0); }

TEST_SMP(an_exit_on_another_cpu_is_told_and_is_for_good)
{
	struct child *c = child_run_on(3, ends_itself, 5, 0);

	CHECK_IS(label_of(await()), FAULT_EXIT);
	reply(FAULT_RESUME, 0);
	settle();
	CHECK_IS(thread_state(c), EXITED);
}

/* --- Memory that goes --- */

/* Reads a page for as long as it is there, and must never see what the frame is used for later. */
static void watches(uint64_t index)
{
	volatile uint64_t *word = (volatile uint64_t *)WINDOW;

	for (;; spin()) {
		EXPECT(*word == 1);
		rounds[index]++;
	}
}

TEST_SMP(an_unmapped_page_is_gone_on_all_cpus_after_the_sync)
{
	struct child *c[CPUS];
	uint64_t page = frame();

	*(uint64_t *)at(page) = 1;
	c[0] = roomy_on(0, watches);
	for (unsigned i = 1; i < CPUS; i++)
		c[i] = child_beside_on(i, c[0], watches, 5);
	OK(op5(SYS_MAP, c[0]->pd, WINDOW, page, 1, 0));
	for (unsigned i = 0; i < CPUS; i++)
		child_start(c[i], i);
	run_for(20 * MS);
	OK(op3(SYS_UNMAP, c[0]->pd, WINDOW, 1));
	sync();
	*(volatile uint64_t *)at(page) = 2;
	struct msg m = await();
	for (unsigned i = 0; i < CPUS; i++) {
		CHECK(m.badge == BADGE_PAGER && m.w[2] == WINDOW);
		m = reply(FAULT_STOP, 0);
		if (i < CPUS - 1 && status_of(m) == STATUS_TIMEOUT)
			m = await();
	}
	for (unsigned i = 0; i < CPUS; i++)
		CHECK(rounds[i]);
}

static void writes_always(uint64_t argument)
{
	for (volatile uint64_t *word = (volatile uint64_t *)WINDOW;; spin())
		*word = ++rounds[0];
}

TEST_SMP(a_right_taken_away_is_gone_on_another_cpu_after_the_sync)
{
	struct child *c = roomy_on(1, writes_always);
	uint64_t page = frame();

	OK(op5(SYS_MAP, c->pd, WINDOW, page, 1, MAP_WRITE));
	child_start(c, 0);
	run_for(10 * MS);
	OK(op5(SYS_MAP, c->pd, WINDOW, page, 1, 0));
	sync();
	uint64_t before = *(volatile uint64_t *)at(page);
	struct msg m = await();
	CHECK(before && m.badge == BADGE_PAGER && (m.w[1] & FAULT_WRITE));
	CHECK_IS(*(volatile uint64_t *)at(page), before);
	reply(FAULT_STOP, 0);
}

/* Reads a page in each of several windows of 2 MiB, round and round. */
static void wanders(uint64_t argument)
{
	for (uint64_t i = 0;; i++, rounds[0]++)
		EXPECT(*(volatile uint64_t *)(WINDOW + i % 8 * 0x200000) == i % 8);
}

TEST_SMP(tables_recycled_under_a_running_thread_show_the_right_pages)
{
	struct child *c = roomy_on(1, wanders);
	uint64_t pages[8];

	for (unsigned i = 0; i < 8; i++)
		*(uint64_t *)at(pages[i] = frame()) = i;
	child_start(c, 0);
	for (unsigned faults = 0; faults < 400; faults++) {
		struct msg m = await();
		uint64_t page = (m.w[2] - WINDOW) / 0x200000;
		enum status status;

		CHECK(m.badge == BADGE_PAGER && m.w[2] >= WINDOW && page < 8);
		while ((status = op5(SYS_MAP, c->pd, m.w[2], pages[page], 1, 0)) == STATUS_NO_TABLE || status == STATUS_AGAIN) {
			if (status == STATUS_AGAIN)
				continue;
			while (op1(SYS_RECYCLE, c->pd) == STATUS_AGAIN)
				;
			pd_map_image(c->pd);
			OK(op5(SYS_MAP, c->pd, c->sp & ~0xfffUL, c->stack, 1, MAP_WRITE));
		}
		OK(status);
		reply(FAULT_RESUME, 0);
	}
	CHECK(rounds[0] > 100);
}

/* --- Objects that go --- */

/* Calls until the capability is gone; whatever it gets is an answer or the end. */
static void calls_until_gone(uint64_t argument)
{
	uint64_t index = argument >> 32;

	for (;; rounds[index]++) {
		struct msg m = call(argument & 0xffffffff, 1);
		if (rounds[index] % 64 == 0)
			__builtin_ia32_pause(); /* under -icount: the turn of the other CPUs */
		if (status_of(m)) {
			EXPECT(status_of(m) == STATUS_PEER_GONE || status_of(m) == STATUS_BAD_CAP);
			told[index] = 1;
			return;
		}
	}
}

static struct child *until_gone(unsigned cpu, unsigned index, uint64_t cap)
{
	struct child *c = child_on(cpu, calls_until_gone, 5);

	OK(sys(SYS_CAP_GIVE, cap, c->pd, slot(1), 0, 0).head & 0xff);
	child_start(c, slot(1) | (uint64_t)index << 32);
	return c;
}

TEST_SMP(a_revocation_reaches_callers_on_all_cpus)
{
	uint64_t cap = child_give(&self, gate_new(child_run_on(1, server, 6, 0), 0));

	for (unsigned i = 0; i < CPUS; i++)
		until_gone(i, i, cap);
	run_for(15 * MS);
	while (op1(SYS_CAP_REVOKE, cap) == STATUS_AGAIN)
		;
	run_for(15 * MS);
	for (unsigned i = 0; i < CPUS; i++)
		CHECK(told[i] && rounds[i]);
	CHECK_IS(call(cap, 1).w[0], 2);
}

/* A server that notes a call with badge 1 after `gone`. */
static void notes_late(uint64_t argument)
{
	struct msg m = wait();

	for (;;) {
		if (gone && m.badge == 1)
			late = 1;
		m = reply_wait(m.w[0] + 1);
	}
}

TEST_SMP(no_badge_comes_after_its_gate_was_destroyed)
{
	for (unsigned n = 0; n < 4; n++) {
		struct child *s = child_run_on(1, notes_late, 6, 0), *c[CPUS];
		uint64_t gate = gate_new(s, 1), cap = child_give(&self, gate);

		for (unsigned i = 0; i < CPUS; i++)
			c[i] = until_gone(i, i, cap);
		run_for((1 + n) * MS);
		OK(destroy(gate));
		gone = 1;
		run_for(MS);
		CHECK(!late);
		gone = 0;
		for (unsigned i = 0; i < CPUS; i++)
			kill_child(c[i]);
		kill_child(s);
		OK(cap_drop(cap));
	}
}

TEST_SMP(a_gate_made_in_the_place_of_another_is_no_way_to_its_server)
{
	struct child *first = child_run_on(1, notes_late, 6, 0), *second = child_run_on(1, server, 6, 0);
	uint64_t gate = gate_new(first, 1), cap = child_give(&self, gate);

	for (unsigned i = 0; i < CPUS; i++)
		until_gone(i, i, cap);
	run_for(10 * MS);
	OK(destroy(gate));
	gone = 1;
	OK(op3(SYS_GATE_CREATE, gate, second->thread, 2));
	uint64_t before = next;
	run_for(20 * MS);
	CHECK(!late && next == before);
	for (unsigned i = 0; i < CPUS; i++)
		CHECK(told[i]);
}

TEST_SMP(threads_come_and_go_under_callers_of_all_cpus)
{
	for (unsigned n = 0; n < 10; n++) {
		struct child *s = child_run_on(n % CPUS, server, 5, 0), *c[CPUS];
		uint64_t gate = gate_new(s, 0), cap = child_give(&self, gate);

		for (unsigned i = 0; i < CPUS; i++)
			c[i] = until_gone(i, i, cap);
		run_for(2 * MS);
		op1(SYS_DESTROY, s->thread);
		OK(destroy(gate));
		kill_child(s);
		run_for(2 * MS);
		for (unsigned i = 0; i < CPUS; i++)
			kill_child(c[i]);
		OK(cap_drop(cap));
	}
}

TEST_SMP(a_domain_that_ran_on_all_cpus_ends_whole)
{
	struct child *c = roomy_on(0, watches);
	uint64_t page = frame();

	*(uint64_t *)at(page) = 1;
	OK(op5(SYS_MAP, c->pd, WINDOW, page, 1, 0));
	child_start(c, 0);
	for (unsigned i = 1; i < CPUS; i++)
		child_start(child_beside_on(i, c, watches, 5), i);
	run_for(5 * MS);
	CHECK_IS(destroy(c->pd), STATUS_BUSY);
}

/* --- FPU --- */

static void counts_in_a_vector(uint64_t index)
{
	uint64_t seen_there = 0;

	__asm__ volatile("movq %0, %%xmm3" : : "r"(index * 1000));
	for (uint64_t i = 0; i < 2000; i++) {
		__asm__ volatile("movq %%xmm3, %0" : "=r"(seen_there));
		EXPECT(seen_there == index * 1000 + i);
		__asm__ volatile("movq %0, %%xmm3" : : "r"(seen_there + 1));
		if (i % 100 == 0)
			op1(SYS_YIELD, 0);
	}
	told[index] = 1;
}

TEST_SMP(heavy_threads_on_all_cpus_keep_their_vectors)
{
	for (unsigned i = 0; i < 8; i++) {
		struct child *c = child_on(i % CPUS, counts_in_a_vector, 5);
		uint64_t area = place(info->fpu_granules);

		OK(op2(SYS_FPU_CREATE, area, c->thread));
		note(area);
		child_start(c, i);
	}
	run_for(50 * MS);
	for (unsigned i = 0; i < 8; i++)
		CHECK(told[i]);
}

static void adds_for_ever(uint64_t argument)
{
	for (uint64_t there;; rounds[0]++) {
		__asm__ volatile("movq %0, %%xmm3" : : "r"(rounds[0]));
		spin();
		__asm__ volatile("movq %%xmm3, %0" : "=r"(there));
		EXPECT(there == rounds[0]);
	}
}

TEST_SMP(a_thread_that_loses_its_area_on_another_cpu_is_light_there)
{
	struct child *c = child_on(1, adds_for_ever, 5);
	uint64_t area = place(info->fpu_granules);

	OK(op2(SYS_FPU_CREATE, area, c->thread));
	child_start(c, 0);
	settle();
	CHECK(rounds[0]);
	OK(destroy(area));
	memset(at(area), 0, GRANULE);
	struct msg m = await();
	CHECK(m.badge == BADGE_HANDLER && label_of(m) == 7);
	reply(FAULT_STOP, 0);
	struct child *next_one = child_on(1, adds_for_ever, 5);
	OK(op2(SYS_FPU_CREATE, note(area), next_one->thread));
	rounds[0] = 0;
	child_start(next_one, 0);
	settle();
	CHECK(rounds[0]);
}
