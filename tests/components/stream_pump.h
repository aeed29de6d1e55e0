/* SPDX-License-Identifier: MIT */
/*
 * What both sides of the stream tests do: a source that sends so many packets, of all sizes, with a checksum each, and a sink that checks
 * number and content of each. The bulk area is given out like a ring, since these sinks acknowledge in order.
 */
#pragma once

#include <base/component.h>
#include <base/shared.h>
#include <base/stream_session.h>

enum { PUMP_SIZE_MIN = 64, PUMP_SIZE_MAX = 2048 };

struct pump_source {
	struct stream_source stream;
	uint64_t             total, sent, acked, wrong, waits_bulk, most;
	uint64_t             at, used;     /* in the bulk area: where the next packet goes, and how much is out */
	bool                 is_checked;
};

struct pump_sink {
	struct stream_sink   stream;
	uint64_t             taken, bytes, wrong, most;
	bool                 is_checked;
};

static inline uint64_t pump_next(uint64_t word)
{
	word ^= word << 13;
	word ^= word >> 7;
	return word ^ word << 17;
}

static inline uint32_t pump_size(uint64_t number, bool is_checked)
{
	uint64_t const mixed = number * 0x9e3779b97f4a7c15 >> 32;

	return is_checked ? (uint32_t)(PUMP_SIZE_MIN + mixed % (PUMP_SIZE_MAX - PUMP_SIZE_MIN + 1) / 8 * 8) : PUMP_SIZE_MIN;
}

static inline uint64_t pump_add(uint64_t sum, uint64_t word)
{
	return (sum << 5 | sum >> 59) ^ word * 0x9e3779b97f4a7c15;
}

/* Writes the number and words that follow from it; returns the checksum. */
static inline uint32_t pump_fill(uint64_t *words, uint32_t size, uint64_t number)
{
	uint64_t word = number, sum = 0, next = number + 1;

	for (uint32_t i = 0; i < size / 8; i++) {
		shared_write(&words[i], &word, 1);
		sum = pump_add(sum, word);
		word = next = pump_next(next);
	}
	return (uint32_t)(sum ^ sum >> 32);
}

static inline bool pump_check(uint64_t const *words, uint32_t size, uint32_t checksum, uint64_t number)
{
	uint64_t word, sum = 0;
	bool     is_right = size == pump_size(number, true);

	for (uint32_t i = 0; i < size / 8; i++) {
		shared_read(&word, &words[i], 1);
		is_right &= i || word == number;
		sum = pump_add(sum, word);
	}
	return is_right && checksum == (uint32_t)(sum ^ sum >> 32);
}

/* Where the next packet goes; false: it has to wait for acks. *taken: of the bulk area, with what is skipped at its end. */
static inline bool pump_place(struct pump_source const *source, uint32_t size, uint64_t *offset, uint64_t *taken)
{
	uint64_t const all   = source->stream.packets.bulk_size, need = align_up(size, 64);
	bool const     wraps = source->at + need > all;

	*offset = wraps ? 0 : source->at;
	*taken = need + (wraps ? all - source->at : 0);
	return source->used + *taken <= all;
}

/* False: not now. */
static inline bool pump_send(struct pump_source *source)
{
	struct packet packet = { .size = pump_size(source->sent, source->is_checked) };

	if (!pump_place(source, packet.size, &packet.offset, &packet.tag)) {
		source->waits_bulk++;
		return false;
	}
	if (source->is_checked)
		packet.op = pump_fill((uint64_t *)((char *)source->stream.packets.bulk + packet.offset), packet.size, source->sent);
	if (stream_submit(&source->stream, &packet) != STATUS_OK)
		return false;
	source->used += packet.tag;
	source->at = packet.offset + align_up(packet.size, 64);
	source->sent++;
	return true;
}

static inline void pump_out(struct pump_source *source)
{
	uint64_t const acked = source->acked, sent = source->sent;
	struct packet  packet;

	while (stream_collect(&source->stream, &packet) == STATUS_OK) {
		source->used -= packet.tag;
		source->acked++;
		source->wrong += packet.status != STATUS_OK;
	}
	while (source->sent < source->total && pump_send(source))
		continue;
	source->most = MAX(source->most, source->acked - acked);
	source->most = MAX(source->most, source->sent - sent);
}

static inline void pump_in(struct pump_sink *sink)
{
	uint64_t const taken = sink->taken;
	struct packet  packet;

	while (stream_take(&sink->stream, &packet) == STATUS_OK) {
		uint64_t const *words    = (uint64_t const *)((char *)sink->stream.packets.bulk + packet.offset);
		bool const      is_right = !sink->is_checked || (packet.size <= PUMP_SIZE_MAX && is_aligned(packet.offset, 8) &&
		                                                 pump_check(words, packet.size, packet.op, sink->taken));

		sink->taken++;
		sink->bytes += packet.size;
		sink->wrong += !is_right;
		packet.status = is_right ? STATUS_OK : STATUS_INVALID;
		if (stream_ack(&sink->stream, &packet) != STATUS_OK)
			break;
	}
	sink->most = MAX(sink->most, sink->taken - taken);
}
