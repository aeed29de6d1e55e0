/* SPDX-License-Identifier: MIT */
/* Made by rpcgen from hello/hello.rpc: change that file. */
#pragma once

#include <base/rpc.h>
#ifndef RPC_CORE /* core makes sessions of its own */
#include <base/rpc_session.h>
#endif

/* Hello: greets whoever asks, and counts for them. */

#ifndef RPC_CORE
struct hello_counter { struct cap cap; };
#endif

/* --- Session hello --- */

#define HELLO_HASH UINT64_C(0x45c900d65a7e9c2b)
enum { HELLO_TAG = 0x1c2b, HELLO_OPS = 3 };
enum hello_op { HELLO_OP_ADD = HELLO_TAG << 16, HELLO_OP_GREET, HELLO_OP_COUNTER };

struct hello_args {
	char language[8]; /* language of the greetings: en, de */
};
static_assert(sizeof(struct hello_args) == 8, "layout");

static inline bool hello_args_valid(void const *args)
{
	struct hello_args const *value = args;

	if (!rpc_is_string(value->language, sizeof(value->language)))
		return false;
	return true;
}

static struct hello_args const hello_args_default = {
	.language = "en",
};

struct hello_greet_in {
	char who[32];
};
static_assert(sizeof(struct hello_greet_in) == 32, "layout");
struct hello_greet_out {
	char text[64];
};
static_assert(sizeof(struct hello_greet_out) == 64, "layout");

static struct rpc_call const hello_calls[HELLO_OPS] = {
	{ "add", "i32 a, i32 b", "i32 sum", RPC_ERROR(OVERFLOW), 2, 1, 0, 0 },
	{ "greet", "string<32> who", "string<64> text", RPC_ERROR(INVALID), 4, 8, 0, 0 },
	{ "counter", "", "cap hello_counter counter", 0, 0, 0, 0, 1 },
};

static inline struct rpc_cost hello_cost(void const *arguments)
{
	return (struct rpc_cost) { .ram = 0, .caps = 1 };
}

static struct rpc_type const hello_type = {
	.name = "Hello", .hash = HELLO_HASH, .tag = HELLO_TAG,
	.calls = hello_calls, .call_count = HELLO_OPS,
	.args_size = sizeof(struct hello_args), .args_default = &hello_args_default,
	.args_valid = hello_args_valid,
	.cost = hello_cost,
};

#ifndef RPC_CORE
/* Client side. */
RPC_CONNECTION(hello)

/* Sum of a and b. OVERFLOW: it does not fit. */
static inline MUST_CHECK enum status hello_add(struct hello *self, int32_t a, int32_t b, int32_t *sum)
{
	uint64_t w[RPC_WORDS] = { (uint32_t)a, (uint32_t)b };

	RPC_TRY(rpc_call_words(self->connection.cap, HELLO_OP_ADD, w, 2, 1));
	*sum = (int32_t)w[0];
	return STATUS_OK;
}

/* A greeting for `who`. INVALID: `who` is empty. */
static inline MUST_CHECK enum status hello_greet(struct hello *self, char const *who, char text[static 64])
{
	struct hello_greet_in *in = rpc_message();
	struct hello_greet_out const *out = rpc_message();

	RPC_TRY(rpc_pack_string(in->who, sizeof(in->who), who));
	RPC_TRY(rpc_call_message(self->connection.cap, rpc_request(HELLO_OP_GREET, 4, 0, 0), 8, NULL));
	if (!rpc_is_string(out->text, sizeof(out->text)))
		return STATUS_PROTOCOL;
	rpc_move(text, out->text, sizeof(out->text));
	return STATUS_OK;
}

/* The counter of this session, the same at each call; it starts at 0 and lives as long as the session. */
static inline MUST_CHECK enum status hello_counter(struct hello *self, struct hello_counter *counter)
{
	struct cap got[1];

	RPC_TRY(rpc_call_message(self->connection.cap, rpc_request(HELLO_OP_COUNTER, 0, 0, 1), 0, got));
	counter->cap = got[0];
	return STATUS_OK;
}
#endif

/* Server side. */
struct hello_session;

struct hello_ops {
	/* Sum of a and b. OVERFLOW: it does not fit. */
	enum status (*add)(struct hello_session *self, int32_t a, int32_t b, int32_t *sum);
	/* A greeting for `who`. INVALID: `who` is empty. */
	enum status (*greet)(struct hello_session *self, char const *who, char text[static 64]);
	/* The counter of this session, the same at each call; it starts at 0 and lives as long as the session. */
	enum status (*counter)(struct hello_session *self, struct cap *counter);
};

RPC_INLINE enum status hello_handle_add(struct hello_ops const *ops, struct hello_session *self, struct rpc *rpc)
{
	int32_t sum = 0;

	if (!rpc_has(rpc, 2, 0))
		return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(RPC_ERROR(OVERFLOW), ops->add(self, (int32_t)rpc->w[0], (int32_t)rpc->w[1], &sum)));
	return rpc_answer_words(rpc, 1, (uint64_t[RPC_WORDS]) { (uint32_t)sum });
}

RPC_APART enum status hello_handle_greet(struct hello_ops const *ops, struct hello_session *self, struct rpc *rpc)
{
	struct hello_greet_in in;
	struct hello_greet_out out = {};

	if (!rpc_has(rpc, 4, 0))
		return STATUS_PROTOCOL;
	rpc_copy(rpc, &in, 4);
	if (!rpc_is_string(in.who, sizeof(in.who)))
		return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(RPC_ERROR(INVALID), ops->greet(self, in.who, out.text)));
	return rpc_answer(rpc, &out, 8, NULL, 0);
}

RPC_APART enum status hello_handle_counter(struct hello_ops const *ops, struct hello_session *self, struct rpc *rpc)
{
	struct cap given[1] = {};

	if (!rpc_has(rpc, 0, 0))
		return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(0, ops->counter(self, &given[0])));
	return rpc_answer(rpc, NULL, 0, given, 1);
}

/* Checks a request, runs its operation and makes the answer. */
static inline enum status hello_dispatch(struct hello_ops const *ops, struct hello_session *self, struct rpc *rpc)
{
	switch (rpc_label(rpc)) {
	case HELLO_OP_ADD: return hello_handle_add(ops, self, rpc);
	case HELLO_OP_GREET: return hello_handle_greet(ops, self, rpc);
	case HELLO_OP_COUNTER: return hello_handle_counter(ops, self, rpc);
	default: return STATUS_PROTOCOL;
	}
}

#ifndef RPC_CORE
RPC_SERVICE(hello)
#endif

/* --- Object hello_counter --- */

/* Counts calls. */
#define HELLO_COUNTER_HASH UINT64_C(0xabf3f2d308e23952)
enum { HELLO_COUNTER_TAG = 0x3952, HELLO_COUNTER_OPS = 1 };
enum hello_counter_op { HELLO_COUNTER_OP_INCREMENT = HELLO_COUNTER_TAG << 16 };

static struct rpc_call const hello_counter_calls[HELLO_COUNTER_OPS] = {
	{ "increment", "", "u64 count", 0, 0, 1, 0, 0 },
};

static struct rpc_type const hello_counter_type = {
	.name = "hello_counter", .hash = HELLO_COUNTER_HASH, .tag = HELLO_COUNTER_TAG,
	.calls = hello_counter_calls, .call_count = HELLO_COUNTER_OPS,
};

#ifndef RPC_CORE
/* Client side. */

/* Adds one. `count` is what it has become. */
static inline MUST_CHECK enum status hello_counter_increment(struct hello_counter self, uint64_t *count)
{
	uint64_t w[RPC_WORDS] = { 0 };

	RPC_TRY(rpc_call_words(self.cap, HELLO_COUNTER_OP_INCREMENT, w, 0, 1));
	*count = w[0];
	return STATUS_OK;
}
#endif

/* Server side. */
struct hello_counter_object;

struct hello_counter_ops {
	/* Adds one. `count` is what it has become. */
	enum status (*increment)(struct hello_counter_object *self, uint64_t *count);
};

RPC_INLINE enum status hello_counter_handle_increment(struct hello_counter_ops const *ops,
		struct hello_counter_object *self, struct rpc *rpc)
{
	uint64_t count = 0;

	if (!rpc_has(rpc, 0, 0))
		return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(0, ops->increment(self, &count)));
	return rpc_answer_words(rpc, 1, (uint64_t[RPC_WORDS]) { count });
}

/* Checks a request, runs its operation and makes the answer. */
static inline enum status hello_counter_dispatch(struct hello_counter_ops const *ops,
		struct hello_counter_object *self, struct rpc *rpc)
{
	switch (rpc_label(rpc)) {
	case HELLO_COUNTER_OP_INCREMENT: return hello_counter_handle_increment(ops, self, rpc);
	default: return STATUS_PROTOCOL;
	}
}

#ifndef RPC_CORE
RPC_OBJECT(hello_counter)
#endif
