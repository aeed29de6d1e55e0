/* SPDX-License-Identifier: MIT */
/*
 * The surroundings of roundtrip.c, which alone includes this: a kernel behind the platform table, which carries messages as
 * kernel/abi/utcb.h says and can be told to tamper with them, selectors, and a server that answers with what it was given.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/cap_alloc.h>
#include <goldens/hello.h>
#include <goldens/parts.h>
#include <goldens/recorder.h>

static unsigned passed, failed;

#define CHECK(condition) check(condition, __LINE__, #condition)

static void check(bool holds, int line, char const *text)
{
	if (holds)
		passed++;
	else
		printf("FAILED roundtrip.c:%d: %s\n", line, text), failed++;
	fflush(stdout);
}

/* For what is looked at too often to count. */
#define ALWAYS(condition) ((condition) ? (void)0 : check(false, __LINE__, #condition))

_Noreturn void assert_failed(char const *file, unsigned line, char const *text)
{
	printf("FAILED %s:%u: assertion %s\n", file, line, text);
	exit(1);
}

/* --- Selectors: what a selector names in the client's and in the server's table --- */

enum { SELECTORS = 64, FIRST = 0x100, OWN = 0x10000, SERVER_WINDOW = 0x800 };

static struct { uint64_t object; bool reserved; } slots[SELECTORS];
static uint64_t server_slots[RPC_CAPS_MAX];
static int      reserve_limit = -1;   /* how many more may be reserved, -1: any number */

static unsigned reserved(void)
{
	unsigned count = 0;

	for (int i = 0; i < SELECTORS; i++)
		count += slots[i].reserved;
	return count;
}

enum status cap_reserve(struct cap *cap)
{
	for (uint64_t i = 0; i < SELECTORS && reserve_limit; i++)
		if (!slots[i].reserved) {
			slots[i].reserved = true;
			slots[i].object = 0;
			cap->selector = FIRST + i;
			reserve_limit -= reserve_limit > 0;
			return STATUS_OK;
		}
	return STATUS_OUT_OF_CAPS;
}

void cap_release(struct cap cap)
{
	ALWAYS(cap.selector >= FIRST && slots[cap.selector - FIRST].reserved);
	slots[cap.selector - FIRST].reserved = false;
}

void cap_unreserve(struct cap cap)
{
	ALWAYS(!slots[cap.selector - FIRST].object);
	cap_release(cap);
}

/* --- The server: it answers with what it was given --- */

static enum status  result;               /* of every operation */
static int          agains;               /* how often AGAIN comes first */
static unsigned     runs, calls;
static struct cap   answer_caps[4];
static struct rpc_cap seen_caps[3];
static bool         too_much_data;

static enum status run(void)
{
	runs++;
	if (agains > 0) {
		agains--;
		return STATUS_AGAIN;
	}
	return result;
}

static enum status op_scalars(struct recorder_session *self, uint8_t a, uint16_t b, uint32_t c, uint64_t d, int8_t e, int16_t f,
                              int32_t g, int64_t h, bool k, enum level l, enum status m, uint8_t *ao, uint16_t *bo, uint32_t *co,
                              uint64_t *do_, int8_t *eo, int16_t *fo, int32_t *go, int64_t *ho, bool *ko, enum level *lo, enum status *mo)
{
	*ao = a, *bo = b, *co = c, *do_ = d, *eo = e, *fo = f, *go = g, *ho = h, *ko = k, *lo = l, *mo = m;
	ALWAYS(level_valid(l) && rpc_is_status(m));
	return run();
}

static enum status op_registers(struct recorder_session *self, bool on, enum colour colour, enum status why, int64_t offset, bool *was_on,
                                enum colour *was, enum status *result_, int8_t *small)
{
	*was_on = on, *was = colour, *result_ = why, *small = (int8_t)offset;
	ALWAYS(colour_valid(colour) && rpc_is_status(why));
	return run();
}

static enum status op_store(struct recorder_session *self, struct record const *record, struct record *stored)
{
	ALWAYS(record_valid(record));
	*stored = *record;
	return run();
}

static enum status op_text(struct recorder_session *self, char const *before, void const *data, size_t data_size, char const *after,
                           char out_before[static 10], uint8_t out_data[static 6], size_t *out_data_size, char out_after[static 16])
{
	ALWAYS(strlen(before) < 10 && strlen(after) < 16 && data_size <= 6);
	strcpy(out_before, before);
	strcpy(out_after, after);
	memcpy(out_data, data, data_size);
	*out_data_size = too_much_data ? 7 : data_size;
	return run();
}

static enum status op_arrays(struct recorder_session *self, uint16_t const numbers[static 3], char const words[static 2][4],
                             struct sample const samples[static 2], bool const bits[static 5], enum colour const colours[static 3],
                             uint16_t out_numbers[static 3], char out_words[static 2][4], struct sample out_samples[static 2],
                             bool out_bits[static 5], enum colour out_colours[static 3])
{
	ALWAYS(strlen(words[0]) < 4 && strlen(words[1]) < 4 && sample_valid(&samples[1]) && colour_valid(colours[2]));
	memcpy(out_numbers, numbers, 3 * sizeof(*numbers));
	memcpy(out_words, words, 2 * sizeof(*words));
	memcpy(out_samples, samples, 2 * sizeof(*samples));
	memcpy(out_bits, bits, 5 * sizeof(*bits));
	memcpy(out_colours, colours, 3 * sizeof(*colours));
	return run();
}

static enum status op_caps(struct recorder_session *self, struct rpc_cap const *probe, struct rpc_cap const *thing, uint32_t number,
                           struct rpc_cap const *context, struct cap *out_probe, uint32_t *out_number, struct cap *out_thing,
                           struct cap *out_context, struct cap *tape)
{
	seen_caps[0] = *probe, seen_caps[1] = *thing, seen_caps[2] = *context;
	*out_probe = answer_caps[0], *out_thing = answer_caps[1], *out_context = answer_caps[2], *tape = answer_caps[3];
	*out_number = number + 1;
	return run();
}

static enum status op_nothing(struct recorder_session *self)
{
	return run();
}

static struct recorder_ops const ops = {
	.scalars = op_scalars, .registers = op_registers, .store = op_store, .text = op_text, .arrays = op_arrays, .caps = op_caps,
	.nothing = op_nothing,
};

/* --- The kernel --- */

static struct utcb server_utcb;
static struct { uint64_t label, words, caps; bool hit; } bend;   /* what of a reply is replaced, where `hit` */
static uint64_t transport, missing_cap, bent_kind;
static void   (*tamper_request)(uint64_t *words), (*tamper_reply)(uint64_t *words);
static uint64_t last_request[UTCB_WORDS];

static uint64_t *message(struct platform_regs *regs, struct utcb *utcb)
{
	memcpy(utcb->words, regs->w, sizeof(regs->w));
	return utcb->words;
}

static void give_to_server(struct utcb const *client, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t selector = client->send[i];

		server_utcb.got[i].kind = !selector ? GOT_NULL : selector >= OWN ? GOT_OWN : GOT_SLOT;
		server_utcb.got[i].badge = selector >= OWN ? selector : 0;
		if (missing_cap == i + 1)
			server_utcb.got[i].kind = GOT_MISSING;
		server_slots[i] = selector;
	}
}

static void give_to_client(struct utcb *client, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t selector = server_utcb.send[i];

		client->got[i].kind = selector ? GOT_SLOT : GOT_NULL;
		if (bent_kind && i == 1)
			client->got[i].kind = bent_kind;
		if (selector) {
			ALWAYS(client->window[i] >= FIRST && slots[client->window[i] - FIRST].reserved);
			slots[client->window[i] - FIRST].object = selector;
		}
	}
}

/* Called by the primitive below; may use what it likes but the callee-saved registers. */
__attribute__((used)) static void kernel(struct platform_regs *regs)
{
	struct utcb *client = thread_utcb();
	unsigned     words  = platform_words(regs->header), expect = platform_kind(regs->header);
	struct rpc   rpc;
	enum status  status;

	calls++;
	memset(last_request, 0xee, sizeof(last_request));
	memcpy(last_request, regs->w, sizeof(regs->w));
	memset(&server_utcb.words, 0x55, sizeof(server_utcb.words));
	for (unsigned i = RPC_WORDS; i < words; i++)
		last_request[i] = server_utcb.words[i] = client->words[i];
	if (tamper_request) {
		memcpy(server_utcb.words, regs->w, sizeof(regs->w));
		tamper_request(server_utcb.words);
		memcpy(regs->w, server_utcb.words, sizeof(regs->w));
	}
	give_to_server(client, platform_caps(regs->header));
	regs->header &= ~0xf00000UL;
	rpc = rpc_received(regs, &server_utcb);
	status = recorder_dispatch(&ops, NULL, &rpc);
	*regs = rpc_reply(&rpc, status);
	if (tamper_reply)
		tamper_reply(message(regs, &server_utcb)), memcpy(regs->w, server_utcb.words, sizeof(regs->w));
	for (unsigned i = RPC_WORDS; i < platform_words(regs->header); i++)
		client->words[i] = server_utcb.words[i];
	if (platform_caps(regs->header) <= expect)
		give_to_client(client, platform_caps(regs->header));
	if (bend.hit)
		regs->header = syscall_header(0, (unsigned)bend.words, (unsigned)bend.caps, 0, (unsigned)bend.label);
	regs->header |= 0x3f00000UL | transport; /* bits that mean nothing in a reply to a call */
	regs->target = 0;
}

/* rdi target, rsi, rdx words 0-1, rcx header, r8, r9 words 2-3; the same back, but for the header in rax. */
__asm__(".text\nprimitive:\n\tpush %rbp\n\tmov %rsp, %rbp\n\tsub $64, %rsp\n\tand $-16, %rsp\n"
        "\tmov %rcx, (%rsp)\n\tmov %rdi, 8(%rsp)\n\tmov %rsi, 16(%rsp)\n\tmov %rdx, 24(%rsp)\n\tmov %r8, 32(%rsp)\n\tmov %r9, 40(%rsp)\n"
        "\tmov %rsp, %rdi\n\tcall kernel\n"
        "\tmov (%rsp), %rax\n\tmov 8(%rsp), %rdi\n\tmov 16(%rsp), %rsi\n\tmov 24(%rsp), %rdx\n\tmov 32(%rsp), %r8\n\tmov 40(%rsp), %r9\n"
        "\tleave\n\tret\n");
extern char const primitive[];
