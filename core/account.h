/* SPDX-License-Identifier: MIT */
/*
 * Accounts: what a component or a session may spend, to the page and to the cap.
 *
 * All accounts form a tree, from core's own at the root, which holds every frame of the machine that is core's to give.
 * An account's `used` is the sum of what its objects cost, of the limits of the accounts split off it (and 3 caps
 * each), and, for a COMPONENT, of its pairs. A charge is made before anything is done, and a credit after it is undone, so
 * the sum over the tree is the machine at every moment (core_check in ledger.c walks it).
 *
 * **The end.** An account belongs to its splitter: the account whose gate was called. Mostly that is its origin, too; with split_from it is
 * another one, which makes it out of what a client offers, say, to lend it to a server. account_destroy ends, slice by slice,
 * all objects of an account and all accounts that belong to it, from the inside out. Before anything of a COMPONENT goes, all threads in it and
 * below it are stopped, so that nobody sees the rest of it end, faults on that, or complains.
 *
 * An account that belongs to somebody else ends with its origin, too, as a rule: who splits something off what it was lent for a session has it
 * as long as the session. Only if its splitter is above the origin, as a parent is above its clients, it OUTLIVES that: the parent may
 * have lent it on, to a server that has not agreed yet. In that case the origin stays behind as a husk without gates: it holds just what is left, and passes
 * on to its own origin whatever comes back, until it is empty. So for the splitter it is as if it had changed its origin.
 */
#pragma once

#include <core/places.h>
#include <core/signal.h>

/* In record.state. */
enum account_flags {
	ACCOUNT_COMPONENT    = 1,     /* has pairs of its own */
	ACCOUNT_OUTLIVES     = 2,     /* belongs to an account above its origin */
	ACCOUNT_HUSK         = 4,     /* destroyed, but accounts that outlive it, or quarantined memory, are left */
	ACCOUNT_REFUSED_RAM  = 8,     /* last refusal */
	ACCOUNT_REFUSED_CAPS = 16,
	ACCOUNT_TOLD         = 32,    /* there was a refusal since the last info on the control, which was signalled */
	ACCOUNT_STILL        = 64,    /* ending: no thread runs in its domains, */
	ACCOUNT_ALL_STILL    = 128,   /* nor in those of the accounts below */
};

enum { ACCOUNT_DEPTH_MAX = 64 };    /* that anybody looks upwards */

enum { ACCOUNT_LABEL = 23 };    /* with terminator; longer ones are cut, "..." at the end, for the ledger is their only use */

struct account {
	struct record     record;              /* account: the origin */
	uint32_t          ram_limit, ram_used; /* pages */
	uint32_t          caps_limit, caps_used;
	uint32_t          ram_lent, caps_lent; /* of `used`: the limits of accounts below that others than core made of it */
	uint32_t          pair_count;
	uint32_t          id;                  /* of the session at core that it was made for, or 0 */
	uint32_t          refused_amount;
	uint32_t          filling;             /* first of the dataspaces that core zeroes for it, as a record number */
	struct account   *home;                /* the COMPONENT in whose pairs its objects are: itself, or one above */
	struct list       objects;             /* of struct record by of_account; accounts that outlive, and husks, come last */
	struct list       wards;               /* of struct account by of_splitter: what it split from others */
	struct list_link  of_splitter;
	struct list       pairs;               /* of struct pair by of_account */
	struct signal_ref refusal;
	uint8_t           gates;               /* bit ACCOUNT_USE, ACCOUNT_CONTROL: somebody was given that capability, so the gate exists;
	                                          ACCOUNT_DMA: may know where its memory is; ACCOUNT_LENT: it is in `lent` of its origin */
	char              label[ACCOUNT_LABEL];
};

static_assert(sizeof(struct account) == PLACES_ACCOUNT * GRANULE, "what it is charged");

/* The root: all memory that core manages. */
extern struct account core_account;

/* Pages that accounts are charged for pairs of which no frames have been taken yet: free, but spoken for. */
extern uint64_t account_unbacked_pages;

/* Makes the root, with everything that `core_memory` has. caps: for core's own objects and all that it gives away. */
void account_init_root(uint32_t caps);

/*
 * Spends. OUT_OF_RAM, OUT_OF_CAPS: the account has too little, or is ending; nothing was spent, and the account's controller hears of it.
 */
MUST_CHECK enum status account_charge(struct account *account, uint64_t pages, uint64_t caps);
void account_credit(struct account *account, uint64_t pages, uint64_t caps);

/* Charges and takes places for an object of `places` caps and `pages`. On OK it is the account's; OUT_OF_RAM, OUT_OF_CAPS. */
MUST_CHECK enum status object_create(struct account *payer, unsigned places, uint64_t pages, enum record_type type, void *record);

/* Places of an object with a label of `size` bytes behind what is its own, which ends at `offset`. */
static inline unsigned places_with_label(size_t offset, size_t size) { return (offset + size + 1 + GRANULE - 1) / GRANULE; }

/* The whole label of a session. */
struct label {
	char const *text;
	size_t      size;    /* without the terminator, 255 at most */
};

/* Such an object, with its label in it, and with a gate at its first place. OUT_OF_CAPS. */
MUST_CHECK enum status object_create_labelled(struct account *payer, enum record_type type, size_t offset, struct label const *label, void *record);

/* Takes an object out of its account, destroys what the kernel had at its places, and credits what it cost. */
void object_destroy(struct record *record, uint64_t pages);

/* Takes places that the caller has charged. */
MUST_CHECK enum status object_create_paid(struct account *payer, unsigned places, enum record_type type, void *record);

struct account_split {
	char const     *label;
	uint64_t        pages, caps;
	bool            component;
	bool            lent;         /* somebody's, not a session at core */
	struct account *splitter;
};

/*
 * Makes an account out of `origin`. INVALID: too little RAM for the pairs of its caps. TOO_DEEP: too many accounts between `origin` and the splitter, or the
 * root. OUT_OF_RAM, OUT_OF_CAPS.
 */
MUST_CHECK enum status account_split(struct account *origin, struct account_split const *split, struct account **account);

/* A capability of it, ACCOUNT_USE or ACCOUNT_CONTROL, to give away; account_gate is the gate behind it. */
struct cap account_cap(struct account *account, unsigned which);
struct paddr account_gate(struct account *account, unsigned which);

/* The account after this one of those at and below `root`, each before those that were split off it; NULL after the last. Bound: the tree's objects. */
struct account *account_next(struct account const *root, struct account *account);

/*
 * The innermost account that another one than its origin split off, and that `account` is or is part of: its number. `beyond`: the next one
 * after that number; 0: the first. *id 0: there is none below `top`. DENIED: there is none, and `account` is no part of `top`. TOO_DEEP: more
 * than ACCOUNT_DEPTH_MAX accounts are above.
 */
MUST_CHECK enum status account_loan(struct account const *top, struct account const *account, uint32_t beyond, uint32_t *id);

/* What is lent to it has changed: `lent` of its origin follows. */
void account_note_lent(struct account *account, int64_t pages, int64_t caps);

/* Moves quota from the origin. OUT_OF_RAM, OUT_OF_CAPS: it has too little. INVALID: too little RAM for the pairs. */
MUST_CHECK enum status account_grow(struct account *account, uint64_t pages, uint64_t caps);

/* Moves unused quota to the origin. OUT_OF_RAM, OUT_OF_CAPS: it is in use. */
MUST_CHECK enum status account_shrink(struct account *account, uint64_t pages, uint64_t caps);

/* If it is a husk, gives its origin all that nothing in it needs any more; origins that are husks do the same. */
void account_pass_on(struct account *account);

/* Ends it with all that was made from it and all accounts that belong to it. AGAIN: a slice is done. */
MUST_CHECK enum status account_destroy(struct account *account);

static inline bool account_is(struct account const *account, enum account_flags flag) { return account->record.state & flag; }
static inline bool account_is_component(struct account const *account) { return account_is(account, ACCOUNT_COMPONENT); }

/* Pairs that a COMPONENT is charged for because of its limit; more only if it has more. */
uint32_t account_pairs_reserved(struct account const *account);

/* Used by places.c: another pair of a COMPONENT gets its frames (delta 1), or loses them (-1), and the charge follows. OUT_OF_RAM. */
MUST_CHECK enum status account_pairs_change(struct account *home, int delta);
