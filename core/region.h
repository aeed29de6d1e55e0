/* SPDX-License-Identifier: MIT */
/*
 * Region maps: which dataspace stands where in an address space. A region map serves one protection domain, from its first
 * add_client on; pages are mapped when they are touched (pager.c). Or it is itself a dataspace, a managed one, and stands in other maps: see
 * walk.h for the way down through such maps, wave.h for the way up.
 *
 * **Page tables.** They have payers but are interchangeable: the map owes the domain as many tables as its regions paid for,
 * and only that number is kept, not which table is whose. What a set of regions costs is a function of the set alone:
 * one table for each pair of a payer and a 2 MiB window in which it has regions, and for each region that reaches beyond the
 * first GiB two more for each further GiB it touches. (The tables above the first GiB come with the domain.) So what
 * an attachment pays is the difference that it makes, and the same comes back when it goes, in any order. While there
 * is no domain, the frames wait in the map's own list, `spare`.
 *
 * A session account's regions stand together if they can, with a free page on each side: a server with a thousand sessions has them in a few windows,
 * and most of the tables that they pay are never filled. Regions of managed dataspaces need no tables, for these belong to the address spaces that show them.
 */
#pragma once

#include <base/tree.h>
#include <core/account.h>
#include <rm/rm.h>

struct dataspace;
struct pd;

#define REGION_BOTTOM 0x200000UL           /* where the search for a hole begins */
#define REGION_LOWEST 0x10000UL            /* what stands below is a null pointer */
#define REGION_END    0x7ffffffff000UL
#define REGION_WINDOW (512 * PAGE_SIZE)
#define REGION_GIB    (512 * REGION_WINDOW)

/* Frames, by number, linked by their first word. */
struct frame_list { uint32_t first, count; };

struct rm {
	struct record record;           /* state: RM_NESTS */
	struct tree   regions;          /* of struct region by of_rm, key: address */
	struct pd    *pd;               /* NULL: no client yet, or its domain has ended */
	struct frame_list spare;        /* tables that are paid for and not in the domain */
	struct dataspace *dataspace;    /* NULL: an address space */
	struct signal_ref handler;      /* of faults where nothing stands */
	struct list   waiting;          /* of struct thread by of_waiting: for that handler */
	uint32_t      wave_next;        /* a record number; this and the next two are wave.c's */
	uint32_t      wave_from, wave_to; /* pages; equal: it is not in the wave */
	uint32_t      searched;         /* number of the search that came here last */
};

static_assert(sizeof(struct rm) == PLACES_RM * GRANULE, "what it is charged");

enum { RM_NESTS = 1 /* a managed dataspace has been attached */, RM_PAGES_MAX = 1U << 31 };

struct region {
	struct record     record;       /* account: the payer; serial: dying: pages that are unmapped already */
	struct tree_node  of_rm;
	struct dataspace *dataspace;    /* NULL: the UTCB of a thread, and the region is a part of that */
	struct rm        *rm;
	struct list_link  of_dataspace;
	uint32_t          offset;       /* pages, in the dataspace; of a UTCB, its frame */
	uint32_t          pages;
	uint64_t          gap;          /* bytes between the region before, or REGION_BOTTOM, and this one */
	uint64_t          largest_gap;  /* in its subtree */
};

static_assert(sizeof(struct region) == PLACES_REGION * GRANULE, "two caps");

/* record.state of a region: enum rm_access, and this once a fault was resolved through it. */
enum { REGION_ACCESS = 3, REGION_MAPPED = 4 };

static inline uint64_t region_start(struct region const *region) { return region->of_rm.key; }
static inline uint64_t region_end(struct region const *region) { return region->of_rm.key + ((uint64_t)region->pages << PAGE_SHIFT); }

/* Makes a map, with a gate: an address space, or a managed dataspace of that many pages. OUT_OF_CAPS. */
MUST_CHECK enum status rm_create(struct account *payer, uint64_t pages, struct rm **rm);

/* Where its regions can be: from REGION_LOWEST on if asked for. */
static inline uint64_t rm_bottom(struct rm const *rm) { return rm->dataspace ? 0 : REGION_BOTTOM; }
uint64_t rm_end(struct rm const *rm);

struct region_want {
	struct dataspace *dataspace;
	uint64_t          offset, size;    /* bytes, in whole pages; size is not 0 */
	uint64_t          address;         /* if `fixed`; else the map chooses */
	bool              fixed;
	enum rm_access    access;
};

/* What it says in rm.rpc. The rest has been checked, but for where it goes: INVALID, EXISTS, NOT_FOUND; OUT_OF_RAM, OUT_OF_CAPS. */
MUST_CHECK enum status region_attach(struct rm *rm, struct region_want const *want, struct account *payer, uint64_t *address);

/* Puts a thread's UTCB into the map, in `region`, which is the thread's. EXISTS; OUT_OF_RAM. */
MUST_CHECK enum status region_attach_utcb(struct rm *rm, struct region *region, uint64_t address, uint32_t frame, struct account *payer);

/* The region that holds an address; NULL: none, or one that ends. */
struct region *region_lookup(struct rm *rm, uint64_t address);

/* The one that starts there and is not a UTCB, dying ones too; or NULL. */
struct region *region_at(struct rm *rm, uint64_t address);

/*
 * Counts the ends of regions that faults may be on their way through. While it is the same, all maps that a fault has met are there.
 */
extern uint64_t region_epoch;

/* Unmaps and ends a region; what it paid comes back. AGAIN: a slice is done. */
MUST_CHECK enum status region_destroy(struct region *region);

/* From now on it serves that domain. All tables it has go there. BUSY: either has another. */
MUST_CHECK enum status rm_bind(struct rm *rm, struct pd *pd);

/* Ends it with all regions. AGAIN: a slice is done. */
MUST_CHECK enum status rm_destroy(struct rm *rm);

extern struct rm_ops const rm_operations;
