/* SPDX-License-Identifier: MIT */
/* Page tables of a region map: how many its regions pay for, and the frames themselves. See region.h. */
#pragma once

#include <core/region.h>

/* A region that there is, or is to be. */
struct table_span {
	uint64_t        start, end;
	struct account *payer;
	struct region  *self;    /* is left out; NULL: not there yet */
};

/* The difference that a region makes to what its payer pays, in tables. Bound: 512 regions in each of two windows. */
uint64_t tables_needed(struct rm *rm, struct table_span const *span);

/* Brings so many tables, which have been charged, to the map and its domain. Always OK: memory that is paid for is there. */
MUST_CHECK enum status tables_give(struct rm *rm, uint64_t count);

/*
 * If nothing but `span->self` stands in the 2 MiB window around an address, unmaps that by taking its table, if there is one, into `spare`. Returns false if
 * there is something else. Not for more windows than `self` has.
 */
bool tables_unmap_window(struct rm *rm, struct table_span const *span, uint64_t address);

/* Sees to it that so many are in `spare`. AGAIN: a slice is done. */
MUST_CHECK enum status tables_collect(struct rm *rm, uint64_t count);

/* Frees so many out of `spare`. */
void tables_free(struct rm *rm, uint64_t count);

/* All tables of the map go to its domain. */
void tables_move_to_domain(struct rm *rm);

void frame_list_push(struct frame_list *list, uint64_t frame);
uint64_t frame_list_pop(struct frame_list *list);
