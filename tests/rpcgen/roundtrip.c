/* SPDX-License-Identifier: MIT */
/*
 * Generated clients against generated dispatchers, on the host. Compiled without SSE, since primitives keep no such
 * register. The tests run on a stack that is laid out as that of a component's thread.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <ucontext.h>

#include "fake_kernel.h"

static struct recorder rec = { .connection = { .cap = { 0x40 } } };

static struct record const example = {
	.name = "eleven char", .raw = { .size = 10, .data = "0123456789" },
	.samples = { { COLOUR_RED, .at = 1, .value = -1, .ready = true }, { COLOUR_GREEN, .at = UINT64_MAX, .value = INT16_MIN }, { COLOUR_BLUE } },
	.tags = { "seven77", "" }, .levels = { LEVEL_HIGH, LEVEL_LOW }, .flags = { true, false, true }, .result = STATUS_INTERNAL,
};

static enum status scalars(bool big)
{
	uint8_t ao; uint16_t bo; uint32_t co; uint64_t do_; int8_t eo; int16_t fo; int32_t go; int64_t ho; bool ko; enum level lo; enum status mo;
	enum status status = big ?
		recorder_scalars(&rec, UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX, INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN, true,
		                 LEVEL_HIGH, STATUS_INTERNAL, &ao, &bo, &co, &do_, &eo, &fo, &go, &ho, &ko, &lo, &mo) :
		recorder_scalars(&rec, 1, 2, 3, 4, -5, -6, -7, -8, false, LEVEL_LOW, STATUS_OK, &ao, &bo, &co, &do_, &eo, &fo, &go, &ho, &ko, &lo, &mo);

	if (status == STATUS_OK && big)
		CHECK(ao == UINT8_MAX && bo == UINT16_MAX && co == UINT32_MAX && do_ == UINT64_MAX && eo == INT8_MIN && fo == INT16_MIN &&
		      go == INT32_MIN && ho == INT64_MIN && ko && lo == LEVEL_HIGH && mo == STATUS_INTERNAL);
	else if (status == STATUS_OK)
		CHECK(ao == 1 && bo == 2 && co == 3 && do_ == 4 && eo == -5 && fo == -6 && go == -7 && ho == -8 && !ko && lo == LEVEL_LOW && mo == STATUS_OK);
	return status;
}

static enum status registers(void)
{
	bool was_on = false; enum colour was = COLOUR_RED; enum status why = STATUS_OK; int8_t small = 0;
	enum status status = recorder_registers(&rec, true, COLOUR_BLUE, STATUS_LOST, -3, &was_on, &was, &why, &small);

	/* Results are written on OK only. */
	CHECK(status == STATUS_OK ? was_on && was == COLOUR_BLUE && why == STATUS_LOST && small == -3 :
	      !was_on && was == COLOUR_RED && why == STATUS_OK && small == 0);
	return status;
}

static enum status store(struct record const *record)
{
	static struct record stored;
	enum status status = (memset(&stored, 0x77, sizeof(stored)), recorder_store(&rec, record, &stored));

	CHECK(status == STATUS_OK ? memcmp(&stored, record, sizeof(stored)) == 0 : stored.samples[0].at == 0x7777777777777777);
	return status;
}

static enum status text(char const *before, size_t size, char const *after)
{
	char out_before[10] = "?", out_after[16] = "?";
	uint8_t data[6];
	size_t out_size = 99;
	enum status status = recorder_text(&rec, before, "abcdefghi", size, after, out_before, data, &out_size, out_after);

	if (status == STATUS_OK)
		CHECK(strcmp(before, out_before) == 0 && strcmp(after, out_after) == 0 && out_size == size && memcmp(data, "abcdef", size) == 0);
	else
		CHECK(out_before[0] == '?' && out_size == 99 && out_after[0] == '?');
	return status;
}

static enum status arrays(void)
{
	uint16_t const numbers[3] = { 1, 2, UINT16_MAX };
	char const words[2][4] = { "abc", "" };
	bool const bits[5] = { true, false, true, true, true };
	enum colour const colours[3] = { COLOUR_BLUE, COLOUR_RED, COLOUR_GREEN };
	uint16_t out_numbers[3]; char out_words[2][4]; struct sample out_samples[2]; bool out_bits[5]; enum colour out_colours[3];
	enum status status = recorder_arrays(&rec, numbers, words, example.samples, bits, colours, out_numbers, out_words, out_samples, out_bits, out_colours);

	if (status == STATUS_OK)
		CHECK(memcmp(numbers, out_numbers, sizeof(numbers)) == 0 && memcmp(words, out_words, sizeof(words)) == 0 &&
		      memcmp(bits, out_bits, sizeof(bits)) == 0 && memcmp(colours, out_colours, sizeof(colours)) == 0 &&
		      memcmp(example.samples, out_samples, sizeof(out_samples)) == 0);
	return status;
}

static struct { struct probe probe; uint32_t number; struct cap thing; struct signal_context context; struct tape tape; } got;

static enum status caps(void)
{
	return recorder_caps(&rec, (struct probe) { { 0x20 } }, CAP_NULL, 41, (struct signal_context) { { OWN + 8 } }, &got.probe, &got.number,
	                     &got.thing, &got.context, &got.tape);
}

static uint64_t object_of(struct cap cap)
{
	return slots[cap.selector - FIRST].object;
}

static void release_got(void)
{
	cap_release(got.probe.cap);
	cap_release(got.context.cap);
	cap_release(got.tape.cap);
}

static void test_values(void)
{
	struct record zero = {};

	CHECK(scalars(true) == STATUS_OK && scalars(false) == STATUS_OK);
	CHECK(registers() == STATUS_OK);
	CHECK(store(&example) == STATUS_OK && store(&zero) == STATUS_OK);
	CHECK(text("", 0, "") == STATUS_OK && text("nine char", 6, "fifteen charact") == STATUS_OK);
	CHECK(arrays() == STATUS_OK);
	CHECK(recorder_nothing(&rec) == STATUS_OK);
}

static void test_too_long(void)
{
	unsigned before = calls;

	CHECK(text("ten chars!", 0, "") == STATUS_TOO_LONG);
	CHECK(text("", 7, "") == STATUS_TOO_LONG);
	CHECK(text("", 0, "sixteen characte") == STATUS_TOO_LONG);
	CHECK(calls == before);
	too_much_data = true;
	CHECK(text("", 0, "") == STATUS_INTERNAL);
	too_much_data = false;
}

/* Nothing but the message moves, and what it does not fill is zero. */
static void test_nothing_stale(void)
{
	memset(thread_utcb()->words, 0xaa, sizeof(thread_utcb()->words));
	CHECK(text("ab", 1, "c") == STATUS_OK);
	CHECK(memcmp(last_request, "ab\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0a\0\0\0\0\0\0\0\0\0\0\0c\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 48) == 0);
	CHECK(last_request[6] == 0xeeeeeeeeeeeeeeee);
	memset(thread_utcb()->words, 0xaa, sizeof(thread_utcb()->words));
	CHECK(recorder_nothing(&rec) == STATUS_OK && !last_request[0] && !last_request[1] && !last_request[2] && !last_request[3]);
	memset(thread_utcb()->words, 0xaa, sizeof(thread_utcb()->words));
	CHECK(caps() == STATUS_OK && last_request[0] == 41 && !last_request[1] && !last_request[2] && !last_request[3]);
	memset(thread_utcb()->words, 0xaa, sizeof(thread_utcb()->words));
	CHECK(arrays() == STATUS_OK && last_request[0] >> 48 == 0 && last_request[8] >> 40 == 0 && last_request[10] >> 32 == 0);
}

static void test_statuses(void)
{
	uint32_t const listed = RPC_ERROR(OVERFLOW) | RPC_ERROR(BUSY) | RPC_IMPLICIT;

	for (unsigned status = 1; status < STATUS_COUNT + 3; status++) {
		if (status == STATUS_AGAIN)
			continue;
		result = (enum status)status;
		CHECK(scalars(false) == (status < STATUS_COUNT && listed >> status & 1 ? status : STATUS_INTERNAL));
		CHECK(registers() == (status < STATUS_COUNT && RPC_IMPLICIT >> status & 1 ? status : STATUS_INTERNAL));
	}
	result = STATUS_OK;
	for (transport = 1; transport < STATUS_COUNT + 3; transport++) {
		CHECK(registers() == (transport < STATUS_COUNT ? (enum status)transport : STATUS_PROTOCOL));
		CHECK(store(&example) == (transport < STATUS_COUNT ? (enum status)transport : STATUS_PROTOCOL));
	}
	transport = 0;
}

static void test_again(void)
{
	unsigned before = runs;

	agains = 3;
	CHECK(registers() == STATUS_OK && runs == before + 4);
	agains = 3;
	CHECK(store(&example) == STATUS_OK && runs == before + 8);
	agains = 3;
	CHECK(scalars(true) == STATUS_OK && runs == before + 12);
	agains = 1, result = STATUS_PEER_GONE;
	CHECK(registers() == STATUS_PEER_GONE);
	result = STATUS_OK;
}

static void test_lying_server(void)
{
	for (bend.hit = true, bend.words = 0; bend.words < 20; bend.words++) {
		CHECK(registers() == (bend.words == 4 ? STATUS_OK : STATUS_PROTOCOL));
		CHECK(store(&example) == (bend.words == 17 ? STATUS_OK : STATUS_PROTOCOL));
	}
	bend.words = 4, bend.caps = 1;
	CHECK(registers() == STATUS_PROTOCOL);
	bend.caps = 0;
	for (bend.label = STATUS_COUNT; bend.label < STATUS_COUNT + 300; bend.label += 99)
		CHECK(registers() == STATUS_PROTOCOL);
	bend.label = 0;
	for (bend.words = 1, bend.caps = 0; bend.caps < 8; bend.caps++) {
		unsigned before = reserved();
		bool     right  = bend.caps == 4;

		CHECK(caps() == (right ? STATUS_OK : STATUS_PROTOCOL));
		CHECK(reserved() == before);
	}
	bend.hit = false, bend.caps = bend.words = 0;
}

/* Each bad value in a message, by word (and byte in it), in both directions. */
static unsigned bad_word, bad_shift;
static uint64_t bad_value;

static void make_bad(uint64_t *words)
{
	words[bad_word] = bad_value << bad_shift | (bad_shift ? words[bad_word] & ~(0xffULL << bad_shift) : 0);
}

static void both_ways(enum status (*call)(void), unsigned word, unsigned shift, uint64_t value)
{
	unsigned before = runs;

	bad_word = word, bad_shift = shift, bad_value = value;
	tamper_request = make_bad;
	CHECK(call() == STATUS_PROTOCOL);
	CHECK(runs == before);
	tamper_request = NULL;
	tamper_reply = make_bad;
	CHECK(call() == STATUS_PROTOCOL);
	CHECK(runs == before + 1);
	tamper_reply = NULL;
}

static enum status call_scalars(void) { return scalars(true); }
static enum status call_store(void) { return store(&example); }
static enum status call_text(void) { return text("nine char", 6, "fifteen charact"); }

static void test_bad_values(void)
{
	both_ways(registers, 0, 0, 2);                       /* bool */
	both_ways(registers, 0, 0, 1ULL << 32);
	both_ways(registers, 1, 0, 1);                       /* between the values of an enum */
	both_ways(registers, 1, 0, 7);
	both_ways(registers, 1, 0, 5 | 1ULL << 32);
	both_ways(registers, 2, 0, STATUS_COUNT);            /* status */
	both_ways(call_scalars, 8, 0, 2);
	both_ways(call_scalars, 9, 0, 2);
	both_ways(call_scalars, 10, 0, UINT64_MAX);
	both_ways(call_text, 1, 8, 'x');                     /* string without terminator */
	both_ways(call_text, 2, 0, 7);                       /* too much data */
	both_ways(call_text, 5, 56, 'x');
	both_ways(call_store, 1, 24, 'x');                   /* in a struct: string, data, */
	both_ways(call_store, 1, 32, 11);
	both_ways(call_store, 4, 0, 4);                      /* enum and bool of a struct in an array, */
	both_ways(call_store, 12, 16, 2);
	both_ways(call_store, 13, 56, 'x');                  /* strings, enums and bools in arrays, status */
	both_ways(call_store, 15, 32, 2);
	both_ways(call_store, 16, 8, 2);
	both_ways(call_store, 16, 32, STATUS_COUNT);
	both_ways(arrays, 1, 24, 'x');
	both_ways(arrays, 7, 16, 0xff);
	both_ways(arrays, 8, 32, 2);
	both_ways(arrays, 10, 0, 4);
}

static void test_caps(void)
{
	unsigned before = reserved();
	uint64_t window = thread_utcb()->window[1] = 0x6660;

	answer_caps[0].selector = 0x111, answer_caps[2].selector = 0x333, answer_caps[3].selector = 0x444;
	CHECK(caps() == STATUS_OK && got.number == 42);
	CHECK(object_of(got.probe.cap) == 0x111 && cap_is_null(got.thing) && object_of(got.context.cap) == 0x333 && object_of(got.tape.cap) == 0x444);
	CHECK(reserved() == before + 3 && thread_utcb()->window[1] == window);
	CHECK(seen_caps[0].kind == GOT_SLOT && seen_caps[0].cap.selector == SERVER_WINDOW && server_slots[0] == 0x20);
	CHECK(seen_caps[1].kind == GOT_NULL && cap_is_null(seen_caps[1].cap));
	CHECK(seen_caps[2].kind == GOT_OWN && seen_caps[2].badge == OWN + 8 && cap_is_null(seen_caps[2].cap));
	release_got();

	result = STATUS_NOT_FOUND;
	CHECK(caps() == STATUS_NOT_FOUND && reserved() == before);
	result = STATUS_OK;
	for (bent_kind = GOT_OWN; bent_kind <= GOT_MISSING + 1; bent_kind++)
		CHECK(caps() == STATUS_PROTOCOL && reserved() == before);
	bent_kind = 0;
	for (missing_cap = 1; missing_cap <= 3; missing_cap++) {
		unsigned ran = runs;

		CHECK(caps() == STATUS_OUT_OF_CAPS && runs == ran && reserved() == before);
	}
	missing_cap = 0;
	for (int room = 0; room < 4; room++) {
		unsigned called = calls;

		reserve_limit = room;
		CHECK(caps() == STATUS_OUT_OF_CAPS && calls == called && reserved() == before);
	}
	reserve_limit = -1;
	agains = 2;
	CHECK(caps() == STATUS_OK && reserved() == before + 3);
	release_got();
	memset(answer_caps, 0, sizeof(answer_caps));
}

static void test_keep(void)
{
	struct utcb   *utcb = thread_utcb();
	struct rpc_cap cap  = { GOT_SLOT, 0, { 0x222 } };
	struct cap     kept = CAP_NULL;
	unsigned       before = reserved();

	utcb->window[3] = 0x222;
	reserve_limit = 0;
	CHECK(rpc_cap_keep(&cap, &kept) == STATUS_OUT_OF_CAPS && cap_is_null(kept) && utcb->window[3] == 0x222);
	reserve_limit = -1;
	CHECK(rpc_cap_keep(&cap, &kept) == STATUS_OK && kept.selector == 0x222 && utcb->window[3] >= FIRST && reserved() == before + 1);
	CHECK(rpc_cap_keep(&cap, &kept) == STATUS_BAD_CAP);
	cap.kind = GOT_NULL;
	CHECK(rpc_cap_keep(&cap, &kept) == STATUS_BAD_CAP);
	cap.kind = GOT_OWN;
	CHECK(rpc_cap_keep(&cap, &kept) == STATUS_BAD_CAP);
	cap_release((struct cap) { utcb->window[3] });
}

static void test_tables(void)
{
	struct recorder_args args = recorder_args_default;

	CHECK(strcmp(recorder_type.name, "Recorder") == 0 && recorder_type.hash == RECORDER_HASH && recorder_type.tag == RECORDER_TAG);
	CHECK(RECORDER_TAG && RECORDER_TAG == (RECORDER_HASH & 0x7fff) && recorder_type.call_count == 7 && recorder_type.args_size == 40);
	CHECK(strcmp(recorder_type.calls[1].name, "registers") == 0 && RECORDER_OP_REGISTERS == (RECORDER_TAG << 16 | 1));
	CHECK(strcmp(recorder_type.calls[5].out, "cap probe out_probe, u32 out_number, cap any out_thing, cap signal_context out_context, cap tape tape") == 0);
	CHECK(recorder_type.calls[5].in_words == 1 && recorder_type.calls[5].in_caps == 3 && recorder_type.calls[5].out_caps == 4);
	CHECK(recorder_type.calls[0].errors == (RPC_ERROR(OVERFLOW) | RPC_ERROR(BUSY)));
	CHECK(args.size == 0x100000000 && args.gain == -3 && args.quality == LEVEL_HIGH && strcmp(args.format, "raw") == 0 && args.loop &&
	      args.stop_with == STATUS_TIMEOUT && !args.reserved);
	CHECK(recorder_type.args_valid(&args) && recorder_type.args_valid(recorder_type.args_default));
	args.quality = (enum level)2;
	CHECK(!recorder_type.args_valid(&args));
	args = recorder_args_default, memset(args.format, 'x', sizeof(args.format));
	CHECK(!recorder_type.args_valid(&args));
	args = recorder_args_default, memset(&args.loop, 2, 1);
	CHECK(!recorder_type.args_valid(&args));
	args = recorder_args_default, args.stop_with = (enum status)STATUS_COUNT;
	CHECK(!recorder_type.args_valid(&args));
	args = recorder_args_default, args.size = 1, args.reserved = 256;
	CHECK(recorder_type.cost(&args).ram == 2 * PAGE_SIZE + 4096 && recorder_type.cost(&args).caps == 3);
	args.size = UINT64_MAX;
	CHECK(recorder_type.cost(&args).ram == UINT64_MAX);
	CHECK(probe_type.tag != tape_type.tag && probe_type.tag != recorder_type.tag && SAMPLES == 3 && FLAG_HUGE == 0x100000000);
	CHECK(FLAG_FAST == 1 && strcmp(hello_args_default.language, "en") == 0);
}

/* Any label, sizes and content: nothing but statuses comes back, and operations see nothing invalid (they check). */
static void test_noise(void)
{
	uint64_t seed = 1;

	for (int i = 0; i < 200000; i++) {
		struct rpc rpc = { .utcb = &server_utcb };
		unsigned   op  = (unsigned)(seed >> 33) % 9;
		unsigned   words = op < 7 && seed >> 60 ? recorder_calls[op].in_words : (unsigned)(seed >> 40) % UTCB_WORDS;
		unsigned   count = op < 7 && seed >> 60 ? recorder_calls[op].in_caps : (unsigned)(seed >> 50) % 9;

		for (int w = 0; w < 20; w++) {
			seed = seed * 6364136223846793005 + 1442695040888963407;
			server_utcb.words[w] = seed >> 62 ? seed >> (seed >> 59) & 0x0101010101010107 : seed;
		}
		for (int c = 0; c < 8; c++)
			server_utcb.got[c].kind = seed >> (20 + 2 * c) & 3;
		memcpy(rpc.w, server_utcb.words, sizeof(rpc.w));
		rpc.header = syscall_header(0, words, count, 0, (uint32_t)(RECORDER_OP_SCALARS + (int)op) ^ (i % 50 ? 0 : (uint32_t)(seed >> 16)));
		if (!rpc_is_status(recorder_dispatch(&ops, NULL, &rpc)) || rpc.answer > UINT32_MAX)
			CHECK(!"a status");
	}
	CHECK(runs > 10000);
}

static void test_all(void)
{
	for (int i = 0; i < RPC_CAPS_MAX; i++)
		server_utcb.window[i] = SERVER_WINDOW + (uint64_t)i * 32;
	test_values();
	test_too_long();
	test_nothing_stale();
	test_statuses();
	test_again();
	test_lying_server();
	test_bad_values();
	test_caps();
	test_keep();
	test_tables();
	test_noise();
}

/* The stack of the tests: 64 KiB, aligned, the UTCB in its last page. */
int main(void)
{
	static ucontext_t back, context;
	char            *area = mmap(NULL, 2 * STACK_SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct platform *platform = mmap((void *)PLATFORM_ADDRESS, PLATFORM_SIZE, PROT_READ | PROT_WRITE,
	                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (area == MAP_FAILED || platform != (void *)PLATFORM_ADDRESS || getcontext(&context))
		return 1;
	platform->entry[PLATFORM_CALL] = (uintptr_t)primitive;
	context.uc_stack.ss_sp = (void *)align_up((uintptr_t)area, STACK_SLOT_SIZE);
	context.uc_stack.ss_size = STACK_SLOT_UTCB;
	context.uc_link = &back;
	makecontext(&context, test_all, 0);
	swapcontext(&back, &context);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
