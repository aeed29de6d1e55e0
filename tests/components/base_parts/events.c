/* SPDX-License-Identifier: MIT */
/*
 * Signals, timeouts and waiting for one alone, in the main loop.
 */
#include "parts.h"

static struct env           *env;
static struct signal_context context, alone;
static unsigned              order;
static uint64_t              started_ns;

/* --- Timeouts: set in another order than they are due --- */

static void handle_second(struct handler *handler, uint64_t count)
{
	CHECK(count == 1 && ++order == 2 && time_now_ns() >= started_ns + 4 * TIME_NS_PER_MS);
	log_info("timeouts: holds");
	env_exit(env, 0);
}

static void handle_first(struct handler *handler, uint64_t count)
{
	CHECK(count == 1 && ++order == 1 && time_now_ns() >= started_ns + 2 * TIME_NS_PER_MS);
}

static void handle_cancelled(struct handler *handler, uint64_t count)
{
	CHECK(!"a timeout that was cancelled");
}

static struct handler second = { .handle = handle_second }, first = { .handle = handle_first }, cancelled = { .handle = handle_cancelled };

static void start_timeouts(void)
{
	started_ns = time_now_ns();
	ep_timeout(&env->ep, &second, started_ns + 4 * TIME_NS_PER_MS);
	ep_timeout(&env->ep, &cancelled, started_ns + 1 * TIME_NS_PER_MS);
	ep_timeout(&env->ep, &first, started_ns + 50 * TIME_NS_PER_MS);
	ep_timeout(&env->ep, &first, started_ns + 2 * TIME_NS_PER_MS);
	ep_timeout_cancel(&env->ep, &cancelled);
}

/* --- Signals: counted, and delivered once --- */

static void handle_signal(struct handler *handler, uint64_t count)
{
	CHECK(count == 3);
	ep_signal_end(&env->ep, context);
	log_info("signals: holds");
	start_timeouts();
}

static struct handler signalled = { .handle = handle_signal }, never = { .handle = handle_cancelled };

void events_start(struct env *e)
{
	uint64_t now;

	env = e;
	CHECK(ep_signal(&env->ep, &signalled, &context) == STATUS_OK);
	for (unsigned i = 0; i < 3; i++)
		CHECK(signal_submit(context) == STATUS_OK);

	CHECK(ep_signal(&env->ep, &never, &alone) == STATUS_OK);
	CHECK(signal_submit(alone) == STATUS_OK);
	CHECK(signal_wait(alone, 0) == STATUS_OK);
	now = time_now_ns();
	CHECK(signal_wait(alone, now + TIME_NS_PER_MS) == STATUS_TIMEOUT && time_now_ns() >= now + TIME_NS_PER_MS);
	ep_signal_end(&env->ep, alone);
	CHECK(env_wait_news(env, NEWS_RESOURCE, time_now_ns() + TIME_NS_PER_MS) == STATUS_TIMEOUT);
}
