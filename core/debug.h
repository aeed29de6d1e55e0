/* SPDX-License-Identifier: MIT */
/* What core adds to the kernel's debugger, which hands the key that called it on if the user asks for accounts. */
#pragma once

enum { DEBUG_KEY = 0x0b /* Ctrl-K, as for the kernel */ };

/* Prints each account, those below it after it. Linear in all objects, and as slow as the line: for somebody who sits in front of it. */
void debug_print_accounts(void);
