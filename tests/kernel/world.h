/* SPDX-License-Identifier: MIT */
/* What the harness asks of the world: see test.h. */
#pragma once

#include "test.h"

void world_init(void);
void world_begin(void);

/* Destroys everything and fails the test if anything stays behind. */
void world_end(void);
