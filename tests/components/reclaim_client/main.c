/* SPDX-License-Identifier: MIT */
/*
 * Opens a session, shares a buffer, hands over capabilities, closes, and measures: how long the close takes, and when its account is what it
 * was before. Whatever the server does, that must be when the patience with it ends.
 */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <keep/keep.h>

enum { GIVEN = 4, SLACK_MS = 1000, SPENT_RAM = 40 * PAGE_SIZE, SPENT_CAPS = 100 };

static struct client {
	struct env           *env;
	struct keep           keep;
	struct dataspace      buffer;
	void                 *mapped;
	struct signal_context given[GIVEN];
	struct account_state  before;
	uint32_t              id;          /* of the session */
} self;

static enum status show(char const *when, uint64_t since_ns, struct account_state *state)
{
	TRY(account_info(self.env->account, state));
	log_info("%s: RAM %lu, caps %lu, after %lu ms", when, state->ram_used, state->caps_used, (time_now_ns() - since_ns) / TIME_NS_PER_MS);
	return STATUS_OK;
}

/* Everything that a client can leave in the hands of a server. */
static enum status get_involved(void)
{
	TRY(keep_open(&self.keep, self.env, ""));
	TRY(keep_buffer(&self.keep, &self.buffer));
	TRY(dataspace_attach(self.buffer, RM_ACCESS_WRITE, self.env->account, &self.mapped));
	memset(self.mapped, 2, KEEP_BUFFER);
	for (unsigned i = 0; i < GIVEN; i++) {
		TRY(signal_alloc_context(&self.env->signal, self.env->main_thread, 0, &self.given[i]));
		TRY(keep_take(&self.keep, self.given[i].cap));
	}
	self.id = self.keep.connection.id;
	if (!node_bool(env_config(self.env), "spends", false))
		return STATUS_OK;
	TRY(keep_upgrade(&self.keep, SPENT_RAM, SPENT_CAPS));
	return keep_spend(&self.keep);
}

static enum status leave(void)
{
	dataspace_detach(self.mapped);
	cap_release(self.buffer.cap);
	for (unsigned i = 0; i < GIVEN; i++) {
		TRY(signal_free_context(&self.env->signal, self.given[i]));
		cap_release(self.given[i].cap);
	}
	keep_close(&self.keep);
	return STATUS_OK;
}

/* The parent says that the session is over. */
static bool is_closed(void)
{
	struct session_status status = { .state = SESSION_STATE_NONE };
	struct cap            session;

	return parent_session_state(self.env->parent, self.id, &status, &session) != STATUS_OK || status.state == SESSION_STATE_CLOSED;
}

static enum status wait_until_back(uint64_t deadline_ns)
{
	struct account_state now;

	for (;;) {
		bool const closed = is_closed();

		TRY(account_info(self.env->account, &now));
		if (now.ram_used == self.before.ram_used && now.caps_used == self.before.caps_used)
			return STATUS_OK;
		if (closed) {
			log_error("the session is closed, but RAM %lu, caps %lu are used", now.ram_used, now.caps_used);
			return STATUS_INTERNAL;
		}
		TRY(env_wait_news(self.env, NEWS_SESSION, deadline_ns));
	}
}

static enum status measure(void)
{
	uint64_t const       patience_ms = node_u64(env_config(self.env), "patience_ms", 1000, 0, 60000);
	uint64_t             start       = time_now_ns();
	struct account_state state;

	TRY(show("with the session", start, &state));
	start = time_now_ns();
	TRY(leave());
	TRY(show("closed", start, &state));
	TRY(wait_until_back(start + (patience_ms + SLACK_MS) * TIME_NS_PER_MS));
	return show("all is back", start, &state);
}

/* What the component makes for itself with its first session, and keeps. */
static enum status warm_up(void)
{
	struct cap slots[GIVEN + 4];

	for (unsigned i = 0; i < ARRAY_SIZE(slots); i++)
		TRY(cap_reserve(&slots[i]));
	for (unsigned i = 0; i < ARRAY_SIZE(slots); i++)
		cap_release(slots[i]);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	bool const closes = node_bool(env_config(env), "closes", true);

	self.env = env;
	TRY(warm_up());
	TRY(show("before", time_now_ns(), &self.before));
	TRY(get_involved());
	return closes ? measure() : STATUS_OK;
}
