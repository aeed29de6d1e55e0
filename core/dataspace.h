/* SPDX-License-Identifier: MIT */
/*
 * Dataspaces: frames in a row that can be attached. RAM dataspaces are paid by the account that they were allocated from,
 * those of boot modules are core's own, those of devices belong to an IO_MEM session. A managed
 * one has no frames: it is a region map, and ends before it.
 *
 * Life: FILLING while core zeroes it in slices, LIVE, and FREED once its owner gave it back while regions still show it: then no
 * new region can be made, and the memory goes when the last one does. Only its account's end takes it from under a region.
 *
 * A device may write to memory whose owner was told where it is, until the owner frees it. If it is the end of the account that ends it, nobody knows
 * whether the device is silent: then the memory is QUARANTINED, still charged to the account, which stays as a husk, until whoever owns the devices says that
 * they are (ram.devices_silent).
 */
#pragma once

#include <core/account.h>
#include <ram/ram.h>

enum dataspace_state { DATASPACE_FILLING, DATASPACE_LIVE, DATASPACE_FREED, DATASPACE_QUARANTINED };

enum dataspace_rights { DATASPACE_WRITABLE = 1, DATASPACE_EXECUTABLE = 2, DATASPACE_RAM = 4 /* the frames are freed with it */,
	DATASPACE_DEVICE = 8 /* not at CORE_RAM */, DATASPACE_MANAGED = 16, DATASPACE_TOLD = 32 /* where it is; devices may know */,
	DATASPACE_NAMELESS = 64 /* nobody has a capability of it */ };

struct dataspace {
	struct record record;
	uint32_t      frame, frames;    /* the first one, and how many; MANAGED: record number of the map, and pages */
	union {
		struct list regions;              /* of struct region by of_dataspace */
		struct list_link of_quarantined;  /* QUARANTINED */
		uint32_t    next_filling;         /* FILLING: the next one of the account, or 0 */
	};
	uint32_t      filled;           /* FILLING: frames that are zero */
	uint8_t       rights;           /* enum dataspace_rights */
	uint8_t       cache;            /* enum ram_cache */
	uint8_t       align_log2;       /* FILLING: as asked for */
	uint8_t       low;
};

static inline bool dataspace_is_managed(struct dataspace const *dataspace) { return dataspace->rights & DATASPACE_MANAGED; }

static_assert(sizeof(struct dataspace) == PLACES_DATASPACE * GRANULE, "one cap");

struct dataspace_want { uint64_t frames, align; enum ram_cache cache; bool low /* below 4 GiB */, nameless; };

/*
 * Zeroed RAM. AGAIN: not all of it is zero yet; asking for the same again goes on. OUT_OF_RAM, OUT_OF_CAPS; NOT_FOUND: no such
 * run is free.
 */
MUST_CHECK enum status dataspace_alloc(struct account *payer, struct dataspace_want const *want, struct dataspace **dataspace);

/* A dataspace over memory that is no account's: of a boot module, of a device. rights: not RAM. OUT_OF_CAPS. */
MUST_CHECK enum status dataspace_wrap(struct account *payer, uint64_t frame, uint64_t frames, uint8_t rights, struct dataspace **dataspace);

/* The owner gives it back: no device reaches it. */
void dataspace_free(struct dataspace *dataspace);

/* A region has let go of it. */
void dataspace_released(struct dataspace *dataspace);

/* Ends all regions that show a managed dataspace; there can be no new ones. AGAIN: a slice is done. */
MUST_CHECK enum status dataspace_hide(struct dataspace *dataspace);

/* Ends it with all regions that show it; a managed one with its map. What devices may reach is quarantined then. AGAIN: a slice is done. */
MUST_CHECK enum status dataspace_destroy(struct dataspace *dataspace);

static inline bool dataspace_is_quarantined(struct dataspace const *dataspace) { return dataspace->record.state == DATASPACE_QUARANTINED; }

/* Devices are silent: all that is quarantined goes back to who paid for it. AGAIN: a slice is done. */
MUST_CHECK enum status dataspace_end_quarantine(void);
