/* SPDX-License-Identifier: MIT */
/* Made by rpcgen from goldens/recorder.rpc: change that file. */
#pragma once

#include <base/rpc.h>
#include <goldens/parts.h>
#ifndef RPC_CORE /* core makes sessions of its own */
#include <base/rpc_session.h>
#endif

/*
 * Recorder: every feature of the language once.
 *
 * The comment of a file may have several paragraphs.
 */

/* Strings, data, arrays and structs within a struct. */
struct record {
	char          name[12];
	struct { uint32_t size; uint8_t data[10], padding[2]; } raw;
	uint8_t       padding0[4];
	struct sample samples[3];
	char          tags[2][8];
	enum level    levels[2];
	bool          flags[3];
	uint8_t       padding1[1];
	enum status   result;
};
static_assert(sizeof(struct record) == 136 && offsetof(struct record, result) == 132, "layout");

static inline bool record_valid(struct record const *value)
{
	if (!rpc_is_string(value->name, sizeof(value->name)))
		return false;
	if (value->raw.size > 10)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!sample_valid(&value->samples[i]))
			return false;
	for (size_t i = 0; i < 2; i++)
		if (!rpc_is_string(value->tags[i], sizeof(value->tags[i])))
			return false;
	for (size_t i = 0; i < 2; i++)
		if (!level_valid(value->levels[i]))
			return false;
	for (size_t i = 0; i < 3; i++)
		if (!rpc_is_bool(&value->flags[i]))
			return false;
	if (!rpc_is_status(value->result))
		return false;
	return true;
}

#ifndef RPC_CORE
struct tape { struct cap cap; };
#endif

/* --- Session recorder --- */

#define RECORDER_HASH UINT64_C(0xfc398b84c9c90471)
enum { RECORDER_TAG = 0x0471, RECORDER_OPS = 7 };
enum recorder_op { RECORDER_OP_SCALARS = RECORDER_TAG << 16, RECORDER_OP_REGISTERS, RECORDER_OP_STORE,
		RECORDER_OP_TEXT, RECORDER_OP_ARRAYS, RECORDER_OP_CAPS, RECORDER_OP_NOTHING };

struct recorder_args {
	uint64_t    size; /* of the buffer, in bytes */
	int32_t     gain;
	enum level  quality;
	char        format[8];
	bool        loop;
	uint8_t     padding0[3];
	enum status stop_with;
	uint32_t    reserved;
	uint8_t     padding1[4];
};
static_assert(sizeof(struct recorder_args) == 40 && offsetof(struct recorder_args, reserved) == 32, "layout");

static inline bool recorder_args_valid(void const *args)
{
	struct recorder_args const *value = args;

	if (!level_valid(value->quality))
		return false;
	if (!rpc_is_string(value->format, sizeof(value->format)))
		return false;
	if (!rpc_is_bool(&value->loop))
		return false;
	if (!rpc_is_status(value->stop_with))
		return false;
	return true;
}

static struct recorder_args const recorder_args_default = {
	.size = 0x100000000u,
	.gain = -3,
	.quality = LEVEL_HIGH,
	.format = "raw",
	.loop = true,
	.stop_with = STATUS_TIMEOUT,
};

struct recorder_scalars_in {
	uint64_t a;
	uint64_t b;
	uint64_t c;
	uint64_t d;
	uint64_t e;
	uint64_t f;
	uint64_t g;
	uint64_t h;
	uint64_t k;
	uint64_t l;
	uint64_t m;
};
static_assert(sizeof(struct recorder_scalars_in) == 88 && offsetof(struct recorder_scalars_in, m) == 80, "layout");
struct recorder_scalars_out {
	uint64_t ao;
	uint64_t bo;
	uint64_t co;
	uint64_t do_;
	uint64_t eo;
	uint64_t fo;
	uint64_t go;
	uint64_t ho;
	uint64_t ko;
	uint64_t lo;
	uint64_t mo;
};
static_assert(sizeof(struct recorder_scalars_out) == 88 && offsetof(struct recorder_scalars_out, mo) == 80, "layout");

struct recorder_store_in {
	struct record record;
};
static_assert(sizeof(struct recorder_store_in) == 136, "layout");
struct recorder_store_out {
	struct record stored;
};
static_assert(sizeof(struct recorder_store_out) == 136, "layout");

struct recorder_text_in {
	char before[10];
	uint8_t padding0[6];
	struct { uint32_t size; uint8_t data[6], padding[6]; } data;
	char after[16];
};
static_assert(sizeof(struct recorder_text_in) == 48 && offsetof(struct recorder_text_in, after) == 32, "layout");
struct recorder_text_out {
	char out_before[10];
	uint8_t padding0[6];
	struct { uint32_t size; uint8_t data[6], padding[6]; } out_data;
	char out_after[16];
};
static_assert(sizeof(struct recorder_text_out) == 48 && offsetof(struct recorder_text_out, out_after) == 32, "layout");

struct recorder_arrays_in {
	uint16_t      numbers[3];
	uint8_t       padding0[2];
	char          words[2][4];
	struct sample samples[2];
	bool          bits[5];
	uint8_t       padding1[3];
	enum colour   colours[3];
	uint8_t       padding2[4];
};
static_assert(sizeof(struct recorder_arrays_in) == 88 && offsetof(struct recorder_arrays_in, colours) == 72, "layout");
struct recorder_arrays_out {
	uint16_t      out_numbers[3];
	uint8_t       padding0[2];
	char          out_words[2][4];
	struct sample out_samples[2];
	bool          out_bits[5];
	uint8_t       padding1[3];
	enum colour   out_colours[3];
	uint8_t       padding2[4];
};
static_assert(sizeof(struct recorder_arrays_out) == 88 && offsetof(struct recorder_arrays_out, out_colours) == 72,
		"layout");

struct recorder_caps_in {
	uint64_t number;
};
static_assert(sizeof(struct recorder_caps_in) == 8, "layout");
struct recorder_caps_out {
	uint64_t out_number;
};
static_assert(sizeof(struct recorder_caps_out) == 8, "layout");

static struct rpc_call const recorder_calls[RECORDER_OPS] = {
	{ "scalars", "u8 a, u16 b, u32 c, u64 d, i8 e, i16 f, i32 g, i64 h, bool k, level l, status m",
			"u8 ao, u16 bo, u32 co, u64 do_, i8 eo, i16 fo, i32 go, i64 ho, bool ko, level lo, status mo",
			RPC_ERROR(OVERFLOW) | RPC_ERROR(BUSY), 11, 11, 0, 0 },
	{ "registers", "bool on, colour colour, status why, i64 offset",
			"bool was_on, colour was, status result, i8 small", 0, 4, 4, 0, 0 },
	{ "store", "record record", "record stored", 0, 17, 17, 0, 0 },
	{ "text", "string<10> before, bytes<6> data, string<16> after",
			"string<10> out_before, bytes<6> out_data, string<16> out_after", 0, 6, 6, 0, 0 },
	{ "arrays", "u16[3] numbers, string<4>[2] words, sample[2] samples, bool[5] bits, colour[3] colours",
			"u16[3] out_numbers, string<4>[2] out_words, sample[2] out_samples, bool[5] out_bits, colour[3] out_colours",
			0, 11, 11, 0, 0 },
	{ "caps", "cap probe probe, cap any thing, u32 number, cap signal_context context",
			"cap probe out_probe, u32 out_number, cap any out_thing, cap signal_context out_context, cap tape tape",
			RPC_ERROR(NOT_FOUND), 1, 1, 3, 4 },
	{ "nothing", "", "", 0, 0, 0, 0, 0 },
};

static inline struct rpc_cost recorder_cost(void const *arguments)
{
	struct recorder_args const *args = arguments;

	return (struct rpc_cost) { .ram = rpc_plus(rpc_pages(rpc_plus(args->size, rpc_times(args->reserved, 16))),
			4096), .caps = 3 };
}

static struct rpc_type const recorder_type = {
	.name = "Recorder", .hash = RECORDER_HASH, .tag = RECORDER_TAG,
	.calls = recorder_calls, .call_count = RECORDER_OPS,
	.args_size = sizeof(struct recorder_args), .args_default = &recorder_args_default,
	.args_valid = recorder_args_valid,
	.cost = recorder_cost,
};

#ifndef RPC_CORE
/* Client side. */
RPC_CONNECTION(recorder)

/*
 * All scalars, in message form because there are more than four.
 * OVERFLOW: too much.
 * BUSY: recording.
 */
static inline MUST_CHECK enum status recorder_scalars(struct recorder *self, uint8_t a, uint16_t b, uint32_t c,
		uint64_t d, int8_t e, int16_t f, int32_t g, int64_t h, bool k, enum level l, enum status m,
		uint8_t *ao, uint16_t *bo, uint32_t *co, uint64_t *do_, int8_t *eo, int16_t *fo, int32_t *go,
		int64_t *ho, bool *ko, enum level *lo, enum status *mo)
{
	struct recorder_scalars_in *in = rpc_message();
	struct recorder_scalars_out const *out = rpc_message();

	in->a = a;
	in->b = b;
	in->c = c;
	in->d = d;
	in->e = (uint8_t)e;
	in->f = (uint16_t)f;
	in->g = (uint32_t)g;
	in->h = (uint64_t)h;
	in->k = k;
	in->l = l;
	in->m = m;
	RPC_TRY(rpc_call_message(self->connection.cap, rpc_request(RECORDER_OP_SCALARS, 11, 0, 0), 11, NULL));
	if (out->ko > 1)
		return STATUS_PROTOCOL;
	if (!level_valid(out->lo))
		return STATUS_PROTOCOL;
	if (!rpc_is_status(out->mo))
		return STATUS_PROTOCOL;
	*ao = (uint8_t)out->ao;
	*bo = (uint16_t)out->bo;
	*co = (uint32_t)out->co;
	*do_ = out->do_;
	*eo = (int8_t)out->eo;
	*fo = (int16_t)out->fo;
	*go = (int32_t)out->go;
	*ho = (int64_t)out->ho;
	*ko = (bool)out->ko;
	*lo = (enum level)out->lo;
	*mo = (enum status)out->mo;
	return STATUS_OK;
}

/* Four words each way. */
static inline MUST_CHECK enum status recorder_registers(struct recorder *self, bool on, enum colour colour,
		enum status why, int64_t offset, bool *was_on, enum colour *was, enum status *result, int8_t *small)
{
	uint64_t w[RPC_WORDS] = { on, colour, why, (uint64_t)offset };

	RPC_TRY(rpc_call_words(self->connection.cap, RECORDER_OP_REGISTERS, w, 4, 4));
	if (w[0] > 1)
		return STATUS_PROTOCOL;
	if (!colour_valid(w[1]))
		return STATUS_PROTOCOL;
	if (!rpc_is_status(w[2]))
		return STATUS_PROTOCOL;
	*was_on = (bool)w[0];
	*was = (enum colour)w[1];
	*result = (enum status)w[2];
	*small = (int8_t)w[3];
	return STATUS_OK;
}

static inline MUST_CHECK enum status recorder_store(struct recorder *self, struct record const *record,
		struct record *stored)
{
	struct recorder_store_in *in = rpc_message();
	struct recorder_store_out const *out = rpc_message();

	in->record = *record;
	RPC_TRY(rpc_call_message(self->connection.cap, rpc_request(RECORDER_OP_STORE, 17, 0, 0), 17, NULL));
	if (!record_valid(&out->stored))
		return STATUS_PROTOCOL;
	*stored = out->stored;
	return STATUS_OK;
}

static inline MUST_CHECK enum status recorder_text(struct recorder *self, char const *before, void const *data,
		size_t data_size, char const *after, char out_before[static 10], uint8_t out_data[static 6],
		size_t *out_data_size, char out_after[static 16])
{
	struct recorder_text_in *in = rpc_message();
	struct recorder_text_out const *out = rpc_message();

	RPC_TRY(rpc_pack_string(in->before, sizeof(in->before), before));
	rpc_clear(in->padding0, sizeof(in->padding0));
	RPC_TRY(rpc_pack_bytes(&in->data, sizeof(in->data), 6, data, data_size));
	RPC_TRY(rpc_pack_string(in->after, sizeof(in->after), after));
	RPC_TRY(rpc_call_message(self->connection.cap, rpc_request(RECORDER_OP_TEXT, 6, 0, 0), 6, NULL));
	if (!rpc_is_string(out->out_before, sizeof(out->out_before)))
		return STATUS_PROTOCOL;
	if (out->out_data.size > 6)
		return STATUS_PROTOCOL;
	if (!rpc_is_string(out->out_after, sizeof(out->out_after)))
		return STATUS_PROTOCOL;
	rpc_move(out_before, out->out_before, sizeof(out->out_before));
	rpc_move(out_data, out->out_data.data, out->out_data.size);
	*out_data_size = out->out_data.size;
	rpc_move(out_after, out->out_after, sizeof(out->out_after));
	return STATUS_OK;
}

static inline MUST_CHECK enum status recorder_arrays(struct recorder *self, uint16_t const numbers[static 3],
		char const words[static 2][4], struct sample const samples[static 2], bool const bits[static 5],
		enum colour const colours[static 3], uint16_t out_numbers[static 3], char out_words[static 2][4],
		struct sample out_samples[static 2], bool out_bits[static 5], enum colour out_colours[static 3])
{
	struct recorder_arrays_in *in = rpc_message();
	struct recorder_arrays_out const *out = rpc_message();

	rpc_move(in->numbers, numbers, sizeof(in->numbers));
	rpc_clear(in->padding0, sizeof(in->padding0));
	rpc_move(in->words, words, sizeof(in->words));
	rpc_move(in->samples, samples, sizeof(in->samples));
	rpc_move(in->bits, bits, sizeof(in->bits));
	rpc_clear(in->padding1, sizeof(in->padding1));
	rpc_move(in->colours, colours, sizeof(in->colours));
	rpc_clear(in->padding2, sizeof(in->padding2));
	RPC_TRY(rpc_call_message(self->connection.cap, rpc_request(RECORDER_OP_ARRAYS, 11, 0, 0), 11, NULL));
	for (size_t i = 0; i < 2; i++)
		if (!rpc_is_string(out->out_words[i], sizeof(out->out_words[i])))
			return STATUS_PROTOCOL;
	for (size_t i = 0; i < 2; i++)
		if (!sample_valid(&out->out_samples[i]))
			return STATUS_PROTOCOL;
	for (size_t i = 0; i < 5; i++)
		if (!rpc_is_bool(&out->out_bits[i]))
			return STATUS_PROTOCOL;
	for (size_t i = 0; i < 3; i++)
		if (!colour_valid(out->out_colours[i]))
			return STATUS_PROTOCOL;
	rpc_move(out_numbers, out->out_numbers, sizeof(out->out_numbers));
	rpc_move(out_words, out->out_words, sizeof(out->out_words));
	rpc_move(out_samples, out->out_samples, sizeof(out->out_samples));
	rpc_move(out_bits, out->out_bits, sizeof(out->out_bits));
	rpc_move(out_colours, out->out_colours, sizeof(out->out_colours));
	return STATUS_OK;
}

/* Null capabilities are allowed both ways. */
static inline MUST_CHECK enum status recorder_caps(struct recorder *self, struct probe probe, struct cap thing,
		uint32_t number, struct signal_context context, struct probe *out_probe, uint32_t *out_number,
		struct cap *out_thing, struct signal_context *out_context, struct tape *tape)
{
	struct recorder_caps_in *in = rpc_message();
	struct recorder_caps_out const *out = rpc_message();
	struct cap got[4];

	rpc_send(0, probe.cap);
	rpc_send(1, thing);
	in->number = number;
	rpc_send(2, context.cap);
	RPC_TRY(rpc_call_message(self->connection.cap, rpc_request(RECORDER_OP_CAPS, 1, 3, 4), 1, got));
	out_probe->cap = got[0];
	*out_number = (uint32_t)out->out_number;
	*out_thing = got[1];
	out_context->cap = got[2];
	tape->cap = got[3];
	return STATUS_OK;
}

static inline MUST_CHECK enum status recorder_nothing(struct recorder *self)
{
	uint64_t w[RPC_WORDS] = { 0 };

	RPC_TRY(rpc_call_words(self->connection.cap, RECORDER_OP_NOTHING, w, 0, 0));
	return STATUS_OK;
}
#endif

/* Server side. */
struct recorder_session;

struct recorder_ops {
	/*
	 * All scalars, in message form because there are more than four.
	 * OVERFLOW: too much.
	 * BUSY: recording.
	 */
	enum status (*scalars)(struct recorder_session *self, uint8_t a, uint16_t b, uint32_t c, uint64_t d, int8_t e,
			int16_t f, int32_t g, int64_t h, bool k, enum level l, enum status m, uint8_t *ao,
			uint16_t *bo, uint32_t *co, uint64_t *do_, int8_t *eo, int16_t *fo, int32_t *go, int64_t *ho,
			bool *ko, enum level *lo, enum status *mo);
	/* Four words each way. */
	enum status (*registers)(struct recorder_session *self, bool on, enum colour colour, enum status why,
			int64_t offset, bool *was_on, enum colour *was, enum status *result, int8_t *small);
	enum status (*store)(struct recorder_session *self, struct record const *record, struct record *stored);
	enum status (*text)(struct recorder_session *self, char const *before, void const *data, size_t data_size,
			char const *after, char out_before[static 10], uint8_t out_data[static 6],
			size_t *out_data_size, char out_after[static 16]);
	enum status (*arrays)(struct recorder_session *self, uint16_t const numbers[static 3],
			char const words[static 2][4], struct sample const samples[static 2],
			bool const bits[static 5], enum colour const colours[static 3], uint16_t out_numbers[static 3],
			char out_words[static 2][4], struct sample out_samples[static 2], bool out_bits[static 5],
			enum colour out_colours[static 3]);
	/* Null capabilities are allowed both ways. */
	enum status (*caps)(struct recorder_session *self, struct rpc_cap const *probe, struct rpc_cap const *thing,
			uint32_t number, struct rpc_cap const *context, struct cap *out_probe, uint32_t *out_number,
			struct cap *out_thing, struct cap *out_context, struct cap *tape);
	enum status (*nothing)(struct recorder_session *self);
};

RPC_APART enum status recorder_handle_scalars(struct recorder_ops const *ops, struct recorder_session *self,
		struct rpc *rpc)
{
	struct recorder_scalars_in in;
	struct recorder_scalars_out out = {};
	uint8_t ao = 0;
	uint16_t bo = 0;
	uint32_t co = 0;
	uint64_t do_ = 0;
	int8_t eo = 0;
	int16_t fo = 0;
	int32_t go = 0;
	int64_t ho = 0;
	bool ko = 0;
	enum level lo = 0;
	enum status mo = 0;

	if (!rpc_has(rpc, 11, 0))
		return STATUS_PROTOCOL;
	rpc_copy(rpc, &in, 11);
	if (in.k > 1)
		return STATUS_PROTOCOL;
	if (!level_valid(in.l))
		return STATUS_PROTOCOL;
	if (!rpc_is_status(in.m))
		return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(RPC_ERROR(OVERFLOW) | RPC_ERROR(BUSY), ops->scalars(self, (uint8_t)in.a, (uint16_t)in.b,
			(uint32_t)in.c, in.d, (int8_t)in.e, (int16_t)in.f, (int32_t)in.g, (int64_t)in.h, (bool)in.k,
			(enum level)in.l, (enum status)in.m, &ao, &bo, &co, &do_, &eo, &fo, &go, &ho, &ko, &lo, &mo)));
	out.ao = ao;
	out.bo = bo;
	out.co = co;
	out.do_ = do_;
	out.eo = (uint8_t)eo;
	out.fo = (uint16_t)fo;
	out.go = (uint32_t)go;
	out.ho = (uint64_t)ho;
	out.ko = ko;
	out.lo = lo;
	out.mo = mo;
	return rpc_answer(rpc, &out, 11, NULL, 0);
}

RPC_INLINE enum status recorder_handle_registers(struct recorder_ops const *ops, struct recorder_session *self,
		struct rpc *rpc)
{
	bool was_on = 0;
	enum colour was = 0;
	enum status result = 0;
	int8_t small = 0;

	if (!rpc_has(rpc, 4, 0))
		return STATUS_PROTOCOL;
	if (rpc->w[0] > 1)
		return STATUS_PROTOCOL;
	if (!colour_valid(rpc->w[1]))
		return STATUS_PROTOCOL;
	if (!rpc_is_status(rpc->w[2]))
		return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(0, ops->registers(self, (bool)rpc->w[0], (enum colour)rpc->w[1], (enum status)rpc->w[2],
			(int64_t)rpc->w[3], &was_on, &was, &result, &small)));
	return rpc_answer_words(rpc, 4, (uint64_t[RPC_WORDS]) { was_on, was, result, (uint8_t)small });
}

RPC_APART enum status recorder_handle_store(struct recorder_ops const *ops, struct recorder_session *self,
		struct rpc *rpc)
{
	struct recorder_store_in in;
	struct recorder_store_out out = {};

	if (!rpc_has(rpc, 17, 0))
		return STATUS_PROTOCOL;
	rpc_copy(rpc, &in, 17);
	if (!record_valid(&in.record))
		return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(0, ops->store(self, &in.record, &out.stored)));
	return rpc_answer(rpc, &out, 17, NULL, 0);
}

RPC_APART enum status recorder_handle_text(struct recorder_ops const *ops, struct recorder_session *self,
		struct rpc *rpc)
{
	struct recorder_text_in in;
	struct recorder_text_out out = {};
	size_t out_data_size = 0;

	if (!rpc_has(rpc, 6, 0))
		return STATUS_PROTOCOL;
	rpc_copy(rpc, &in, 6);
	if (!rpc_is_string(in.before, sizeof(in.before)))
		return STATUS_PROTOCOL;
	if (in.data.size > 6)
		return STATUS_PROTOCOL;
	if (!rpc_is_string(in.after, sizeof(in.after)))
		return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(0, ops->text(self, in.before, in.data.data, in.data.size, in.after, out.out_before,
			out.out_data.data, &out_data_size, out.out_after)));
	if (out_data_size > 6)
		return STATUS_INTERNAL;
	out.out_data.size = (uint32_t)out_data_size;
	return rpc_answer(rpc, &out, 6, NULL, 0);
}

RPC_APART enum status recorder_handle_arrays(struct recorder_ops const *ops, struct recorder_session *self,
		struct rpc *rpc)
{
	struct recorder_arrays_in in;
	struct recorder_arrays_out out = {};

	if (!rpc_has(rpc, 11, 0))
		return STATUS_PROTOCOL;
	rpc_copy(rpc, &in, 11);
	for (size_t i = 0; i < 2; i++)
		if (!rpc_is_string(in.words[i], sizeof(in.words[i])))
			return STATUS_PROTOCOL;
	for (size_t i = 0; i < 2; i++)
		if (!sample_valid(&in.samples[i]))
			return STATUS_PROTOCOL;
	for (size_t i = 0; i < 5; i++)
		if (!rpc_is_bool(&in.bits[i]))
			return STATUS_PROTOCOL;
	for (size_t i = 0; i < 3; i++)
		if (!colour_valid(in.colours[i]))
			return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(0, ops->arrays(self, in.numbers, in.words, in.samples, in.bits, in.colours, out.out_numbers,
			out.out_words, out.out_samples, out.out_bits, out.out_colours)));
	return rpc_answer(rpc, &out, 11, NULL, 0);
}

RPC_APART enum status recorder_handle_caps(struct recorder_ops const *ops, struct recorder_session *self,
		struct rpc *rpc)
{
	struct recorder_caps_in in;
	struct recorder_caps_out out = {};
	struct rpc_cap taken[3];
	struct cap given[4] = {};
	uint32_t out_number = 0;

	if (!rpc_has(rpc, 1, 3))
		return STATUS_PROTOCOL;
	rpc_copy(rpc, &in, 1);
	RPC_TRY(rpc_take_caps(rpc, taken, 3));
	RPC_TRY(rpc_listed(RPC_ERROR(NOT_FOUND), ops->caps(self, &taken[0], &taken[1], (uint32_t)in.number, &taken[2],
			&given[0], &out_number, &given[1], &given[2], &given[3])));
	out.out_number = out_number;
	return rpc_answer(rpc, &out, 1, given, 4);
}

RPC_INLINE enum status recorder_handle_nothing(struct recorder_ops const *ops, struct recorder_session *self,
		struct rpc *rpc)
{
	if (!rpc_has(rpc, 0, 0))
		return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(0, ops->nothing(self)));
	return rpc_answer_words(rpc, 0, (uint64_t[RPC_WORDS]) { 0 });
}

/* Checks a request, runs its operation and makes the answer. */
static inline enum status recorder_dispatch(struct recorder_ops const *ops, struct recorder_session *self,
		struct rpc *rpc)
{
	switch (rpc_label(rpc)) {
	case RECORDER_OP_SCALARS: return recorder_handle_scalars(ops, self, rpc);
	case RECORDER_OP_REGISTERS: return recorder_handle_registers(ops, self, rpc);
	case RECORDER_OP_STORE: return recorder_handle_store(ops, self, rpc);
	case RECORDER_OP_TEXT: return recorder_handle_text(ops, self, rpc);
	case RECORDER_OP_ARRAYS: return recorder_handle_arrays(ops, self, rpc);
	case RECORDER_OP_CAPS: return recorder_handle_caps(ops, self, rpc);
	case RECORDER_OP_NOTHING: return recorder_handle_nothing(ops, self, rpc);
	default: return STATUS_PROTOCOL;
	}
}

#ifndef RPC_CORE
RPC_SERVICE(recorder)
#endif

/* --- Object tape --- */

/* What is declared later can be named by a capability. */
#define TAPE_HASH UINT64_C(0x7ad6203917d69b38)
enum { TAPE_TAG = 0x1b38, TAPE_OPS = 2 };
enum tape_op { TAPE_OP_REWIND = TAPE_TAG << 16, TAPE_OP_POSITION };

static struct rpc_call const tape_calls[TAPE_OPS] = {
	{ "rewind", "", "", 0, 0, 0, 0, 0 },
	{ "position", "", "u64 at", 0, 0, 1, 0, 0 },
};

static struct rpc_type const tape_type = {
	.name = "tape", .hash = TAPE_HASH, .tag = TAPE_TAG,
	.calls = tape_calls, .call_count = TAPE_OPS,
};

#ifndef RPC_CORE
/* Client side. */

static inline MUST_CHECK enum status tape_rewind(struct tape self)
{
	uint64_t w[RPC_WORDS] = { 0 };

	RPC_TRY(rpc_call_words(self.cap, TAPE_OP_REWIND, w, 0, 0));
	return STATUS_OK;
}

static inline MUST_CHECK enum status tape_position(struct tape self, uint64_t *at)
{
	uint64_t w[RPC_WORDS] = { 0 };

	RPC_TRY(rpc_call_words(self.cap, TAPE_OP_POSITION, w, 0, 1));
	*at = w[0];
	return STATUS_OK;
}
#endif

/* Server side. */
struct tape_object;

struct tape_ops {
	enum status (*rewind)(struct tape_object *self);
	enum status (*position)(struct tape_object *self, uint64_t *at);
};

RPC_INLINE enum status tape_handle_rewind(struct tape_ops const *ops, struct tape_object *self, struct rpc *rpc)
{
	if (!rpc_has(rpc, 0, 0))
		return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(0, ops->rewind(self)));
	return rpc_answer_words(rpc, 0, (uint64_t[RPC_WORDS]) { 0 });
}

RPC_INLINE enum status tape_handle_position(struct tape_ops const *ops, struct tape_object *self, struct rpc *rpc)
{
	uint64_t at = 0;

	if (!rpc_has(rpc, 0, 0))
		return STATUS_PROTOCOL;
	RPC_TRY(rpc_listed(0, ops->position(self, &at)));
	return rpc_answer_words(rpc, 1, (uint64_t[RPC_WORDS]) { at });
}

/* Checks a request, runs its operation and makes the answer. */
static inline enum status tape_dispatch(struct tape_ops const *ops, struct tape_object *self, struct rpc *rpc)
{
	switch (rpc_label(rpc)) {
	case TAPE_OP_REWIND: return tape_handle_rewind(ops, self, rpc);
	case TAPE_OP_POSITION: return tape_handle_position(ops, self, rpc);
	default: return STATUS_PROTOCOL;
	}
}

#ifndef RPC_CORE
RPC_OBJECT(tape)
#endif
