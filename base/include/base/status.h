/* SPDX-License-Identifier: MIT */
/*
 * Results. A function that can fail returns `enum status` and is marked MUST_CHECK; 0 is OK. The list itself is the
 * kernel's (one number space for the whole system), this header gives each number a name and a sentence.
 */
#pragma once

#include <kernel/abi/status.h>

#define MUST_CHECK __attribute__((warn_unused_result))

/* "OUT_OF_RAM"; "UNKNOWN" for a number outside the list. Never NULL. */
char const *status_name(enum status status);

/* "the account has too little RAM left", for messages to people. Never NULL. */
char const *status_text(enum status status);
