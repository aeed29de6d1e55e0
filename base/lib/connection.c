/* SPDX-License-Identifier: MIT */
/*
 * The client's end of sessions: what it costs, asking the parent, waiting for servers, LOST.
 */
#include "own.h"

#include <base/cap_alloc.h>
#include <base/connection.h>
#include <base/cost.h>
#include <base/string.h>

static struct rpc_cost cost_of(struct connection_request const *request)
{
	struct rpc_cost cost = cost_base(request->type->name);

	if (request->type->cost) {
		struct rpc_cost own = request->type->cost(request->args);

		cost.ram = rpc_plus(cost.ram, own.ram);
		cost.caps = rpc_plus(cost.caps, own.caps);
	}
	cost.ram = align_down(align_up(rpc_plus(cost.ram, request->ram), PAGE_SIZE), PAGE_SIZE);    /* the largest number is none of pages */
	cost.caps = rpc_plus(cost.caps, request->caps);
	return cost;
}

/* --- Opening --- */

/* Connections that may be LOST, or a parent that forwards the requests of its children. */
static bool others_listen(struct env const *env)
{
	list_for_each (handler, &env->news_handlers, struct news_handler, of_env)
		if (handler->bits & NEWS_SESSION)
			return true;
	return !list_is_empty(&env->connections);
}

static void close_id(struct env *env, uint32_t id)
{
	struct session_status status;

	/* A session that is over already has no id any more: as good as closed. */
	if (id && parent_session_close(env->parent, id, &status) != STATUS_OK)
		return;
}

/* What the parent said, as a status. What is neither open nor pending has ended. */
static enum status decided(struct connection *connection, struct session_status const *last, struct cap session)
{
	if (last->state == SESSION_STATE_PENDING)
		return STATUS_PENDING;
	connection->cap = session;
	if (last->state == SESSION_STATE_OPEN && !cap_is_null(session))
		return STATUS_OK;
	connection_close(connection);
	if (last->state == SESSION_STATE_OPEN)
		return STATUS_PEER_FAULT;
	if (last->state == SESSION_STATE_LOST)
		return STATUS_LOST;
	return last->reason ? last->reason : STATUS_INTERNAL;
}

enum status connection_ask(struct connection *connection, struct env *env, struct session_open_args const *args, struct account pay,
                           struct session_status *last)
{
	struct cap session = CAP_NULL;

	*last = (struct session_status) { .state = SESSION_STATE_NONE };
	*connection = (struct connection) { .env = env };
	RPC_TRY(parent_session_open(env->parent, args, pay, &connection->id, last, &session));
	return decided(connection, last, session);
}

enum status connection_poll(struct connection *connection, struct session_status *last)
{
	struct cap  session = CAP_NULL;
	enum status status  = parent_session_state(connection->env->parent, connection->id, last, &session);

	if (status) {
		connection_close(connection);
		return status;
	}
	return decided(connection, last, session);
}

/* Waits for the decision; PENDING on entry. */
static enum status wait_decided(struct connection *connection, uint64_t deadline_ns, struct session_status *last)
{
	struct env *env    = connection->env;
	enum status status = STATUS_PENDING;

	while (status == STATUS_PENDING) {
		status = env_wait_news(env, NEWS_SESSION, deadline_ns);
		if (status != STATUS_OK)
			connection_close(connection);
		else
			status = connection_poll(connection, last);
	}

	/* The news may have been about other sessions too. */
	if (others_listen(env))
		env_repeat_news(env, NEWS_SESSION);
	return status;
}

/* One attempt; the connection is only written on OK. */
static enum status open_once(struct connection *connection, struct env *env, struct session_open_args const *args,
                             struct connection_request const *request, struct session_status *last)
{
	struct connection made;
	enum status       status = connection_ask(&made, env, args, (struct account) { request->pay }, last);

	if (status == STATUS_PENDING)
		status = wait_decided(&made, request->deadline_ns, last);
	if (status == STATUS_OK)
		*connection = made;
	return status;
}

enum status connection_open_request(struct connection *connection, struct env *env, struct connection_request const *request)
{
	struct rpc_cost          cost = cost_of(request);
	struct session_open_args args = { .hash = request->type->hash, .affinity = request->affinity ? request->affinity : UINT32_MAX };
	struct session_status    answer;
	enum status              status;

	assert(request->type->args_size <= sizeof(args.args.data));
	RPC_TRY(string_copy(args.service, sizeof(args.service), request->type->name));
	RPC_TRY(string_copy(args.label, sizeof(args.label), request->label));
	args.args.size = request->type->args_size;
	memcpy(args.args.data, request->args, request->type->args_size);

	args.ram = cost.ram;
	args.caps = cost.caps;
	status = open_once(connection, env, &args, request, &answer);
	for (unsigned i = 0; i < CONNECTION_NEEDS_MAX && status == STATUS_NEEDS && (answer.ram > args.ram || answer.caps > args.caps); i++) {
		args.ram = MAX(args.ram, align_up(answer.ram, PAGE_SIZE));
		args.caps = MAX(args.caps, answer.caps);
		status = open_once(connection, env, &args, request, &answer);
	}
	return status;
}

enum status connection_open(struct connection *connection, struct env *env, struct rpc_type const *type, char const *label, void const *args)
{
	struct connection_request request = { .type = type, .label = label, .args = args };

	return connection_open_request(connection, env, &request);
}

void connection_close(struct connection *connection)
{
	connection_on_lost(connection, NULL);
	if (connection->id)
		close_id(connection->env, connection->id);
	cap_release(connection->cap);
	connection->cap = CAP_NULL;
	connection->id = 0;
}

enum status connection_reopen(struct connection *connection, struct rpc_type const *type, char const *label, void const *args)
{
	struct handler *lost   = connection->lost;
	struct env     *env    = connection->env;
	enum status     status;

	connection_close(connection);
	status = connection_open(connection, env, type, label, args);
	connection->env = env;
	if (status == STATUS_OK)
		connection_on_lost(connection, lost);
	return status;
}

enum status connection_upgrade(struct connection *connection, uint64_t ram_bytes, uint64_t caps)
{
	if (!connection->id)
		return STATUS_INVALID;
	return parent_session_upgrade(connection->env->parent, connection->id, align_up(ram_bytes, PAGE_SIZE), caps);
}

/* --- LOST --- */

void connection_on_lost(struct connection *connection, struct handler *handler)
{
	if (list_is_linked(&connection->of_env))
		list_remove(&connection->of_env);
	connection->lost = handler;
	if (handler)
		list_append(&connection->env->connections, &connection->of_env);
}

static bool is_lost(struct connection const *connection)
{
	struct session_status status  = { .state = SESSION_STATE_NONE };
	struct cap            session = CAP_NULL;

	if (parent_session_state(connection->env->parent, connection->id, &status, &session) != STATUS_OK)
		return false;
	cap_release(session);
	return status.state == SESSION_STATE_LOST;
}

void connection_check_lost(struct env *env)
{
	struct list seen;

	/* Handlers close and reopen, which takes connections out of the list and puts them in again. */
	list_init(&seen);
	list_append_all(&seen, &env->connections);
	while (!list_is_empty(&seen)) {
		struct connection *connection = list_object(list_take_first(&seen), struct connection, of_env);

		list_append(&env->connections, &connection->of_env);
		if (is_lost(connection))
			connection->lost->handle(connection->lost, 1);
	}
}
