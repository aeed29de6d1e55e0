/* SPDX-License-Identifier: MIT */
/* IO_PORT sessions: ranges of I/O ports. Those of the serial console, of the interrupt controllers and of the machine's end are the kernel's own. */
#pragma once

#include <core/account.h>
#include <core/claims.h>
#include <io_port/io_port.h>

struct io_port {
	struct record record;
	struct claim  claim;
	uint64_t      reserved[6];
};

static_assert(sizeof(struct io_port) == PLACES_IO_PORT * GRANULE, "what it is charged");

struct info;

/* Finds ports that are not just anybody's. */
void io_port_init(struct info const *info);

/*
 * INVALID: an empty range, or beyond the last port. DENIED: the kernel's, not granted by the label, or given to another session;
 * a line says so, with the client's label.
 */
MUST_CHECK enum status io_port_check(struct io_port_args const *args, char const *label);

/* What io_port_check allowed. OUT_OF_CAPS. */
MUST_CHECK enum status io_port_create(struct account *payer, struct io_port_args const *args, struct io_port **io_port);
void io_port_destroy(struct io_port *io_port);

extern struct io_port_ops const io_port_operations;
