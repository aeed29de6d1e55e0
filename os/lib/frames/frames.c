/* SPDX-License-Identifier: MIT */
/* Ethernet frames in packet streams: slots of the source, frames held by the sink. */
#include <frames/frames.h>

#include <base/assert.h>
#include <base/string.h>

bool frames_are_valid(uint32_t count)
{
	return count >= 2 && stream_is_valid(count, (uint64_t)count * NIC_SLOT);
}

enum status frames_buffer_init(struct attached_ram *buffer, struct account payer, uint32_t count, struct packet_memory *memory)
{
	return stream_buffer_init(buffer, payer, count, (uint64_t)count * NIC_SLOT, memory);
}

enum status frames_attach(struct dataspace buffer, struct account payer, uint32_t count, struct packet_memory *memory)
{
	return stream_attach(buffer, payer, count, (uint64_t)count * NIC_SLOT, memory);
}

/* --- Source --- */

static void source_turn(struct stream_source *stream)
{
	struct frame_source *source = container_of(stream, struct frame_source, stream);
	struct packet        packet;
	bool                 had_room = source->free_count;

	source->is_woken = false;
	while (stream_collect(stream, &packet) == STATUS_OK)
		source->free[source->free_count++] = (uint16_t)(packet.offset / NIC_SLOT);
	if (!had_room && source->free_count && source->room)
		source->room(source);
}

static void source_broken(struct stream_source *stream)
{
	struct frame_source *source = container_of(stream, struct frame_source, stream);

	source->broken(source);
}

enum status frame_source_init(struct frame_source *source, struct ep *ep, struct account payer, struct heap *heap,
                              struct packet_memory const *memory)
{
	enum status status;

	source->stream.turn = source_turn;
	source->stream.broken = source_broken;
	RPC_TRY(heap_new_array(heap, memory->count, &source->free));
	status = stream_source_init(&source->stream, ep, payer, heap, memory);
	if (status) {
		heap_free(heap, source->free);
		source->free = NULL;
		return status;
	}
	source->free_count = memory->count;
	for (uint32_t i = 0; i < memory->count; i++)
		source->free[i] = (uint16_t)(memory->count - 1 - i);
	return STATUS_OK;
}

void frame_source_fini(struct frame_source *source)
{
	struct heap *heap = source->stream.heap;

	stream_source_fini(&source->stream);
	if (source->free)
		heap_free(heap, source->free);
	*source = (struct frame_source) { .room = source->room, .broken = source->broken };
}

bool frame_has_room(struct frame_source *source)
{
	return source->free_count && !source->stream.end.is_over;
}

bool frame_send(struct frame_source *source, void const *data, size_t size)
{
	struct packet packet = { .size = (uint32_t)size };

	assert(size >= FRAME_MIN && size <= FRAME_MAX);
	if (!frame_has_room(source)) {
		source->lost++;
		return false;
	}
	packet.offset = source->free[source->free_count - 1] * (uint64_t)NIC_SLOT;
	memcpy((char *)source->stream.packets.bulk + packet.offset, data, size);
	/* As many can be out as there are slots, so this has room unless the turn's share is used up or the peer is dishonest. */
	if (packet_submit(&source->stream.packets, &packet)) {
		source->lost++;
		return false;
	}
	source->free_count--;
	source->sent++;
	if (!source->is_woken)
		stream_source_wake(&source->stream);
	source->is_woken = true;
	return true;
}

/* --- Sink --- */

static bool is_frame(struct packet const *packet)
{
	return packet->size >= FRAME_MIN && packet->size <= FRAME_MAX;
}

static void give_back(struct frame_sink *sink, struct packet *packet, enum status result)
{
	enum status status;

	packet->status = result;
	status = stream_ack(&sink->stream, packet);
	(void)status; /* PROTOCOL: the next turn finds it too, and ends the session */
}

static void sink_turn(struct stream_sink *stream)
{
	struct frame_sink *sink = container_of(stream, struct frame_sink, stream);
	struct packet      packet;

	sink->is_woken = false;
	while (stream_take(stream, &packet) == STATUS_OK) {
		if (is_frame(&packet))
			sink->held[(sink->first + sink->number++) % sink->count] = packet;
		else
			give_back(sink, &packet, STATUS_INVALID);
	}
	sink->in_turn = true;
	if (sink->number)
		sink->arrived(sink);
	sink->in_turn = false;
}

static void sink_broken(struct stream_sink *stream)
{
	struct frame_sink *sink = container_of(stream, struct frame_sink, stream);

	sink->broken(sink);
}

enum status frame_sink_init(struct frame_sink *sink, struct ep *ep, struct account payer, struct heap *heap, struct packet_memory const *memory)
{
	enum status status;

	sink->stream.turn = sink_turn;
	sink->stream.broken = sink_broken;
	sink->count = memory->count;
	RPC_TRY(heap_new_array(heap, memory->count, &sink->held));
	sink->heap = heap;
	status = stream_sink_init(&sink->stream, ep, payer, memory);
	if (status)
		frame_sink_fini(sink);
	return status;
}

void frame_sink_fini(struct frame_sink *sink)
{
	stream_sink_fini(&sink->stream);
	if (sink->held)
		heap_free(sink->heap, sink->held);
	*sink = (struct frame_sink) { .arrived = sink->arrived, .broken = sink->broken };
}

void const *frame_first(struct frame_sink *sink, size_t *size)
{
	if (!sink->number || sink->stream.end.is_over)
		return NULL;
	*size = sink->held[sink->first].size;
	return (char const *)sink->stream.packets.bulk + sink->held[sink->first].offset;
}

void frame_done(struct frame_sink *sink)
{
	give_back(sink, &sink->held[sink->first], STATUS_OK);
	sink->first = (sink->first + 1) % sink->count;
	sink->number--;
	sink->received++;
	if (!sink->in_turn && !sink->is_woken) {
		sink->is_woken = true;
		stream_sink_wake(&sink->stream);
	}
}

uint32_t frame_sink_pending(struct frame_sink const *sink)
{
	uint32_t queued;

	return sink->number + (ring_filled(&sink->stream.packets.submit, &queued) == STATUS_OK ? queued : 0);
}
