/* SPDX-License-Identifier: MIT */
/*
 * IO_MEM sessions: registers of a device, as a dataspace that is never cached. What is RAM, core's or anybody's, the local APIC and the
 * I/O APIC are nobody's; of all else, each page is given once. Firmware calls both devices and its own part of the
 * RAM "reserved": a reserved range that touches RAM, directly or by way of others, counts as RAM.
 *
 * Device memory is not at CORE_RAM: core never touches it.
 */
#pragma once

#include <core/claims.h>
#include <core/dataspace.h>
#include <io_mem/io_mem.h>
#include <kernel/abi/info.h>

struct io_mem {
	struct record     record;
	struct claim      claim;        /* in pages */
	struct dataspace *memory;       /* its account is that of the session */
	uint64_t          reserved[5];
};

static_assert(sizeof(struct io_mem) == PLACES_IO_MEM * GRANULE, "what it is charged, beside the dataspace");

/* `info` stays. */
void io_mem_init(struct info const *info);

/* Is that range of the firmware RAM, or next to RAM? Else it is reserved for devices. After io_mem_init. */
bool io_mem_is_ram(uint32_t range_index);

/* INVALID: an empty range, or beyond 16 TiB. DENIED: RAM, the kernel's, not granted by the label, or given to
 * another session; a line says so, with the client's label. */
MUST_CHECK enum status io_mem_check(struct io_mem_args const *args, char const *label);

/* What io_mem_check allowed. OUT_OF_CAPS. */
MUST_CHECK enum status io_mem_create(struct account *payer, struct io_mem_args const *args, struct io_mem **io_mem);

/* Its dataspace has ended before it, and all regions that showed it. */
void io_mem_destroy(struct io_mem *io_mem);

extern struct io_mem_ops const io_mem_operations;
