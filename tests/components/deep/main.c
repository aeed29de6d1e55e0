/* SPDX-License-Identifier: MIT */
/*
 * Makes the longest chain of calls that there can be, of threads of its own, and has its parent called at the end of it: so the parent serves
 * the call where it can call nobody but core. There it opens and closes sessions, and exits.
 */
#include "../check.h"

#include <base/thread.h>
#include <log/log.h>
#include <parent/parent.h>

enum { STACK = 3 * PAGE_SIZE };

/* A thread of the chain. Whoever calls it, it calls the next one. */
struct link {
	struct rpc_object   object;    /* its gate's */
	struct local_thread thread;
	struct semaphore    ready;
	struct ep           ep;
	struct cap          gate, next;
	enum status         status;
};

static struct link chain[CHAIN_DEPTH_MAX - 1];    /* the main thread is the first of all */
static struct env *env;

/* What the last one does. */
static enum status (*deed)(void);

static enum status call(struct cap gate)
{
	return rpc_call_message(gate, rpc_request(0, 0, 0, 0), 0, NULL);
}

static enum status pass_on(struct rpc_object *object, struct rpc *rpc)
{
	struct link *link = container_of(object, struct link, object);

	return cap_is_null(link->next) ? deed() : call(link->next);
}

static void serve(struct local_thread *thread)
{
	struct link *link = container_of(thread, struct link, thread);

	link->status = ep_init(&link->ep, thread->thread.cap, env->account.cap);
	if (link->status == STATUS_OK)
		link->status = ep_gate(&link->ep, env->account, &link->object, &link->gate);
	semaphore_up(&link->ready);
	if (link->status == STATUS_OK)
		ep_run(&link->ep);
}

static enum status make_chain(void)
{
	struct cap next = CAP_NULL;

	for (unsigned i = 0; i < ARRAY_SIZE(chain); i++) {
		chain[i].object.dispatch = pass_on;
		chain[i].next = next;
		TRY(local_thread_create(&chain[i].thread, env, "link", 0, STACK));
		TRY(local_thread_start(&chain[i].thread, serve));
		semaphore_down(&chain[i].ready);
		TRY(chain[i].status);
		next = chain[i].gate;
	}
	return STATUS_OK;
}

static enum status from_depth(enum status (*what)(void))
{
	deed = what;
	return call(chain[ARRAY_SIZE(chain) - 1].gate);
}

/* --- Deeds --- */

static uint32_t id;

static enum status open_session(char const *service)
{
	struct session_open_args args = { .affinity = UINT32_MAX, .caps = 8, .ram = 2 * PAGE_SIZE };
	struct session_status    status = { .state = SESSION_STATE_NONE };
	struct cap               session;

	TRY(string_copy(args.service, sizeof(args.service), service));
	args.hash = string_equal(service, "LOG") ? log_type.hash : 0;
	TRY(parent_session_open(env->parent, &args, (struct account) { CAP_NULL }, &id, &status, &session));
	cap_release(session);
	CHECK(status.state == SESSION_STATE_OPEN || status.state == SESSION_STATE_PENDING);
	return STATUS_OK;
}

static enum status close_session(void)
{
	struct session_status status = { .state = SESSION_STATE_NONE };

	TRY(parent_session_close(env->parent, id, &status));
	/* What is not the parent's own to decide may take longer. */
	CHECK(status.state == SESSION_STATE_CLOSED || status.state == SESSION_STATE_CLOSING);
	return STATUS_OK;
}

/* Of a server that never announces it. */
static enum status open_never(void)
{
	return open_session("Never");
}

/* Of whoever is above the parent. */
static enum status open_log(void)
{
	return open_session("LOG");
}

static enum status leave(void)
{
	return parent_exit(env->parent, 0);
}

enum status component_construct(struct env *e)
{
	env = e;
	TRY(make_chain());
	TRY(open_never());
	TRY(from_depth(close_session));
	TRY(from_depth(open_never));
	TRY(from_depth(close_session));
	TRY(from_depth(open_log));
	TRY(from_depth(close_session));
	log_info("all is well at the end of a chain of %u", CHAIN_DEPTH_MAX);
	return from_depth(leave);
}
