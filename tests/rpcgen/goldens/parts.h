/* SPDX-License-Identifier: MIT */
/* Made by rpcgen from goldens/parts.rpc: change that file. */
#pragma once

#include <base/rpc.h>

/* Declarations for others to import. */

/* How many samples a record has. */
#define SAMPLES 3
#define FLAG_FAST 0x1 /* quick and rough */
#define FLAG_HUGE 0x100000000u /* beyond an int */

/* Colours of light. */
enum colour {
	COLOUR_RED,
	COLOUR_GREEN = 5, /* the eye sees it best */
	/* just behind green */
	COLOUR_BLUE,
};
static inline bool colour_valid(uint64_t value)
{
	return value == COLOUR_RED || value == COLOUR_GREEN || value == COLOUR_BLUE;
}

enum level { LEVEL_LOW, LEVEL_HIGH };
static inline bool level_valid(uint64_t value)
{
	return value <= 1;
}

/* Padding stands between `kind` and `at`, and behind `ready`. */
struct sample {
	enum colour kind;
	uint8_t     padding0[4];
	uint64_t    at; /* ns since boot */
	int16_t     value;
	bool        ready;
	uint8_t     padding1[5];
};
static_assert(sizeof(struct sample) == 24 && offsetof(struct sample, ready) == 18, "layout");

static inline bool sample_valid(struct sample const *value)
{
	if (!colour_valid(value->kind))
		return false;
	if (!rpc_is_bool(&value->ready))
		return false;
	return true;
}

#ifndef RPC_CORE
struct probe { struct cap cap; };
#endif

/* --- Object probe --- */

#define PROBE_HASH UINT64_C(0x72eb5f8413d6756b)
enum { PROBE_TAG = 0x756b, PROBE_OPS = 1 };
enum probe_op { PROBE_OP_LATEST = PROBE_TAG << 16 };

struct probe_latest_out {
	struct sample sample;
};
static_assert(sizeof(struct probe_latest_out) == 24, "layout");

static struct rpc_call const probe_calls[PROBE_OPS] = {
	{ "latest", "", "sample sample", RPC_ERROR(NOT_FOUND), 0, 3, 0, 0 },
};

static struct rpc_type const probe_type = {
	.name = "probe", .hash = PROBE_HASH, .tag = PROBE_TAG,
	.calls = probe_calls, .call_count = PROBE_OPS,
};

#ifndef RPC_CORE
/* Client side. */

/* The latest sample. NOT_FOUND: none was taken. */
static inline MUST_CHECK enum status probe_latest(struct probe self, struct sample *sample)
{
	struct probe_latest_out const *out = rpc_message();

	RPC_TRY(rpc_call_message(self.cap, rpc_request(PROBE_OP_LATEST, 0, 0, 0), 3, NULL));
	if (!sample_valid(&out->sample))
		return STATUS_PROTOCOL;
	*sample = out->sample;
	return STATUS_OK;
}
#endif

/* Server side. */
struct probe_object;

struct probe_ops {
	/* The latest sample. NOT_FOUND: none was taken. */
	enum status (*latest)(struct probe_object *self, struct sample *sample);
};

RPC_APART enum status probe_handle_latest(struct probe_ops const *ops, struct probe_object *self, struct rpc *rpc)
{
	struct probe_latest_out out = {};

	if (!rpc_has(rpc, 0, 0))
		return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(RPC_ERROR(NOT_FOUND), ops->latest(self, &out.sample)));
	return rpc_answer(rpc, &out, 3, NULL, 0);
}

/* Checks a request, runs its operation and makes the answer. */
static inline enum status probe_dispatch(struct probe_ops const *ops, struct probe_object *self, struct rpc *rpc)
{
	switch (rpc_label(rpc)) {
	case PROBE_OP_LATEST: return probe_handle_latest(ops, self, rpc);
	default: return STATUS_PROTOCOL;
	}
}

#ifndef RPC_CORE
RPC_OBJECT(probe)
#endif
