/* SPDX-License-Identifier: MIT */
/* The client's end of a session of NIC or Uplink, which outlives its servers. */
#include <frames/frames.h>

#include <base/cap_alloc.h>
#include <base/log.h>
#include <base/time.h>
#include <base/try.h>

enum { PAUSE_MIN_MS = 10, PAUSE_MAX_MS = 1000 };

struct frame_link_kind {
	char const  *name;
	enum status (*connect)(struct frame_link *link);      /* opens the session, and sets up the streams; what there is after an error is still to be closed */
};

/* --- Streams --- */

/* What the session's `buffers` gave, and the counts that it was opened with. */
struct buffers {
	struct dataspace sent, received;
	uint32_t         sent_count, received_count;
};

static enum status init_streams(struct frame_link *link, struct buffers const *buffers)
{
	struct env *env = link->env;
	enum status status;

	status = frames_attach(buffers->sent, env->account, buffers->sent_count, &link->sent);
	if (status == STATUS_OK)
		status = frames_attach(buffers->received, env->account, buffers->received_count, &link->received);
	if (status == STATUS_OK)
		status = frame_source_init(&link->source, &env->ep, env->account, &env->heap, &link->sent);
	if (status == STATUS_OK)
		status = frame_sink_init(&link->sink, &env->ep, env->account, &env->heap, &link->received);
	cap_release(buffers->sent.cap);
	cap_release(buffers->received.cap);
	return status;
}

static void detach(struct packet_memory *memory)
{
	if (memory->start)
		dataspace_detach(memory->start);
	memory->start = NULL;
}

/* Of a session that is open in parts, too. */
static void close_session(struct frame_link *link)
{
	link->is_open = false;
	frame_source_fini(&link->source);
	frame_sink_fini(&link->sink);
	detach(&link->sent);
	detach(&link->received);
	cap_release(link->sent_peer.cap);
	cap_release(link->received_peer.cap);
	link->sent_peer.cap = link->received_peer.cap = CAP_NULL;
	connection_close(&link->connection);
}

/* --- The session, and the next one --- */

static enum status open_session(struct frame_link *link)
{
	enum status status = link->kind->connect(link);

	if (status == STATUS_OK) {
		connection_on_lost(&link->connection, &link->again);
		stream_source_start(&link->source.stream, link->sent_peer);
		stream_sink_start(&link->sink.stream, link->received_peer);
		link->is_open = true;
		if (link->opened)
			status = link->opened(link);
	}
	if (status)
		close_session(link);
	return status;
}

static void open_later(struct frame_link *link, enum status status)
{
	if (!link->pause_ms)
		log_warning("cannot open %s: %s: it is tried again until it works", link->kind->name, status_name(status));
	link->pause_ms = link->pause_ms ? MIN(2 * link->pause_ms, (uint32_t)PAUSE_MAX_MS) : PAUSE_MIN_MS;
	ep_timeout(&link->env->ep, &link->again, time_now_ns() + link->pause_ms * TIME_NS_PER_MS);
}

static void handle_again(struct handler *handler, uint64_t count)
{
	struct frame_link *link = container_of(handler, struct frame_link, again);
	enum status        status;

	ep_timeout_cancel(&link->env->ep, &link->again);
	if (link->is_open) {
		close_session(link);
		if (link->closed)
			link->closed(link);
	}
	status = open_session(link);
	if (status)
		open_later(link, status);
	else
		link->pause_ms = 0;
}

/* It has ended for the streams; a server that does this each time is not to keep us busy. */
static void leave_server(struct frame_link *link)
{
	if (link->again.armed)
		return;
	log_error("the server of %s breaks the rules of its streams: another session is opened", link->kind->name);
	ep_timeout(&link->env->ep, &link->again, time_now_ns() + PAUSE_MAX_MS * TIME_NS_PER_MS);
}

static void source_broken(struct frame_source *source)
{
	leave_server(container_of(source, struct frame_link, source));
}

static void sink_broken(struct frame_sink *sink)
{
	leave_server(container_of(sink, struct frame_link, sink));
}

/* --- NIC and Uplink --- */

static enum status connect_nic(struct frame_link *link)
{
	struct buffers buffers = { .sent_count = link->args.nic.tx_count, .received_count = link->args.nic.rx_count };

	TRY(nic_open(&link->nic, link->env, link->label, &link->args.nic));
	TRY(nic_buffers(&link->nic, &buffers.sent, &buffers.received));
	TRY(init_streams(link, &buffers));
	return nic_start(&link->nic, link->source.stream.end.context, link->sink.stream.end.context, &link->sent_peer, &link->received_peer);
}

static enum status connect_uplink(struct frame_link *link)
{
	struct buffers buffers = { .sent_count = link->args.uplink.rx_count, .received_count = link->args.uplink.tx_count };

	TRY(uplink_open(&link->uplink, link->env, link->label, &link->args.uplink));
	TRY(uplink_buffers(&link->uplink, &buffers.sent, &buffers.received));
	TRY(init_streams(link, &buffers));
	return uplink_start(&link->uplink, link->source.stream.end.context, link->sink.stream.end.context, &link->sent_peer, &link->received_peer);
}

static struct frame_link_kind const kind_nic = { "NIC", connect_nic }, kind_uplink = { "Uplink", connect_uplink };

/* Is it what a server that has just ended leaves behind? */
static bool is_gone(enum status status)
{
	return status == STATUS_LOST || status == STATUS_PEER_GONE || status == STATUS_PEER_FAULT || status == STATUS_NO_REPLY || status == STATUS_BAD_CAP;
}

static enum status open_first(struct frame_link *link, struct env *env, char const *label, struct frame_link_kind const *kind)
{
	enum status status;

	link->env = env;
	link->label = label;
	link->kind = kind;
	link->again.handle = handle_again;
	link->pause_ms = 0;
	link->source.broken = source_broken;
	link->sink.broken = sink_broken;
	status = open_session(link);
	if (!is_gone(status))
		return status;
	open_later(link, status);
	return STATUS_OK;
}

enum status frame_link_open_nic(struct frame_link *link, struct env *env, char const *label, struct nic_args const *args)
{
	link->args.nic = *args;
	return open_first(link, env, label, &kind_nic);
}

enum status frame_link_open_uplink(struct frame_link *link, struct env *env, char const *label, struct uplink_args const *args)
{
	link->args.uplink = *args;
	return open_first(link, env, label, &kind_uplink);
}

void frame_link_close(struct frame_link *link)
{
	ep_timeout_cancel(&link->env->ep, &link->again);
	close_session(link);
}
