/* SPDX-License-Identifier: MIT */
/*
 * The packet stream: an honest pair against a model, each side against a hostile peer, and two real threads. That no
 * order of accesses loses a wake-up is the matter of packet_interleavings.c.
 */
#include "unit.h"
#include <base/packet_stream.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

enum { COUNT = 4, BULK = 4096, SIZE = 4096 + BULK };

static struct packet_source source;
static struct packet_sink   sink;
static struct id_slot       ids[COUNT];
static struct packet        packets[COUNT];
static _Alignas(4096) char  shared[SIZE];

static void start(void)
{
	struct packet_memory memory = { .start = shared, .size = SIZE, .count = COUNT };

	memset(shared, 0, sizeof(shared));
	ck_assert_uint_eq(packet_bulk_start(COUNT), SIZE - BULK);
	ck_assert_int_eq(packet_source_init(&source, &memory, ids, packets), STATUS_OK);
	ck_assert_int_eq(packet_sink_init(&sink, &memory), STATUS_OK);
}

START_TEST(memory_without_a_bulk_area_is_refused)
{
	struct packet_memory memory = { .start = shared, .size = SIZE - BULK, .count = COUNT };

	ck_assert_int_eq(packet_source_init(&source, &memory, ids, packets), STATUS_INVALID);
	ck_assert_int_eq(packet_sink_init(&sink, &memory), STATUS_INVALID);
	ck_assert_uint_eq(packet_bulk_start(1), 4096);
	ck_assert_uint_eq(packet_bulk_start(64), 8192);
}
END_TEST

/* Random calls on both sides; packets carry their number as tag at the source, and `op` to the sink. */
START_TEST(each_packet_goes_there_and_back_once_in_any_order)
{
	struct packet held[COUNT], packet;
	bool          out[COUNT * 4] = { false };
	unsigned      holding = 0, submitted = 0, visible = 0, taken = 0, acked = 0, acks_visible = 0, collected = 0, collected_visible = 0;

	start();
	for (int round = 0; round < 200000; round++) {
		enum status status;
		unsigned    pick;

		switch (unit_below(6)) {
		case 0:
			packet = (struct packet) { .offset = submitted % 32 * 128, .size = 128, .op = submitted, .tag = submitted };
			status = packet_submit(&source, &packet);
			CHECK(status == (submitted - collected == COUNT ? STATUS_BUSY : STATUS_OK) || (status == STATUS_BUSY && submitted - taken >= COUNT));
			if (!status)
				out[submitted++ % ARRAY_SIZE(out)] = true;
			break;
		case 1:
			packet_source_publish(&source);
			visible = submitted;
			collected_visible = collected;
			break;
		case 2:
			status = packet_take(&sink, &packet);
			CHECK(status == (visible == taken ? STATUS_NOT_FOUND : STATUS_OK));
			if (!status) {
				CHECK(packet.op == taken && packet.offset == taken % 32 * 128 && packet.size == 128);
				held[holding++] = packet;
				taken++;
			}
			break;
		case 3:
			if (holding) {
				pick = (unsigned)unit_below(holding);
				held[pick].status = STATUS_LOST;
				CHECK(packet_ack(&sink, &held[pick]) == STATUS_OK);
				held[pick] = held[--holding];
				acked++;
			}
			break;
		case 4:
			packet_sink_publish(&sink);
			acks_visible = acked;
			break;
		default:
			status = packet_collect(&source, &packet);
			CHECK(status == (acks_visible == collected ? STATUS_NOT_FOUND : STATUS_OK));
			if (!status) {
				CHECK(packet.status == STATUS_LOST && packet.op == packet.tag && out[packet.tag % ARRAY_SIZE(out)]);
				out[packet.tag % ARRAY_SIZE(out)] = false;
				collected++;
			}
		}
		CHECK(submitted - collected <= COUNT && source.out.used == submitted - collected && collected_visible <= collected);
	}
	ck_assert_uint_gt(collected, 1000);
}
END_TEST

START_TEST(a_signal_is_due_only_for_a_peer_that_sleeps_for_it)
{
	struct packet packet = { .size = 1 };

	start();
	ck_assert(!packet_source_publish(&source) && !packet_sink_publish(&sink));
	ck_assert_int_eq(packet_submit(&source, &packet), STATUS_OK);
	ck_assert(!packet_source_publish(&source));
	ck_assert(!packet_sink_sleep(&sink));
	ck_assert_int_eq(packet_take(&sink, &packet), STATUS_OK);
	ck_assert(packet_sink_sleep(&sink));
	ck_assert_int_eq(packet_submit(&source, &packet), STATUS_OK);
	ck_assert(packet_source_publish(&source));
	packet_sink_awake(&sink);
	ck_assert(packet_source_sleep(&source, false));
	ck_assert_int_eq(packet_take(&sink, &packet), STATUS_OK);
	ck_assert(!packet_sink_publish(&sink));
	ck_assert_int_eq(packet_ack(&sink, &packet), STATUS_OK);
	ck_assert(packet_sink_publish(&sink));
	ck_assert(!packet_source_sleep(&source, false));
	ck_assert_int_eq(packet_collect(&source, &packet), STATUS_OK);
	ck_assert(!packet_source_sleep(&source, true));
	ck_assert(packet_source_sleep(&source, false));
}
END_TEST

/* Any word of the shared memory, or one that is nearly right. */
static void lie(uint32_t source_index, uint32_t sink_index)
{
	struct packet_shared *words = (struct packet_shared *)shared;
	uint32_t             *indices[] = { &words->source.submit_tail, &words->source.ack_head, &words->sink.submit_head, &words->sink.ack_tail };
	uint32_t const        words_of_all = (sizeof(*words) + 2 * COUNT * sizeof(struct packet)) / 4;
	uint32_t              near = (unit_below(2) ? source_index : sink_index) + (uint32_t)unit_below(8) - 3;

	if (unit_below(3) == 0)
		*indices[unit_below(4)] = near;
	else
		((uint32_t *)shared)[unit_below(words_of_all)] = (uint32_t)(unit_below(2) ? unit_below(8192) : unit_random());
}

START_TEST(a_hostile_sink_can_end_the_session_and_nothing_else)
{
	for (int session = 0; session < 3000; session++) {
		unsigned out = 0;

		start();
		for (int round = 0; round < 60; round++) {
			struct packet packet = { .offset = unit_below(BULK - 64), .size = 64, .tag = 5 };
			enum status   status = packet_submit(&source, &packet);

			CHECK(status == STATUS_OK || status == STATUS_BUSY || (status == STATUS_PROTOCOL && source.broken));
			out += status == STATUS_OK;
			packet_source_publish(&source);
			lie(source.submit.tail, source.ack.head);
			status = packet_collect(&source, &packet);
			CHECK(status == STATUS_OK || status == STATUS_NOT_FOUND || (status == STATUS_PROTOCOL && source.broken));
			if (status == STATUS_OK) {
				CHECK(packet.tag == 5 && packet.size == 64 && packet.offset <= BULK - 64 && packet.status < STATUS_COUNT && out);
				out--;
			}
			if (packet_source_sleep(&source, unit_below(2)))
				packet_source_awake(&source);
		}
	}
}
END_TEST

START_TEST(a_hostile_source_can_end_the_session_and_nothing_else)
{
	for (int session = 0; session < 3000; session++) {
		struct packet held[COUNT];
		unsigned      holding = 0;

		start();
		for (int round = 0; round < 60; round++) {
			struct packet packet;
			enum status   status;

			lie(sink.submit.head, sink.ack.tail);
			status = packet_take(&sink, &packet);
			CHECK(status == STATUS_OK || status == STATUS_NOT_FOUND || (status == STATUS_PROTOCOL && sink.broken));
			if (status == STATUS_OK) {
				CHECK(is_within(packet.offset, packet.size, BULK) && holding < COUNT);
				held[holding++] = packet;
			}
			if (holding && unit_below(2)) {
				held[--holding].status = STATUS_OK;
				CHECK(packet_ack(&sink, &held[holding]) == (sink.broken ? STATUS_PROTOCOL : STATUS_OK));
			}
			packet_sink_publish(&sink);
			if (packet_sink_sleep(&sink))
				packet_sink_awake(&sink);
		}
	}
}
END_TEST

START_TEST(more_than_n_packets_out_are_a_violation)
{
	struct packet         packet = { .size = 1 };
	struct packet_shared *words  = (struct packet_shared *)shared;

	start();
	for (int i = 0; i < COUNT; i++)
		ck_assert_int_eq(packet_submit(&source, &packet), STATUS_OK);
	packet_source_publish(&source);
	for (int i = 0; i < COUNT; i++)
		ck_assert_int_eq(packet_take(&sink, &packet), STATUS_OK);
	words->source.submit_tail = COUNT + 1;
	ck_assert_int_eq(packet_take(&sink, &packet), STATUS_PROTOCOL);
	words->source.submit_tail = COUNT;
	ck_assert_int_eq(packet_take(&sink, &packet), STATUS_PROTOCOL);
}
END_TEST

START_TEST(an_ack_returns_once)
{
	struct packet         packet = { .size = 1 };
	struct packet_shared *words  = (struct packet_shared *)shared;
	struct packet        *acks   = (struct packet *)(words + 1) + COUNT;

	start();
	ck_assert_int_eq(packet_submit(&source, &packet), STATUS_OK);
	packet_source_publish(&source);
	ck_assert_int_eq(packet_take(&sink, &packet), STATUS_OK);
	ck_assert_int_eq(packet_ack(&sink, &packet), STATUS_OK);
	packet_sink_publish(&sink);
	ck_assert_int_eq(packet_collect(&source, &packet), STATUS_OK);
	acks[1] = acks[0];
	words->sink.ack_tail = 2;
	ck_assert_int_eq(packet_collect(&source, &packet), STATUS_PROTOCOL);
}
END_TEST

/* --- Two threads; signals are semaphores --- */

enum { THREAD_PACKETS = 50000 };

static sem_t       to_sink, to_source;
static char const *sink_result;    /* NULL: all was right */

static void *run_sink(void *unused)
{
	unsigned acked = 0;

	while (acked < THREAD_PACKETS) {
		struct packet packet;
		for (int turn = 0; turn < COUNT && packet_take(&sink, &packet) == STATUS_OK; turn++) {
			uint32_t *data = (uint32_t *)((char *)sink.bulk + packet.offset);
			packet.status = *data == acked && packet.op == acked ? STATUS_OK : STATUS_INTERNAL;
			*data = ~*data;
			acked++;
			if (packet_ack(&sink, &packet) != STATUS_OK)
				sink_result = "an ack failed";
		}
		if (packet_sink_publish(&sink))
			sem_post(&to_source);
		if (acked < THREAD_PACKETS && packet_sink_sleep(&sink)) {
			sem_wait(&to_sink);
			packet_sink_awake(&sink);
		}
	}
	return NULL;
}

static char const *run_source(void)
{
	unsigned submitted = 0, collected = 0;

	while (collected < THREAD_PACKETS) {
		struct packet packet;
		for (int turn = 0; turn < COUNT && packet_collect(&source, &packet) == STATUS_OK; turn++) {
			uint32_t *data = (uint32_t *)((char *)source.bulk + packet.offset);
			if (packet.status || packet.tag != collected || *data != ~(uint32_t)packet.tag)
				return "a packet came back wrong";
			collected++;
		}
		for (; submitted < THREAD_PACKETS; submitted++) {
			packet = (struct packet) { .offset = submitted % COUNT * 64, .size = 4, .op = submitted, .tag = submitted };
			if (submitted - collected < COUNT)
				*(uint32_t *)((char *)source.bulk + packet.offset) = submitted;
			if (packet_submit(&source, &packet) != STATUS_OK)
				break;
		}
		if (packet_source_publish(&source))
			sem_post(&to_sink);
		if (collected < THREAD_PACKETS && packet_source_sleep(&source, submitted < THREAD_PACKETS)) {
			sem_wait(&to_source);
			packet_source_awake(&source);
		}
	}
	return NULL;
}

START_TEST(two_threads_finish_with_every_packet_right)
{
	pthread_t   thread;
	char const *source_result;

	start();
	sem_init(&to_sink, 0, 0);
	sem_init(&to_source, 0, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_sink, NULL), 0);
	source_result = run_source();
	ck_assert_msg(!source_result, "source: %s", source_result);
	pthread_join(thread, NULL);
	ck_assert_msg(!sink_result, "sink: %s", sink_result);
}
END_TEST

UNIT_MAIN(memory_without_a_bulk_area_is_refused, each_packet_goes_there_and_back_once_in_any_order,
          a_signal_is_due_only_for_a_peer_that_sleeps_for_it, a_hostile_sink_can_end_the_session_and_nothing_else,
          a_hostile_source_can_end_the_session_and_nothing_else, more_than_n_packets_out_are_a_violation, an_ack_returns_once,
          two_threads_finish_with_every_packet_right)
