/* SPDX-License-Identifier: MIT */
/* Core as the parent of init, its only child. */
#pragma once

#include <core/account.h>
#include <parent/parent.h>

struct thread;

struct parent {
	struct record     record;
	struct signal_ref news;
	uint32_t          news_bits;
	bool              noted;        /* the books were noted: `quiescent` has been called before */
};

static_assert(sizeof(struct parent) == GRANULE, "one cap");

extern struct account *init_account;

/* Makes it; its gate is at place 0. */
struct parent *parent_create(void);

/* Wakes init. bits: NEWS_ constants. */
void parent_submit(uint32_t bits);

/* A thread has faulted or exited: if it is init's, the machine ends. */
void parent_thread_stopped(struct thread const *thread);

extern struct parent_ops const parent_operations;
