/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the loader.
 */
#pragma once

#include <base/cap_alloc.h>
#include <base/format.h>
#include <base/sync.h>

enum { LOADER_LINE = 128 };

/* The loader's selectors: counted up in the UTCB, as there are no statics; none is ever used twice. */
void     loader_caps_init(void);
uint64_t loader_caps_next(void);
