/* SPDX-License-Identifier: MIT */
/*
 * IOMMU: what a function can reach. Each has a domain of its own, empty at first, so a function that nobody owns reaches nothing. Addresses in a domain
 * are the domain's, from DOMAIN_FIRST up to DOMAIN_END, and tell nothing about the machine's.
 *
 * Tables are memory of the one for whom they are: the domain's of its session, root and contexts of the driver's own.
 *
 * Source: Intel Virtualization Technology for Directed I/O, Architecture Specification, 3.3 (legacy mode).
 */
#pragma once

#include "acpi.h"
#include "dma_memory.h"
#include "translation.h"

#include <base/ep.h>

struct function;
struct iommu;

struct domain {
	struct iommu     *iommu;         /* NULL: there is none */
	uint16_t          source;        /* whose requests it is for */
	uint16_t          id;
	struct dma_memory top;           /* one table for each level above the page tables, the lowest last */
};

/* What was blocked: an access of a device. */
struct dma_fault {
	uint16_t source;                 /* its address */
	bool     is_read;
	uint64_t address;                /* the page, as the device said it */
	uint8_t  reason;                 /* VT-d 3.3, 14.1 */
};

/*
 * Enables the units that the table lists; functions reach nothing from then on. `blocked` hears what they tried. A unit that cannot be used is told on the
 * log, and translates for nobody. `ram`, a session whose label grants dma, gets what the units' own tables need. Errors: RAM.
 */
MUST_CHECK enum status iommus_init(struct env *env, struct ram *ram, struct dmar const *dmar, void (*blocked)(struct dma_fault const *fault));

/* The one that translates for a function; NULL: none does. */
struct iommu *iommu_of(struct function const *function);

uint64_t domain_top_bytes(struct iommu const *iommu);
uint64_t domain_table_bytes(uint64_t size);

/* An empty one, in force at once; its tables are from `ram`, and are freed by the caller, after domain_destroy. Errors: dma_memory_alloc_table. */
MUST_CHECK enum status domain_create(struct domain *domain, struct function const *function, struct ram *ram);

/* Lets the function read and write `memory` at `address`. `tables`: domain_table_bytes, zeroed. */
void domain_map(struct domain *domain, uint64_t address, struct dma_memory const *memory, struct dma_memory const *tables);

/* On return nothing of it is reachable, and no unit remembers it. */
void domain_unmap(struct domain *domain, uint64_t address, uint64_t size);

/* The same for all of it. One that was not created is fine. */
void domain_destroy(struct domain *domain);
