/* SPDX-License-Identifier: MIT */
/*
 * Where heaps in components have their memory from: RAM that is attached here, on the payer.
 */
#include <base/attached.h>
#include <base/heap.h>

static enum status get(struct cap payer, size_t size, void **memory)
{
	return ram_attach((struct account) { payer }, size, memory);
}

static void put(void *memory, size_t size)
{
	dataspace_detach(memory);
}

struct heap_source const heap_source_ram = { .get = get, .put = put };
