/* SPDX-License-Identifier: MIT */
/*
 * Measures the life of a component: a child in a sandbox is made, loaded, reads its configuration, exits, and is ended, with all given back. Each
 * figure is the mean of many lives after a first one.
 */
#include <base/component.h>
#include <base/node.h>
#include <base/time.h>
#include <sandbox/sandbox.h>

#include "../bench.h"

enum { TIMES = 20 };

static struct bench {
	struct env    *env;
	struct sandbox sandbox;
	struct handler next;
	unsigned       lives;
	uint64_t       start, ticks;
} self;

static void soon(void)
{
	ep_timeout(&self.env->ep, &self.next, time_now_ns());
}

/* The child is ended by now, and what it had is back. */
static void child_exited(struct sandbox *sandbox, uint32_t value)
{
	if (self.lives++)
		self.ticks += bench_ticks() - self.start;
	if (value)
		env_exit(self.env, 1);
	soon();
}

static enum status begin(void)
{
	self.sandbox = (struct sandbox) { .child_exited = child_exited };
	TRY(sandbox_init(&self.sandbox, self.env, node_child(env_config(self.env), "config")));
	self.start = bench_ticks();
	sandbox_start(&self.sandbox);
	return sandbox_running(&self.sandbox) == 1 ? STATUS_OK : STATUS_INTERNAL;
}

static enum status step(void)
{
	if (self.lives) {
		sandbox_stop(&self.sandbox);
		sandbox_fini(&self.sandbox);
	}
	if (self.lives <= TIMES)
		return begin();
	bench_print("component_cycle", self.ticks / TIMES, "instructions");
	return env_exit(self.env, 0);
}

static void handle_next(struct handler *handler, uint64_t count)
{
	enum status status = step();

	if (status != STATUS_OK) {
		log_error("life %u: %s", self.lives, status_name(status));
		env_exit(self.env, 1);
	}
}

enum status component_construct(struct env *env)
{
	self.env = env;
	self.next.handle = handle_next;
	soon();
	return STATUS_OK;
}
