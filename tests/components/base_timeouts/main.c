/* SPDX-License-Identifier: MIT */
/*
 * Timeouts of the entrypoint: they run in the order of their time and never before it, whatever the order in which they were
 * set; a new time replaces the old one; a cancelled one never runs; and signals get through in between.
 */
#include "../check.h"

enum { TIMERS = 8, STEP_NS = 20 * TIME_NS_PER_MS, SIGNALS = 5 };

struct timer {
	struct handler handler;
	unsigned       place;       /* in the order in which they have to run */
	uint64_t       at_ns;
};

static struct test {
	struct env           *env;
	struct timer          timers[TIMERS];
	unsigned              run;
	struct handler        cancelled, moved, end, signalled;
	struct signal_context signal;
	unsigned              moved_runs;
	uint64_t              moved_at_ns;
	uint64_t              signals;
} self;

static void fail(char const *what)
{
	log_error("check failed: %s", what);
	env_exit(self.env, 1);
}

static void handle_timer(struct handler *handler, uint64_t count)
{
	struct timer *timer = container_of(handler, struct timer, handler);

	if (time_now_ns() < timer->at_ns)
		fail("a timeout runs before its time");
	if (count != 1 || timer->place != self.run)
		fail("timeouts run out of order");
	checks_passed += 2;
	self.run++;
	if (self.run <= SIGNALS && signal_submit(self.signal) != STATUS_OK)
		fail("a signal to oneself");
}

static void handle_cancelled(struct handler *handler, uint64_t count)
{
	fail("a cancelled timeout runs");
}

static void handle_moved(struct handler *handler, uint64_t count)
{
	self.moved_runs++;
	if (time_now_ns() < self.moved_at_ns)
		fail("a timeout runs at the time that was replaced");
}

static void handle_signal(struct handler *handler, uint64_t count)
{
	self.signals += count;
}

static void handle_end(struct handler *handler, uint64_t count)
{
	if (self.run != TIMERS)
		fail("a timeout did not run");
	if (self.moved_runs != 1)
		fail("a timeout that was moved runs once");
	if (self.signals != SIGNALS)
		fail("a signal was lost among timeouts");
	ep_signal_end(&self.env->ep, self.signal);
	checks_passed += 3;
	test_passed();
}

enum status component_construct(struct env *env)
{
	/* Set in this order; each number is a place. */
	static unsigned const order[TIMERS] = { 3, 0, 7, 4, 1, 6, 5, 2 };
	uint64_t const        start = time_now_ns();
	struct ep            *ep    = &env->ep;

	self.env = env;
	self.signalled.handle = handle_signal;
	TRY(ep_signal(ep, &self.signalled, &self.signal));
	for (unsigned i = 0; i < TIMERS; i++) {
		struct timer *timer = &self.timers[i];

		timer->handler.handle = handle_timer;
		timer->place = order[i];
		timer->at_ns = start + (1 + order[i]) * STEP_NS;
		ep_timeout(ep, &timer->handler, timer->at_ns);
	}
	self.cancelled.handle = handle_cancelled;
	ep_timeout(ep, &self.cancelled, start + STEP_NS / 2);
	ep_timeout_cancel(ep, &self.cancelled);
	self.moved.handle = handle_moved;
	self.moved_at_ns = start + 6 * STEP_NS;
	ep_timeout(ep, &self.moved, start + STEP_NS);
	ep_timeout(ep, &self.moved, self.moved_at_ns);
	self.end.handle = handle_end;
	ep_timeout(ep, &self.end, start + (TIMERS + 2) * STEP_NS);
	return STATUS_OK;
}
