/* SPDX-License-Identifier: MIT */
/*
 * The parts of the RPC runtime that are not worth inlining: calls in message form, and copying and checking of what they
 * bring. The platform page's loader links this file too, so it has no state and needs only cap_reserve, cap_release and cap_unreserve.
 * They are called while a message is laid out in the UTCB: they leave words, send and window as they were.
 */
#include <base/cap_alloc.h>
#include <base/rpc.h>
#include <base/string.h>

enum status rpc_pack_string(char *to, size_t size, char const *text)
{
	size_t length = string_length_max(text, size);

	if (length == size)
		return STATUS_TOO_LONG;
	memcpy(to, text, length);
	memset(to + length, 0, size - length);
	return STATUS_OK;
}

enum status rpc_pack_bytes(void *to, size_t room, size_t bound, void const *data, size_t size)
{
	uint32_t stated = (uint32_t)size;
	char    *bytes  = (char *)to + sizeof(stated);

	if (size > bound)
		return STATUS_TOO_LONG;
	memcpy(to, &stated, sizeof(stated));
	if (size)
		memcpy(bytes, data, size);
	memset(bytes + size, 0, room - sizeof(stated) - size);
	return STATUS_OK;
}

bool rpc_is_string(char const *text, size_t size)
{
	return string_length_max(text, size) < size;
}

/* --- Client side --- */

/* The status in a reply that is not the expected one; PROTOCOL for what makes no sense. */
static enum status failure(uint64_t header)
{
	enum status transport = platform_status(header);
	enum status status    = transport == STATUS_OK ? (enum status)platform_label(header) : transport;

	return status == STATUS_OK || !rpc_is_status(status) ? STATUS_PROTOCOL : status;
}

static bool is_again(uint64_t header)
{
	return platform_status(header) == STATUS_OK && platform_label(header) == STATUS_AGAIN;
}

enum status rpc_call_again(struct cap target, uint32_t label, size_t in, size_t out, struct platform_regs *regs)
{
	while (is_again(regs->header)) {
		regs->header = rpc_request(label, in, 0, 0);
		regs->target = target.selector;
		platform_invoke(PLATFORM_CALL, regs);
	}
	return (regs->header & RPC_REPLY_MASK) == out << 8 ? STATUS_OK : failure(regs->header);
}

static void release(struct cap const *caps, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!cap_is_null(caps[i]))
			cap_release(caps[i]);
}

enum status rpc_reject(struct cap const *caps, unsigned count)
{
	release(caps, count);
	return STATUS_PROTOCOL;
}

/* Slots that nothing came into. */
static void unreserve(struct cap const *caps, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		cap_unreserve(caps[i]);
}

static enum status reserve(struct cap *caps, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		enum status status = cap_reserve(&caps[i]);

		if (status != STATUS_OK) {
			unreserve(caps, i);
			return status;
		}
	}
	return STATUS_OK;
}

/* One call with what the UTCB holds, repeated while the answer is AGAIN, in which case words 0-3 come back as they went. */
static uint64_t invoke(struct utcb *utcb, struct cap target, uint64_t request)
{
	rpc_word            *words = utcb->words;
	struct platform_regs regs  = { .w = { words[0], words[1], words[2], words[3] } };

	/* Registers beyond the message would carry what an earlier one left. */
	for (unsigned i = platform_words(request); i < RPC_WORDS; i++)
		regs.w[i] = 0;
	do {
		regs.header = request;
		regs.target = target.selector;
		platform_invoke(PLATFORM_CALL, &regs);
	} while (is_again(regs.header));
	for (unsigned i = 0; i < RPC_WORDS; i++)
		words[i] = regs.w[i];
	return regs.header;
}

/* Sorts out what arrived in the slots reserved for it. PROTOCOL: something that the caller could not use. */
static enum status collect(struct utcb const *utcb, struct cap *caps, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (utcb->got[i].kind != GOT_SLOT && utcb->got[i].kind != GOT_NULL)
			return rpc_reject(caps, count);
	for (unsigned i = 0; i < count; i++)
		if (utcb->got[i].kind == GOT_NULL) {
			cap_unreserve(caps[i]);
			caps[i] = CAP_NULL;
		}
	return STATUS_OK;
}

/* Puts the slots reserved for an answer into the window, and what was there before into `window`; the same again undoes it. */
static void swap_window(struct utcb *utcb, uint64_t *window, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t const before = utcb->window[i];

		utcb->window[i] = window[i];
		window[i] = before;
	}
}

enum status rpc_call_message(struct cap target, uint64_t request, size_t out, struct cap *caps)
{
	struct utcb *utcb   = thread_utcb();
	unsigned     expect = platform_kind(request);
	uint64_t     window[RPC_CAPS_MAX];
	uint64_t     header;

	assert(expect <= RPC_CAPS_MAX);
	if (expect) {
		RPC_TRY(reserve(caps, expect));
		for (unsigned i = 0; i < expect; i++)
			window[i] = caps[i].selector;
		swap_window(utcb, window, expect);
	}
	header = invoke(utcb, target, request);
	swap_window(utcb, window, expect);
	if ((header & RPC_REPLY_MASK) == (out << 8 | (uint64_t)expect << 16))
		return collect(utcb, caps, expect);
	if (platform_status(header) == STATUS_OK && platform_caps(header))
		release(caps, expect);
	else
		unreserve(caps, expect);
	return failure(header);
}

uint64_t rpc_call_forward(struct cap target, uint64_t request, uint64_t w[RPC_WORDS], struct rpc_cap *caps)
{
	struct utcb         *utcb   = thread_utcb();
	struct platform_regs regs   = { request, target.selector, { w[0], w[1], w[2], w[3] } };
	unsigned             expect = platform_kind(request), arrived;
	struct cap           slots[RPC_CAPS_MAX];
	uint64_t             window[RPC_CAPS_MAX];
	enum status          status = reserve(slots, expect);

	if (status != STATUS_OK)
		return status;
	for (unsigned i = 0; i < expect; i++)
		window[i] = slots[i].selector;
	swap_window(utcb, window, expect);
	platform_invoke(PLATFORM_CALL, &regs);
	swap_window(utcb, window, expect);
	memcpy(w, regs.w, sizeof(regs.w));
	arrived = platform_status(regs.header) == STATUS_OK ? platform_caps(regs.header) : 0;
	for (unsigned i = 0; i < expect; i++) {
		caps[i] = (struct rpc_cap) { .kind = i < arrived ? (enum got_kind)utcb->got[i].kind : GOT_NULL };
		if (caps[i].kind == GOT_SLOT)
			caps[i].cap = slots[i];
		else
			cap_unreserve(slots[i]);
		if (caps[i].kind == GOT_OWN)
			caps[i].badge = utcb->got[i].badge;
	}
	return regs.header;
}

/* --- Server side --- */

void rpc_copy(struct rpc const *rpc, void *to, size_t words)
{
	rpc_word *word = to;

	#pragma GCC unroll 4
	for (size_t i = 0; i < words && i < RPC_WORDS; i++)
		word[i] = rpc->w[i];
	if (words > RPC_WORDS)
		memcpy(word + RPC_WORDS, rpc->utcb->words + RPC_WORDS, (words - RPC_WORDS) * sizeof(*word));
}

static enum status take_cap(struct utcb const *utcb, unsigned i, struct rpc_cap *cap)
{
	*cap = (struct rpc_cap) { .kind = (enum got_kind)utcb->got[i].kind };
	switch (cap->kind) {
	case GOT_NULL:
		return STATUS_OK;
	case GOT_SLOT:
		cap->cap.selector = utcb->window[i];
		return STATUS_OK;
	case GOT_OWN:
		cap->badge = utcb->got[i].badge;
		return STATUS_OK;
	default:
		return STATUS_OUT_OF_CAPS;
	}
}

enum status rpc_take_caps(struct rpc const *rpc, struct rpc_cap *caps, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		RPC_TRY(take_cap(rpc->utcb, i, &caps[i]));
	return STATUS_OK;
}

enum status rpc_cap_keep(struct rpc_cap const *cap, struct cap *kept)
{
	struct utcb *utcb = thread_utcb();
	struct cap   fresh;

	if (cap->kind != GOT_SLOT)
		return STATUS_BAD_CAP;
	for (unsigned i = 0; i < RPC_CAPS_MAX; i++) {
		if (utcb->window[i] != cap->cap.selector)
			continue;
		RPC_TRY(cap_reserve(&fresh));
		utcb->window[i] = fresh.selector;
		*kept = cap->cap;
		return STATUS_OK;
	}
	return STATUS_BAD_CAP; /* kept before */
}

enum status rpc_answer(struct rpc *rpc, void const *message, size_t words, struct cap const *caps, unsigned cap_count)
{
	rpc_word const *word = message;

	#pragma GCC unroll 4
	for (size_t i = 0; i < RPC_WORDS; i++)
		rpc->w[i] = i < words ? word[i] : 0;
	if (words > RPC_WORDS)
		memcpy(rpc->utcb->words + RPC_WORDS, word + RPC_WORDS, (words - RPC_WORDS) * sizeof(*word));
	for (unsigned i = 0; i < cap_count; i++)
		rpc->utcb->send[i] = caps[i].selector;
	rpc->answer = words << 8 | (uint64_t)cap_count << 16;
	return STATUS_OK;
}
