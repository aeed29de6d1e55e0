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

/*
 * Asserts that each account's `used` is what its objects, pairs and the accounts split off it cost, and that what no
 * account has spent is what is free. Linear in all objects: for tests and CHECKS=deep.
 */
void ledger_check(void);
