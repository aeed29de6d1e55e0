/* SPDX-License-Identifier: MIT */
/* The registers of one VT-d unit, and its entries in memory. Source: VT-d 3.3, chapters 9 and 11, legacy mode. */
#pragma once

#include "config_space.h"
#include "iommu.h"

enum { VTD_SIZE = 4096 };

/* --- Entries --- */

#define VTD_PRESENT UINT64_C(1)     /* of root and context tables */

struct vtd_context { uint64_t low, high; };

static inline struct vtd_context vtd_context_of(uint64_t top, unsigned levels, uint16_t domain)
{
	return (struct vtd_context) { top | VTD_PRESENT, (uint64_t)(levels - 2) | (uint64_t)domain << 8 };
}

/* --- Registers --- */

struct vtd {
	struct registers registers;
	unsigned         levels;          /* of page tables */
	unsigned         domains;         /* numbers that there are for them */
	unsigned         invalidate_at, faults_at, faults;
};

/* Reads what it can do. UNSUPPORTED: it has no page tables of 3 or 4 levels. */
MUST_CHECK enum status vtd_init(struct vtd *vtd, struct registers registers);

/* The root table at `root` counts from now on. TIMEOUT: the unit does not react. */
MUST_CHECK enum status vtd_enable(struct vtd *vtd, uint64_t root);

/* The unit forgets what it remembers of tables. TIMEOUT: it does not react. */
MUST_CHECK enum status vtd_invalidate(struct vtd *vtd);

/* Faults raise this message from now on. */
void vtd_fault_message(struct vtd *vtd, uint64_t address, uint32_t data);

/* The next one, which is then forgotten; false: there is none. */
bool vtd_next_fault(struct vtd *vtd, struct dma_fault *fault);
