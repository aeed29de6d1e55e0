/* SPDX-License-Identifier: MIT */
/*
 * Opens a session, uses it, upgrades it and closes it, for ever, and says at Stage what it is about to do. After each close it
 * waits until its account is what it was: a session that does not come back to the byte ends it with a message.
 */
#include <base/component.h>
#include <hello/hello.h>
#include <stage/stage.h>

static struct worker {
	struct env           *env;
	struct handler        next;
	struct signal_context again;
	struct hello          hello;
	struct stage          stage;
	struct account_state  before;
} self;

static bool is_as_before(void)
{
	struct account_state now;

	return account_info(self.env->account, &now) == STATUS_OK && now.ram_used == self.before.ram_used &&
	       now.caps_used == self.before.caps_used;
}

/* The server agrees to the end of the session when it gets to it; news tell. */
static enum status wait_for_refund(void)
{
	uint64_t const deadline = time_now_ns() + 10 * TIME_NS_PER_S;

	while (!is_as_before())
		TRY(env_wait_news(self.env, NEWS_SESSION, deadline));
	return STATUS_OK;
}

static enum status work(void)
{
	char text[64];

	TRY(stage_enter(&self.stage, STAGE_PHASE_OPENING));
	TRY(hello_open(&self.hello, self.env, "", NULL));
	TRY(stage_enter(&self.stage, STAGE_PHASE_IDLE));
	TRY(hello_greet(&self.hello, "you", text));
	TRY(stage_enter(&self.stage, STAGE_PHASE_UPGRADING));
	TRY(hello_upgrade(&self.hello, PAGE_SIZE, 2));
	TRY(stage_enter(&self.stage, STAGE_PHASE_CLOSING));
	hello_close(&self.hello);
	TRY(wait_for_refund());
	return stage_enter(&self.stage, STAGE_PHASE_IDLE);
}

static void handle_next(struct handler *handler, uint64_t count)
{
	enum status status = work();

	if (status == STATUS_OK)
		status = signal_submit(self.again);
	if (status) {
		log_error("lost something: %s", status_name(status));
		env_exit(self.env, 1);
	}
}

enum status component_construct(struct env *env)
{
	self.env = env;
	self.next.handle = handle_next;
	TRY(stage_open(&self.stage, env, ""));
	TRY(ep_signal(&env->ep, &self.next, &self.again));
	TRY(account_info(env->account, &self.before));
	return signal_submit(self.again);
}
