/* SPDX-License-Identifier: MIT */
/* Calls a Hello service ten times a second and says so: whoever else is in trouble, this one must go on. */
#include <base/component.h>
#include <hello/hello.h>

enum { PERIOD_NS = 100 * TIME_NS_PER_MS };

static struct bystander {
	struct env    *env;
	struct handler tick;
	struct hello   hello;
	int32_t        rounds;
} self;

static enum status go_on(void)
{
	int32_t sum;

	TRY(hello_add(&self.hello, self.rounds, 1, &sum));
	if (sum != self.rounds + 1)
		return STATUS_INTERNAL;
	self.rounds = sum;
	log_info("all is well: round %d", self.rounds);
	return STATUS_OK;
}

static void handle_tick(struct handler *handler, uint64_t count)
{
	enum status status = go_on();

	if (status) {
		log_error("failed: %s", status_name(status));
		env_exit(self.env, 1);
	}
	ep_timeout(&self.env->ep, &self.tick, time_now_ns() + PERIOD_NS);
}

enum status component_construct(struct env *env)
{
	self.env = env;
	self.tick.handle = handle_tick;
	TRY(hello_open(&self.hello, env, "", NULL));
	handle_tick(&self.tick, 1);
	return STATUS_OK;
}
