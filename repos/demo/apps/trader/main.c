/* SPDX-License-Identifier: MIT */
/*
 * Trades with a Depot for ever: opens a session with a stock of some size, fills it, extends it, for which it upgrades the session, checks it, and closes the
 * session, which gives the donation back. Then it rests. What it does, and when, follows from its seed.
 */
#include <base/component.h>
#include <base/time.h>
#include <depot/depot.h>

/* What the next turn does. */
enum step { STEP_OPEN, STEP_EXTEND, STEP_CHECK, STEP_CLOSE, STEPS };

static struct trader {
	struct env    *env;
	struct handler turn;
	struct depot   depot;
	enum step      step;
	uint64_t       random, seed;
	uint64_t       most;        /* bytes of a stock at first */
	uint64_t       pause_ms;
	uint64_t       trades;
} trader;

static uint64_t next_random(uint64_t below)
{
	trader.random = trader.random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (trader.random >> 33) % below;
}

static enum status open_stock(void)
{
	struct depot_args const args = { .size = PAGE_SIZE * (1 + next_random(trader.most / PAGE_SIZE)) };

	trader.seed = next_random(UINT32_MAX);
	TRY(depot_open(&trader.depot, trader.env, "", &args));
	return depot_fill(&trader.depot, trader.seed);
}

/* The server says what it lacks by refusing; what it gets comes from the own account. */
static enum status extend_stock(void)
{
	uint64_t const more   = PAGE_SIZE * (1 + next_random(4));
	enum status    status = depot_extend(&trader.depot, more);

	if (status == STATUS_OUT_OF_RAM || status == STATUS_OUT_OF_CAPS) {
		TRY(depot_upgrade(&trader.depot, more + 4 * PAGE_SIZE, 4));
		status = depot_extend(&trader.depot, more);
	}
	TRY(status);
	return depot_fill(&trader.depot, trader.seed);
}

static enum status check_stock(void)
{
	bool right;

	TRY(depot_check(&trader.depot, trader.seed, &right));
	if (!right)
		log_error("the stock is not what it was");
	return STATUS_OK;
}

static enum status take_step(void)
{
	switch (trader.step) {
	case STEP_OPEN:
		return open_stock();
	case STEP_EXTEND:
		return extend_stock();
	case STEP_CHECK:
		return check_stock();
	default:
		depot_close(&trader.depot);
		if (++trader.trades % 16 == 0)
			log_info("%lu trades", trader.trades);
		return STATUS_OK;
	}
}

/* A trade that fails is given up, and the next one is tried: the server may have been started anew, or the quota become larger. */
static void handle_turn(struct handler *handler, uint64_t count)
{
	enum status const status = take_step();

	if (status == STATUS_OK) {
		trader.step = (trader.step + 1) % STEPS;
	} else {
		log_warning("cannot trade: %s", status_name(status));
		if (trader.step != STEP_OPEN || !cap_is_null(trader.depot.connection.cap))
			depot_close(&trader.depot);
		trader.step = STEP_OPEN;
	}
	ep_timeout(&trader.env->ep, &trader.turn, time_now_ns() + (trader.pause_ms + next_random(trader.pause_ms + 1)) * TIME_NS_PER_MS);
}

enum status component_construct(struct env *env)
{
	struct node const config = env_config(env);

	trader = (struct trader) {
		.env = env, .turn.handle = handle_turn, .random = node_u64(config, "seed", 1, 0, UINT64_MAX),
		.most = node_bytes(config, "stock", 64 << 10, PAGE_SIZE, 512 << 10), .pause_ms = node_u64(config, "pause_ms", 400, 1, 3600 * 1000),
	};
	ep_timeout(&env->ep, &trader.turn, time_now_ns());
	return STATUS_OK;
}
