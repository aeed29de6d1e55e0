/* SPDX-License-Identifier: MIT */
/* From cells of a grid to CPUs. */
#include "affinity.h"
#include <base/assert.h>

/* The n-th of the CPUs, counted from the lowest. */
static uint32_t nth_of(uint32_t cpus, uint32_t n)
{
	while (n--)
		cpus &= cpus - 1;
	return cpus & -cpus;
}

static uint32_t count_of(uint32_t cpus)
{
	uint32_t count = 0;

	for (; cpus; cpus &= cpus - 1)
		count++;
	return count;
}

/* The CPUs of one cell: an equal part; where there are more cells than CPUs, several have the same one. */
static uint32_t mask_of_cell(uint32_t cell, uint32_t cells, uint32_t own)
{
	uint32_t const count = count_of(own), first = cell * count / cells, end = MAX((cell + 1) * count / cells, first + 1);
	uint32_t       mask  = 0;

	for (uint32_t n = first; n < end; n++)
		mask |= nth_of(own, n);
	return mask;
}

uint32_t affinity_mask(struct config_area const *space, struct config_area const *area, uint32_t own)
{
	uint32_t mask = 0;

	assert(own);
	if (!area->width)
		return own;
	for (uint32_t y = area->y; y < area->y + area->height; y++) {
		for (uint32_t x = area->x; x < area->x + area->width; x++)
			mask |= mask_of_cell(y * space->width + x, space->width * space->height, own);
	}
	return mask;
}
