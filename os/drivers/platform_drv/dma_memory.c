/* SPDX-License-Identifier: MIT */
/* RAM whose place is known; see dma_memory.h. */
#include "dma_memory.h"

#include <base/cap_alloc.h>
#include <base/log.h>

static enum status alloc(struct dma_memory *memory, struct ram *ram, uint64_t size, enum ram_cache cache)
{
	enum status status;

	*memory = (struct dma_memory) { .size = size };
	RPC_TRY(ram_alloc_below_4g(ram, size, cache, 0, &memory->memory));
	status = ram_physical(ram, memory->memory, &memory->physical);
	if (status != STATUS_OK)
		dma_memory_free(memory, ram);
	return status;
}

enum status dma_memory_alloc(struct dma_memory *memory, struct ram *ram, uint64_t size)
{
	return alloc(memory, ram, size, RAM_CACHE_CACHED);
}

enum status dma_memory_alloc_table(struct dma_memory *memory, struct ram *ram, uint64_t size)
{
	enum status status;

	RPC_TRY(alloc(memory, ram, size, RAM_CACHE_UNCACHED));
	status = dataspace_attach(memory->memory, RM_ACCESS_WRITE, (struct account) { ram->connection.cap }, &memory->attached);
	if (status != STATUS_OK)
		dma_memory_free(memory, ram);
	return status;
}

void dma_memory_free(struct dma_memory *memory, struct ram *ram)
{
	enum status status = STATUS_OK;

	if (memory->attached)
		dataspace_detach(memory->attached);
	if (!cap_is_null(memory->memory.cap))
		status = ram_free(ram, memory->memory);
	if (status != STATUS_OK)
		log_error("cannot free DMA memory: %s", status_name(status));
	cap_release(memory->memory.cap);
	*memory = (struct dma_memory) { .size = 0 };
}
