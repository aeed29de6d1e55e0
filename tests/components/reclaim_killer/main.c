/* SPDX-License-Identifier: MIT */
/*
 * Kills clients whose servers do not let go of their sessions. That takes no longer than for any others; what their sessions held comes back
 * when the servers have agreed, or are ended themselves.
 */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <sandbox/sandbox.h>

enum { LOOK_MS = 10, KILL_MS = 900, SLACK_MS = 1000 };

static struct killer {
	struct env          *env;
	struct sandbox       sandbox;
	struct handler       step;
	enum status        (*next)(void);
	struct account_state before;
	unsigned             slots_before;
	uint64_t             patience_ms, settle_ms, killed_ns;
} self;

static void after(enum status (*next)(void), uint64_t ms)
{
	self.next = next;
	ep_timeout(&self.env->ep, &self.step, time_now_ns() + ms * TIME_NS_PER_MS);
}

static enum status show(char const *when, struct account_state *state)
{
	TRY(account_info(self.env->account, state));
	log_info("%s: RAM %lu, caps %lu, after %lu ms", when, state->ram_used, state->caps_used,
	         self.killed_ns ? (time_now_ns() - self.killed_ns) / TIME_NS_PER_MS : 0);
	return STATUS_OK;
}

static bool is_involved(struct sandbox_child const *child)
{
	for (unsigned i = 0; child->slots && i < child->slot_count; i++) {
		if (child->slots[i].state == SLOT_OPEN && string_equal(child->slots[i].service, "Keep"))
			return true;
	}
	return false;
}

/* --- The steps --- */

static enum status settle(void)
{
	struct account_state now;

	if (!sandbox_is_quiet(&self.sandbox)) {
		if (time_now_ns() > self.killed_ns + (self.patience_ms + SLACK_MS) * TIME_NS_PER_MS)
			return STATUS_TIMEOUT;
		after(settle, LOOK_MS);
		return STATUS_OK;
	}
	sandbox_fini(&self.sandbox);
	TRY(show("all is back", &now));
	return now.ram_used == self.before.ram_used && now.caps_used == self.before.caps_used && cap_slots_used() == self.slots_before
		? STATUS_OK : STATUS_INTERNAL;
}

static enum status kill(void)
{
	struct account_state now;

	TRY(show("with the clients", &now));
	self.killed_ns = time_now_ns();
	sandbox_stop(&self.sandbox);
	TRY(show("killed", &now));
	if (time_now_ns() > self.killed_ns + KILL_MS * TIME_NS_PER_MS)
		return STATUS_TIMEOUT;
	return settle();
}

static enum status watch(void)
{
	bool all = true;

	list_for_each (child, &self.sandbox.children, struct sandbox_child, of_sandbox)
		all &= is_involved(child);
	/* Then they still hand over some things. */
	after(all ? kill : watch, all ? self.settle_ms : LOOK_MS);
	return STATUS_OK;
}

static void handle_step(struct handler *handler, uint64_t count)
{
	enum status status = self.next();

	if (status)
		log_error("stopped: %s", status_name(status));
}

enum status component_construct(struct env *env)
{
	struct node config = env_config(env);

	self.env = env;
	self.step.handle = handle_step;
	self.patience_ms = node_u64(config, "patience_ms", 1000, 0, 60000);
	self.settle_ms = node_u64(config, "settle_ms", 200, 0, 60000);
	TRY(sandbox_init(&self.sandbox, env, node_child(config, "config")));
	sandbox_fini(&self.sandbox);
	self.sandbox = (struct sandbox) { .env = NULL };
	self.slots_before = cap_slots_used();
	TRY(show("before", &self.before));
	TRY(sandbox_init(&self.sandbox, env, node_child(config, "config")));
	sandbox_start(&self.sandbox);
	return watch();
}
