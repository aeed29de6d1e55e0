/* SPDX-License-Identifier: MIT */
/*
 * Protection domains: a kernel object, the frames of its capability table and its top-level page table. The session is the domain: it ends
 * with it, and with it end its threads (their records stay, EXITED, for their CPU session). Its region map, which lives on its own, takes its page tables back.
 */
#pragma once

#include <core/account.h>
#include <core/region.h>
#include <core/thread.h>
#include <pd/pd.h>

enum {
	PD_OWN_TABLES = 2,                        /* for the first GiB: those above the page tables of its windows */
	PD_PAGES      = 1 + 1 + PD_OWN_TABLES,    /* first capability frame, top-level table */
	PD_GATE       = PD_GRANULES,              /* place of the session's gate */
};

/* A frame of a capability table. */
struct cap_frame {
	uint32_t frame;     /* its number */
	uint32_t payer;     /* record number of an account, which outlives the domain; of the first one, which is part of the PD's price, 0 */
};

struct pd {
	struct record  record;
	uint32_t       top;                        /* frame number */
	uint32_t       cap_count;
	struct cap_frame near[PD_NEAR_FRAMES];
	struct list    threads;                    /* of struct thread by of_pd */
	struct thread *main;                       /* bound first; NULL: none yet, or it was killed */
	struct rm     *rm;
	struct frame_list tables;                  /* dying: page tables taken out */
	uint8_t        flags;                      /* enum pd_flags */
	uint8_t        label_size;                 /* 255 at most */
	uint16_t       faults;                     /* that stopped a thread of it; UINT16_MAX: or more */
	uint32_t       cap_list;                   /* frame number; paid for by who pays the first far one. 0: no far ones */
	char           label[];                    /* in what is left of its places */
};

enum pd_flags { PD_BOUND = 1 /* has had a main thread */, PD_EMPTIED = 2 /* dying: its page tables are out */, PD_GONE = 4 /* for the kernel */ };

static inline struct paddr pd_object(struct pd const *pd) { return place_address(&pd->record, 0); }

/* The n-th frame of its capability table. The far ones are noted in the second half of the frame in which the kernel lists them. */
struct cap_frame *pd_cap_frame(struct pd const *pd, uint32_t n);

/* Pages that the payer of the n-th frame, n > 0, pays for it. */
static inline uint32_t pd_cap_frame_pages(uint32_t n) { return n == PD_NEAR_FRAMES ? 2 : 1; }

/* Places that a PD session with a label of so many bytes takes. */
unsigned pd_places(size_t label_size);

/* `pages` and `places` have been charged to `payer`. OUT_OF_CAPS. */
MUST_CHECK enum status pd_create(struct account *payer, struct label const *label, struct pd **pd);

/* Makes the kernel's thread. BUSY: bound already. */
MUST_CHECK enum status pd_bind_thread(struct pd *pd, struct thread *thread);

/*
 * Puts the capability that came with the call, its first one, into a slot of its table that is free: a copy of the caller's own, which is gone when the caller
 * revokes that. BUSY; BAD_CAP.
 */
MUST_CHECK enum status pd_install(struct pd *pd, unsigned slot, struct rpc_cap const *cap);

/* Ends it. AGAIN: a slice is done. */
MUST_CHECK enum status pd_destroy(struct pd *pd);

extern struct pd_ops const pd_operations;
