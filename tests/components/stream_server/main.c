/* SPDX-License-Identifier: MIT */
/* Serves Stream: takes what comes up, sends down what was ordered, and ends the sessions of those who break the rules. */
#include <stream/stream.h>
#include "../stream_pump.h"

struct streamer {
	struct stream_session session;
	struct attached_ram   up_buffer, down_buffer;
	struct pump_sink      up;
	struct pump_source    down;
};

static struct env *own_env;
static unsigned    broken;

static struct streamer *streamer_of(struct stream_session *session)
{
	return container_of(session, struct streamer, session);
}

/* --- Turns --- */

static void up_turn(struct stream_sink *sink)
{
	pump_in(container_of(sink, struct pump_sink, stream));
}

static void down_turn(struct stream_source *source)
{
	pump_out(container_of(source, struct pump_source, stream));
}

static void end(struct streamer *streamer)
{
	broken += !streamer->session.session.is_ending;
	session_end(&streamer->session.session);
}

static void up_broken(struct stream_sink *sink)
{
	end(container_of(sink, struct streamer, up.stream));
}

static void down_broken(struct stream_source *source)
{
	end(container_of(source, struct streamer, down.stream));
}

/* --- Sessions --- */

static void close_streamer(struct stream_session *session)
{
	struct streamer *streamer = streamer_of(session);

	stream_sink_fini(&streamer->up.stream);
	stream_source_fini(&streamer->down.stream);
	attached_ram_fini(&streamer->up_buffer);
	attached_ram_fini(&streamer->down_buffer);
}

static enum status set_up(struct streamer *streamer, struct stream_args const *args)
{
	struct account const account = session_account(&streamer->session.session);
	struct packet_memory memory;

	streamer->up = (struct pump_sink) { .stream = { .turn = up_turn, .broken = up_broken }, .is_checked = args->is_checked };
	streamer->down = (struct pump_source) { .stream = { .turn = down_turn, .broken = down_broken }, .total = args->down, .is_checked = args->is_checked };
	TRY(stream_buffer_init(&streamer->up_buffer, account, args->count, args->bulk, &memory));
	TRY(stream_sink_init(&streamer->up.stream, &own_env->ep, account, &memory));
	TRY(stream_buffer_init(&streamer->down_buffer, account, args->count, args->bulk, &memory));
	return stream_source_init(&streamer->down.stream, &own_env->ep, account, session_heap(&streamer->session.session), &memory);
}

static enum status open_streamer(struct stream_session *session, struct stream_args const *args)
{
	enum status status;

	if (!stream_is_valid(args->count, args->bulk) || args->bulk < PUMP_SIZE_MAX)
		return STATUS_INVALID;
	status = set_up(streamer_of(session), args);
	if (status)
		close_streamer(session);
	return status;
}

/* --- Operations --- */

static enum status buffers(struct stream_session *session, struct cap *up, struct cap *down)
{
	*up = streamer_of(session)->up_buffer.memory.cap;
	*down = streamer_of(session)->down_buffer.memory.cap;
	return STATUS_OK;
}

static enum status start(struct stream_session *session, struct rpc_cap const *up_wake, struct rpc_cap const *down_wake, struct cap *up,
                         struct cap *down)
{
	struct streamer *streamer = streamer_of(session);
	struct cap       up_peer, down_peer;

	if (!cap_is_null(streamer->down.stream.end.peer.cap))
		return STATUS_EXISTS;
	TRY(session_keep(&session->session, up_wake, &up_peer));
	TRY(session_keep(&session->session, down_wake, &down_peer));
	*up = streamer->up.stream.end.context.cap;
	*down = streamer->down.stream.end.context.cap;
	stream_sink_start(&streamer->up.stream, (struct signal_context) { up_peer });
	stream_source_start(&streamer->down.stream, (struct signal_context) { down_peer });
	return STATUS_OK;
}

static enum status report(struct stream_session *session, struct stream_report *report)
{
	struct streamer const *streamer = streamer_of(session);

	*report = (struct stream_report) {
		.up_packets = streamer->up.taken, .up_bytes = streamer->up.bytes, .down_acked = streamer->down.acked,
		.wrong = streamer->up.wrong + streamer->down.wrong, .waits_packet = streamer->up.stream.end.counts.waits_packet,
		.waits_room = streamer->down.stream.end.counts.waits_room, .waits_ack = streamer->down.stream.end.counts.waits_ack,
		.waits_bulk = streamer->down.waits_bulk, .most_in_turn = MAX(streamer->up.most, streamer->down.most), .broken = broken,
	};
	return STATUS_OK;
}

static struct stream_service service = {
	.ops          = { .buffers = buffers, .start = start, .report = report },
	.session_size = sizeof(struct streamer),
	.open         = open_streamer,
	.close        = close_streamer,
};

enum status component_construct(struct env *env)
{
	own_env = env;
	return stream_provide(&service, env);
}
