/* SPDX-License-Identifier: MIT */
/*
 * Random system calls: children with capabilities for each other's gates and signal contexts call whatever there is with whatever
 * comes to mind, while the test cancels, pauses and kills them. Afterwards everything must work, and nothing may be left.
 */
#include "test.h"

#define MS       1000000UL
#define SEED     0x9e3779b97f4a7c15UL
#define CALLS    200000UL

enum { FUZZERS = 6, FIRST_CAPS = 24 };

static SHARED uint64_t calls_made, results[STATUS_COUNT + 1];

static uint64_t random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dUL;
}

static uint64_t random_selector(uint64_t *state)
{
	uint64_t r = random(state);

	switch (r >> 60) {
	case 0:  return random(state);
	case 1:  return r % (9 * PAGE_SIZE);
	case 2:  return slot(64 + (r >> 8) % 64);
	default: return slot((r >> 8) % 40);
	}
}

static uint64_t random_word(uint64_t *state)
{
	uint64_t r = random(state);

	switch (r >> 61) {
	case 0:  return r;
	case 1:  return 0xffff800000000000 | r % (1UL << 40);
	case 2:  return 0xffffffff80000000 | r % (1UL << 24);
	case 3:  return r % (1UL << 28);
	default: return random_selector(state);
	}
}

static uint64_t random_head(uint64_t *state)
{
	static unsigned char const often[] = {
		SYS_CALL, SYS_CALL, SYS_CALL, SYS_REPLY_WAIT, SYS_REPLY_WAIT, SYS_WAIT, SYS_SUBMIT, SYS_SUBMIT, SYS_YIELD, SYS_CAP_COPY,
		SYS_CAP_COPY, SYS_CAP_MOVE, SYS_CAP_DROP, SYS_CAP_REVOKE, SYS_CAP_INFO, SYS_TIME,
	};
	uint64_t r = random(state), op = r >> 56 < 230 ? often[r % ARRAY_SIZE(often)] : r >> 8 & 0xff;

	if (op == SYS_THREAD_EXIT && r >> 50 & 7)
		op = SYS_YIELD;
	uint64_t head = syscall_header(op, r >> 16 & 7 ? r >> 20 & 7 : r >> 20 & 0xff, r >> 28 & 3 ? r >> 30 & 1 : r >> 30 & 15,
	                               r >> 34 & 7 ? 0 : r >> 37 & 15, r >> 40);
	if (r >> 42 & 3)
		head |= flags(SYS_FLAG_NOBLOCK);
	return r >> 44 & 15 ? head : head | (r & 0xff000000);
}

static void fuzzer(uint64_t seed)
{
	uint64_t state = SEED ^ seed << 32 ^ (uint64_t)utcb();
	struct utcb *u = utcb();

	for (;;) {
		unsigned i = random(&state) % UTCB_CAPS;
		u->send[i] = random(&state) & 3 ? random_selector(&state) | (random(&state) & 1) : random_word(&state);
		u->window[i] = random(&state) & 7 ? slot(40 + random(&state) % 20) : random_word(&state);
		struct msg m = sys(random_head(&state), random_selector(&state), random_selector(&state), random_word(&state), random_word(&state),
		                   random_word(&state));
		results[status_of(m) < STATUS_COUNT ? status_of(m) : STATUS_COUNT]++;
		++*(volatile uint64_t *)&calls_made;
	}
}

static struct child *fuzzers[FUZZERS];
static uint64_t gates[FUZZERS], signals[FUZZERS];

static void equip(struct child *c)
{
	for (unsigned i = 0; i < FUZZERS; i++) {
		uint64_t objects[] = { gates[i], signals[i] };
		for (unsigned k = 0; k < 2; k++) {
			op5(SYS_CAP_INSTALL, c->pd, slot(1 + 2 * i + k), objects[k], RIGHTS_ALL, 0);
			op5(SYS_CAP_INSTALL, c->pd, slot(1 + 2 * (i + FUZZERS) + k), objects[k], 1 + i % 3, 0);
		}
	}
}

/* One of them ends; its gate, signal context and thread are made anew in the same places. */
static void replace(unsigned i)
{
	struct child *c = fuzzers[i];

	CHECK_IS(destroy(c->thread), STATUS_BUSY);
	OK(destroy(gates[i]));
	OK(destroy(signals[i]));
	OK(destroy(c->thread));
	OK(op5(SYS_THREAD_CREATE, c->thread, c->pd, (uint64_t)c->utcb - CORE_RAM, c->entry, c->sp));
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_PRIORITY, 5 + i % 3));
	OK(op3(SYS_GATE_CREATE, gates[i], c->thread, 0x1000 + i));
	OK(op3(SYS_SIGNAL_CREATE, signals[i], c->thread, 0x2000 + i));
	child_start(c, c->utcb->user[1] + FUZZERS);
}

/* What the test does to them between two slices. Threads that wait for ever are woken. */
static void disturb(uint64_t *state)
{
	for (unsigned i = 0; i < FUZZERS; i++) {
		uint64_t r = random(state);
		struct child *c = fuzzers[i];
		uint64_t s = thread_state(c);

		if (s == EXITED || r % 64 == 0)
			replace(i);
		else if (s != RUNNING)
			OK(thread_ctl(c, r >> 8 & 1 ? THREAD_CANCEL : THREAD_START));
		else if (r % 16 == 1)
			OK(thread_ctl(c, THREAD_PAUSE));
		else
			OK(thread_ctl(c, THREAD_START));
		if (r >> 16 & 1)
			OK(op3(SYS_THREAD_SET, c->thread, THREAD_PRIORITY, 1 + (r >> 20) % 10));
		equip(c);
	}
}

static void answers(uint64_t argument)
{
	struct msg m = wait();

	for (;;)
		m = reply_wait(m.w[0] + 1);
}

TEST(random_system_calls_break_nothing)
{
	uint64_t state = SEED;

	for (unsigned i = 0; i < FUZZERS; i++) {
		fuzzers[i] = child_new(fuzzer, 5 + i % 3);
		OK(op3(SYS_THREAD_SET, fuzzers[i]->thread, THREAD_HANDLER, 0));
		OK(op3(SYS_THREAD_SET, fuzzers[i]->thread, THREAD_PAGER, 0));
		gates[i] = gate_new(fuzzers[i], 0x1000 + i);
		signals[i] = signal_new(fuzzers[i], 0x2000 + i);
	}
	for (unsigned i = 0; i < FUZZERS; i++) {
		equip(fuzzers[i]);
		child_start(fuzzers[i], i);
	}
	for (uint64_t rounds = 0; calls_made < CALLS; rounds++) {
		CHECK(rounds < CALLS);
		run_for(MS / 10);
		disturb(&state);
	}
	print("random system calls: seed ");
	print_number(SEED, 16);
	print(", results:");
	for (unsigned i = 0; i <= STATUS_COUNT; i++) {
		print(" ");
		print_number(results[i], 10);
	}
	print("\n");
	CHECK_IS(results[STATUS_COUNT], 0);
	struct child *s = child_run(answers, 20, 0);
	settle();
	CHECK_IS(call(child_give(&self, gate_new(s, 0)), 41).w[0], 42);
}
