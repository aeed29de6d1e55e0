/* SPDX-License-Identifier: MIT */
/* What ordinary domains may not do: everything that is core's. */
#include "test.h"

static SHARED uint64_t pd, thread, gate, signal, objects, free_frame, free_place, tried;

static void refused(uint64_t a, uint64_t b, uint64_t c)
{
	for (unsigned op = SYS_CORE_FIRST; op < 256; op++) {
		struct msg m = sys(op, a, b, c, 1, 1);
		EXPECT(status_of(m) == STATUS_UNSUPPORTED);
		EXPECT(m.badge == a && m.w[0] == b && m.w[1] == c);
		tried++;
	}
}

/* Tries everything with arguments that would do for core. */
static void tries_everything(uint64_t selector)
{
	refused(gate, thread, 1);
	refused(signal, signal, 1);
	refused(thread, THREAD_PAUSE, 0);
	refused(thread, THREAD_PRIORITY, 0);
	refused(pd, 0x10000000, free_frame);
	refused(pd, free_frame, FRAME_TABLE);
	refused(pd, slot(50), gate);
	refused(free_place, thread, 7);
	refused(free_frame, 0, 0);
	refused(objects, 0, 0);
	refused(selector, pd, slot(51));
	refused(0xf4, 4 | 1 << 8, MACHINE_EXIT_OK);
	refused(MACHINE_END, MACHINE_EXIT_OK, 0);
	refused(MACHINE_RESET, 0, 0);
	for (unsigned op = SYS_TRACE_MARK + 1; op < SYS_CORE_FIRST; op++)
		EXPECT(status_of(sys(op, gate, 1, 1, 1, 1)) == STATUS_UNSUPPORTED);
}

TEST(what_is_cores_is_unsupported_for_others_and_has_no_effect)
{
	struct child *c = child_new(tries_everything, 10), *victim = child_new(tries_everything, 9);
	uint64_t before[512], *frame_words;

	free_frame = frame();
	frame_words = at(free_frame);
	memset(frame_words, 0x3c, PAGE_SIZE);
	pd = victim->pd;
	thread = victim->thread;
	gate = gate_new(&self, 1);
	signal = signal_new(&self, 2);
	free_place = place(THREAD_GRANULES);
	objects = gate & ~(PAGE_SIZE - 1);
	uint64_t selector = child_give(c, gate_new(&self, 3));
	memcpy(before, at(objects), PAGE_SIZE);
	child_start(c, selector);
	settle();
	CHECK_IS(tried, 14 * (256 - SYS_CORE_FIRST));
	for (unsigned i = 0; i < 512; i++)
		CHECK_IS(frame_words[i], 0x3c3c3c3c3c3c3c3c);
	for (unsigned i = 0; i < GRANULE / 8 * THREAD_GRANULES; i++)
		CHECK_IS(((uint64_t *)at(free_place))[i], 0);
	CHECK_IS(((uint64_t *)at(objects))[1], before[1]);
	CHECK_IS(thread_state(victim), NEW);
	CHECK_IS(status_of(poll()), STATUS_TIMEOUT);
}

TEST(operations_that_do_not_exist_are_unsupported_for_core_too)
{
	for (unsigned op = SYS_CORE_END; op < 256; op++)
		CHECK_IS(status_of(sys(op, 0, 0, 0, 0, 0)), STATUS_UNSUPPORTED);
	for (unsigned op = SYS_TRACE_MARK + 1; op < SYS_CORE_FIRST; op++)
		CHECK_IS(status_of(sys(op, 0, 0, 0, 0, 0)), STATUS_UNSUPPORTED);
}

TEST(ports_have_sizes_and_an_end)
{
	CHECK_IS(op3(SYS_PORT_IO, 0x80, 3, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_PORT_IO, 0x80, 0, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_PORT_IO, 0x80, 8, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_PORT_IO, 0x10000, 1, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_PORT_IO, 0xffff, 2, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_PORT_IO, 0xfffd, 4, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_PORT_IO, ~0UL, 1, 0), STATUS_INVALID);
	OK(op3(SYS_PORT_IO, 0x80, 1 | 1 << 8, 0x42));
}

TEST(the_console_takes_at_most_32_bytes)
{
	CHECK_IS(sys(syscall_header(SYS_CONSOLE, 0, 0, 0, 0), 0, 0, 0, 0, 0).badge, 0);
	CHECK(sys(syscall_header(SYS_CONSOLE, 0, 0, 0, ~0u), 0, 0, 0, 0, 0).badge <= 32);
	CHECK_IS(op1(SYS_CONSOLE_READ, 0), STATUS_NOT_FOUND);
	CHECK_IS(op1(SYS_CONSOLE_BIND, gate_new(&self, 0)), STATUS_INVALID);
}
