/* SPDX-License-Identifier: MIT */
/*
 * What the kernel's paths cost, for those that a component cannot measure: where core is one end, or calls that only core may make. Each
 * prints lines `figure: name value unit` (run/bench_kernel.run), in ticks of the TSC, which are instructions under -icount, stubs and
 * loops included; each tests that the price does not depend on how often it is paid.
 */
#include "test.h"

#define PIT_CONTROL 0x43
#define PIT_COUNTER 0x40
#define PIT_GSI     2
#define PAGES_AT    0x10000000UL

enum { TIMES = 64 };

static SHARED uint64_t begin, end, sum, rounds, last;
static SHARED uint32_t divisor;

static inline uint64_t tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static void figure(char const *name, uint64_t value)
{
	print("figure: ");
	print(name);
	print(" ");
	print_number(value, 10);
	print(" instructions\n");
	CHECK(value);
}

/* --- Signals and interrupts --- */

static void waits(uint64_t unused)
{
	for (;;) {
		wait();
		sum += tsc() - begin;
		rounds++;
	}
}

static void submits(uint64_t signal)
{
	for (unsigned i = 0; i < TIMES; i++) {
		begin = tsc();
		submit(signal);
	}
}

TEST(figure_of_a_signal_to_a_better_thread_of_another_space)
{
	struct child *receiver = child_run(waits, 20, 0);

	settle();
	child_run(submits, 10, signal_new(receiver, 1));
	settle();
	CHECK_IS(rounds, TIMES);
	figure("signal_switch", sum / TIMES);
}

static void handles(uint64_t irq)
{
	for (;;) {
		wait();
		sum += tsc() - last;
		rounds++;
		sys(SYS_IRQ_ACK, irq, 0, 0, 0, 0);
	}
}

static void spins(uint64_t unused)
{
	for (;;)
		last = tsc();
}

static void out(unsigned port, unsigned value) { OK(op3(SYS_PORT_IO, port, 1 | 1 << 8, value)); }

/* From the last time that the interrupted thread looked at the clock, every five instructions. */
TEST(figure_of_an_interrupt_to_its_thread)
{
	struct child *driver = child_new(handles, 20);
	uint64_t irq = place(IRQ_GRANULES);

	out(PIT_CONTROL, 0x30);
	OK(op3(SYS_IRQ_CREATE, irq, PIT_GSI, 0));
	OK(op2(SYS_IRQ_BIND, note(irq), signal_new(driver, 1)));
	child_start(driver, child_give(driver, irq));
	child_run(spins, 10, 0);
	for (unsigned i = 0; i < TIMES; i++) {
		out(PIT_CONTROL, 0x30);
		out(PIT_COUNTER, i);
		out(PIT_COUNTER, 2);
		settle();
	}
	CHECK_IS(rounds, TIMES);
	figure("irq_to_thread", sum / TIMES);
}

/* --- Calls between threads with FPU state --- */

static struct child *heavy_new(child_function *run, unsigned priority)
{
	struct child *c = child_new(run, priority);
	uint64_t area = place(info->fpu_granules);

	OK(op2(SYS_FPU_CREATE, area, c->thread));
	note(area);
	return c;
}

static void use_fpu_and_tls(uint64_t base)
{
	sys(SYS_THREAD_TLS, base, 0, 0, 0, 0);
	__asm__ volatile("movq %0, %%xmm0" : : "r"(base));
}

static SHARED bool heavy;

static void answers(uint64_t unused)
{
	if (heavy)
		use_fpu_and_tls(0x2000);
	for (;;)
		reply_wait(0);
}

static void calls(uint64_t gate)
{
	if (heavy)
		use_fpu_and_tls(0x1000);
	for (unsigned i = 0; i <= TIMES; i++) {
		if (i == 1)
			begin = tsc();
		call(gate, i);
	}
	end = tsc();
}

TEST(figure_of_a_call_between_threads_with_fpu_and_thread_local_storage)
{
	struct child *server = heavy_new(answers, 20), *c = heavy_new(calls, 10);

	heavy = true;
	child_start(server, 0);
	settle();
	child_start(c, child_give(c, gate_new(server, 1)));
	settle();
	figure("ipc_round_trip_fpu", (end - begin) / TIMES);
}

/* --- Calls that are traced --- */

static void measure_traced(char const *name, unsigned ring_of_server, unsigned ring_of_caller)
{
	struct child *server = child_run(answers, 20, 0), *c = child_new(calls, 10);
	uint64_t ring = frame();

	OK(op3(SYS_TRACE_RING, 1, ring, 1));
	OK(op3(SYS_THREAD_SET, server->thread, THREAD_TRACE, ring_of_server));
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_TRACE, ring_of_caller));
	settle();
	child_start(c, child_give(c, gate_new(server, 1)));
	settle();
	figure(name, (end - begin) / TIMES);
	OK(op3(SYS_TRACE_RING, 1, 0, 0));
}

TEST(figure_of_a_call_of_which_nobody_is_traced)        { measure_traced("ipc_round_trip_untraced", 0, 0); }
TEST(figure_of_a_call_whose_caller_is_traced)           { measure_traced("ipc_round_trip_traced_caller", 0, 1); }
TEST(figure_of_a_call_of_which_both_sides_are_traced)   { measure_traced("ipc_round_trip_traced", 1, 1); }

/* --- Exceptions and page faults --- */

static void mends(uint64_t unused)
{
	for (;;) {
		sys(syscall_header(SYS_REPLY_WAIT, 0, 0, 0, FAULT_RESUME), 0, 0, 0, 0, 0);
		divisor = 1;
	}
}

static void divides(uint64_t unused)
{
	for (unsigned i = 0; i <= TIMES; i++) {
		if (i == 1)
			begin = tsc();
		divisor = 0;
		__asm__ volatile("divl %0" : : "m"(divisor), "a"(1), "d"(0));
	}
	end = tsc();
}

TEST(figure_of_an_exception_that_a_handler_in_another_space_mends)
{
	struct child *handler = child_run(mends, 20, 0), *c = child_new(divides, 10);

	OK(op3(SYS_THREAD_SET, c->thread, THREAD_HANDLER, gate_new(handler, 1)));
	child_start(c, 0);
	settle();
	figure("exception_round_trip", (end - begin) / TIMES);
}

static void touches(uint64_t pages)
{
	for (unsigned i = 0; i <= TIMES; i++) {
		if (i == 1)
			begin = tsc();
		*(char volatile *)(pages + i * PAGE_SIZE) = 1;
	}
	end = tsc();
}

/* The test is the pager: one page for each fault. */
TEST(figure_of_a_page_fault_that_a_pager_in_another_space_resolves)
{
	uint64_t f = frame();
	struct child *c = child_new(touches, 10);

	for (unsigned i = 0; i < 3; i++)
		OK(op3(SYS_PD_GROW, c->pd, frame(), FRAME_TABLE));
	child_start(c, PAGES_AT);
	struct msg m = await();
	for (unsigned i = 0; i <= TIMES; i++) {
		enum status status = op5(SYS_MAP, c->pd, m.w[2], f, 1, MAP_WRITE);
		if (status || i == TIMES)
			CHECK_IS(status, STATUS_OK);
		if (i < TIMES)
			m = sys(syscall_header(SYS_REPLY_WAIT, 0, 0, 0, FAULT_RESUME), 0, 0, 0, 0, 0);
	}
	reply(FAULT_RESUME, 0);
	settle();
	CHECK(end > begin);
	figure("page_fault_round_trip", (end - begin) / TIMES);
}

/* --- What core alone does --- */

TEST(figure_of_mapping_a_page)
{
	struct child *c = child_new(waits, 10);
	uint64_t f = frame(), start;
	bool failed = false;

	for (unsigned i = 0; i < 3; i++)
		OK(op3(SYS_PD_GROW, c->pd, frame(), FRAME_TABLE));
	OK(op5(SYS_MAP, c->pd, PAGES_AT, f, 1, MAP_WRITE));
	start = tsc();
	for (unsigned i = 0; i < TIMES; i++)
		failed |= op5(SYS_MAP, c->pd, PAGES_AT + i * PAGE_SIZE, f, 1, MAP_WRITE);
	figure("page_map", (tsc() - start) / TIMES);
	start = tsc();
	for (unsigned i = 0; i < TIMES; i++)
		failed |= op3(SYS_UNMAP, c->pd, PAGES_AT + i * PAGE_SIZE, 1);
	figure("page_unmap", (tsc() - start) / TIMES);
	CHECK(!failed);
}

TEST(figure_of_making_a_thread)
{
	struct child *c = child_new(waits, 10);
	uint64_t start, ticks = 0, f = frame(), where;
	bool failed = false;

	for (unsigned i = 0; i < TIMES; i++) {
		where = place(THREAD_GRANULES);
		start = tsc();
		failed |= op5(SYS_THREAD_CREATE, where, c->pd, f, 0x1000, 0x1000);
		ticks += tsc() - start;
		OK(destroy(where));
	}
	CHECK(!failed);
	figure("thread_create", ticks / TIMES);
}

static SHARED uint64_t next_gate;

static void calls_next(uint64_t gate) { call(gate, 0); }

static void serves_by_call(uint64_t unused)
{
	wait();
	call(next_gate, 0);
}

/* Of the caller at the root, on whose priority the whole chain runs, and of a server in the middle. */
TEST(figure_of_a_priority_change_in_a_chain)
{
	struct child *last_server = child_run(spins, 10, 0), *middle = child_new(serves_by_call, 10), *root;
	uint64_t start;

	next_gate = child_give(middle, gate_new(last_server, 1));
	child_start(middle, 0);
	settle();
	root = child_run(calls_next, 9, gate_new(middle, 1));
	run_for(5000000);
	start = tsc();
	for (unsigned i = 0; i < TIMES; i++)
		op3(SYS_THREAD_SET, root->thread, THREAD_PRIORITY, 8 + i % 2);
	figure("priority_change_of_caller", (tsc() - start) / TIMES);
	start = tsc();
	for (unsigned i = 0; i < TIMES; i++)
		op3(SYS_THREAD_SET, middle->thread, THREAD_PRIORITY, 8 + i % 2);
	figure("priority_change_in_chain", (tsc() - start) / TIMES);
}

TEST(figure_of_a_budget_change)
{
	struct child *c = child_run(spins, 10, 0);
	uint64_t budget = place(BUDGET_GRANULES), start;

	OK(op3(SYS_BUDGET_CREATE, budget, 500000, 1000000));
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_BUDGET, note(budget)));
	run_for(5000000);
	start = tsc();
	for (unsigned i = 0; i < TIMES; i++)
		op3(SYS_BUDGET_SET, budget, 400000 + i, 1000000);
	figure("budget_change", (tsc() - start) / TIMES);
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_BUDGET, 0));
}

/* From the kernel's first instruction to core's first. */
TEST(figure_of_the_boot)
{
	extern uint64_t first_ticks;

	CHECK(first_ticks > info->boot_ticks);
	figure("boot", first_ticks - info->boot_ticks);
}
