/* SPDX-License-Identifier: MIT */
/*
 * The way up: when a region of a managed dataspace ends, what it showed has to go from all address spaces that see it, through whatever maps. A wave
 * goes from its map to all regions that show that map, and, where these stand in managed dataspaces themselves, on from there. Each map in the
 * wave has the range of its pages that are to go, and waits in a queue that is part of the maps. No map contains itself (wave_contains), so each
 * wave ends.
 *
 * There is one wave at a time. Who needs another first does the rest of it: that is work, bounded by the maps that others made, but no waiting.
 */
#pragma once

#include <core/region.h>

enum { WAVE_SEARCH_MAX = 256 /* regions */ };

/* Takes the pages of a dying region of a managed dataspace out of all domains. AGAIN: a slice is done. */
MUST_CHECK enum status wave_unmap(struct region *region);

/* A region that shows a dataspace leaves that dataspace's list. */
void wave_forget(struct region const *region);

/* Sees to it that a map is in no wave. AGAIN: a slice is done. */
MUST_CHECK enum status wave_leave(struct rm const *rm);

/*
 * Would `inner`, a managed dataspace, contain itself if it stood in `outer`? OK: no; INVALID: yes; TOO_DEEP: more than WAVE_SEARCH_MAX regions show `outer`,
 * directly or not. So a map that has none inside, or is shown nowhere, can always be built on: from the outside in, or from the inside out.
 */
MUST_CHECK enum status wave_contains(struct rm *inner, struct rm *outer);
