/* SPDX-License-Identifier: MIT */
/*
 * Which CPUs an <affinity> means. The grid of the <affinity-space> is laid over the CPUs that its init has, row by row: a cell is an equal part of them, at
 * least one. So the same configuration makes sense with more or fewer CPUs, and within an init that has a few of them itself.
 */
#pragma once

#include "config.h"

/* Bit n: CPU n. `own`: those of the init, at least one. An area of width 0 means all of them. Never 0. */
uint32_t affinity_mask(struct config_area const *space, struct config_area const *area, uint32_t own);
