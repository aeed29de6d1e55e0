/* SPDX-License-Identifier: MIT */
/*
 * DMA memory: RAM from a session of its own at core, whose label grants `dma`, so that core says where it is. Until its owner has freed
 * it, devices may reach it.
 */
#pragma once

#include <base/attached.h>

struct dma_memory {
	struct dataspace memory;
	uint64_t         physical;
	size_t           size;
	void            *attached;    /* NULL: not in the own address space */
};

/* `size` bytes, whole pages. Errors: ram.alloc; DENIED: the session's label does not grant dma. */
MUST_CHECK enum status dma_memory_alloc(struct dma_memory *memory, struct ram *ram, uint64_t size);

/* The same for tables that a device reads: attached, and never cached, for not every IOMMU looks into caches. */
MUST_CHECK enum status dma_memory_alloc_table(struct dma_memory *memory, struct ram *ram, uint64_t size);

/* No device reaches it any more. One that was never allocated is fine. */
void dma_memory_free(struct dma_memory *memory, struct ram *ram);
