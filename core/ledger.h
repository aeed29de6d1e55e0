/* SPDX-License-Identifier: MIT */
/*
 * The ledger: the leak check, and the proof that the books are right. The first notes what init and the machine have when no
 * child is there, and compares; the second walks all accounts and counts what they pay for anew.
 */
#pragma once

#include <base/types.h>

/* Objects that there are, by enum record_type; kept by places.c. */
extern uint64_t ledger_objects[];

void ledger_note(void);

/* Prints "ledger: clean", or a line "ledger: ..." for each difference. Returns whether it is clean. */
bool ledger_compare(void);

struct account;

/* What the objects of an account take, counted by walking them. */
struct ledger_use {
	uint64_t own_pages;      /* frames: memory, page tables, threads, domains, capability tables, pairs */
	uint64_t spoken_for;     /* pages for pairs that have no frames yet */
	uint64_t split_pages;    /* limits of accounts split off it, */
	uint64_t lent_pages, lent_caps;    /* and of those that are no sessions at core */
	uint64_t caps, pairs;
};

struct ledger_use ledger_count(struct account const *account);

/*
 * Is each account's `used` what its objects, pairs and the accounts split off it cost, and what no account has spent free? Says what is not.
 * Linear in all objects, for each account.
 */
bool ledger_is_right(void);

/* Asserts it, for tests and CHECKS=deep. */
void ledger_check(void);

struct info;
struct info_range;

/* Frames of a range that is core's to give, by what they are: given out or free, core's own map of them, or of no use. */
struct ledger_frames {
	uint64_t free, given, map, unused;
};

struct ledger_frames ledger_count_range(struct info_range const *range);

/* How many frames a range of the firmware has, or begins. */
uint64_t ledger_range_frames(struct info_range const *range);

/* What is where in the machine; `info` stays. */
void ledger_init(struct info const *info, uint64_t states, uint64_t states_pages);

/* Prints where each frame of the machine is, account by account, and whether that adds up to what the firmware says there is. */
void ledger_print(void);
