/* SPDX-License-Identifier: MIT */
/*
 * The way down: from an address in an address space, through the managed dataspaces that stand there, to the memory that is to be seen. Each
 * map on the way can make what is seen smaller and the rights fewer. It ends at memory, or in a map where nothing stands at the
 * address: then that map's fault handler is asked, and the thread waits in the map.
 *
 * Managed dataspaces nest to any depth, but a slice goes WALK_SLICE maps down. A walk that is not at its end is kept in the thread, which
 * faults again and so goes on with it, unless a region that it may have met has ended meanwhile (region_epoch): then it starts anew.
 */
#pragma once

#include <core/region.h>

struct thread;

enum { WALK_SLICE = 64 };

enum walk_end {
	WALK_FOUND,      /* `region` shows memory */
	WALK_MISSING,    /* nothing stands at `address` in `rm` */
	WALK_DENIED,     /* a region on the way does not allow that access */
	WALK_DEEPER,     /* the slice is over */
};

struct walk {
	uint64_t       epoch;            /* region_epoch when it began */
	uint64_t       start;            /* the address in the address space */
	uint32_t       error;            /* the access, enum fault_error */
	bool           write, execute;   /* all regions so far allow that */
	struct rm     *rm;               /* where it is; NULL: nowhere */
	uint64_t       address;          /* in `rm` */
	uint64_t       before, after;    /* bytes on both sides of the page that all regions so far show */
	struct region *region;           /* FOUND: the last one */
};

/* begins at an address of `rm`, which is of an address space. around: a power of two; nothing outside that much, aligned, is of interest. */
void walk_begin(struct walk *walk, struct rm *rm, uint64_t address, uint32_t error, uint64_t around);
enum walk_end walk_go(struct walk *walk);

/* FOUND: the frame of the page in which the address is. */
uint64_t walk_frame(struct walk const *walk);

/* --- Threads that wait for a fault handler --- */

/* MISSING, and the map has a handler: the thread waits, and the handler is told. */
void walk_wait(struct walk const *walk, struct thread *thread);

/* The thread waits no longer; nothing for one that does not wait. */
void walk_forget(struct thread *thread);

/* The same, and it tries again, or stays where it was stopped meanwhile. */
void walk_wake(struct thread *thread);

/* All that wait in the map for a place in [start, end) try again, up to WALK_SLICE of those that wait; if there are more, the handler is told again. */
void walk_wake_range(struct rm *rm, uint64_t start, uint64_t end);

/* All of a domain that wait because of an address in [start, end) of it. Bound: its threads. */
void walk_wake_domain(struct pd *pd, uint64_t start, uint64_t end);

/* All that wait in the map. AGAIN: a slice is done. */
MUST_CHECK enum status walk_wake_all(struct rm *rm);

/* The first that waits and has to; those before it try again. NULL: none. AGAIN: a slice is done. */
MUST_CHECK enum status walk_waiting(struct rm *rm, struct thread **thread);
