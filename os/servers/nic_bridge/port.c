/* SPDX-License-Identifier: MIT */
/* A port: the two streams of a session. */
#include "bridge.h"

enum status port_init(struct port *port, struct ep *ep, struct session *session, struct port_sizes sizes)
{
	struct account const account = session_account(session);
	struct heap         *heap    = session_heap(session);
	struct packet_memory memory;
	enum status          status;

	if (!frames_are_valid(sizes.in) || !frames_are_valid(sizes.out))
		return STATUS_INVALID;
	status = frames_buffer_init(&port->in_buffer, account, sizes.in, &memory);
	if (status == STATUS_OK)
		status = frame_sink_init(&port->in, ep, account, heap, &memory);
	if (status == STATUS_OK)
		status = frames_buffer_init(&port->out_buffer, account, sizes.out, &memory);
	if (status == STATUS_OK)
		status = frame_source_init(&port->out, ep, account, heap, &memory);
	if (status)
		port_fini(port);
	return status;
}

void port_fini(struct port *port)
{
	frame_sink_fini(&port->in);
	frame_source_fini(&port->out);
	attached_ram_fini(&port->in_buffer);
	attached_ram_fini(&port->out_buffer);
}

enum status port_start(struct port *port, struct session *session, struct rpc_cap const *in_wake, struct rpc_cap const *out_wake)
{
	struct cap in, out;

	if (!cap_is_null(port->in.stream.end.peer.cap))
		return STATUS_EXISTS;
	TRY(session_keep(session, in_wake, &in));
	TRY(session_keep(session, out_wake, &out));
	stream_sink_start(&port->in.stream, (struct signal_context) { in });
	stream_source_start(&port->out.stream, (struct signal_context) { out });
	return STATUS_OK;
}
