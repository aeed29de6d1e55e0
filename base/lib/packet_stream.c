/* SPDX-License-Identifier: MIT */
/*
 * The packet stream: two rings, two `waits` words, and what each side believes of the other.
 */
#include <base/packet_stream.h>
#include <base/assert.h>
#include <base/shared.h>

enum { PACKET_WORDS = sizeof(struct packet) / 8 };

static_assert(sizeof(struct packet) == 32, "a descriptor is 32 bytes");
static_assert(sizeof(struct packet_source_line) == 64 && sizeof(struct packet_sink_line) == 64, "each side writes its own cache line");
static_assert(sizeof(struct packet_shared) == 128, "the rings follow the two cache lines");

/* A packet as ring entry. */
union entry {
	struct packet packet;
	uint64_t      words[PACKET_WORDS];
};

uint64_t packet_bulk_start(uint32_t count)
{
	return align_up(sizeof(struct packet_shared) + 2 * (uint64_t)count * sizeof(struct packet), PAGE_SIZE);
}

/* The rings in the shared memory. INVALID: there is no bulk area behind them. */
static enum status lay_out(struct packet_memory const *memory, struct ring_memory *submit, struct ring_memory *ack)
{
	struct packet_shared *shared  = memory->start;
	uint64_t             *entries = (uint64_t *)(shared + 1);

	assert(is_power_of_two(memory->count) && memory->count <= RING_COUNT_MAX);
	assert(is_aligned((uintptr_t)memory->start, sizeof(struct packet_source_line)));
	if (memory->size <= packet_bulk_start(memory->count))
		return STATUS_INVALID;
	*submit = (struct ring_memory) { .tail = &shared->source.submit_tail, .head = &shared->sink.submit_head, .entries = entries,
	                                 .count = memory->count, .words = PACKET_WORDS };
	*ack = (struct ring_memory) { .tail = &shared->sink.ack_tail, .head = &shared->source.ack_head,
	                              .entries = entries + (size_t)memory->count * PACKET_WORDS, .count = memory->count, .words = PACKET_WORDS };
	return STATUS_OK;
}

/* --- Source --- */

enum status packet_source_init(struct packet_source *source, struct packet_memory const *memory, struct id_slot ids[], struct packet packets[])
{
	struct ring_memory submit, ack;
	enum status        status = lay_out(memory, &submit, &ack);

	if (status)
		return status;
	*source = (struct packet_source) {
		.shared = memory->start, .packets = packets, .bulk = (char *)memory->start + packet_bulk_start(memory->count),
		.bulk_size = memory->size - packet_bulk_start(memory->count),
	};
	ring_producer_init(&source->submit, &submit);
	ring_consumer_init(&source->ack, &ack);
	id_space_init(&source->out, ids, memory->count);
	return STATUS_OK;
}

static enum status source_breaks(struct packet_source *source)
{
	source->broken = true;
	return STATUS_PROTOCOL;
}

enum status packet_submit(struct packet_source *source, struct packet const *packet)
{
	union entry    entry = { .packet = *packet };
	uint32_t       room;
	struct packet *own;
	enum status    status;

	assert(is_within(packet->offset, packet->size, source->bulk_size));
	if (source->broken || ring_room(&source->submit, &room) != STATUS_OK)
		return source_breaks(source);
	if (!room || source->out.used == source->out.count)
		return STATUS_BUSY;
	status = id_space_acquire(&source->out, source->packets, &entry.packet.tag);
	assert(!status);
	own = &source->packets[(uint32_t)entry.packet.tag];
	*own = *packet;
	entry.packet.status = entry.packet.reserved = 0;
	ring_put(&source->submit, entry.words);
	return STATUS_OK;
}

enum status packet_collect(struct packet_source *source, struct packet *packet)
{
	union entry entry;
	uint32_t    filled;

	if (source->broken || ring_filled(&source->ack, &filled) != STATUS_OK)
		return source_breaks(source);
	if (!filled)
		return STATUS_NOT_FOUND;
	ring_take(&source->ack, entry.words);
	if (entry.packet.status >= STATUS_COUNT || !id_space_release(&source->out, entry.packet.tag))
		return source_breaks(source);
	*packet = source->packets[(uint32_t)entry.packet.tag];
	packet->status = entry.packet.status;
	return STATUS_OK;
}

/* The sink counts what is out as submitted and not collected: so it must hear of collections first. */
bool packet_source_publish(struct packet_source *source)
{
	bool news = ring_release(&source->ack);

	news |= ring_publish(&source->submit);
	if (!news)
		return false;
	shared_fence();
	return shared_load(&source->shared->sink.waits) != 0;
}

bool packet_source_sleep(struct packet_source *source, bool wants_to_submit)
{
	uint32_t room, filled;

	shared_store(&source->shared->source.waits, PACKET_WAITS_ACK | (wants_to_submit ? PACKET_WAITS_ROOM : 0));
	shared_fence();
	if (ring_filled(&source->ack, &filled) == STATUS_OK && !filled) {
		bool full = source->out.used == source->out.count;
		if (!wants_to_submit || full || (ring_room(&source->submit, &room) == STATUS_OK && !room))
			return true;
	}
	packet_source_awake(source);
	return false;
}

void packet_source_awake(struct packet_source *source)
{
	shared_store(&source->shared->source.waits, 0);
}

/* --- Sink --- */

enum status packet_sink_init(struct packet_sink *sink, struct packet_memory const *memory)
{
	struct ring_memory submit, ack;
	enum status        status = lay_out(memory, &submit, &ack);

	if (status)
		return status;
	*sink = (struct packet_sink) {
		.shared = memory->start, .bulk = (char *)memory->start + packet_bulk_start(memory->count),
		.bulk_size = memory->size - packet_bulk_start(memory->count),
	};
	ring_consumer_init(&sink->submit, &submit);
	ring_producer_init(&sink->ack, &ack);
	return STATUS_OK;
}

static enum status sink_breaks(struct packet_sink *sink)
{
	sink->broken = true;
	return STATUS_PROTOCOL;
}

/* What is out, held here or acknowledged and not collected, must leave room for one more: so each has a place in the ack ring. */
enum status packet_take(struct packet_sink *sink, struct packet *packet)
{
	union entry entry;
	uint32_t    filled, room;

	if (sink->broken || ring_filled(&sink->submit, &filled) != STATUS_OK)
		return sink_breaks(sink);
	if (!filled)
		return STATUS_NOT_FOUND;
	if (ring_room(&sink->ack, &room) != STATUS_OK || room <= sink->held)
		return sink_breaks(sink);
	ring_take(&sink->submit, entry.words);
	if (!is_within(entry.packet.offset, entry.packet.size, sink->bulk_size))
		return sink_breaks(sink);
	sink->held++;
	*packet = entry.packet;
	return STATUS_OK;
}

enum status packet_ack(struct packet_sink *sink, struct packet const *packet)
{
	union entry entry = { .packet = *packet };

	assert(sink->held && packet->status < STATUS_COUNT);
	if (sink->broken)
		return STATUS_PROTOCOL;
	sink->held--;
	ring_put(&sink->ack, entry.words);
	return STATUS_OK;
}

bool packet_sink_publish(struct packet_sink *sink)
{
	uint32_t told = 0, waits;

	if (ring_release(&sink->submit))
		told |= PACKET_WAITS_ROOM;
	if (ring_publish(&sink->ack))
		told |= PACKET_WAITS_ACK;
	if (!told)
		return false;
	shared_fence();
	waits = shared_load(&sink->shared->source.waits);
	return (waits & told) != 0;
}

bool packet_sink_sleep(struct packet_sink *sink)
{
	uint32_t filled;

	shared_store(&sink->shared->sink.waits, 1);
	shared_fence();
	if (ring_filled(&sink->submit, &filled) == STATUS_OK && !filled)
		return true;
	packet_sink_awake(sink);
	return false;
}

void packet_sink_awake(struct packet_sink *sink)
{
	shared_store(&sink->shared->sink.waits, 0);
}
