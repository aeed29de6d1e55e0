/* SPDX-License-Identifier: MIT */
/*
 * Starts a subsystem, kills it at a random point, and compares its own books with those before: as often as it is told. What
 * the subsystem consists of it does not know: that is a <config> within its own, which the sandbox gets.
 *
 * A round is three steps of the event loop: start; strike, after a random time; settle, when the servers elsewhere have agreed
 * to the end of the subsystem's sessions. Every third round strikes only when somebody is inside an open, upgrade or close, in turn, as Stage
 * knows; whether that hit, Stage tells afterwards, from the sessions that ended in that phase.
 */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <sandbox/sandbox.h>
#include <stage/stage.h>

enum { SPAN_US = 250 * 1000, LOOK_US = 700, PATIENCE_S = 20 };

struct phases {
	uint32_t opening, upgrading, closing, idle;
};

struct books {
	struct account_state account;
	unsigned             slots;
};

static struct recycler {
	struct env     *env;
	struct sandbox  sandbox;
	struct stage    stage;
	struct handler  strike, settle;
	struct books    before;
	struct phases   ended, hits;       /* before this round; in all */
	uint64_t        random;            /* xorshift */
	uint64_t        rounds, round;
	uint64_t        deadline_ns;       /* of the present step */
	unsigned        inside;            /* rounds that ended within something */
	enum stage_phase wanted;           /* IDLE: anything will do */
} self;

static uint64_t random_below(uint64_t bound)
{
	self.random ^= self.random << 13;
	self.random ^= self.random >> 7;
	self.random ^= self.random << 17;
	return self.random % bound;
}

static enum status read_books(struct books *books)
{
	books->slots = cap_slots_used();
	return account_info(self.env->account, &books->account);
}

static enum status read_tally(struct phases *phases)
{
	return stage_tally(&self.stage, &phases->opening, &phases->upgrading, &phases->closing, &phases->idle);
}

static enum status fail(char const *what)
{
	log_error("round %lu: %s", self.round, what);
	return STATUS_INTERNAL;
}

static void after(struct handler *step, uint64_t us)
{
	ep_timeout(&self.env->ep, step, time_now_ns() + us * TIME_NS_PER_US);
}

/* --- The steps --- */

static enum status start(void)
{
	static enum stage_phase const turns[] = { STAGE_PHASE_OPENING, STAGE_PHASE_UPGRADING, STAGE_PHASE_CLOSING };

	self.wanted = self.round % 3 ? STAGE_PHASE_IDLE : turns[self.round / 3 % 3];
	self.deadline_ns = time_now_ns() + PATIENCE_S * TIME_NS_PER_S;
	TRY(read_tally(&self.ended));
	self.sandbox = (struct sandbox) { .env = NULL };
	TRY(sandbox_init(&self.sandbox, self.env, node_child(env_config(self.env), "config")));
	sandbox_start(&self.sandbox);
	if (!sandbox_running(&self.sandbox))
		return fail("nothing was started");
	after(&self.strike, random_below(1 + random_below(SPAN_US)));    /* rather early: in the middle of the start, often */
	return STATUS_OK;
}

static enum status is_time(bool *yes)
{
	struct phases now;

	TRY(stage_census(&self.stage, &now.opening, &now.upgrading, &now.closing, &now.idle));
	*yes = self.wanted == STAGE_PHASE_IDLE || (self.wanted == STAGE_PHASE_OPENING && now.opening) ||
	       (self.wanted == STAGE_PHASE_UPGRADING && now.upgrading) || (self.wanted == STAGE_PHASE_CLOSING && now.closing);
	return STATUS_OK;
}

static enum status strike(void)
{
	bool now;

	TRY(is_time(&now));
	if (now) {
		sandbox_stop(&self.sandbox);
		self.deadline_ns = time_now_ns() + PATIENCE_S * TIME_NS_PER_S;
		after(&self.settle, 0);
		return STATUS_OK;
	}
	if (time_now_ns() > self.deadline_ns)
		return fail("nobody was ever inside what was wanted");
	after(&self.strike, random_below(LOOK_US));
	return STATUS_OK;
}

static enum status compare(void)
{
	struct books now;

	TRY(read_books(&now));
	if (now.account.ram_used == self.before.account.ram_used && now.account.caps_used == self.before.account.caps_used &&
	    now.account.ram_limit == self.before.account.ram_limit && now.account.caps_limit == self.before.account.caps_limit &&
	    now.slots == self.before.slots)
		return STATUS_OK;
	log_error("RAM was %lu, is %lu; caps were %lu, are %lu; slots were %u, are %u", self.before.account.ram_used, now.account.ram_used,
	          self.before.account.caps_used, now.account.caps_used, self.before.slots, now.slots);
	return fail("the account is not what it was");
}

static enum status count_hits(void)
{
	struct phases now;

	TRY(read_tally(&now));
	self.hits.opening += now.opening - self.ended.opening;
	self.hits.upgrading += now.upgrading - self.ended.upgrading;
	self.hits.closing += now.closing - self.ended.closing;
	self.inside += now.opening != self.ended.opening || now.upgrading != self.ended.upgrading || now.closing != self.ended.closing;
	return STATUS_OK;
}

static enum status settle(void)
{
	if (!sandbox_is_quiet(&self.sandbox)) {
		if (time_now_ns() > self.deadline_ns)
			return fail("sessions have not ended");
		after(&self.settle, LOOK_US);
		return STATUS_OK;
	}
	sandbox_fini(&self.sandbox);
	TRY(compare());
	TRY(count_hits());
	self.round++;
	if (self.round % 10 == 0 || self.round == self.rounds)
		log_info("%lu rounds: %u ended inside something (open %u, upgrade %u, close %u); RAM %lu, caps %lu, slots %u as before", self.round,
		         self.inside, self.hits.opening, self.hits.upgrading, self.hits.closing, self.before.account.ram_used,
		         self.before.account.caps_used, self.before.slots);
	if (self.round < self.rounds)
		return start();
	return self.inside * 3 >= self.rounds ? STATUS_OK : fail("less than a third of the rounds ended inside something");
}

static void end_unless_ok(enum status status)
{
	if (status == STATUS_OK)
		return;
	log_error("stopped: %s", status_name(status));
	env_exit(self.env, 1);
}

static void handle_strike(struct handler *handler, uint64_t count)
{
	end_unless_ok(strike());
}

static void handle_settle(struct handler *handler, uint64_t count)
{
	end_unless_ok(settle());
}

enum status component_construct(struct env *env)
{
	struct node config = env_config(env);

	self.env = env;
	self.strike.handle = handle_strike;
	self.settle.handle = handle_settle;
	self.random = node_u64(config, "seed", 1, 1, UINT64_MAX);
	self.rounds = node_u64(config, "rounds", 100, 1, 10000);
	log_info("seed %lu, %lu rounds", self.random, self.rounds);
	TRY(stage_open(&self.stage, env, ""));

	/* What the first use makes once and for all: the size of the table. */
	TRY(sandbox_init(&self.sandbox, env, node_child(config, "config")));
	sandbox_fini(&self.sandbox);
	TRY(read_books(&self.before));
	return start();
}
