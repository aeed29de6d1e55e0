/* SPDX-License-Identifier: MIT */
/*
 * Every order of shared accesses that two sides of a packet stream with N = 2 can run into, on a machine that delays stores
 * as x86 does. It is the real code that runs: its accesses are replaced by hooks, each of which is one step.
 *
 * A state holds the shared memory, the stores of each side that have not reached it (oldest first), each side's private
 * data as it was when its present call began, and what that call has read so far. To make one step more, the call is
 * run again from its beginning: the hooks repeat what was read, drop what was written, make the next access for real, and
 * leave at the one after that. Besides the steps of the two sides, the oldest waiting store of either may reach the memory
 * at any time; a fence waits until all have. The search visits every state once.
 *
 * Both sides work as packet_stream.h tells them to. In a state where nothing can happen any more, both must have
 * finished: otherwise a wake-up was lost. That a packet arrives whole, in order and returns once is checked on the way.
 */
#include "unit.h"
#include <base/packet_stream.h>
#include <base/shared.h>
#include <setjmp.h>
#include <string.h>

static uint32_t hook_load(uint32_t const *at);
static void     hook_store(uint32_t *at, uint32_t value);
static void     hook_fence(void);
static void     hook_read(uint64_t *to, uint64_t const *from, size_t words);
static void     hook_write(uint64_t *to, uint64_t const *from, size_t words);

#define shared_load  hook_load
#define shared_store hook_store
#define shared_fence hook_fence
#define shared_read  hook_read
#define shared_write hook_write
#include "../../base/lib/ring.c"
#include "../../base/lib/packet_stream.c"

enum { SOURCE, SINK, SIDES };
enum { N = 2, SHARED = sizeof(struct packet_shared) + 2 * N * sizeof(struct packet), STORES = 8, ACCESSES = 8, STACK = 2000, TABLE = 1 << 22 };

/* The call that a side makes next. */
enum call { COLLECT, SUBMIT, TAKE, ACK, PUBLISH, SIGNAL, SLEEP, ASLEEP, AWAKE, DONE };

struct side {
	struct packet_source source;    /* of the source */
	struct id_slot       ids[N];
	struct packet        packets[N];
	struct packet_sink   sink;      /* of the sink */
	struct packet        held[N];
	uint32_t             call, first, second, turn, holding;    /* first, second: submitted and collected, taken and acknowledged */
};

struct access {
	uint32_t offset, size;
	uint8_t  data[sizeof(struct packet)];
};

struct state {
	uint8_t       shared[SHARED];
	struct access stores[SIDES][STORES];      /* on their way to memory */
	struct access accesses[SIDES][ACCESSES];  /* of the present call; only what was read is kept */
	uint32_t      store_count[SIDES], access_count[SIDES], signalled[SIDES];
	struct side   side[SIDES];
};

static _Alignas(4096) uint8_t memory[8192];    /* only its addresses are used */
static struct state *now;                      /* the state in which a step is made */
static struct side   work[SIDES];              /* the private data that the code points to */
static int           me;
static uint32_t      replayed;
static bool          stepped;
static jmp_buf       leave;
static bool          reverse;                  /* the sink acknowledges in reverse order, after it has taken what is there */
static uint32_t      total;                    /* packets to send */

/* --- Hooks --- */

/* Begins an access: true if it was made in an earlier step and *access says what it gave. */
static bool earlier(struct access **access)
{
	*access = &now->accesses[me][replayed];
	if (replayed < now->access_count[me]) {
		replayed++;
		return true;
	}
	if (stepped)
		longjmp(leave, 1);
	CHECK(replayed < ACCESSES);
	stepped = true;
	replayed++;
	now->access_count[me]++;
	return false;
}

static void store(void const *at, void const *data, size_t size)
{
	struct access *access;

	if (earlier(&access))
		return;
	CHECK(now->store_count[me] < STORES);
	access = &now->stores[me][now->store_count[me]++];
	access->offset = (uint32_t)((uint8_t const *)at - memory);
	access->size = (uint32_t)size;
	CHECK(access->offset + size <= SHARED && size <= sizeof(access->data));
	memcpy(access->data, data, size);
}

/* A side sees its own stores before they reach the memory. */
static void load(void const *at, void *data, size_t size)
{
	struct access *access;
	uint32_t const offset = (uint32_t)((uint8_t const *)at - memory);

	if (!earlier(&access)) {
		CHECK(offset + size <= SHARED && size <= sizeof(access->data));
		memcpy(access->data, now->shared + offset, size);
		for (uint32_t i = 0; i < now->store_count[me]; i++) {
			struct access const *waiting = &now->stores[me][i];
			CHECK(waiting->offset >= offset + size || offset >= waiting->offset + waiting->size || waiting->offset == offset);
			if (waiting->offset == offset)
				memcpy(access->data, waiting->data, size);
		}
	}
	memcpy(data, access->data, size);
}

static uint32_t hook_load(uint32_t const *at)
{
	uint32_t value;

	load(at, &value, sizeof(value));
	return value;
}

static void hook_store(uint32_t *at, uint32_t value)
{
	store(at, &value, sizeof(value));
}

static void hook_read(uint64_t *to, uint64_t const *from, size_t words)
{
	load(from, to, words * 8);
}

static void hook_write(uint64_t *to, uint64_t const *from, size_t words)
{
	store(to, from, words * 8);
}

/* With stores on their way this cannot be passed: the step is taken back, and is possible when they have arrived. */
static void hook_fence(void)
{
	struct access *access;

	if (earlier(&access) || !now->store_count[me])
		return;
	now->access_count[me]--;
	longjmp(leave, 2);
}

/* --- What the two sides do --- */

static void source_call(struct side *s)
{
	struct packet packet = { .size = 8, .op = s->first, .tag = s->first };
	enum status   status;

	switch (s->call) {
	case COLLECT:
		status = packet_collect(&s->source, &packet);
		CHECK(status == STATUS_OK || status == STATUS_NOT_FOUND);
		if (status == STATUS_OK) {
			CHECK(packet.op == packet.tag && packet.tag / N == s->second / N && packet.status == STATUS_LOST);
			s->second++;
			s->turn++;
		}
		s->call = status == STATUS_OK && s->turn < N ? COLLECT : SUBMIT;
		break;
	case SUBMIT:
		status = s->first < total ? packet_submit(&s->source, &packet) : STATUS_BUSY;
		CHECK(status == STATUS_OK || status == STATUS_BUSY);
		s->first += status == STATUS_OK;
		s->call = status == STATUS_OK ? SUBMIT : PUBLISH;
		break;
	case PUBLISH:
		s->turn = 0;
		s->call = packet_source_publish(&s->source) ? SIGNAL : SLEEP;
		break;
	case SLEEP:
		if (s->second == total)
			s->call = DONE;
		else
			s->call = packet_source_sleep(&s->source, s->first < total) ? ASLEEP : COLLECT;
		break;
	default:
		packet_source_awake(&s->source);
		s->call = COLLECT;
	}
}

static void sink_call(struct side *s)
{
	enum status status;

	switch (s->call) {
	case TAKE:
		status = packet_take(&s->sink, &s->held[s->holding]);
		CHECK(status == STATUS_OK || status == STATUS_NOT_FOUND);
		if (status == STATUS_OK) {
			CHECK(s->held[s->holding].op == s->first && s->held[s->holding].size == 8);
			s->first++;
			s->turn++;
			s->holding++;
		}
		if (s->holding && (!reverse || status != STATUS_OK || s->turn == N))
			s->call = ACK;
		else
			s->call = status == STATUS_OK ? TAKE : PUBLISH;
		break;
	case ACK:
		s->holding--;
		s->held[s->holding].status = STATUS_LOST;
		CHECK(packet_ack(&s->sink, &s->held[s->holding]) == STATUS_OK);
		s->held[s->holding] = (struct packet) { .size = 0 };
		s->second++;
		s->call = s->holding ? ACK : s->turn < N ? TAKE : PUBLISH;
		break;
	case PUBLISH:
		s->turn = 0;
		s->call = packet_sink_publish(&s->sink) ? SIGNAL : SLEEP;
		break;
	case SLEEP:
		if (s->second == total)
			s->call = DONE;
		else
			s->call = packet_sink_sleep(&s->sink) ? ASLEEP : TAKE;
		break;
	default:
		packet_sink_awake(&s->sink);
		s->call = TAKE;
	}
}

/* --- Steps --- */

/* One step of a side in *now; false: there is none. */
static bool step(int side)
{
	struct side *own = &now->side[side];

	me = side;
	replayed = 0;
	stepped = false;
	if (own->call == DONE || (own->call == ASLEEP && !now->signalled[side]))
		return false;
	if (own->call == ASLEEP) {
		now->signalled[side] = 0;
		own->call = AWAKE;
		return true;
	}
	if (own->call == SIGNAL) {
		now->signalled[!side] = 1;
		own->call = SLEEP;
		return true;
	}
	work[side] = *own;
	switch (setjmp(leave)) {
	case 0:
		(side == SOURCE ? source_call : sink_call)(&work[side]);
		break;
	case 1:
		return true;     /* at the next access of the same call */
	default:
		return false;    /* at a fence */
	}
	now->side[side] = work[side];
	memset(now->accesses[side], 0, sizeof(now->accesses[side]));
	now->access_count[side] = 0;
	return true;
}

/* The oldest store of a side reaches the memory; false: there is none. */
static bool arrive(int side)
{
	struct access *first = now->stores[side];

	if (!now->store_count[side])
		return false;
	memcpy(now->shared + first->offset, first->data, first->size);
	memmove(first, first + 1, (STORES - 1) * sizeof(*first));
	memset(&first[STORES - 1], 0, sizeof(*first));
	now->store_count[side]--;
	return true;
}

static bool move(unsigned which)
{
	return which < SIDES ? step((int)which) : arrive((int)which - SIDES);
}

/* --- The search --- */

static uint64_t table[TABLE];

/* Enters the state; false: it has been there. Two states are taken for one with a chance of about 2^-40. */
static bool is_new(struct state const *state)
{
	uint64_t const *word = (uint64_t const *)state;
	uint64_t        hash = 1;

	for (size_t i = 0; i < sizeof(*state) / 8; i++) {
		hash = (hash ^ word[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	hash += !hash;
	for (size_t at = hash % TABLE; ; at = (at + 1) % TABLE) {
		if (table[at] == hash)
			return false;
		if (!table[at]) {
			table[at] = hash;
			return true;
		}
	}
}

static void start(struct state *state)
{
	struct packet_memory where = { .start = memory, .size = sizeof(memory), .count = N };

	memset(state, 0, sizeof(*state));
	memset(work, 0, sizeof(work));
	memset(table, 0, sizeof(table));
	ck_assert_int_eq(packet_source_init(&work[SOURCE].source, &where, work[SOURCE].ids, work[SOURCE].packets), STATUS_OK);
	ck_assert_int_eq(packet_sink_init(&work[SINK].sink, &where), STATUS_OK);
	work[SOURCE].call = SUBMIT;
	work[SINK].call = TAKE;
	memcpy(state->side, work, sizeof(work));
}

static void explore(void)
{
	static struct state stack[STACK];
	static unsigned     next[STACK];    /* the move to try next; SIDES * 2: all were tried */
	static bool         moved[STACK];
	size_t              depth = 0, states = 1;

	start(&stack[0]);
	next[0] = 0;
	moved[0] = false;
	for (;;) {
		if (next[depth] == 2 * SIDES) {
			struct side const *side = stack[depth].side;
			ck_assert_msg(moved[depth] || (side[SOURCE].call == DONE && side[SINK].call == DONE), "a wake-up is lost after %zu steps", depth);
			if (!depth--)
				break;
			continue;
		}
		CHECK(depth + 1 < STACK && states < TABLE / 2);
		memcpy(&stack[depth + 1], &stack[depth], sizeof(stack[0]));
		now = &stack[depth + 1];
		if (!move(next[depth]++))
			continue;
		moved[depth] = true;
		if (!is_new(now))
			continue;
		states++;
		depth++;
		next[depth] = 0;
		moved[depth] = false;
	}
	printf("packet_interleavings: %u packets%s: %zu states\n", total, reverse ? ", acknowledged in reverse" : "", states);
	fflush(stdout);
}

START_TEST(no_order_of_accesses_loses_a_wake_up_or_a_packet)
{
	for (total = 1; total <= 7; total++) {
		for (int order = 0; order < 2; order++) {
			reverse = order;
			explore();
		}
	}
}
END_TEST

UNIT_MAIN(no_order_of_accesses_loses_a_wake_up_or_a_packet)
