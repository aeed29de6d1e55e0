/* SPDX-License-Identifier: MIT */
/*
 * The ring, against a queue, and against peers that lie about their index.
 */
#include "unit.h"
#include <base/ring.h>
#include <string.h>

enum { COUNT = 8, WORDS = 2 };

static uint64_t           entries[COUNT * WORDS];
static uint32_t           tail, head;
static struct ring_memory memory = { .tail = &tail, .head = &head, .entries = entries, .count = COUNT, .words = WORDS };

/* Starts both sides close to where their indices wrap. */
static void start(struct ring_producer *producer, struct ring_consumer *consumer)
{
	ring_producer_init(producer, &memory);
	ring_consumer_init(consumer, &memory);
	producer->tail = producer->published = consumer->head = consumer->published = tail = head = UINT32_MAX - 100;
}

START_TEST(entries_come_out_once_in_order_after_they_are_published)
{
	struct ring_producer producer;
	struct ring_consumer consumer;
	uint32_t             put = 0, visible = 0, taken = 0, released = 0, number;

	start(&producer, &consumer);
	for (int round = 0; round < 100000; round++) {
		uint64_t entry[WORDS] = { put, ~(uint64_t)put };
		switch (unit_below(4)) {
		case 0:
			CHECK(ring_room(&producer, &number) == STATUS_OK && number == COUNT - (put - released));
			if (number) {
				ring_put(&producer, entry);
				put++;
			}
			break;
		case 1:
			CHECK(ring_publish(&producer) == (visible != put));
			visible = put;
			break;
		case 2:
			CHECK(ring_filled(&consumer, &number) == STATUS_OK && number == visible - taken);
			if (number) {
				ring_take(&consumer, entry);
				CHECK(entry[0] == taken && entry[1] == ~(uint64_t)taken);
				taken++;
			}
			break;
		default:
			CHECK(ring_release(&consumer) == (released != taken));
			released = taken;
		}
	}
	ck_assert_uint_gt(taken, 1000);
}
END_TEST

START_TEST(an_index_that_cannot_be_is_a_violation)
{
	struct ring_producer producer;
	struct ring_consumer consumer;
	uint32_t             number = 77;

	start(&producer, &consumer);
	for (uint32_t distance = 0; distance < 40; distance++) {
		tail = consumer.head + distance;
		ck_assert_int_eq(ring_filled(&consumer, &number), distance <= COUNT ? STATUS_OK : STATUS_PROTOCOL);
		ck_assert_uint_eq(number, MIN(distance, (uint32_t)COUNT));
		tail = consumer.head - 1 - distance;
		ck_assert_int_eq(ring_filled(&consumer, &number), STATUS_PROTOCOL);
		head = producer.tail + 1 + distance;
		ck_assert_int_eq(ring_room(&producer, &number), STATUS_PROTOCOL);
	}
}
END_TEST

START_TEST(a_peer_that_lies_at_random_leads_nowhere_outside)
{
	struct ring_producer producer;
	struct ring_consumer consumer;

	start(&producer, &consumer);
	for (int round = 0; round < 100000; round++) {
		uint64_t entry[WORDS] = { 0 };
		uint32_t number;

		tail = (uint32_t)(unit_below(4) ? consumer.head + unit_below(20) - 5 : unit_random());
		head = (uint32_t)(unit_below(4) ? producer.tail - unit_below(20) + 5 : unit_random());
		if (ring_filled(&consumer, &number) == STATUS_OK && number)
			ring_take(&consumer, entry);
		if (ring_room(&producer, &number) == STATUS_OK && number)
			ring_put(&producer, entry);
	}
}
END_TEST

UNIT_MAIN(entries_come_out_once_in_order_after_they_are_published, an_index_that_cannot_be_is_a_violation,
          a_peer_that_lies_at_random_leads_nowhere_outside)
