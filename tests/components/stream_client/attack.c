/* SPDX-License-Identifier: MIT */
/*
 * A client that breaks the rules of the packet stream, in each of the ways there are: each session must end, soon, and nothing else.
 */
#include "client.h"
#include <base/packet_stream.h>
#include <base/shared.h>

#define PATIENCE_NS (5 * TIME_NS_PER_S)

enum attack { TAIL_TOO_FAR, OUTSIDE, TOO_MANY_OUT, ACK_TOO_FAR, ACK_UNKNOWN, NOISE, ATTACKS };

enum { COUNT = 4, BULK = PAGE_SIZE };

static uint64_t random_state;

static uint64_t any(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static struct packet *entries(struct packet_memory const *memory)
{
	return (struct packet *)((struct packet_shared *)memory->start + 1);
}

/* Fills the submit queue with packets that are fine, and does not collect the acks: so the ack queue is full, and ready_to_ack would be due. */
static enum status fill_up(struct env *env, struct link *link)
{
	struct packet_shared *up = link->up.start;

	for (unsigned i = 0; i < COUNT; i++)
		entries(&link->up)[i] = (struct packet) { .offset = 0, .size = 64 };
	shared_store(&up->source.submit_tail, COUNT);
	for (unsigned i = 0; i < 1000 && shared_load(&up->sink.ack_tail) != COUNT; i++) {
		signal_submit(link->up_wake);
		TRY(sleep_ns(env, TIME_NS_PER_MS / 10));
	}
	CHECK(shared_load(&up->sink.ack_tail) == COUNT);
	shared_store(&up->source.submit_tail, 2 * COUNT);
	return STATUS_OK;
}

static enum status strike(struct env *env, struct link *link, enum attack how)
{
	struct packet_shared *up = link->up.start, *down = link->down.start;

	switch (how) {
	case TAIL_TOO_FAR:
		shared_store(&up->source.submit_tail, COUNT + 1 + (uint32_t)(any() % 0xfffffff0));
		break;
	case OUTSIDE:
		entries(&link->up)[0] = (struct packet) { .offset = any() % 2 ? BULK - 8 : UINT64_MAX - any() % 64, .size = 9 + (uint32_t)(any() % 0xffffff) };
		shared_store(&up->source.submit_tail, 1);
		break;
	case TOO_MANY_OUT:
		return fill_up(env, link);
	case ACK_TOO_FAR:
		shared_store(&down->sink.ack_tail, COUNT + 1 + (uint32_t)(any() % 0xfffffff0));
		break;
	case ACK_UNKNOWN:
		entries(&link->down)[COUNT] = (struct packet) { .tag = any() | 1 << 16, .status = (uint32_t)any() % 3 };
		shared_store(&down->sink.ack_tail, 1);
		break;
	default:
		for (uint64_t *word = link->up.start; word < (uint64_t *)((char *)link->up.start + link->up.size); word++)
			*word = any();
		for (uint64_t *word = link->down.start; word < (uint64_t *)((char *)link->down.start + link->down.size); word++)
			*word = any();
	}
	return STATUS_OK;
}

/* Until the server has ended it. */
static enum status wait_lost(struct env *env, struct link *link)
{
	uint64_t const        deadline = time_now_ns() + PATIENCE_NS;
	struct session_status status   = { .state = SESSION_STATE_OPEN };
	struct cap            session  = CAP_NULL;

	while (status.state != SESSION_STATE_LOST) {
		CHECK_STATUS(env_wait_news(env, NEWS_SESSION, deadline), STATUS_OK);
		TRY(parent_session_state(env->parent, link->stream.connection.id, &status, &session));
		cap_release(session);
		session = CAP_NULL;
	}
	return STATUS_OK;
}

static enum status attack_once(struct env *env, enum attack how, struct signal_context wake)
{
	struct stream_args const args = { .count = COUNT, .bulk = BULK, .down = 100, .is_checked = true };
	struct link              link;

	TRY(link_open(&link, env, &args));
	TRY(stream_start(&link.stream, wake, wake, &link.up_wake, &link.down_wake));
	CHECK_STATUS(stream_start(&link.stream, wake, wake, &link.up_wake, &link.down_wake), STATUS_EXISTS);
	TRY(strike(env, &link, how));
	signal_submit(link.up_wake);
	signal_submit(link.down_wake);
	TRY(wait_lost(env, &link));
	link_close(&link);
	return STATUS_OK;
}

enum status attack(struct env *env, uint64_t rounds, uint64_t seed)
{
	struct signal_context wake;
	struct books          before = { 0 };

	random_state = seed;
	TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &wake));
	for (uint64_t i = 0; i < rounds; i++) {
		/* After the first of each kind, nothing more may be needed. */
		if (i == ATTACKS)
			TRY(books_read(env, &before));
		TRY(attack_once(env, i % ATTACKS, wake));
	}
	if (rounds > ATTACKS)
		TRY(books_settle(env, &before));
	log_info("%lu attacks of %u kinds, seed %lu: each session was ended", rounds, (unsigned)ATTACKS, seed);
	return STATUS_OK;
}
