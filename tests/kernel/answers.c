/* SPDX-License-Identifier: MIT */
/*
 * Answers to faults that go straight through the kernel: those of a handler for which nothing else waits, to a thread that is not special
 * otherwise. A handler is a child here, since the test itself has its own deadlines. What becomes of registers is looked at in registers.c.
 */
#include "test.h"

#define ADDRESS 0x10000000UL

static SHARED uint64_t held, told, label, done, polled;

/* Takes faults, spins while it is held, and answers with the label. */
static void handles(uint64_t unused)
{
	for (;;) {
		sys(syscall_header(SYS_REPLY_WAIT, 0, 0, 0, label), 0, 0, 0, 0, 0);
		told++;
		while (*(uint64_t volatile *)&held)
			spin();
	}
}

static void writes(uint64_t address)
{
	*(uint64_t volatile *)address = 77;
	polled = status_of(poll());
	done = 1;
}

static void exits(uint64_t unused)
{
	sys(SYS_THREAD_EXIT, 0, 0, 0, 0, 0);
	done = 1;
}

/* A child whose faults of this kind such a handler has; it has taken the first one, and is held. */
static struct child *held_by_handler(child_function *run, enum thread_attribute kind)
{
	struct child *handler = child_run(handles, 10, 0), *c = child_new(run, 5);

	settle();
	OK(op3(SYS_THREAD_SET, c->thread, kind, gate_new(handler, 1)));
	held = 1;
	child_start(c, ADDRESS);
	settle();
	CHECK_IS(told, 1);
	CHECK_IS(thread_state(c), CALLING);
	return c;
}

static void answer(void)
{
	held = 0;
	settle();
}

TEST(a_thread_goes_on_when_its_handler_says_so)
{
	struct child *c = held_by_handler(writes, THREAD_PAGER);

	OK(op5(SYS_MAP, c->pd, ADDRESS, frame(), 1, MAP_WRITE));
	answer();
	CHECK_IS(done, 1);
	CHECK_IS(told, 1);
	CHECK_IS(polled, STATUS_TIMEOUT);
}

TEST(a_thread_that_was_paused_meanwhile_does_not_go_on_with_the_answer)
{
	struct child *c = held_by_handler(writes, THREAD_PAGER);

	OK(op5(SYS_MAP, c->pd, ADDRESS, frame(), 1, MAP_WRITE));
	OK(thread_ctl(c, THREAD_PAUSE));
	answer();
	CHECK_IS(done, 0);
	OK(thread_ctl(c, THREAD_START));
	settle();
	CHECK_IS(done, 1);
}

TEST(a_thread_that_was_cancelled_meanwhile_keeps_that_over_the_answer)
{
	struct child *c = held_by_handler(writes, THREAD_PAGER);

	OK(op5(SYS_MAP, c->pd, ADDRESS, frame(), 1, MAP_WRITE));
	OK(thread_ctl(c, THREAD_CANCEL));
	answer();
	CHECK_IS(done, 1);
	CHECK_IS(polled, STATUS_CANCELLED);
}

TEST(a_thread_stops_when_its_handler_says_so)
{
	struct child *c;

	label = FAULT_STOP;
	c = held_by_handler(writes, THREAD_PAGER);
	answer();
	CHECK_IS(thread_state(c), BLOCKED);
	CHECK_IS(told, 1);
}

TEST(a_thread_that_has_exited_does_not_go_on_with_the_answer)
{
	struct child *c = held_by_handler(exits, THREAD_HANDLER);

	answer();
	CHECK_IS(thread_state(c), EXITED);
	CHECK_IS(done, 0);
}
