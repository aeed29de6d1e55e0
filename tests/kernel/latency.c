/* SPDX-License-Identifier: MIT */
/*
 * How long an interrupt waits at worst, under everything that keeps the kernel busy. The device is the PC's interval timer, which
 * interrupts an exact time after it was set. What an interrupt of a thread in user mode takes longer than the least is so known, and
 * the least is measured from the last time that this thread has looked at the clock.
 */
#include "test.h"

#define PIT_CONTROL 0x43
#define PIT_COUNTER 0x40
#define PIT_GSI     2
#define PIT_HZ      1193182UL
#define WINDOW      0x10000000UL

enum { HANDLER_PRIORITY = 62, TEST_PRIORITY = 40, LOAD_PRIORITY = 30, ROUNDS = 150, SHORTEST = 24 };

static SHARED uint64_t handled, handled_at, last;

static inline uint64_t tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static void handles(uint64_t irq)
{
	for (;;) {
		wait();
		handled_at = tsc();
		handled++;
		sys(SYS_IRQ_ACK, irq, 0, 0, 0, 0);
	}
}

static void out(unsigned port, unsigned value) { op3(SYS_PORT_IO, port, 1 | 1 << 8, value); }

typedef void load_function(void);

/* Sets the timer to `count`, keeps the kernel busy until the handler has run; from when the interrupt was due, but for a constant. */
static uint64_t latency(unsigned count, load_function *load)
{
	uint64_t before = handled, set;

	out(PIT_CONTROL, 0x30);
	out(PIT_COUNTER, count & 0xff);
	set = tsc();
	out(PIT_COUNTER, count >> 8);
	while (*(uint64_t volatile *)&handled == before)
		load();
	return handled_at - set - count * 1000000000UL / PIT_HZ;
}

/* --- Loads --- */

static uint64_t root, thread, signal_gate, pd, mapped;

static void copies_and_revokes(void)
{
	uint64_t first = self.next_slot;

	for (unsigned i = 0; i < 64; i++)
		cap_copy(root, slot(first + i));
	while (op1(SYS_CAP_REVOKE, root) == STATUS_AGAIN)
		;
}

static void maps_and_empties(void)
{
	for (unsigned i = 0; i < 3; i++) {
		uint64_t where = WINDOW + i * (1UL << 30) - 32 * PAGE_SIZE;
		while (op5(SYS_MAP, pd, where, mapped, MAP_PAGES_MAX, 0) == STATUS_AGAIN)
			;
		op3(SYS_UNMAP, pd, where, MAP_PAGES_MAX);
	}
	while (op1(SYS_RECYCLE, pd) == STATUS_AGAIN)
		;
}

static void makes_and_destroys(void)
{
	uint64_t first = self.next_slot;

	op3(SYS_SIGNAL_CREATE, signal_gate, thread, 1);
	op5(SYS_CAP_INSTALL, self.pd, slot(first), signal_gate, RIGHTS_ALL, 0);
	for (unsigned i = 1; i < 64; i++)
		cap_copy(slot(first + i - 1), slot(first + i));
	destroy(signal_gate);
	for (unsigned i = 0; i < 64; i++)
		cap_drop(slot(first + i));
}

/* Lets those of less priority run: who calls with capabilities, and who faults. */
static void sleeps(void) { wait_until(now() + 300000); }

static void calls_with_caps(uint64_t gate)
{
	for (;;) {
		for (unsigned i = 0; i < UTCB_CAPS; i++)
			utcb()->send[i] = gate;
		sys(syscall_header(SYS_CALL, UTCB_WORDS, UTCB_CAPS, 0, 0), gate, 0, 0, 0, 0);
	}
}

static void serves_caps(uint64_t unused)
{
	for (unsigned i = 0; i < UTCB_CAPS; i++)
		utcb()->window[i] = slot(20 + i);
	for (;;)
		reply_wait(0);
}

static void mends(uint64_t unused)
{
	for (;;)
		sys(syscall_header(SYS_REPLY_WAIT, 0, 0, 0, FAULT_RESUME), 0, 0, 0, 0, 0);
}

static void faults(uint64_t unused) { *(char volatile *)WINDOW = 1; }

static void make_loads(void)
{
	struct child *server = child_run(serves_caps, LOAD_PRIORITY, 0), *faulter = child_new(faults, LOAD_PRIORITY);

	pd = note(place(PD_GRANULES));
	OK(op3(SYS_PD_CREATE, pd, frame(), frame()));
	for (unsigned i = 0; i < 12; i++)
		OK(op3(SYS_PD_GROW, pd, frame(), FRAME_TABLE));
	mapped = frame();
	root = child_give(&self, signal_new(&self, 0));
	thread = server->thread;
	signal_gate = place(SIGNAL_GRANULES);
	child_run(calls_with_caps, LOAD_PRIORITY, gate_new(server, 1));
	OK(op3(SYS_THREAD_SET, faulter->thread, THREAD_PAGER, gate_new(child_run(mends, LOAD_PRIORITY, 0), 1)));
	child_start(faulter, 0);
}

static void looks_at_the_clock(void) { last = tsc(); }

TEST(figure_of_the_longest_way_from_an_interrupt_to_its_handler)
{
	static load_function *const loads[] = { copies_and_revokes, maps_and_empties, makes_and_destroys, sleeps };
	struct child *driver = child_new(handles, HANDLER_PRIORITY);
	uint64_t irq = place(IRQ_GRANULES), least = ~0UL, path = ~0UL, longest = 0;

	out(PIT_CONTROL, 0x30);
	OK(op3(SYS_IRQ_CREATE, irq, PIT_GSI, 0));
	OK(op2(SYS_IRQ_BIND, note(irq), signal_new(driver, 1)));
	child_start(driver, child_give(driver, irq));
	make_loads();
	settle();
	OK(op3(SYS_THREAD_SET, self.thread, THREAD_PRIORITY, TEST_PRIORITY));
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t took = latency(SHORTEST + i, looks_at_the_clock), from_user = handled_at - last;
		least = took < least ? took : least;
		path = from_user < path ? from_user : path;
	}
	for (unsigned i = 0; i < ROUNDS * ARRAY_SIZE(loads); i++) {
		uint64_t took = latency(SHORTEST + i * 7 % 299, loads[i % ARRAY_SIZE(loads)]) - least;
		longest = took > longest && took < 1UL << 62 ? took : longest;
	}
	OK(op3(SYS_THREAD_SET, self.thread, THREAD_PRIORITY, PRIORITIES - 1));
	print("figure: irq_latency_max ");
	print_number(path + longest, 10);
	print(" instructions\n");
	CHECK(longest < 4000);
}
