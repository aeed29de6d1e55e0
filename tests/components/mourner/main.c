/* SPDX-License-Identifier: MIT */
/*
 * Outlives its server: opens a Mortal session, tells it to die, and says what it learned on the way. At the end its account
 * must be what it was before the session, to the byte and the cap, without anything done but closing.
 */
#include <base/component.h>
#include <base/connection.h>
#include <mortal/mortal.h>

enum { OPEN_MS = 300, LOOK_MS = 50, LOOKS = 60 };

static struct mourner {
	struct env          *env;
	struct mortal        server;
	struct account_state before;
	struct handler       lost, look;
	unsigned             looks;
} self;

static bool is_refunded(void)
{
	struct account_state now;

	return account_info(self.env->account, &now) == STATUS_OK && now.ram_used == self.before.ram_used && now.caps_used == self.before.caps_used;
}

static void handle_look(struct handler *handler, uint64_t count)
{
	if (is_refunded()) {
		log_info("the donation is back");
		env_exit(self.env, 0);
	}
	if (++self.looks == LOOKS) {
		log_error("the donation is not back");
		env_exit(self.env, 1);
	}
	ep_timeout(&self.env->ep, &self.look, time_now_ns() + LOOK_MS * TIME_NS_PER_MS);
}

static void end(void)
{
	mortal_close(&self.server);
	handle_look(&self.look, 1);
}

static void handle_lost(struct handler *handler, uint64_t count)
{
	log_info("lost");
	end();
}

enum status component_construct(struct env *env)
{
	struct connection_request request = { .type = &mortal_type, .label = "", .deadline_ns = time_now_ns() + OPEN_MS * TIME_NS_PER_MS };
	enum status               status;

	self.env = env;
	self.lost.handle = handle_lost;
	self.look.handle = handle_look;
	TRY(account_info(env->account, &self.before));
	status = connection_open_request(&self.server.connection, env, &request);
	log_info("open: %s", status_name(status));
	if (status == STATUS_OK) {
		connection_on_lost(&self.server.connection, &self.lost);
		status = mortal_knock(&self.server);
		if (status == STATUS_OK)
			status = mortal_die(&self.server);
		log_info("die: %s", status_name(status));
		if (status != STATUS_OK)
			return STATUS_OK;    /* the news will come */
	}
	end();
	return STATUS_OK;
}
