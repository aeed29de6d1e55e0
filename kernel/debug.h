/* SPDX-License-Identifier: MIT */
/*
 * The kernel debugger: DEBUG_KEY on the serial line stops the machine and answers single keys until `g`. It only looks; time
 * stands still for everybody meanwhile. Accounts and names of sessions are core's, which shows them itself.
 */
#pragma once

#define DEBUG_KEY 0x0b /* Ctrl-K */

void debug_enter(void);
