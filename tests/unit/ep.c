/* SPDX-License-Identifier: MIT */
/*
 * The entrypoint's loop on a fake kernel: calls, signals, timeouts and the end, in any order; a stream of calls does not
 * starve timeouts, and what timeouts do does not spoil an answer.
 */
#include "unit.h"
#include "platform.h"
#include <account/account.h>
#include <base/cap_alloc.h>
#include <base/env.h>
#include <base/ep.h>
#include <base/rpc.h>

/* The selector allocator is not what is tested here. */
static unsigned reserved;

enum status cap_reserve(struct cap *cap)
{
	cap->selector = (100 + reserved++) * SLOT_SIZE;
	return STATUS_OK;
}

void cap_release(struct cap cap)
{
	if (!cap_is_null(cap))
		reserved--;
}

void cap_unreserve(struct cap cap)
{
	reserved--;
}

/* --- The fake kernel: a clock, and what comes next --- */

enum event { CALL, SIGNAL, NOTHING };

static uint64_t          now_ns;
static struct rpc_object object;
static struct handler    handler;
static struct ep         ep;
static unsigned          calls, signals, answers, polls, blocked, late, told;
static uint64_t          deadline_ns;    /* the kernel's; 0: none */
static enum event      (*next_event)(void);

static uint64_t answer_word(unsigned number, unsigned word) { return (uint64_t)number << 32 | word; }

/* The answer to call number `calls` has 20 words and one capability. */
static void check_answer(struct platform_regs const *regs)
{
	struct utcb *utcb = thread_utcb();

	if (answers == calls)
		return;
	answers++;
	CHECK(platform_label(regs->header) == STATUS_OK && platform_words(regs->header) == 20 && platform_caps(regs->header) == 1);
	for (unsigned i = 0; i < 20; i++)
		CHECK((i < RPC_WORDS ? regs->w[i] : utcb->words[i]) == answer_word(calls, i));
	CHECK(utcb->send[0] == calls * SLOT_SIZE);
}

static void reply_wait(struct platform_regs *regs)
{
	unsigned const flags = regs->header >> 24 & 0xff;
	enum event     event;

	check_answer(regs);
	now_ns += 10;
	if (flags & SYS_FLAG_DEADLINE) {
		told++;
		deadline_ns = regs->target;
	}
	if (!(flags & SYS_FLAG_NOBLOCK) && deadline_ns && deadline_ns <= now_ns) {
		late++;
		deadline_ns = 0;
		*regs = (struct platform_regs) { .header = STATUS_TIMEOUT };
		return;
	}
	event = next_event();
	if (event == CALL) {
		*regs = (struct platform_regs) { .target = (uint64_t)&object, .w = { ++calls } };
	} else if (event == SIGNAL) {
		*regs = (struct platform_regs) { .header = (uint64_t)MESSAGE_SIGNAL << 20, .target = (uint64_t)&handler, .w = { 3 } };
	} else if (flags & SYS_FLAG_NOBLOCK) {
		polls++;
		*regs = (struct platform_regs) { .header = STATUS_TIMEOUT };
	} else {
		CHECK(deadline_ns);
		blocked++;
		now_ns = MAX(now_ns, deadline_ns);
		deadline_ns = 0;
		*regs = (struct platform_regs) { .header = STATUS_TIMEOUT };
	}
}

void fake_primitive(struct platform_regs *regs, enum platform_primitive primitive)
{
	if (primitive == PLATFORM_REPLY_WAIT) {
		reply_wait(regs);
		return;
	}
	CHECK(primitive == PLATFORM_TIME);
	regs->target = now_ns;
	now_ns += 10;
}

static enum status dispatch(struct rpc_object *self, struct rpc *rpc)
{
	uint64_t   words[20];
	struct cap cap = { rpc->w[0] * SLOT_SIZE };

	CHECK(self == &object && rpc->w[0] == calls);
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = answer_word(calls, i);
	return rpc_answer(rpc, words, ARRAY_SIZE(words), &cap, 1);
}

static struct rpc_object object = { .dispatch = dispatch };

static void *inside(void *test)
{
	fake_signal_use(1);
	CHECK(ep_init(&ep, cap_well_known(SLOT_CPU), cap_well_known(SLOT_ACCOUNT)) == STATUS_OK && reserved == UTCB_CAPS);
	((void (*)(void))test)();
	ep_fini(&ep);
	CHECK(!reserved);
	return NULL;
}

static void run(void (*test)(void))
{
	struct fake_thread thread;

	fake_platform_map();
	fake_thread_start(&thread, inside, (void *)test);
	fake_thread_join(&thread);
}

/* --- Timeouts in a stream of calls --- */

static unsigned fired;

/* As if it had made calls of its own, which must not be at the end of the chain of a call that is not answered. */
static void spoil(struct handler *self, uint64_t count)
{
	struct utcb *utcb = thread_utcb();

	CHECK(count == 1 && answers == calls);
	for (unsigned i = 0; i < UTCB_WORDS; i++)
		utcb->words[i] = 0xbad;
	for (unsigned i = 0; i < UTCB_CAPS; i++)
		utcb->send[i] = 0xbad;
	if (++fired == 5)
		ep_stop(&ep);
	else
		ep_timeout(&ep, self, now_ns + 500);
}

static enum event always_calls(void)
{
	return ep.special & EP_STOP ? NOTHING : CALL;
}

static void stream_of_calls(void)
{
	handler.handle = spoil;
	next_event = always_calls;
	ep_timeout(&ep, &handler, 500);
	ep_run(&ep);
	CHECK(fired == 5 && calls > 100 && calls < 1000 && answers == calls && late == 5 && told == 5 && !(ep.special & EP_STOP) && polls == 1);
}

/* Each call sets a timeout and cancels it. */
static enum status with_patience(struct rpc_object *self, struct rpc *rpc)
{
	if (calls == 1000)
		ep_stop(&ep);
	ep_timeout_cancel(&ep, &handler);
	ep_timeout(&ep, &handler, now_ns + 1000);
	return dispatch(self, rpc);
}

static void no_event_is_due(struct handler *self, uint64_t count)
{
	CHECK(!"a timeout that is set anew before it is due");
}

static void stream_with_patience(void)
{
	object.dispatch = with_patience;
	handler.handle = no_event_is_due;
	next_event = always_calls;
	ep_run(&ep);
	CHECK(calls == 1000 && answers == calls && told < 50 && told == late + 1);
	ep_timeout_cancel(&ep, &handler);
}

START_TEST(a_timeout_set_and_cancelled_in_each_call_is_told_to_the_kernel_only_once_in_its_time)
{
	run(stream_with_patience);
}
END_TEST

/* Always due. */
static void again(struct handler *self, uint64_t count)
{
	if (++fired == 50)
		ep_stop(&ep);
	else
		ep_timeout(&ep, self, now_ns);
}

static void stream_of_timeouts(void)
{
	handler.handle = again;
	next_event = always_calls;
	ep_timeout(&ep, &handler, 0);
	ep_run(&ep);
	CHECK(fired == 50 && calls >= 40 && answers == calls);
}

START_TEST(a_timeout_that_is_set_again_at_once_does_not_starve_callers)
{
	run(stream_of_timeouts);
}
END_TEST

START_TEST(a_stream_of_calls_does_not_starve_timeouts_nor_they_spoil_answers)
{
	run(stream_of_calls);
}
END_TEST

/* --- Order of timeouts --- */

enum { HANDLERS = 50 };

static struct handler handlers[HANDLERS];
static uint64_t       last_key;
static unsigned       left;

static void in_order(struct handler *self, uint64_t count)
{
	CHECK(count == 1 && self->of_timeouts.key >= last_key && now_ns >= self->of_timeouts.key && !self->armed);
	last_key = self->of_timeouts.key;
	if (--left == 0)
		ep_stop(&ep);
}

static enum event never(void)
{
	return NOTHING;
}

static void random_timeouts(void)
{
	next_event = never;
	for (unsigned i = 0; i < HANDLERS; i++)
		handlers[i].handle = in_order;
	for (unsigned i = 0; i < 20 * HANDLERS; i++) {
		struct handler *one = &handlers[unit_below(HANDLERS)];

		if (unit_below(4))
			ep_timeout(&ep, one, 1000 + unit_below(30) * 100);
		else
			ep_timeout_cancel(&ep, one);
	}
	for (unsigned i = 0; i < HANDLERS; i++)
		left += handlers[i].armed;
	CHECK(left && tree_check(&ep.timeouts) == left);
	ep_run(&ep);
	CHECK(!left && tree_is_empty(&ep.timeouts) && blocked);
}

START_TEST(timeouts_come_in_order_and_each_once)
{
	run(random_timeouts);
}
END_TEST

/* --- Signals, and the end --- */

static void count_signal(struct handler *self, uint64_t count)
{
	CHECK(self == &handler && count == 3);
	if (++signals == 10)
		ep_stop(&ep);
}

/* What is there when the loop is to stop is still served. */
static enum event mixed(void)
{
	static unsigned after;

	if (ep.special & EP_STOP)
		return ++after < 4 ? CALL : NOTHING;
	return unit_below(2) ? CALL : SIGNAL;
}

static void until_stopped(void)
{
	handler.handle = count_signal;
	next_event = mixed;
	ep_run(&ep);
	CHECK(signals == 10 && answers == calls && calls >= 3 && polls == 1);
}

START_TEST(signals_are_handled_and_a_stop_first_answers_what_is_there)
{
	run(until_stopped);
}
END_TEST

UNIT_MAIN(a_timeout_set_and_cancelled_in_each_call_is_told_to_the_kernel_only_once_in_its_time, a_timeout_that_is_set_again_at_once_does_not_starve_callers,
          a_stream_of_calls_does_not_starve_timeouts_nor_they_spoil_answers, timeouts_come_in_order_and_each_once,
          signals_are_handled_and_a_stop_first_answers_what_is_there)
