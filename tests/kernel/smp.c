/* SPDX-License-Identifier: MIT */
/* Several CPUs: who runs where, calls, faults and signals between CPUs, and what happens to them when somebody ends. */
#include "callers.h"

#define MS     1000000UL
#define ROUNDS 1000

static SHARED volatile uint64_t spins[8], apic[8], stop, counted, answers, badges[4];

/* The local APIC number of the CPU that this runs on. */
static uint64_t apic_number(void)
{
	uint32_t a = 1, b, c, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return b >> 24;
}

static void notes_cpu(uint64_t index)
{
	apic[index] = 1 + apic_number();
	for (; !stop; spin())
		spins[index]++;
}

static struct child *spinner_on(unsigned cpu, unsigned index)
{
	struct child *c = child_on(cpu, notes_cpu, 5);

	child_start(c, index);
	return c;
}

static uint64_t consumed(struct child *c) { return sys(SYS_THREAD_INFO, c->thread, 0, 0, 0, 0).badge; }

static struct child *caller_on(unsigned cpu, unsigned index, unsigned priority, uint64_t gate)
{
	struct child *c = child_on(cpu, caller, priority);

	child_start(c, child_give(c, gate) | (uint64_t)index << 32);
	return c;
}

/* Asks the gate again and again for as long as it is answered; notes how often, and the last status, where its argument's high half says. */
static SHARED volatile uint64_t asked[8], last_status[8];

static void asks_on(uint64_t argument)
{
	uint64_t index = argument >> 32;

	last_status[index] = ~0UL;
	for (;;) {
		struct msg m = call(argument & 0xffffffff, asked[index]);
		if (status_of(m)) {
			last_status[index] = status_of(m);
			return;
		}
		EXPECT(m.w[0] == asked[index] + 1);
		if (asked[index]++ % 64 == 0)
			__builtin_ia32_pause(); /* under -icount: the turn of the other CPUs */
	}
}

static struct child *asker_on(unsigned cpu, unsigned index, uint64_t gate)
{
	struct child *c = child_on(cpu, asks_on, 5);

	child_start(c, child_give(c, gate) | (uint64_t)index << 32);
	return c;
}

/* --- Where threads run --- */

TEST_SMP(a_thread_runs_on_the_cpu_that_it_was_given)
{
	for (unsigned i = 0; i < CPUS; i++)
		spinner_on(i, i);
	settle();
	for (unsigned i = 0; i < CPUS; i++)
		for (unsigned j = 0; j < i; j++)
			CHECK(apic[i] && apic[j] && apic[i] != apic[j]);
}

TEST_SMP(threads_on_all_cpus_run_at_the_same_time)
{
	struct child *c[CPUS];

	for (unsigned i = 0; i < CPUS; i++)
		c[i] = spinner_on(i, i);
	run_for(20 * MS);
	for (unsigned i = 0; i < CPUS; i++)
		CHECK(consumed(c[i]) > 18 * MS && consumed(c[i]) < 22 * MS);
}

TEST_SMP(a_thread_that_was_started_stays_on_its_cpu)
{
	struct child *c = spinner_on(1, 0);

	CHECK_IS(op3(SYS_THREAD_SET, c->thread, THREAD_CPU, 2), STATUS_BUSY);
	CHECK_IS(op3(SYS_THREAD_SET, child_new(server, 5)->thread, THREAD_CPU, info->cpus), STATUS_INVALID);
	c = child_new(server, 5);
	caller_on(2, 0, 5, gate_new(c, 0));
	settle();
	CHECK_IS(op3(SYS_THREAD_SET, c->thread, THREAD_CPU, 2), STATUS_BUSY);
}

TEST_SMP(equal_priorities_take_turns_on_another_cpu)
{
	spinner_on(1, 0);
	spinner_on(1, 1);
	run_for(100 * MS);
	CHECK(spins[0] > spins[1] / 2 && spins[1] > spins[0] / 2);
}

TEST_SMP(a_new_priority_counts_on_another_cpu_at_once)
{
	struct child *c = spinner_on(1, 0);

	spinner_on(1, 1);
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_PRIORITY, 6));
	settle();
	uint64_t before = spins[1];
	run_for(30 * MS);
	CHECK(spins[1] == before && spins[0]);
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_PRIORITY, 4));
	settle();
	CHECK(spins[1] > before);
}

static void waits_for_deadlines(uint64_t index)
{
	for (uint64_t at = now(); !stop; spins[index]++)
		EXPECT(status_of(wait_until(at += MS)) == STATUS_TIMEOUT);
}

TEST_SMP(deadlines_come_on_every_cpu)
{
	for (unsigned i = 0; i < CPUS; i++)
		child_start(child_on(i, waits_for_deadlines, 5), i);
	run_for(20 * MS);
	for (unsigned i = 0; i < CPUS; i++)
		CHECK(spins[i] >= 18 && spins[i] <= 20);
}

/* --- Stopping --- */

TEST_SMP(a_paused_thread_on_another_cpu_has_stopped)
{
	struct child *c = spinner_on(2, 0);

	for (unsigned i = 0; i < 20; i++) {
		settle();
		OK(thread_ctl(c, THREAD_PAUSE));
		uint64_t before = spins[0];
		settle();
		CHECK(before && spins[0] == before);
		OK(thread_ctl(c, THREAD_START));
		settle();
		CHECK(spins[0] > before);
	}
}

TEST_SMP(a_destroyed_thread_on_another_cpu_has_stopped)
{
	struct child *c = spinner_on(3, 0);

	settle();
	CHECK(spins[0]);
	kill_child(c);
	uint64_t before = spins[0];
	settle();
	CHECK(spins[0] == before);
}

TEST_SMP(registers_of_a_running_thread_on_another_cpu_are_not_written)
{
	struct child *c = spinner_on(1, 0);

	settle();
	CHECK_IS(op2(SYS_THREAD_STATE, c->thread, 1), STATUS_BUSY);
	OK(thread_ctl(c, THREAD_PAUSE));
	OK(op2(SYS_THREAD_STATE, c->thread, 0));
	OK(op2(SYS_THREAD_STATE, c->thread, 1));
	uint64_t before = spins[0];
	OK(thread_ctl(c, THREAD_START));
	settle();
	CHECK(spins[0] > before);
}

/* --- Calls --- */

static void sums_words(uint64_t argument)
{
	struct msg m = wait();

	for (;;) {
		uint64_t sum = label_of(m) + m.w[0] + m.w[1] + m.w[2] + m.w[3];
		for (unsigned i = 4; i < words_of(m); i++)
			sum += utcb()->words[i];
		utcb()->words[63] = sum;
		m = sys(syscall_header(SYS_REPLY_WAIT, 64, 0, 0, 77), 0, sum, 2, 3, 4);
	}
}

static void sends_words(uint64_t gate)
{
	for (unsigned i = 4; i < 100; i++)
		utcb()->words[i] = i;
	seen[0] = sys(syscall_header(SYS_CALL, 100, 0, 0, 1000), gate, 1, 2, 3, 4);
	answers = utcb()->words[63];
}

TEST_SMP(a_call_to_another_cpu_brings_all_words_both_ways)
{
	child_run_on(2, sends_words, 5, gate_new(child_run_on(1, sums_words, 5, 0), 0));
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_OK);
	CHECK(label_of(seen[0]) == 77 && words_of(seen[0]) == 64 && seen[0].w[1] == 2 && seen[0].w[3] == 4);
	CHECK_IS(seen[0].w[0], 1000 + 1 + 2 + 3 + 4 + 4944);
	CHECK_IS(answers, seen[0].w[0]);
}

TEST_SMP(calls_from_all_cpus_are_answered_each)
{
	uint64_t gate = gate_new(child_run_on(1, server, 5, 0), 0);

	for (unsigned i = 0; i < 8; i++)
		asker_on(i % CPUS, i, gate);
	run_for(40 * MS);
	for (unsigned i = 0; i < 8; i++)
		CHECK(asked[i]);
}

TEST_SMP(a_chain_of_calls_goes_over_all_cpus_and_back)
{
	uint64_t gate = gate_new(child_run_on(3, server, 5, 0), 0);

	gate = gate_new(child_run_on(2, middle, 5, gate), 0);
	gate = gate_new(child_run_on(1, middle, 5, gate), 0);
	asked[0] = 7;
	seen[0] = call(child_give(&self, gate), 0);
	CHECK_IS(status_of(seen[0]), STATUS_OK);
	CHECK_IS(seen[0].w[0], 8);
}

static void calls_back(uint64_t gate)
{
	wait();
	for (;;)
		reply_wait(status_of(call(gate, 0)));
}

TEST_SMP(a_ring_of_calls_over_cpus_is_refused)
{
	struct child *a = child_on(1, calls_back, 5), *b = child_on(2, calls_back, 5);

	child_start(a, child_give(a, gate_new(b, 0)));
	child_start(b, child_give(b, gate_new(a, 0)));
	CHECK_IS(call(child_give(&self, gate_new(a, 0)), 0).w[0], STATUS_OK);
	CHECK_IS(call(child_give(&self, gate_new(b, 0)), 0).w[0], STATUS_OK);
	child_run_on(3, calls_back, 5, gate_new(a, 0));
	settle();
}

TEST_SMP(a_server_far_down_a_chain_over_cpus_is_too_deep)
{
	uint64_t gate = gate_new(child_run_on(3, server, 5, 0), 0);

	for (unsigned i = 0; i < CHAIN_DEPTH_MAX; i++)
		gate = gate_new(child_run_on(i % CPUS, middle, 5, gate), 0);
	struct msg m = call(child_give(&self, gate), 0);
	CHECK_IS(m.w[0], 100 + STATUS_TOO_DEEP);
}

static void gives_cap(uint64_t cap)
{
	wait();
	for (;;) {
		utcb()->send[0] = cap;
		sys(syscall_header(SYS_REPLY_WAIT, 0, 1, 0, 0), 0, 0, 0, 0, 0);
	}
}

TEST_SMP(capabilities_come_from_another_cpu)
{
	struct child *s = child_on(1, gives_cap, 5), *receiver = child_run_on(2, server, 5, 0);
	uint64_t gate = gate_new(s, 0), into = own_slot();

	child_start(s, child_give(s, gate_new(receiver, 0)));
	utcb()->window[0] = into;
	struct msg m = sys(syscall_header(SYS_CALL, 0, 0, 1, 0), child_give(&self, gate), 0, 0, 0, 0);
	CHECK(status_of(m) == STATUS_OK && caps_of(m) == 1 && utcb()->got[0].kind == GOT_SLOT);
	CHECK_IS(call(into, 41).w[0], 42);
}

TEST_SMP(the_best_caller_of_other_cpus_is_served_first)
{
	struct child *s = child_run_on(1, slow_server, 5, 0);
	uint64_t gate = gate_new(s, 0);

	caller_on(2, 0, 5, gate);
	settle();
	caller_on(2, 1, 3, gate);
	caller_on(3, 2, 9, gate);
	caller_on(0, 3, 7, gate);
	settle();
	CHECK_IS(served, 1);
	CHECK(waits(0) && waits(1) && waits(2) && waits(3));
	go = 1;
	settle();
	CHECK(!waits(0) && !waits(1) && !waits(2) && !waits(3) && served >= 4);
}

TEST_SMP(a_server_serves_callers_of_its_own_and_of_other_cpus_alike)
{
	uint64_t gate = gate_new(child_run_on(1, server, 5, 0), 0);

	for (unsigned i = 0; i < 2; i++) {
		asker_on(1, i, gate);
		asker_on(2, 2 + i, gate);
	}
	run_for(40 * MS);
	for (unsigned i = 0; i < 4; i++)
		CHECK(asked[i]);
}

static void works_long(uint64_t argument)
{
	struct msg m = wait();

	for (;;) {
		uint64_t until = now() + MS;
		while (now() < until)
			spin();
		m = reply_wait(m.w[0] + 1);
	}
}

TEST_SMP(the_work_for_a_caller_on_another_cpu_is_its_time)
{
	struct child *s = child_run_on(1, works_long, 5, 0), *c;

	settle();
	uint64_t before = consumed(s);
	c = asker_on(2, 0, gate_new(s, 0));
	run_for(50 * MS);
	CHECK(asked[0] >= 40);
	CHECK(consumed(c) > 45 * MS);
	CHECK(consumed(s) - before < 2 * MS);
}

/* --- Ends in mid call --- */

TEST_SMP(a_killed_caller_on_another_cpu_leaves_its_server_runnable)
{
	struct child *s = child_run_on(1, slow_server, 5, 0);
	uint64_t gate = gate_new(s, 0);
	struct child *c = caller_on(2, 0, 5, gate);

	settle();
	CHECK_IS(served, 1);
	kill_child(c);
	go = 1;
	CHECK_IS(call(child_give(&self, gate), 5).w[0], 6);
}

TEST_SMP(a_caller_killed_in_the_queue_of_another_cpu_is_never_served)
{
	struct child *s = child_run_on(1, slow_server, 5, 0);
	uint64_t gate = gate_new(s, 0);

	caller_on(1, 0, 5, gate);
	settle();
	struct child *c = caller_on(2, 1, 9, gate);
	caller_on(3, 2, 5, gate);
	settle();
	kill_child(c);
	go = 1;
	settle();
	CHECK(!waits(0) && waits(1) && !waits(2));
	CHECK_IS(served, 2);
}

TEST_SMP(a_cancelled_caller_of_another_cpu_goes_on)
{
	struct child *s = child_run_on(1, slow_server, 5, 0);
	uint64_t gate = gate_new(s, 0);
	struct child *first = caller_on(2, 0, 5, gate), *second;

	settle();
	second = caller_on(3, 1, 5, gate);
	settle();
	OK(thread_ctl(first, THREAD_CANCEL));
	OK(thread_ctl(second, THREAD_CANCEL));
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_CANCELLED);
	CHECK_IS(status_of(seen[1]), STATUS_CANCELLED);
	go = 1;
	CHECK_IS(call(child_give(&self, gate), 5).w[0], 6);
}

TEST_SMP(a_killed_server_gives_all_callers_of_other_cpus_peer_gone)
{
	struct child *s = child_run_on(1, slow_server, 5, 0);
	uint64_t gate = gate_new(s, 0);

	for (unsigned i = 0; i < 8; i++)
		caller_on(i % CPUS, i, 5, gate);
	settle();
	op1(SYS_DESTROY, s->thread);
	OK(destroy(gate));
	kill_child(s);
	settle();
	for (unsigned i = 0; i < 8; i++)
		CHECK_IS(status_of(seen[i]), STATUS_PEER_GONE);
}

extern char exit_now[];
__asm__(".pushsection .text\n"
        "exit_now: syscall\n"
        "1: jmp 1b\n"
        ".popsection");

TEST_SMP(a_server_that_exits_gives_its_caller_on_another_cpu_peer_gone)
{
	struct child *s = child_run_on(1, slow_server, 5, 0);

	caller_on(2, 0, 5, gate_new(s, 0));
	settle();
	OK(thread_ctl(s, THREAD_PAUSE));
	OK(op2(SYS_THREAD_STATE, s->thread, 0));
	utcb()->words[0] = SYS_THREAD_EXIT;
	utcb()->words[15] = (uint64_t)exit_now;
	OK(op2(SYS_THREAD_STATE, s->thread, 1));
	OK(thread_ctl(s, THREAD_START));
	CHECK_IS(label_of(await()), FAULT_EXIT);
	reply(0, 0);
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_PEER_GONE);
}
static void waits_without_an_answer(uint64_t argument)
{
	for (;;)
		wait();
}

TEST_SMP(a_server_that_waits_without_an_answer_gives_no_reply_to_another_cpu)
{
	struct child *s = child_run_on(1, waits_without_an_answer, 5, 0);
	uint64_t gate = gate_new(s, 0);

	caller_on(2, 0, 5, gate);
	settle();
	CHECK(waits(0) || status_of(seen[0]) == STATUS_NO_REPLY);
	caller_on(3, 1, 5, gate);
	settle();
	CHECK_IS(status_of(seen[0]), STATUS_NO_REPLY);
}

TEST_SMP(a_paused_server_takes_calls_of_other_cpus_when_it_goes_on)
{
	struct child *s = child_run_on(1, server, 5, 0);

	settle();
	OK(thread_ctl(s, THREAD_PAUSE));
	caller_on(2, 0, 5, gate_new(s, 0));
	settle();
	CHECK(waits(0));
	OK(thread_ctl(s, THREAD_START));
	settle();
	CHECK_IS(seen[0].w[0], 1);
}

TEST_SMP(a_paused_caller_gets_its_answer_and_stays_stopped)
{
	struct child *s = child_run_on(1, slow_server, 5, 0), *c = caller_on(2, 0, 5, gate_new(s, 0));

	settle();
	OK(thread_ctl(c, THREAD_PAUSE));
	go = 1;
	settle();
	CHECK(waits(0));
	OK(thread_ctl(c, THREAD_START));
	settle();
	CHECK_IS(seen[0].w[0], 1);
}
