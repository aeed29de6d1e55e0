/* SPDX-License-Identifier: MIT */
/* What a trace tells of the threads in it, and what it does not tell of others. */
#include "callers.h"
#include <kernel/abi/trace.h>

static enum status trace_ring(uint64_t number, uint64_t memory, uint64_t frames) { return op3(SYS_TRACE_RING, number, memory, frames); }

static enum status trace_thread(struct child *c, uint64_t number) { return op3(SYS_THREAD_SET, c->thread, THREAD_TRACE, number); }

static struct trace_ring *ring_new(uint64_t number)
{
	uint64_t memory = frame();

	OK(trace_ring(number, memory, 1));
	return at(memory);
}

static struct trace_event *event_at(struct trace_ring *ring, uint64_t n) { return (struct trace_event *)(ring + 1) + n % ring->slots; }

/* The first event of that kind; there must be one. */
static struct trace_event *event_of(struct trace_ring *ring, enum trace_kind kind)
{
	for (uint64_t n = 0; n < ring->written; n++)
		if (event_at(ring, n)->kind == kind)
			return event_at(ring, n);
	CHECK(!"an event of this kind");
	return 0;
}

static uint32_t number_of(struct child *c) { return c->thread / GRANULE; }

/* A server and a caller of it, which have both done what they do; in these rings. */
static void one_call(struct child **server_child, struct child **caller_child, unsigned server_ring, unsigned caller_ring)
{
	*server_child = child_run(server, 20, 0);
	OK(trace_thread(*server_child, server_ring));
	settle();
	*caller_child = child_new(caller, 10);
	OK(trace_thread(*caller_child, caller_ring));
	child_start(*caller_child, child_give(*caller_child, gate_new(*server_child, 0xbad9e)));
	settle();
	CHECK_IS(seen[0].w[0], 1);
}

TEST(a_call_between_traced_threads_is_told_with_both_of_them_and_the_badge)
{
	struct trace_ring *ring = ring_new(1);
	struct child *s, *c;

	one_call(&s, &c, 1, 1);
	struct trace_event *call = event_of(ring, TRACE_CALL), *receive = event_of(ring, TRACE_RECEIVE), *reply = event_of(ring, TRACE_REPLY);
	CHECK(call->thread == number_of(c) && call->partner == number_of(s) && call->value == 0xbad9e);
	CHECK(receive->thread == number_of(c) && receive->partner == number_of(s) && receive->value == 0xbad9e);
	CHECK(reply->thread == number_of(s) && reply->partner == number_of(c));
	CHECK(call->ns <= receive->ns && receive->ns <= reply->ns);
	CHECK_IS(event_of(ring, TRACE_SWITCH)->cpu, 0);
	OK(trace_ring(1, 0, 0));
}

TEST(a_trace_tells_nothing_of_a_thread_that_is_not_in_it)
{
	struct trace_ring *ring = ring_new(1);
	struct child *s, *c;

	one_call(&s, &c, 0, 1);
	struct trace_event *call = event_of(ring, TRACE_CALL);
	CHECK(call->thread == number_of(c) && call->partner == 0 && call->value == 0);
	for (uint64_t n = 0; n < ring->written; n++)
		CHECK(event_at(ring, n)->thread != number_of(s) && event_at(ring, n)->partner != number_of(s));
	OK(trace_ring(1, 0, 0));
}

TEST(threads_in_two_traces_are_nobody_to_each_other)
{
	struct trace_ring *of_server = ring_new(1), *of_caller = ring_new(2);
	struct child *s, *c;

	one_call(&s, &c, 1, 2);
	struct trace_event *received = event_of(of_server, TRACE_RECEIVE), *called = event_of(of_caller, TRACE_CALL);
	CHECK(received->thread == 0 && received->partner == number_of(s) && received->value == 0xbad9e);
	CHECK(called->thread == number_of(c) && called->partner == 0 && called->value == 0);
	OK(trace_ring(1, 0, 0));
	OK(trace_ring(2, 0, 0));
}

static void marker(uint64_t times)
{
	for (uint64_t i = 0; i < times; i++)
		EXPECT(status_of(sys(SYS_TRACE_MARK | 77UL << 32, i, 0, 0, 0, 0)) == STATUS_OK);
}

TEST(marks_go_round_in_the_ring)
{
	struct trace_ring *ring = ring_new(3);
	struct child *c = child_new(marker, 10);
	uint64_t marks = 3 * ring->slots;

	OK(trace_thread(c, 3));
	child_start(c, marks);
	settle();
	CHECK(ring->written > marks && ring->slots == 4096 / 32 - 1);
	uint64_t last = ring->written - 1;
	while (event_at(ring, last)->kind != TRACE_MARK)
		last--;
	CHECK(event_at(ring, last)->value == marks - 1 && event_at(ring, last)->label == 77 && event_at(ring, last)->thread == number_of(c));
	CHECK_IS(event_at(ring, last - 100)->value, marks - 101);
	OK(trace_ring(3, 0, 0));
}

TEST(a_ring_that_has_ended_is_not_written)
{
	struct trace_ring *ring = ring_new(1);
	struct child *c = child_new(marker, 10);

	OK(trace_thread(c, 1));
	OK(trace_ring(1, 0, 0));
	uint64_t before = ring->written;
	child_start(c, 10);
	settle();
	CHECK_IS(ring->written, before);
	CHECK_IS(trace_ring(0, 0, 0), STATUS_INVALID);
	CHECK_IS(trace_ring(TRACE_RINGS + 1, 0, 0), STATUS_INVALID);
	CHECK_IS(trace_thread(c, TRACE_RINGS + 1), STATUS_INVALID);
	OK(trace_thread(c, 0));
}

static void faulter(uint64_t address) { *(volatile uint64_t *)address; }

TEST(a_fault_of_a_traced_thread_is_told)
{
	struct trace_ring *ring = ring_new(1);
	struct child *c = child_new(faulter, 10);

	OK(trace_thread(c, 1));
	child_start(c, 0x123456789000);
	struct msg m = await();
	CHECK_IS(m.badge, BADGE_PAGER);
	CHECK(event_of(ring, TRACE_FAULT)->value == 0x123456789000 && event_of(ring, TRACE_FAULT)->label == 14);
	OK(trace_ring(1, 0, 0));
}
