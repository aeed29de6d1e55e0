/* SPDX-License-Identifier: MIT */
/*
 * Places: what a cap stands for, and what each kind of object costs. tools read this table too.
 *
 * A place is granule i of an object frame, where the kernel keeps an object, with record i of the pack beside it, where core
 * keeps what it knows about it: 64 bytes each. Such a pair of frames has 63 places; place 0 of the object frame is the kernel's
 * header, whose last word leads to the pack, and record 0 of the pack (struct pair) manages both. So from an object one comes
 * to its record and back without a search. An object takes neighbouring places, one per cap.
 *
 * Pairs belong to a COMPONENT account, which has reserved (is charged for) enough of them for all its caps; the accounts that
 * it split off as SESSION share them. Frames are only taken for a pair when its places are needed. Objects of different
 * sizes can leave no run that is long enough although there are places; then the account is charged for one pair more,
 * until one is empty.
 */
#pragma once

#include <core/record.h>

enum {
	PAIR_PLACES = FRAME_GRANULES - 1,
	PAIR_FRAMES = 2,

	PLACES_ACCOUNT   = 3,    /* two gates: use, control */
	PLACES_DATASPACE = 1,
	PLACES_REGION    = 2,
	PLACES_THREAD    = THREAD_GRANULES + 1,
	PLACES_GATE      = 1,
	PLACES_SIGNAL    = 1,
	PLACES_SESSION   = 1,    /* CPU, ROM; LOG and PD: as long as the label needs */
	PLACES_PD        = PD_GRANULES + 1,
	PLACES_RM        = 2,    /* and its dataspace, if it is a managed one */
	PLACES_IRQ       = 1 + IRQ_GRANULES,
	PLACES_BUDGET    = BUDGET_GRANULES,
	PLACES_BUDGET_SHARED = 2, /* a share of 0: a record alone */
	PLACES_IO_MEM    = 2,    /* and its dataspace */
	PLACES_IO_PORT   = 2,
};

/* Record 0 of a pack. */
struct pair {
	uint64_t         used;            /* bit n: place n; bit 0 always */
	struct paddr     object_frame;
	struct account  *home;            /* a COMPONENT */
	struct list_link of_account;      /* home->pairs: those with free places first, then the full ones */
	uint64_t         reserved[3];
};

static_assert(sizeof(struct pair) == GRANULE, "a record");

/* Pairs that hold so many places. */
static inline uint32_t pairs_for(uint32_t caps) { return (caps + PAIR_PLACES - 1) / PAIR_PLACES; }

/*
 * Takes neighbouring places in the pairs of `payer`, whose caps the caller has charged. The record is zeroed but for its head; places that
 * are not used are zero in both frames. OUT_OF_CAPS: they are too scattered, and there is no RAM for another pair.
 */
MUST_CHECK enum status places_take(struct account *payer, unsigned places, enum record_type type, void *record);

/* Gives an object's places back; whatever the kernel had there is destroyed. The caller credits the caps. */
void places_give(struct record *record);

/* Gives empty pairs of `home`, a COMPONENT, back until it has no more than `target`. Returns whether it has. */
bool places_trim(struct account *home, uint32_t target);

/* Physical address of what the kernel has, or will have, at place `offset` of an object. */
struct paddr place_address(struct record const *record, unsigned offset);

/* The record of a kernel object that core placed. */
struct record *record_of_object(struct paddr object);
