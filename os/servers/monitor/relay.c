/* SPDX-License-Identifier: MIT */
/*
 * Passes calls and their answers on, word by word and capability by capability, and logs them. Nothing is checked here: the server checks requests
 * and the client checks answers as they would without a monitor. One call is under way at a time, in `now`.
 */
#include "relay.h"
#include "describe.h"

#include <base/cap_alloc.h>
#include <base/cost.h>
#include <base/list.h>
#include <base/platform.h>

/* Caps of each client that are kept back for the objects which its server will hand out. */
enum { RESERVED_CAPS = 4 };

/* A service that is passed on. */
struct relay {
	struct service  service;
	struct rpc_type type;
	char            name[32];
	struct node     interface;
};

struct client {
	struct session    session;       /* first */
	struct connection server;
	struct list       proxies;       /* of struct proxy by of_client */
	unsigned          numbers;       /* given to them */
	struct list_link  of_waiting;    /* while the server is asked */
	struct handler    lost;
	struct rpc_cost   own;           /* needs of this end */
	char              args[RPC_ARGS_MAX];
};

/* Stands for an object of the server. */
struct proxy {
	struct rpc_object object;
	struct list_link  of_client;
	struct client    *client;
	struct cap        target;        /* at the server */
	struct cap        gate;          /* what the client got for it */
	unsigned          number;
	char              name[64];      /* "hello_counter#1" */
};

/* The call under way. */
static struct {
	struct client               *client;
	struct cap                   target;
	char const                  *name;        /* of the target */
	uint32_t                     label;
	struct described_call const *call;        /* NULL: nobody knows it */
	unsigned                     expect;      /* capabilities, with the answer */
	struct message               request, answer;
	struct rpc_cap               sent[RPC_CAPS_MAX], got[RPC_CAPS_MAX];
} now;

/* Slots whose content moved to a client with the last answer. */
static struct {
	struct cap slots[RPC_CAPS_MAX];
	unsigned   count;
} moved;

static enum status relay_proxy(struct rpc_object *object, struct rpc *rpc);
static enum status relay_session(struct rpc_object *object, struct rpc *rpc);

/* --- Objects --- */

/* What a gate of the monitor's own stands for; false: it is one of a session that is over. */
static bool own_gate(uint64_t badge, struct cap *target, struct cap *gate, unsigned *number)
{
	struct rpc_object *object = (struct rpc_object *)badge;

	if (object->dispatch == relay_proxy) {
		struct proxy *proxy = container_of(object, struct proxy, object);

		*target = proxy->target;
		*gate = proxy->gate;
		*number = proxy->number;
		return true;
	}
	if (object->dispatch == relay_session) {
		struct client *client = container_of(object, struct client, session.object);

		*target = client->server.cap;
		*gate = client->session.gate;
		*number = 0;
		return true;
	}
	return false;
}

static void end_proxy(struct proxy *proxy)
{
	struct client *client = proxy->client;

	ep_gate_end(session_account(&client->session), proxy->gate);
	cap_release(proxy->target);
	list_remove(&proxy->of_client);
	heap_free(session_heap(&client->session), proxy);
}

/* The proxy that stands for `cap` already, or NULL. Those whose objects are gone end here. */
static struct proxy *find_proxy(struct client *client, struct cap cap)
{
	struct proxy *found = NULL;

	list_for_each_safe (proxy, &client->proxies, struct proxy, of_client) {
		struct platform_regs regs = { .target = proxy->target.selector, .w = { cap.selector } };

		platform_invoke(PLATFORM_CAP_INFO, &regs);
		if (platform_status(regs.header) != STATUS_OK)
			end_proxy(proxy);
		else if (regs.w[2])
			found = proxy;
	}
	return found;
}

/* `cap` belongs to the proxy on OK. */
static enum status make_proxy(struct client *client, struct node interface, struct cap cap, struct proxy **made)
{
	struct proxy *proxy;
	char          name[48];
	enum status   status;

	RPC_TRY(node_string(interface, "name", "", name, sizeof(name)));
	RPC_TRY(heap_new(session_heap(&client->session), &proxy));
	*proxy = (struct proxy) { .object.dispatch = relay_proxy, .client = client, .target = cap, .number = client->numbers + 1 };
	status = format(proxy->name, sizeof(proxy->name), "%s#%u", name, proxy->number);
	if (status == STATUS_OK)
		status = ep_gate(&client->session.service->env->ep, session_account(&client->session), &proxy->object, &proxy->gate);
	if (status) {
		heap_free(session_heap(&client->session), proxy);
		return status;
	}
	client->numbers++;
	list_append(&client->proxies, &proxy->of_client);
	*made = proxy;
	return STATUS_OK;
}

/* --- The log --- */

static char const *name_of(uint64_t status, char text[static 24])
{
	return rpc_is_status(status) ? status_name((enum status)status) : format_cut(text, 24, "status %lu", status);
}

static void log_call(uint64_t status)
{
	struct node const call = now.call ? now.call->call : node_none();
	struct line       line = { .used = 0 };
	char              name[NODE_NAME_SIZE], text[24];

	line_add(&line, "%s: %s.", session_label(&now.client->session), now.name);
	if (now.call && node_string(call, "name", "", name, sizeof(name)) == STATUS_OK)
		line_add(&line, "%s(", name);
	else
		line_add(&line, "0x%x(", now.label);
	describe_message(&line, node_child(call, "in"), &now.request);
	line_add(&line, ") -> ");
	if (status != STATUS_OK || (!now.answer.words && !now.answer.caps)) {
		line_add(&line, "%s", name_of(status, text));
	} else {
		line_add(&line, "(");
		describe_message(&line, node_child(call, "out"), &now.answer);
		line_add(&line, ")");
	}
	log_info("%s", line.text);
}

static void log_session(struct client *client, void const *args, char const *what)
{
	struct relay *relay   = container_of(client->session.service, struct relay, service);
	struct line   line    = { .used = 0 };

	now.request = (struct message) { .words = relay->type.args_size / 8 };
	line_add(&line, "%s: %s", session_label(&client->session), relay->name);
	if (args && relay->type.args_size) {
		memcpy(now.request.word, args, relay->type.args_size);
		line_add(&line, "(");
		describe_message(&line, node_child(relay->interface, "args"), &now.request);
		line_add(&line, ")");
	}
	log_info("%s %s", line.text, what);
}

/* --- A call --- */

/* Copies the request out of the message: all that follows uses the UTCB. */
static enum status take_request(struct rpc *rpc)
{
	now.label = rpc_label(rpc);
	now.call = describe_call(now.label);
	now.expect = now.call ? (unsigned)node_u64(node_child(now.call->call, "out"), "caps", 0, 0, RPC_CAPS_MAX) : 0;
	now.request = (struct message) { .words = MIN(platform_words(rpc->header), (unsigned)UTCB_WORDS), .caps = platform_caps(rpc->header) };
	now.answer = (struct message) { .words = 0 };
	rpc_copy(rpc, now.request.word, now.request.words);
	RPC_TRY(rpc_take_caps(rpc, now.sent, now.request.caps));
	for (unsigned i = 0; i < now.request.caps; i++) {
		struct cap gate;

		if (now.sent[i].kind == GOT_OWN && !own_gate(now.sent[i].badge, &now.sent[i].cap, &gate, &now.request.cap[i].number))
			now.sent[i].kind = GOT_NULL;
		now.request.cap[i].is_null = now.sent[i].kind == GOT_NULL;
	}
	return STATUS_OK;
}

/* Makes the call; w holds words 0-3, of the answer afterwards. */
static uint64_t pass_on(uint64_t w[static RPC_WORDS])
{
	uint64_t const *word = now.request.word;

	memcpy(rpc_message(), word, now.request.words * sizeof(*word));
	memcpy(w, word, RPC_WORDS * sizeof(*word));
	for (unsigned i = 0; i < now.request.caps; i++)
		rpc_send(i, now.sent[i].cap);
	return rpc_call_forward(now.target, rpc_request(now.label, now.request.words, now.request.caps, now.expect), w, now.got);
}

/* If the server lacks quota, it gets what the client has added since; false: that is not so, or nothing was. */
static bool upgrade(struct client *client, uint64_t status)
{
	struct account_state state;
	uint64_t             ram, caps;

	if (status != STATUS_OUT_OF_RAM && status != STATUS_OUT_OF_CAPS)
		return false;
	if (account_info(session_account(&client->session), &state) != STATUS_OK)
		return false;
	ram = status == STATUS_OUT_OF_RAM ? align_down(state.ram_limit - state.ram_used, PAGE_SIZE) : 0;
	caps = status == STATUS_OUT_OF_CAPS ? state.caps_limit - state.caps_used : 0;
	return (ram || caps) && connection_upgrade(&client->server, ram, caps) == STATUS_OK;
}

/* The status of the operation or, if there was no answer, of the transport: as the client would see it. */
static uint64_t status_of(uint64_t header)
{
	return platform_status(header) != STATUS_OK ? platform_status(header) : platform_label(header);
}

/* What the client gets for capability i of the answer. */
static enum status hand_out(unsigned i, struct cap *given)
{
	struct node   interface = now.call ? describe_object(now.call, i) : node_none();
	struct rpc_cap *got     = &now.got[i];
	struct proxy   *proxy;
	struct cap      target;

	*given = CAP_NULL;
	if (got->kind == GOT_OWN && own_gate(got->badge, &target, given, &now.answer.cap[i].number))
		return STATUS_OK;
	now.answer.cap[i].is_null = got->kind != GOT_SLOT;
	if (got->kind != GOT_SLOT)
		return STATUS_OK;
	if (!node_exists(interface)) {
		*given = (struct cap) { got->cap.selector | SEND_MOVE };
		return STATUS_OK;
	}
	proxy = find_proxy(now.client, got->cap);
	if (proxy) {
		cap_release(got->cap);
	} else {
		RPC_TRY(make_proxy(now.client, interface, got->cap, &proxy));
	}
	got->kind = GOT_NULL;
	now.answer.cap[i].number = proxy->number;
	*given = proxy->gate;
	return STATUS_OK;
}

/* Lets go of what arrived with an answer and does not belong to a proxy: at once, or when it has moved on. */
static void release_got(unsigned count, bool has_moved)
{
	for (unsigned i = 0; i < count; i++) {
		if (now.got[i].kind != GOT_SLOT)
			continue;
		if (has_moved)
			moved.slots[moved.count++] = now.got[i].cap;
		else
			cap_release(now.got[i].cap);
	}
}

static enum status answer(struct rpc *rpc, uint64_t header, uint64_t const w[static RPC_WORDS])
{
	struct cap  given[RPC_CAPS_MAX];
	enum status status = STATUS_OK;

	now.answer.words = MIN(platform_words(header), (unsigned)UTCB_WORDS);
	now.answer.caps = MIN(platform_caps(header), now.expect);
	memcpy(now.answer.word, rpc_message(), now.answer.words * sizeof(*w));
	memcpy(now.answer.word, w, MIN(now.answer.words, (unsigned)RPC_WORDS) * sizeof(*w));
	for (unsigned i = 0; i < now.answer.caps && status == STATUS_OK; i++)
		status = hand_out(i, &given[i]);
	release_got(now.answer.caps, status == STATUS_OK);
	log_call(status);
	if (status)
		return status;
	return rpc_answer(rpc, now.answer.word, now.answer.words, given, now.answer.caps);
}

static enum status relay_call(struct rpc *rpc)
{
	uint64_t w[RPC_WORDS], header, status;

	while (moved.count)
		cap_release(moved.slots[--moved.count]);
	RPC_TRY(take_request(rpc));
	header = pass_on(w);
	status = status_of(header);
	while (platform_status(header) == STATUS_OK && upgrade(now.client, status)) {
		header = pass_on(w);
		status = status_of(header);
	}
	if (status == STATUS_OK)
		return answer(rpc, header, w);

	/* AGAIN brings back words 0-3, and the client repeats its call: what is logged is the end of that. */
	memcpy(rpc->w, w, sizeof(rpc->w));
	if (status != STATUS_AGAIN)
		log_call(status);
	return (enum status)status;
}

static enum status relay_session(struct rpc_object *object, struct rpc *rpc)
{
	struct client *client = container_of(object, struct client, session.object);

	now.client = client;
	now.target = client->server.cap;
	now.name = container_of(client->session.service, struct relay, service)->name;
	return relay_call(rpc);
}

static enum status relay_proxy(struct rpc_object *object, struct rpc *rpc)
{
	struct proxy *proxy = container_of(object, struct proxy, object);

	now.client = proxy->client;
	now.target = proxy->target;
	now.name = proxy->name;
	return relay_call(rpc);
}

/* --- Sessions --- */

/* Those whose servers have not decided yet. */
static struct list waiting = LIST_INIT(waiting);

/* The server's end is over, so the client's is. */
static void handle_lost(struct handler *handler, uint64_t count)
{
	session_end(&container_of(handler, struct client, lost)->session);
}

/* The server has decided, or there was no asking it. */
static enum status decide(struct client *client, enum status status, struct session_status const *last)
{
	char text[48];

	client->session.needs = (struct rpc_cost) { rpc_plus(last->ram, client->own.ram), rpc_plus(last->caps, client->own.caps) };
	if (status == STATUS_OK) {
		log_session(client, client->args, "opened");
		client->lost.handle = handle_lost;
		connection_on_lost(&client->server, &client->lost);
	}
	if (status != STATUS_OK && status != STATUS_NEEDS)
		log_session(client, client->args, format_cut(text, sizeof(text), "refused: %s", status_name(status)));
	return status;
}

static void handle_news(struct news_handler *handler, uint32_t bits)
{
	list_for_each_safe (client, &waiting, struct client, of_waiting) {
		struct session_status last;
		enum status           status = connection_poll(&client->server, &last);

		if (status == STATUS_PENDING)
			continue;
		list_remove(&client->of_waiting);
		session_decide(&client->session, decide(client, status, &last));
	}
}

/* What of the donation is left for the server, in the request. NEEDS: nothing is. */
static enum status divide(struct client *client, struct session_open_args *request)
{
	struct account_state state;

	RPC_TRY(account_info(session_account(&client->session), &state));
	client->own.ram = align_up(state.ram_used, PAGE_SIZE);
	client->own.caps = state.caps_used + COST_ACCOUNT_CAPS + RESERVED_CAPS;
	request->ram = state.ram_limit - MIN(state.ram_limit, client->own.ram);
	request->caps = state.caps_limit - MIN(state.caps_limit, client->own.caps);
	return state.ram_limit < client->own.ram || state.caps_limit < client->own.caps ? STATUS_NEEDS : STATUS_OK;
}

/* Asks the server for the same. */
static enum status open(struct session *session, void const *args)
{
	struct client           *client  = container_of(session, struct client, session);
	struct service          *service = session->service;
	struct session_open_args request = { .hash = service->type->hash, .affinity = session->affinity };
	struct session_status    last    = { .ram = 0 };
	enum status              status;

	list_init(&client->proxies);
	memcpy(client->args, args, service->type->args_size);
	request.args.size = service->type->args_size;
	memcpy(request.args.data, args, service->type->args_size);
	RPC_TRY(string_copy(request.service, sizeof(request.service), service->type->name));
	RPC_TRY(string_copy(request.label, sizeof(request.label), session_label(session)));
	status = divide(client, &request);
	if (status == STATUS_OK)
		status = connection_ask(&client->server, service->env, &request, session_account(session), &last);
	if (status != STATUS_PENDING)
		return decide(client, status, &last);
	list_append(&waiting, &client->of_waiting);
	return STATUS_PENDING;
}

/* An object of a session that is over; its gate is not yet. */
static enum status relay_nothing(struct rpc_object *object, struct rpc *rpc)
{
	return STATUS_PEER_GONE;
}

/* The gates and the memory go with the session's account. */
static void close(struct session *session)
{
	struct client *client = container_of(session, struct client, session);

	list_for_each (proxy, &client->proxies, struct proxy, of_client) {
		proxy->object.dispatch = relay_nothing;
		cap_release(proxy->target);
		cap_release(proxy->gate);
	}
	connection_close(&client->server);
	if (list_is_linked(&client->of_waiting)) {
		list_remove(&client->of_waiting);
		log_session(client, client->args, "given up before the server answered");
	} else {
		log_session(client, NULL, "closed");
	}
}

/* What each session costs beyond the base cost; the objects' memory is in the page of the state. */
static struct rpc_cost cost(void const *args)
{
	return (struct rpc_cost) { .caps = COST_ACCOUNT_CAPS + RESERVED_CAPS };
}

enum status relay_provide(struct env *env, char const *name, struct node interface)
{
	static struct news_handler news = { .bits = NEWS_SESSION, .handle = handle_news };
	struct relay              *relay;

	if (!list_is_linked(&news.of_env))
		env_on_news(env, &news);
	TRY(heap_new(&env->heap, &relay));
	TRY(string_copy(relay->name, sizeof(relay->name), name));
	relay->interface = interface;
	relay->type = (struct rpc_type) {
		.name = relay->name, .hash = node_u64(interface, "hash", 0, 0, UINT64_MAX), .tag = (uint32_t)node_u64(interface, "tag", 0, 0, UINT16_MAX),
		.args_size = (uint32_t)node_u64(node_child(interface, "args"), "size", 0, 0, RPC_ARGS_MAX), .cost = cost,
	};
	relay->service = (struct service) {
		.type = &relay->type, .session_size = sizeof(struct client), .dispatch = relay_session, .open = open, .close = close, .is_relay = true,
	};
	return service_provide(&relay->service, env);
}
