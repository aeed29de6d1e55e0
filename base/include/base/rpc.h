/* SPDX-License-Identifier: MIT */
/*
 * What the headers made by rpcgen stand on (doc/rpc.md is about the language and the wire format).
 *
 * A message is a sequence of parameters, each at the start of a 64-bit word: a scalar takes one word, strings, data,
 * arrays and structs as many as they need. Words 0-3 travel in registers, the rest in the UTCB at its own index. Operations
 * whose parameters are at most four scalars each way, without capabilities, never touch the UTCB (the register form); all
 * others lay a struct over its words (the message form).
 *
 * The label of a call names interface and operation, that of the reply is the status of the operation. A reply AGAIN
 * brings back words 0-3 as they were sent, and the client sends them again: nothing has to be kept for that.
 *
 * Nothing here allocates, blocks other than in the call, or has state; the server side is a set of pure functions over
 * struct rpc, which also compile on the host.
 */
#pragma once

#include <base/assert.h>
#include <base/cap.h>
#include <base/platform.h>
#include <base/status.h>
#include <base/types.h>

enum { RPC_WORDS = 4, RPC_BYTES_MAX = 1024, RPC_CAPS_MAX = UTCB_CAPS, RPC_ARGS_MAX = 128 };

/* --- Tables: for traces, monitor, fuzzer --- */

struct rpc_call {
	char const *name;
	char const *in, *out;            /* parameters as the .rpc file has them */
	uint32_t    errors;              /* those listed, as bits */
	uint8_t     in_words, out_words;
	uint8_t     in_caps, out_caps;
};

/* What a session costs its client beyond the base cost, in bytes and caps. */
struct rpc_cost { uint64_t ram, caps; };

struct rpc_type {
	char const            *name;         /* of the service, or of the object */
	uint64_t               hash;         /* of the interface as this side was built */
	uint32_t               tag;          /* high half of the labels of its calls */
	uint32_t               call_count;
	struct rpc_call const *calls;        /* call i has the label tag << 16 | i */
	uint32_t               args_size;    /* of struct X_args, 0: takes none */
	void const            *args_default;
	bool                 (*args_valid)(void const *args);  /* NULL: any content will do. For bytes that others sent: args_size of them */
	struct rpc_cost      (*cost)(void const *args);        /* NULL: none beyond the base cost */
};

#define RPC_ERROR(name) (1u << STATUS_##name)

/* What every operation may end with. */
#define RPC_IMPLICIT \
	(RPC_ERROR(OK) | RPC_ERROR(PEER_GONE) | RPC_ERROR(PROTOCOL) | RPC_ERROR(DEADLOCK) | RPC_ERROR(OUT_OF_RAM) | \
	 RPC_ERROR(OUT_OF_CAPS) | RPC_ERROR(BAD_CAP) | RPC_ERROR(AGAIN) | RPC_ERROR(TOO_DEEP) | RPC_ERROR(NO_REPLY) | \
	 RPC_ERROR(CANCELLED) | RPC_ERROR(TOO_LONG) | RPC_ERROR(INTERNAL))

static_assert(STATUS_COUNT <= 32, "a set of statuses is a 32-bit mask");

/* Like TRY, but notes nothing: generated code only passes on what others found. */
#define RPC_TRY(expression)                                           \
	do {                                                          \
		enum status rpc_status_ = (expression);               \
		if (__builtin_expect(rpc_status_ != STATUS_OK, 0))    \
			return rpc_status_;                           \
	} while (0)

/* --- Parts of messages --- */

typedef uint64_t __attribute__((may_alias)) rpc_word;

#define RPC_INLINE static inline __attribute__((always_inline))

/* For what would cost its neighbours registers. */
#define RPC_APART  static __attribute__((noinline, unused))

/* Copies `text` and fills up with zeroes. TOO_LONG: it does not fit with its terminator. */
MUST_CHECK enum status rpc_pack_string(char *to, size_t size, char const *text);

/* Fills bytes<bound>, whose struct (size, then data) has `room` bytes, up with zeroes. TOO_LONG: size > bound. */
MUST_CHECK enum status rpc_pack_bytes(void *to, size_t room, size_t bound, void const *data, size_t size);

RPC_INLINE void rpc_move(void *to, void const *from, size_t size) { __builtin_memcpy(to, from, size); }
RPC_INLINE void rpc_clear(void *to, size_t size) { __builtin_memset(to, 0, size); }

/* Is there a terminator in it? */
bool rpc_is_string(char const *text, size_t size);

/* Is it 0 or 1? What is no bool must not be read as one. */
RPC_INLINE bool rpc_is_bool(void const *byte) { return *(unsigned char const *)byte <= 1; }
RPC_INLINE bool rpc_is_status(uint64_t value) { return value < STATUS_COUNT; }

/* Sums for `cost`; too much stays too much. */
RPC_INLINE uint64_t rpc_plus(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

RPC_INLINE uint64_t rpc_times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

RPC_INLINE uint64_t rpc_pages(uint64_t bytes) { return align_up(bytes, PAGE_SIZE); }

/* --- Client side --- */

/* The bits of a reply's header that say something: status, words, caps, label. */
#define RPC_REPLY_MASK 0xffffffff000fffffUL

/* The header of a call with so many words and capabilities, which expects so many capabilities back. */
RPC_INLINE uint64_t rpc_request(uint32_t label, size_t words, unsigned caps, unsigned expect)
{
	return syscall_header(0, words, caps, expect, label);
}

/*
 * What to do when the answer to a call in register form was not `out` words and OK: repeats it while it is AGAIN. On OK, the
 * words are in regs->w.
 */
MUST_CHECK enum status rpc_call_again(struct cap target, uint32_t label, size_t in, size_t out, struct platform_regs *regs);

/* Calls in register form: w holds `in` words (the others 0) and, on OK, `out` words of the answer. */
RPC_INLINE MUST_CHECK enum status rpc_call_words(struct cap target, uint32_t label, uint64_t w[RPC_WORDS], size_t in, size_t out)
{
	struct platform_regs regs = { rpc_request(label, in, 0, 0), target.selector, { w[0], w[1], w[2], w[3] } };

	platform_invoke(PLATFORM_CALL, &regs);
	if (__builtin_expect((regs.header & RPC_REPLY_MASK) != out << 8, 0)) {
		struct platform_regs again = regs;

		RPC_TRY(rpc_call_again(target, label, in, out, &again));
		regs = again;
	}
	w[0] = regs.w[0], w[1] = regs.w[1], w[2] = regs.w[2], w[3] = regs.w[3];
	return STATUS_OK;
}

/* Where the next call's message is laid out, and where its answer is found afterwards, until the next call. */
RPC_INLINE void *rpc_message(void) { return thread_utcb()->words; }

/* Names capability i of the next call; null is allowed. It stays the caller's. */
RPC_INLINE void rpc_send(unsigned i, struct cap cap) { thread_utcb()->send[i] = cap.selector; }

/*
 * Calls in message form: the request (a header made by rpc_request) and the answer, of `out` words, are in rpc_message().
 * caps: as many as the request expects. They are in slots of their own (null: in none), which now belong to the caller; on
 * failure there are none. OUT_OF_CAPS: no slot is free; nothing was sent.
 */
MUST_CHECK enum status rpc_call_message(struct cap target, uint64_t request, size_t out, struct cap *caps);

struct rpc_cap;

/*
 * Calls with what is in w (words 0-3), in rpc_message() from word 4 on, and in send[], once, and returns the header of the answer as it came: the caller
 * passes on the calls of others and knows no interface. w and rpc_message() then hold the answer. caps: as many as the request
 * expects; those that are GOT_SLOT are in slots of their own and belong to the caller. OUT_OF_CAPS in the header's status: nothing was sent.
 */
uint64_t rpc_call_forward(struct cap target, uint64_t request, uint64_t w[RPC_WORDS], struct rpc_cap *caps);

/* Gives back what a call brought; PROTOCOL: the answer is not what the interface says. */
MUST_CHECK enum status rpc_reject(struct cap const *caps, unsigned count);

/* --- Server side --- */

/* A message as its receiver sees it, and the answer in the making. */
struct rpc {
	uint64_t     header;
	uint64_t     badge;
	uint64_t     w[RPC_WORDS];  /* words 0-3, of the request until there is an answer */
	uint64_t     answer;        /* words << 8 | caps << 16, 0 while there is none */
	struct utcb *utcb;
};

/*
 * What a gate's badge points to. ops: the operations table that belongs to the dispatcher. Embed the generated struct
 * X_object or X_session, which starts with it, in your own.
 */
struct rpc_object {
	enum status (*dispatch)(struct rpc_object *, struct rpc *);
	void const   *ops;
};

/* A capability that came with a request. It is dropped with the next message unless rpc_cap_keep takes it. */
struct rpc_cap {
	enum got_kind kind;   /* GOT_NULL, GOT_SLOT or GOT_OWN: a gate of this component, which `badge` tells */
	uint64_t      badge;
	struct cap    cap;    /* GOT_SLOT; else null */
};

/* From what reply_wait returned (kind RPC) to a request; the UTCB is the one of the thread that serves. */
RPC_INLINE struct rpc rpc_received(struct platform_regs const *regs, struct utcb *utcb)
{
	return (struct rpc) { .header = regs->header, .badge = regs->target, .w = { regs->w[0], regs->w[1], regs->w[2], regs->w[3] }, .utcb = utcb };
}

/* From the dispatcher's result to what reply_wait takes. Without OK, the answer is the status and words 0-3 as they came. */
RPC_INLINE struct platform_regs rpc_reply(struct rpc const *rpc, enum status status)
{
	return (struct platform_regs) {
		.header = (uint64_t)status << 32 | (status == STATUS_OK ? rpc->answer : 0),
		.w = { rpc->w[0], rpc->w[1], rpc->w[2], rpc->w[3] },
	};
}

RPC_INLINE uint32_t rpc_label(struct rpc const *rpc) { return platform_label(rpc->header); }

/* Which interface a request is for: X_TAG of its header. */
RPC_INLINE uint32_t rpc_tag(struct rpc const *rpc) { return rpc_label(rpc) >> 16; }

/* Does the request consist of so many words and capabilities? */
RPC_INLINE bool rpc_has(struct rpc const *rpc, size_t words, unsigned caps)
{
	return (rpc->header & 0xfff00) == (words << 8 | (uint64_t)caps << 16);
}

/* Copies a request of `words` words out of the message; it is not looked at again. */
void rpc_copy(struct rpc const *rpc, void *to, size_t words);

/* The capabilities of the request. OUT_OF_CAPS: there was no slot to receive one. */
MUST_CHECK enum status rpc_take_caps(struct rpc const *rpc, struct rpc_cap *caps, unsigned count);

/*
 * Keeps a received capability: *kept (a slot of its own, cap_release ends it) replaces it in the window of this thread.
 * BAD_CAP: it is null or the own gate. OUT_OF_CAPS: no slot is free.
 */
MUST_CHECK enum status rpc_cap_keep(struct rpc_cap const *cap, struct cap *kept);

/* The result of an operation; what it does not list (`errors`, a set of RPC_ERROR) is INTERNAL, a bug of its server. */
RPC_INLINE enum status rpc_listed(uint32_t errors, enum status status)
{
	if (__builtin_expect(status == STATUS_OK, 1))
		return STATUS_OK;
	return (unsigned)status < STATUS_COUNT && (errors | RPC_IMPLICIT) >> status & 1 ? status : STATUS_INTERNAL;
}

/* Answers in register form; what w does not name is 0. */
RPC_INLINE enum status rpc_answer_words(struct rpc *rpc, size_t words, uint64_t const w[RPC_WORDS])
{
	rpc->w[0] = w[0], rpc->w[1] = w[1], rpc->w[2] = w[2], rpc->w[3] = w[3];
	rpc->answer = words << 8;
	return STATUS_OK;
}

/* Answers in message form. caps: selectors, 0 for null, as the kernel takes them in send[]; the server keeps them. */
enum status rpc_answer(struct rpc *rpc, void const *message, size_t words, struct cap const *caps, unsigned cap_count);

/*
 * For an object X:
 * struct X_object { struct rpc_object object; }     what the server's own struct for it starts with
 * void X_init(struct X_object *self, struct X_ops const *ops)
 *         Makes it what the badge of a gate can point to: ep_gate(..., &self->object, ...).
 */
#define RPC_OBJECT(X)                                                                                                       \
	struct X##_object { struct rpc_object object; };                                                                    \
	static inline enum status X##_object_dispatch(struct rpc_object *object, struct rpc *rpc)                           \
	{                                                                                                                   \
		return X##_dispatch(object->ops, container_of(object, struct X##_object, object), rpc);                     \
	}                                                                                                                   \
	static inline void X##_init(struct X##_object *self, struct X##_ops const *ops)                                     \
	{                                                                                                                   \
		self->object = (struct rpc_object) { .dispatch = X##_object_dispatch, .ops = ops };                         \
	}
