/* SPDX-License-Identifier: MIT */
/*
 * What somebody could make the kernel do a thousand times in one entry. tools/entries counts the longest entry; here, that the rest is not forgotten.
 */
#include "test.h"

enum { LINKS = CHAIN_DEPTH_MAX, ROOT = 5, SIDE = 6, BUSY = 10, BEST = 20 };

static SHARED uint64_t answered, refused, served, spins;

static struct child *links[LINKS];
static uint64_t signal;
static unsigned callers;

static void calls(uint64_t gate)
{
	struct msg m = call(gate, 0);

	__atomic_fetch_add(status_of(m) == STATUS_PEER_GONE ? &refused : &answered, 1, __ATOMIC_RELAXED);
}

/*
 * The end of the longest chain of calls goes on, while at each of its links the longest chain waits, and somebody at each link of that one: 528 threads.
 */

/* Asks the next one whatever it is asked. */
static void forwards(uint64_t gate)
{
	reply_wait(0);
	for (;;) {
		call(gate, 0);
		reply_wait(0);
	}
}

/* The end: waits for a signal in the midst of its first call. */
static void blocks_once(uint64_t argument)
{
	wait();
	wait_one(argument);
	for (;;) {
		served++;
		reply_wait(0);
	}
}

static void spinner(uint64_t unused)
{
	for (;;)
		++*(uint64_t volatile *)&spins;
}

static struct child *start_beside(struct child *domain, child_function *run, unsigned priority, uint64_t object)
{
	struct child *c = domain ? child_beside(domain, run, priority) : child_new(run, priority);

	child_start(c, child_give(c, object));
	return c;
}

static void start_caller(struct child *domain, unsigned priority, struct child *server)
{
	start_beside(domain, calls, priority, gate_new(server, 0));
	callers++;
}

/* The chain itself: its end blocks, and all others are in calls. */
static void build_chain(void)
{
	struct child *end = child_new(blocks_once, ROOT);

	signal = signal_new(end, 0);
	child_start(end, child_give(end, signal));
	links[0] = end;
	for (unsigned i = 1; i < LINKS; i++)
		links[i] = start_beside(end, forwards, ROOT, gate_new(links[i - 1], 0));
	settle();
	start_caller(end, ROOT, links[LINKS - 1]);
	settle();
	CHECK_IS(thread_state(end), BLOCKED);
}

/* A chain of its own that ends in a queue at `link`, with somebody who waits at each link of it; the best of them is the furthest away. */
static void build_side_chain(struct child *link, unsigned best)
{
	struct child *domain = NULL, *c = link, *side[LINKS - 1];

	for (unsigned i = 0; i < ARRAY_SIZE(side); i++) {
		c = start_beside(domain, forwards, SIDE, gate_new(c, 0));
		domain = domain ? domain : c;
		side[i] = c;
	}
	settle();
	start_caller(domain, SIDE, c);
	settle();
	for (unsigned i = 0; i < ARRAY_SIZE(side); i++) {
		CHECK_IS(thread_state(side[i]), i ? CALLING : QUEUED);
		start_caller(domain, i == ARRAY_SIZE(side) - 1 ? best : SIDE, side[i]);
	}
	settle();
}

static void build(unsigned best)
{
	callers = 0;
	build_chain();
	for (unsigned i = 0; i < LINKS; i++)
		build_side_chain(links[i], i == LINKS - 1 ? best : SIDE);
	CHECK_IS(answered, 0);
}

TEST(nobody_is_forgotten_when_the_end_of_the_longest_chain_goes_on)
{
	build(SIDE);
	OK(op1(SYS_SUBMIT, child_give(&self, signal)));
	run_for(50000000);
	CHECK_IS(answered, callers);
	CHECK_IS(callers, 1 + LINKS * LINKS);
}

/* Somebody is busy who is better than all but one of those who wait. */
TEST(the_best_of_all_who_wait_lends_to_the_end_of_the_longest_chain_at_once)
{
	build(BEST);
	child_start(child_new(spinner, BUSY), 0);
	OK(op1(SYS_SUBMIT, child_give(&self, signal)));
	run_for(20000000);
	CHECK(served >= 1);
	CHECK(spins > 1000);
}

/* Calls that are queued when their gate is destroyed are turned away when it would be their turn. */
TEST(many_calls_whose_gate_has_died_are_turned_away_in_slices_and_hide_nobody)
{
	enum { DEAD = 9 };
	uint64_t gate = gate_new(&self, 1), other = gate_new(&self, 2);
	unsigned polls = 1;

	for (unsigned i = 0; i < DEAD; i++)
		child_run(calls, BUSY, gate);
	child_run(calls, ROOT, other);
	run_unheard(2000000);
	OK(destroy(gate));
	while (poll().badge != 2)
		CHECK(++polls <= DEAD);
	reply(0, 0);
	settle();
	CHECK(polls > 1);
	CHECK_IS(refused, DEAD);
	CHECK_IS(answered, 1);
}
