/* SPDX-License-Identifier: MIT */
/*
 * Packet streams in sessions: the order of a turn is awake, look at the peer's words, work, publish, wake the peer, sleep. What is
 * left over, because the budget is spent or the peer was quick, is a signal to oneself: so others on the same loop come first.
 */
#include <base/stream_session.h>
#include <base/assert.h>
#include <base/cap_alloc.h>
#include <base/signal.h>

enum { COUNT_MAX = 1024, BULK_MAX = 16 << 20 };

/* --- The buffer --- */

bool stream_is_valid(uint32_t count, uint64_t bulk_bytes)
{
	return is_power_of_two(count) && count <= COUNT_MAX && bulk_bytes && bulk_bytes <= BULK_MAX && is_aligned(bulk_bytes, PAGE_SIZE);
}

enum status stream_buffer_init(struct attached_ram *buffer, struct account payer, uint32_t count, uint64_t bulk_bytes,
                               struct packet_memory *memory)
{
	assert(stream_is_valid(count, bulk_bytes));
	RPC_TRY(attached_ram_init(buffer, payer, packet_bulk_start(count) + bulk_bytes));
	*memory = (struct packet_memory) { .start = buffer->address, .size = buffer->size, .count = count };
	return STATUS_OK;
}

enum status stream_attach(struct dataspace buffer, struct account payer, uint32_t count, uint64_t bulk_bytes, struct packet_memory *memory)
{
	struct rm             own_map = { .connection.cap.selector = SLOT_RM << 5 };
	struct rm_attach_args args    = { .size = packet_bulk_start(count) + bulk_bytes, .access = RM_ACCESS_WRITE };
	uint64_t              at;

	assert(stream_is_valid(count, bulk_bytes));
	RPC_TRY(rm_attach(&own_map, buffer, &args, payer, &at));
	*memory = (struct packet_memory) { .start = (void *)at, .size = args.size, .count = count };
	return STATUS_OK;
}

/* --- Both ends --- */

static enum status end_init(struct stream_end *end, struct ep *ep, struct account payer, uint32_t count, void (*handle)(struct handler *, uint64_t))
{
	struct signal signals = { .connection.cap = payer.cap };

	*end = (struct stream_end) { .handler.handle = handle, .payer = payer, .budget = count };
	return signal_alloc_context(&signals, (struct thread) { ep->thread }, (uint64_t)&end->handler, &end->context);
}

static void end_fini(struct stream_end *end)
{
	struct signal signals = { .connection.cap = end->payer.cap };

	if (cap_is_null(end->context.cap))
		return;

	enum status status = signal_free_context(&signals, end->context);

	assert(status == STATUS_OK);
	cap_release(end->context.cap);
	*end = (struct stream_end) { .is_over = true };
}

/* The next turn of this side. */
static void again(struct stream_end *end)
{
	enum status status = signal_submit(end->context);

	assert(status == STATUS_OK);
}

/* If nobody receives it, or it is no signal context, that is the peer's own doing. */
static void wake_peer(struct stream_end *end)
{
	enum status status = signal_submit(end->peer);

	(void)status;
	end->counts.wakes++;
}

static void start(struct stream_end *end, struct signal_context peer)
{
	end->peer = peer;
	again(end);
}

/* False: there is nothing to do here, or not yet. */
static bool begin_turn(struct stream_end *end)
{
	if (end->is_over || cap_is_null(end->peer.cap))
		return false;
	end->left_in = end->left_out = end->budget;
	end->is_cut = false;
	end->counts.turns++;
	return true;
}

/* Takes one of the budget; false: it is spent. */
static bool spend(struct stream_end *end, uint32_t *left)
{
	if (!*left) {
		end->is_cut = true;
		return false;
	}
	--*left;
	return true;
}

/* Are the peer's indices possible? A turn need not look at both of them. */
static bool is_honest(struct ring_producer const *producer, struct ring_consumer const *consumer)
{
	uint32_t number;

	return ring_room(producer, &number) == STATUS_OK && ring_filled(consumer, &number) == STATUS_OK;
}

/* --- Source --- */

static void source_sleep(struct stream_source *source)
{
	struct stream_end *end = &source->end;

	if (end->is_cut || !packet_source_sleep(&source->packets, source->is_full)) {
		end->counts.cut += end->is_cut;
		again(end);
		return;
	}
	end->counts.waits_room += source->is_full;
	end->counts.waits_ack += !source->is_full && source->packets.out.used;
	end->counts.waits_packet += !source->packets.out.used;
}

static void source_turn(struct handler *handler, uint64_t count)
{
	struct stream_source *source = container_of(handler, struct stream_source, end.handler);

	if (!begin_turn(&source->end))
		return;
	packet_source_awake(&source->packets);
	source->is_full = false;
	if (is_honest(&source->packets.submit, &source->packets.ack))
		source->turn(source);
	else
		source->packets.broken = true;
	if (source->packets.broken) {
		source->end.is_over = true;
		source->broken(source);
		return;
	}
	if (packet_source_publish(&source->packets))
		wake_peer(&source->end);
	source_sleep(source);
}

enum status stream_source_init(struct stream_source *source, struct ep *ep, struct account payer, struct heap *heap,
                               struct packet_memory const *memory)
{
	enum status status;

	source->heap = heap;
	RPC_TRY(heap_new_array(heap, memory->count, &source->ids));
	status = heap_new_array(heap, memory->count, &source->copies);
	if (status == STATUS_OK)
		status = packet_source_init(&source->packets, memory, source->ids, source->copies);
	if (status == STATUS_OK)
		status = end_init(&source->end, ep, payer, memory->count, source_turn);
	if (status)
		stream_source_fini(source);
	return status;
}

void stream_source_fini(struct stream_source *source)
{
	end_fini(&source->end);
	if (source->heap) {
		heap_free(source->heap, source->ids);
		heap_free(source->heap, source->copies);
	}
	source->ids = NULL;
	source->copies = NULL;
}

void stream_source_start(struct stream_source *source, struct signal_context peer)
{
	start(&source->end, peer);
}

void stream_source_wake(struct stream_source *source)
{
	again(&source->end);
}

enum status stream_submit(struct stream_source *source, struct packet const *packet)
{
	enum status status;

	if (!spend(&source->end, &source->end.left_out))
		return STATUS_BUSY;
	status = packet_submit(&source->packets, packet);
	source->is_full |= status == STATUS_BUSY;
	return status;
}

enum status stream_collect(struct stream_source *source, struct packet *packet)
{
	return spend(&source->end, &source->end.left_in) ? packet_collect(&source->packets, packet) : STATUS_NOT_FOUND;
}

/* --- Sink --- */

static void sink_turn(struct handler *handler, uint64_t count)
{
	struct stream_sink *sink = container_of(handler, struct stream_sink, end.handler);
	struct stream_end  *end  = &sink->end;

	if (!begin_turn(end))
		return;
	packet_sink_awake(&sink->packets);
	if (is_honest(&sink->packets.ack, &sink->packets.submit))
		sink->turn(sink);
	else
		sink->packets.broken = true;
	if (sink->packets.broken) {
		end->is_over = true;
		sink->broken(sink);
		return;
	}
	if (packet_sink_publish(&sink->packets))
		wake_peer(end);
	if (end->is_cut || !packet_sink_sleep(&sink->packets)) {
		end->counts.cut += end->is_cut;
		again(end);
		return;
	}
	end->counts.waits_packet++;
}

enum status stream_sink_init(struct stream_sink *sink, struct ep *ep, struct account payer, struct packet_memory const *memory)
{
	RPC_TRY(packet_sink_init(&sink->packets, memory));
	return end_init(&sink->end, ep, payer, memory->count, sink_turn);
}

void stream_sink_fini(struct stream_sink *sink)
{
	end_fini(&sink->end);
}

void stream_sink_start(struct stream_sink *sink, struct signal_context peer)
{
	start(&sink->end, peer);
}

void stream_sink_wake(struct stream_sink *sink)
{
	again(&sink->end);
}

enum status stream_take(struct stream_sink *sink, struct packet *packet)
{
	return spend(&sink->end, &sink->end.left_in) ? packet_take(&sink->packets, packet) : STATUS_NOT_FOUND;
}

enum status stream_ack(struct stream_sink *sink, struct packet const *packet)
{
	return packet_ack(&sink->packets, packet);
}
