/* SPDX-License-Identifier: MIT */
/* The children that callers.h describes. */
#include "callers.h"

SHARED struct msg seen[40];
SHARED uint64_t order[40], next, go, served;

/* Calls with its argument's low half as selector; notes the reply at the index in the high half. */
void caller(uint64_t argument)
{
	uint64_t index = argument >> 32;

	seen[index].head = ~0UL;
	seen[index] = call(argument & 0xffffffff, index);
}

struct child *caller_new(unsigned index, unsigned priority, uint64_t gate)
{
	struct child *c = child_new(caller, priority);

	child_start(c, child_give(c, gate) | (uint64_t)index << 32);
	return c;
}

/* Answers calls with their word plus one; notes their order. */
void server(uint64_t argument)
{
	struct msg m = wait();

	for (;;) {
		if (next < ARRAY_SIZE(order))
			order[next++] = m.w[0];
		m = reply_wait(m.w[0] + 1);
	}
}

/* Takes one call and spins until `go`, then serves on. */
void slow_server(uint64_t argument)
{
	struct msg m = wait();

	for (;;) {
		served++;
		while (!*(volatile uint64_t *)&go)
			spin();
		m = reply_wait(status_of(m) ? 0 : m.w[0] + 1);
	}
}

/* Forwards what it is asked to `gate`, and answers with the status it got and the word. */
void middle(uint64_t gate)
{
	wait();
	for (;;) {
		seen[30] = call(gate, 7);
		reply_wait(status_of(seen[30]) ? 100 + status_of(seen[30]) : seen[30].w[0]);
	}
}

/* Blocks in the middle of a call, waiting for one signal context: its argument. */
void blocking_server(uint64_t signal)
{
	struct msg m = wait();

	for (;;) {
		if (next < ARRAY_SIZE(order))
			order[next++] = m.w[0];
		wait_one(signal);
		m = reply_wait(m.w[0] + 1);
	}
}

bool waits(unsigned index) { return seen[index].head == ~0UL; }
