/* SPDX-License-Identifier: MIT */
/*
 * The kernel debugger: DEBUG_KEY on the serial line stops the machine and answers single keys until `g` or `a`. It only looks; time
 * stands still for everybody meanwhile. Accounts and names of sessions are core's: with `a` core gets the key as its own, and
 * shows them (core/debug.c).
 */
#pragma once

#include <stdbool.h>

#define DEBUG_KEY 0x0b /* Ctrl-K */

/* Returns whether core is to get the key, too. */
bool debug_enter(void);
