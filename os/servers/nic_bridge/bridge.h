/* SPDX-License-Identifier: MIT */
/*
 * Between the files of nic_bridge. A port is where frames come in and go out: each client has one, and each uplink.
 */
#pragma once

#include <base/component.h>
#include <frames/frames.h>

/* An Ethernet address as a number: the first byte on the wire is the highest of 48 bits. */
typedef uint64_t address_t;

enum { ADDRESS_GROUP = 1 /* in the first byte: multicast or broadcast (IEEE 802, 8.2.2) */, ADDRESS_LOCAL = 2 };

static inline address_t address_of(uint8_t const bytes[NIC_ADDRESS])
{
	address_t address = 0;

	for (unsigned i = 0; i < NIC_ADDRESS; i++)
		address = address << 8 | bytes[i];
	return address;
}

static inline bool address_is_group(address_t address) { return address >> 40 & ADDRESS_GROUP; }

struct port {
	struct attached_ram in_buffer, out_buffer;
	struct frame_sink   in;         /* what its holder sends */
	struct frame_source out;        /* what goes to it */
	address_t           address;
	bool                is_uplink;
	struct list_link    of_bridge;
};

/* --- port.c --- */

struct port_sizes { uint32_t in, out; };

/* `port` is zero but for address and is_uplink, in and out's callbacks. OUT_OF_RAM, OUT_OF_CAPS: nothing is left. */
MUST_CHECK enum status port_init(struct port *port, struct ep *ep, struct session *session, struct port_sizes sizes);
void port_fini(struct port *port);

/* What the session's `start` does: exchanges what wakes. EXISTS. */
MUST_CHECK enum status port_start(struct port *port, struct session *session, struct rpc_cap const *in_wake, struct rpc_cap const *out_wake);

/* --- bridge.c: who gets what --- */

struct bridge_counts {
	uint64_t forwarded, lost;      /* lost: no room at the receiver, no uplink, nobody with that address */
	uint64_t foreign;              /* from a client, with a source address that is not its own */
};

MUST_CHECK enum status bridge_init(struct ep *ep);

/* From now on its frames are forwarded, and those for it come. */
void bridge_add_client(struct port *port);
void bridge_add_uplink(struct port *port);

/* Its frames that are held are lost. */
void bridge_remove(struct port *port);

/* `port` holds frames, or a port has room again: they are forwarded soon. */
void bridge_work(void);

/* The newest uplink, or NULL. */
struct port *bridge_uplink(void);

struct bridge_counts bridge_counts(void);
