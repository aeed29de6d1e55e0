/* SPDX-License-Identifier: MIT */
/* The client's ends of a session of NIC or Uplink. */
#include <frames/frames.h>

#include <base/cap_alloc.h>
#include <base/try.h>

static void detach(struct packet_memory *memory)
{
	if (memory->start)
		dataspace_detach(memory->start);
	memory->start = NULL;
}

enum status frame_link_init(struct frame_link *link, struct env *env, struct frame_buffers const *buffers)
{
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
	if (status)
		frame_link_fini(link);
	return status;
}

static enum status connect(struct frame_link *link, struct nic *nic, struct env *env, struct nic_args const *args)
{
	struct frame_buffers buffers = { .sent_count = args->tx_count, .received_count = args->rx_count };
	enum status          status;

	TRY(nic_buffers(nic, &buffers.sent, &buffers.received));
	TRY(frame_link_init(link, env, &buffers));
	status = nic_start(nic, link->source.stream.end.context, link->sink.stream.end.context, &link->sent_peer, &link->received_peer);
	if (status)
		frame_link_fini(link);
	return status;
}

enum status frame_link_open(struct frame_link *link, struct nic *nic, struct env *env, char const *label, struct nic_args const *args)
{
	enum status status;

	TRY(nic_open(nic, env, label, args));
	status = connect(link, nic, env, args);
	if (status)
		nic_close(nic);
	else
		frame_link_start(link);
	return status;
}

void frame_link_start(struct frame_link *link)
{
	stream_source_start(&link->source.stream, link->sent_peer);
	stream_sink_start(&link->sink.stream, link->received_peer);
}

void frame_link_fini(struct frame_link *link)
{
	frame_source_fini(&link->source);
	frame_sink_fini(&link->sink);
	detach(&link->sent);
	detach(&link->received);
	cap_release(link->sent_peer.cap);
	cap_release(link->received_peer.cap);
	link->sent_peer.cap = link->received_peer.cap = CAP_NULL;
}
