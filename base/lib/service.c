/* SPDX-License-Identifier: MIT */
/*
 * The server's side of sessions. Requests are pulled: each call of `serve` answers one and fetches the next, until there is
 * none. A session lives in the first chunk of the heap on its own account; when the parent has taken the answer CLOSED or REFUSED, it
 * has destroyed that account and all that was made from it: the gate, and the memory in this address space.
 */
#include "own.h"

#include <base/cap_alloc.h>
#include <base/cost.h>
#include <base/log.h>
#include <base/service.h>
#include <base/string.h>

struct session_kept {
	struct list_link of_session;
	struct cap       cap;
};

/* Requests in one turn of the event loop; after that, others come first. */
enum { BATCH = 16 };

struct account session_account(struct session const *session)
{
	return (struct account) { session->account };
}

/* --- Costs --- */

/* What the state needs beyond the page that the base cost has for it: it shares its chunk with the label and the heap's marks. */
static uint64_t extra_ram(struct service const *service)
{
	enum { LABEL = sizeof(((struct session_request *)0)->label), MARKS = 256 };

	return align_up(service->session_size + LABEL + MARKS, PAGE_SIZE) - PAGE_SIZE;
}

static struct rpc_cost needed(struct service const *service, void const *args)
{
	struct rpc_cost cost = { COST_SESSION_RAM + extra_ram(service), COST_SESSION_CAPS };

	if (service->type->cost) {
		struct rpc_cost own = service->type->cost(args);

		cost.ram = rpc_plus(cost.ram, own.ram);
		cost.caps = rpc_plus(cost.caps, own.caps);
	}
	cost.ram = align_up(cost.ram, PAGE_SIZE);
	return cost;
}

/* --- One session --- */

static struct session *session_of(struct service *service, uint32_t id)
{
	return tree_object(tree_find(&service->sessions, id), struct session, of_service);
}

/* The state, from the session's account; it holds `account` from now on. */
static enum status make_state(struct service *service, struct session_request const *request, struct account account, struct session **made)
{
	size_t const    size = service->session_size + strlen(request->label) + 1;
	struct heap     heap;
	struct session *session;
	void           *memory;

	heap_init(&heap, account.cap, &heap_source_ram);
	RPC_TRY(heap_alloc(&heap, size, &memory));
	session = memory;
	session->heap = heap;
	session->object = (struct rpc_object) { .dispatch = service->dispatch, .ops = service->ops };
	session->service = service;
	session->account = account.cap;
	session->ram = request->ram;
	session->caps = request->caps;
	session->affinity = request->affinity;
	session->of_service.key = request->id;
	session->label = memcpy((char *)memory + service->session_size, request->label, strlen(request->label) + 1);
	list_init(&session->kept);
	*made = session;
	return STATUS_OK;
}

/* The session is over, its gate not yet: that goes with the account. */
static enum status gone(struct rpc_object *object, struct rpc *rpc)
{
	return STATUS_PEER_GONE;
}

/* All that was made from the account is gone when the parent has taken the answer to this: here, selectors are let go of. */
static void end_state(struct session *session)
{
	session->object.dispatch = gone;
	list_for_each (kept, &session->kept, struct session_kept, of_session)
		cap_release(kept->cap);
	cap_release(session->gate);
}

/* Refuses the session, whose account ends with the answer. */
static void refuse(struct session *session, enum status reason, struct session_answer *answer)
{
	*answer = (struct session_answer) { .kind = ANSWER_KIND_REFUSED, .id = (uint32_t)session->of_service.key, .reason = reason };
	if (reason == STATUS_NEEDS) {
		answer->ram = session->needs.ram;
		answer->caps = session->needs.caps;
	}
	end_state(session);
}

/* A request to open a session, whose args are a copy: in the message, they are not aligned as their struct wants it. */
struct opening {
	struct service               *service;
	struct session_request const *request;
	uint64_t                      args[RPC_ARGS_MAX / sizeof(uint64_t)];
};

static enum status make_session(struct opening const *opening, struct account account, struct session_answer *answer, struct cap *gate)
{
	struct service *service = opening->service;
	struct session *session;
	enum status     status;

	RPC_TRY(make_state(service, opening->request, account, &session));
	status = ep_gate(&service->env->ep, account, &session->object, &session->gate);
	if (status == STATUS_OK)
		status = tree_insert(&service->sessions, &session->of_service);
	if (status == STATUS_OK && service->open) {
		status = service->open(session, opening->args);
		if (status && status != STATUS_PENDING)
			tree_remove(&service->sessions, &session->of_service);
	}
	if (status && status != STATUS_PENDING)
		refuse(session, status, answer);
	else
		*gate = session->gate;
	return status;
}

static void end_session(struct session *session)
{
	struct cap const account    = session->account;
	bool const       is_decided = list_is_linked(&session->of_decided);

	if (is_decided)
		list_remove(&session->of_decided);
	if (session->service->close && !(is_decided && session->outcome != STATUS_OK))
		session->service->close(session);
	tree_remove(&session->service->sessions, &session->of_service);
	end_state(session);
	cap_release(account);
}

/* --- Requests --- */

static struct service *service_of(struct env *env, char const *name)
{
	list_for_each (service, &env->services, struct service, of_env)
		if (string_equal(service->type->name, name))
			return service;
	return NULL;
}

static enum status handle_open(struct env *env, struct session_request const *request, struct account account, struct session_answer *answer,
                               struct cap *gate)
{
	struct service *service = service_of(env, request->service);
	struct opening  opening = { .service = service, .request = request };
	struct rpc_cost cost;

	if (!service)
		return STATUS_NOT_FOUND;
	static_assert(sizeof(opening.args) == sizeof(request->args.data), "all of them");
	memcpy(opening.args, request->args.data, sizeof(opening.args));
	if (request->args.size != service->type->args_size || (service->type->args_valid && !service->type->args_valid(opening.args)))
		return STATUS_PROTOCOL;
	cost = needed(service, opening.args);
	if (request->ram < cost.ram || request->caps < cost.caps) {
		answer->ram = service->is_relay ? rpc_plus(request->ram, cost.ram) : MAX(request->ram, cost.ram);
		answer->caps = service->is_relay ? rpc_plus(request->caps, cost.caps) : MAX(request->caps, cost.caps);
		return STATUS_NEEDS;
	}
	return make_session(&opening, account, answer, gate);
}

static void handle_close(struct env *env, uint32_t id)
{
	list_for_each (service, &env->services, struct service, of_env) {
		struct session *session = session_of(service, id);

		if (session) {
			end_session(session);
			return;
		}
	}
}

/* Does what `request` says and fills in the answer; NONE asks for nothing. `account` is consumed. */
static void handle_request(struct env *env, struct session_request const *request, struct account account, struct session_answer *answer,
                           struct cap *gate)
{
	*answer = (struct session_answer) { .id = request->id };
	*gate = CAP_NULL;
	if (request->kind == REQUEST_KIND_OPEN) {
		enum status status = handle_open(env, request, account, answer, gate);

		answer->kind = status == STATUS_OK ? ANSWER_KIND_READY : status == STATUS_PENDING ? ANSWER_KIND_NONE : ANSWER_KIND_REFUSED;
		answer->reason = status;
		if (answer->kind == ANSWER_KIND_REFUSED)
			cap_release(account.cap);
		if (answer->kind == ANSWER_KIND_NONE)
			*gate = CAP_NULL;
	} else if (request->kind == REQUEST_KIND_CLOSE) {
		handle_close(env, request->id);
		answer->kind = ANSWER_KIND_CLOSED;
		cap_release(account.cap);
	} else {
		cap_release(account.cap);
	}
}

/* The parent did not take the answer: the session that it was about is of no use. */
static void take_back(struct env *env, struct session_answer *answer, enum status status)
{
	if (answer->kind == ANSWER_KIND_READY)
		handle_close(env, answer->id);
	else
		log_error("cannot answer request %u: %s", answer->id, status_name(status));
}

/* The answer that the next call of serve will give, which may be in a later turn of the loop. */
static struct {
	struct session_answer answer;
	struct cap            gate;
} due;

/* Sessions that were decided, but are not yet told, by of_decided. */
static struct list decided = LIST_INIT(decided);

void session_decide(struct session *session, enum status outcome)
{
	session->outcome = outcome;
	list_append(&decided, &session->of_decided);
	env_repeat_news(session->service->env, NEWS_REQUEST);
}

void session_end(struct session *session)
{
	bool const is_open = session_of(session->service, (uint32_t)session->of_service.key) == session;

	if (!is_open || list_is_linked(&session->of_decided))
		return;
	session->is_ending = true;
	list_append(&decided, &session->of_decided);
	env_repeat_news(session->service->env, NEWS_REQUEST);
}

/* Makes the answer for a session that was decided due, if there is one and no other is due. */
static void take_decided(void)
{
	struct session *session = due.answer.kind == ANSWER_KIND_NONE ? list_object(list_take_first(&decided), struct session, of_decided) : NULL;

	if (!session)
		return;
	if (session->is_ending) {
		due.answer = (struct session_answer) { .kind = ANSWER_KIND_CLOSED, .id = (uint32_t)session->of_service.key };
		end_session(session);
		return;
	}
	due.gate = session->gate;
	due.answer = (struct session_answer) { .kind = ANSWER_KIND_READY, .id = (uint32_t)session->of_service.key };
	if (session->outcome != STATUS_OK) {
		struct cap const account = session->account;

		tree_remove(&session->service->sessions, &session->of_service);
		due.gate = CAP_NULL;
		refuse(session, session->outcome, &due.answer);
		cap_release(account);
	}
}

/* False: nothing more can be fetched now. */
static bool serve_one(struct env *env)
{
	struct session_request request;
	struct account         account = { CAP_NULL };
	enum status            status;

	take_decided();
	cap_use_last(true);
	status = parent_serve(env->parent, &due.answer, due.gate, &request, &account);
	cap_use_last(false);
	if (status == STATUS_OK) {
		handle_request(env, &request, account, &due.answer, &due.gate);
		return request.kind != REQUEST_KIND_NONE || !list_is_empty(&decided);
	}
	if (status == STATUS_INVALID && due.answer.kind != ANSWER_KIND_NONE) {
		take_back(env, &due.answer, status);
		due.answer = (struct session_answer) { .kind = ANSWER_KIND_NONE };
		due.gate = CAP_NULL;
		return true;
	}

	/* Out of quota for the slots that a request needs, so nothing was sent: the news about more quota lead here again, and an answer stays due. */
	log_error("cannot fetch requests: %s", status_name(status));
	if (parent_resource_request(env->parent, PAGE_SIZE, 0) != STATUS_OK)
		log_error("cannot ask for more quota");
	return false;
}

void service_serve(struct env *env)
{
	for (unsigned i = 0; i < BATCH; i++)
		if (!serve_one(env))
			return;
	env_repeat_news(env, NEWS_REQUEST);
}

void service_require_ops(struct rpc_type const *type, void const *ops)
{
	void (*const *operations)(void) = ops;

	for (unsigned i = 0; i < type->call_count; i++) {
		if (!operations[i])
			log_error("cannot provide %s: its ops have no function for \"%s\"", type->name, type->calls[i].name);
		assert(operations[i]);
	}
}

enum status service_provide(struct service *service, struct env *env)
{
	assert(service->session_size >= sizeof(struct session));
	service->env = env;
	RPC_TRY(parent_announce(env->parent, service->type->name, service->type->hash, extra_ram(service), 0));
	list_append(&env->services, &service->of_env);
	env_repeat_news(env, NEWS_REQUEST);
	return STATUS_OK;
}

/* --- Kept capabilities --- */

enum status session_keep(struct session *session, struct rpc_cap const *cap, struct cap *kept)
{
	struct session_kept *node;
	enum status          status;

	RPC_TRY(heap_new(&session->heap, &node));
	status = rpc_cap_keep(cap, &node->cap);
	if (status) {
		heap_free(&session->heap, node);
		return status;
	}
	list_append(&session->kept, &node->of_session);
	*kept = node->cap;
	return STATUS_OK;
}

void session_drop(struct session *session, struct cap kept)
{
	list_for_each_safe (node, &session->kept, struct session_kept, of_session) {
		if (node->cap.selector != kept.selector)
			continue;
		list_remove(&node->of_session);
		cap_release(kept);
		heap_free(&session->heap, node);
		return;
	}
	assert(!"session_drop of what was kept");
}
