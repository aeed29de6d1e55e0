/* SPDX-License-Identifier: MIT */
/*
 * Feeds bytes to one generated dispatcher: they are a message, which may be of the right form, and what its operation answers. HARNESS names
 * the operations (tests/fuzz/harness). With FUZZ_RANDOM it makes the bytes itself, without it libFuzzer does.
 */
#define RPC_CORE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/cap_alloc.h>
#include <base/rpc.h>
#include <base/string.h>

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

/* --- The bytes --- */

static uint8_t const *left;
static size_t         left_size;

static uint64_t take(size_t bytes)
{
	uint64_t value = 0;
	size_t   count = bytes < left_size ? bytes : left_size;

	memcpy(&value, left, count);
	left += count;
	left_size -= count;
	return value;
}

static void require(bool holds, char const *text)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz: %s\n", text);
	abort();
}

/* --- What operations do --- */

static unsigned        called;
static enum status     returned;
static volatile uint8_t touched;

static __attribute__((unused)) void read_bytes(void const *data, size_t size)
{
	uint8_t const *bytes = data;

	for (size_t i = 0; i < size; i++)
		touched ^= bytes[i];
}

static __attribute__((unused)) void read_cap(struct rpc_cap const *cap)
{
	require(cap->kind == GOT_NULL || cap->kind == GOT_SLOT || cap->kind == GOT_OWN, "a capability of no kind");
	require((cap->kind == GOT_SLOT) == !cap_is_null(cap->cap), "a capability in no slot");
}

static __attribute__((unused)) void make_text(char *to, size_t size)
{
	size_t length = take(2) % size;

	for (size_t i = 0; i < length; i++)
		to[i] = (char)take(1);
	to[length] = 0;
}

static __attribute__((unused)) void make_data(uint8_t *to, size_t bound, size_t *size)
{
	*size = take(2) % (bound + 1);
	for (size_t i = 0; i < *size; i++)
		to[i] = (uint8_t)take(1);
}

static __attribute__((unused)) void make_numbers(void *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = (uint8_t)take(1);
}

#define IN_CAP(cap)             read_cap(cap)
#define IN_TEXT(text)           read_bytes(text, strlen(text) + 1)
#define IN_BYTES(data, size)    read_bytes(data, size)
#define OUT_CAP(cap)            ((cap)->selector = take(1) << 5)
#define OUT_TEXT(to, size)      make_text(to, size)
#define OUT_DATA(to, n, size)   make_data(to, n, size)
#define OUT_NUMBERS(to, size)   make_numbers(to, size)

/* Any status, and numbers that are none; OK mostly. */
static enum status fuzz_status(void)
{
	uint8_t const value = (uint8_t)take(1);

	called++;
	returned = value & 0x40 ? (enum status)(value & 0x3f) : STATUS_OK;
	return returned;
}

#include HARNESS

/* --- What the runtime needs --- */

enum status cap_reserve(struct cap *cap)
{
	*cap = (struct cap) { 0x40 };
	return STATUS_OK;
}

void cap_release(struct cap cap) { (void)cap; }
void cap_unreserve(struct cap cap) { (void)cap; }

_Noreturn void assert_failed(char const *file, unsigned line, char const *text)
{
	fprintf(stderr, "fuzz: %s:%u: assertion %s\n", file, line, text);
	abort();
}

/* --- One message --- */

/* Memory of its own, so that whoever reads beyond it is seen. */
static struct utcb *make_utcb(void)
{
	struct utcb *utcb = calloc(1, sizeof(*utcb));

	require(utcb, "out of memory");
	for (unsigned i = 0; i < UTCB_CAPS; i++) {
		uint8_t const byte = (uint8_t)take(1);

		utcb->got[i].kind = byte & 0xf0 ? byte & 3u : byte;
		utcb->got[i].badge = byte * UINT64_C(0x0101010101010101);
		utcb->window[i] = (0x100u + i) << 5;
	}
	return utcb;
}

static uint64_t make_header(uint8_t form)
{
	unsigned const         op    = (unsigned)take(1) % (FUZZ_OPS + 1);
	uint32_t               label = form & 1 ? (uint32_t)take(4) : (uint32_t)FUZZ_TAG << 16 | op;
	struct rpc_call const *call  = &fuzz_calls[op % FUZZ_OPS];

	return syscall_header(0, form & 2 ? (unsigned)take(1) & 0xff : call->in_words, form & 4 ? (unsigned)take(1) & 0xf : call->in_caps, 0, label);
}

static void judge(struct rpc const *rpc, enum status status)
{
	uint32_t const         label = rpc_label(rpc);
	struct rpc_call const *call  = label >> 16 == FUZZ_TAG && (label & 0xffff) < FUZZ_OPS ? &fuzz_calls[label & 0xffff] : NULL;

	require(called <= 1, "an operation ran twice");
	require(rpc_is_status(status), "the result is no status");
	if (!call || !rpc_has(rpc, call->in_words, call->in_caps)) {
		require(!called && status == STATUS_PROTOCOL, "a request of the wrong form got through");
		return;
	}
	if (!called)
		require(status == STATUS_PROTOCOL || (status == STATUS_OUT_OF_CAPS && call->in_caps), "the operation was not asked");
	else
		require(status == rpc_listed(call->errors, returned), "the result is not the operation's");
	if (status == STATUS_OK)
		require(called && rpc->answer == ((uint64_t)call->out_words << 8 | (uint64_t)call->out_caps << 16), "the answer has another size");
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	struct rpc rpc = { 0 };

	left = data;
	left_size = size;
	called = 0;
	/* three quarters are of the right form */
	rpc.header = make_header(take(1) & 0x18 ? 0 : (uint8_t)take(1));
	rpc.utcb = make_utcb();
	for (unsigned i = 0; i < RPC_WORDS; i++)
		rpc.w[i] = take(8);
	for (unsigned i = RPC_WORDS; i < platform_words(rpc.header) && i < UTCB_WORDS; i++)
		rpc.utcb->words[i] = take(8);
	judge(&rpc, fuzz_dispatch(&rpc));
	free(rpc.utcb);
	return 0;
}

#ifdef FUZZ_RANDOM
/* fuzz ROUNDS SEED: prints how many operations ran. */
int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000, ran = 0;
	uint64_t      state  = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;

	for (unsigned long round = 0; round < rounds; round++) {
		uint8_t *data = malloc(1400);

		require(data, "out of memory");
		for (size_t i = 0; i < 1400; i++) {
			state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
			/* small numbers pass more checks */
			data[i] = state >> 62 ? (uint8_t)(state >> 40 & 1) * (uint8_t)(state >> 33 & 3) : (uint8_t)(state >> 50);
		}
		LLVMFuzzerTestOneInput(data, 1400);
		ran += called;
		free(data);
	}
	printf("%lu\n", ran);
	return ran == 0;
}
#endif
