/* SPDX-License-Identifier: MIT */
/*
 * Forwarding. Frames wait in the port they came in at; one turn takes one frame of each port in turn, at most BATCH in all, so that
 * a busy client gets its share and no more. What is for the uplink waits there until the uplink has room: clients are slowed
 * down by the wire, and by nothing else. What is for a client that has no room is lost, so that no client holds up another.
 */
#include "bridge.h"

#include <base/assert.h>
#include <base/signal.h>
#include <base/string.h>

enum { BATCH = 64 /* frames in one turn */ };

static struct list           ports = LIST_INIT(ports); /* of struct port by of_bridge: clients, and who is next comes first */
static struct list           uplinks = LIST_INIT(uplinks); /* the newest is first */
static struct bridge_counts  counts;
static struct handler        worker;
static struct signal_context work;
static bool                  is_due;       /* `work` is submitted */

/* --- Ports --- */

void bridge_add_client(struct port *port)
{
	list_append(&ports, &port->of_bridge);
}

void bridge_add_uplink(struct port *port)
{
	port->is_uplink = true;
	list_prepend(&uplinks, &port->of_bridge);
}

void bridge_remove(struct port *port)
{
	list_remove(&port->of_bridge);
	bridge_work();
}

struct port *bridge_uplink(void)
{
	return list_first_object(&uplinks, struct port, of_bridge);
}

struct bridge_counts bridge_counts(void)
{
	return counts;
}

/* --- Frames --- */

struct frame {
	void const *data;
	size_t      size;
	address_t   to, from;
};

/* Reads what decisions depend on once; the rest is only copied. */
static bool first_frame(struct port *port, struct frame *frame)
{
	uint8_t header[FRAME_HEADER];

	frame->data = frame_first(&port->in, &frame->size);
	if (!frame->data)
		return false;
	memcpy(header, frame->data, sizeof(header));
	__asm__ volatile("" ::: "memory"); /* `header` is what was read, and is not read again */
	frame->to = address_of(header);
	frame->from = address_of(header + NIC_ADDRESS);
	return true;
}

static void send(struct port *to, struct frame const *frame)
{
	if (to && frame_send(&to->out, frame->data, frame->size))
		counts.forwarded++;
	else
		counts.lost++;
}

/* To the client with that address, or to all but `from`. Returns whether one has it. */
static bool send_to_clients(struct port const *from, struct frame const *frame)
{
	bool const is_group = address_is_group(frame->to);

	list_for_each (port, &ports, struct port, of_bridge) {
		if (port == from || (!is_group && port->address != frame->to))
			continue;
		send(port, frame);
		if (!is_group)
			return true;
	}
	return false;
}

/* Forwards the first frame of `port`. False: there is none, or it has to wait for the uplink. */
static bool forward(struct port *port)
{
	struct port *uplink = bridge_uplink();
	struct frame frame;

	if (!first_frame(port, &frame))
		return false;
	if (!port->is_uplink && frame.from != port->address) {
		if (!counts.foreign++)
			log_warning("a client sends frames in the name of others: they are dropped");
	} else if (port->is_uplink) {
		if (port == uplink && !send_to_clients(port, &frame) && !address_is_group(frame.to))
			counts.lost++;
	} else {
		if (uplink && !frame_has_room(&uplink->out))
			return false;
		if (!send_to_clients(port, &frame))
			send(uplink, &frame);
	}
	frame_done(&port->in);
	return true;
}

/* One frame of each port in `list`; returns how many. */
static unsigned forward_round(struct list *list)
{
	unsigned done = 0;

	list_for_each (port, list, struct port, of_bridge)
		done += forward(port);
	return done;
}

static void handle_work(struct handler *handler, uint64_t count)
{
	unsigned done = 0, round = 0;

	is_due = false;
	do {
		round = forward_round(&uplinks) + forward_round(&ports);
		done += round;
	} while (round && done < BATCH);
	if (round)
		bridge_work();
	/* Who was first is last the next time, so that the last room of the uplink does not always go to the same one. */
	if (!list_is_empty(&ports))
		list_append(&ports, list_take_first(&ports));
}

void bridge_work(void)
{
	enum status status;

	if (is_due)
		return;
	is_due = true;
	status = signal_submit(work);
	assert(status == STATUS_OK);
}

enum status bridge_init(struct ep *ep)
{
	worker.handle = handle_work;
	return ep_signal(ep, &worker, &work);
}
