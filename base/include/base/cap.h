/* SPDX-License-Identifier: MIT */
/*
 * Capabilities as a component sees them: selectors of its own table. A selector is a byte offset (table frame << 12 |
 * slot << 5); 0 is the null capability. Who holds a `struct cap` by value does not own it: the selector allocator
 * (cap_reserve, cap_release) keeps one count for each slot.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cap { uint64_t selector; };

/* A signal context, to submit or to wait for. */
struct signal_context { struct cap cap; };

#define CAP_NULL ((struct cap) { 0 })

static inline bool cap_is_null(struct cap cap) { return cap.selector == 0; }

/* What a parent installs in a child before it starts; slot n is selector n << 5. */
enum well_known_slot { SLOT_PARENT = 1, SLOT_ACCOUNT, SLOT_PD, SLOT_RM, SLOT_CPU, SLOT_FIRST_FREE };

static inline struct cap cap_well_known(enum well_known_slot slot) { return (struct cap) { (uint64_t)slot << 5 }; }
