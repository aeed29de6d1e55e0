/* SPDX-License-Identifier: MIT */
/*
 * Where heaps in components have their memory from: RAM dataspaces of the payer, attached on the payer.
 */
#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/heap.h>

static enum status get(struct cap payer, size_t size, void **memory, struct cap *chunk_cap)
{
	struct ram       ram = { .connection.cap = payer };
	struct dataspace chunk;
	enum status      status;

	RPC_TRY(ram_alloc(&ram, size, RAM_CACHE_CACHED, 0, &chunk));
	status = dataspace_attach(chunk, RM_ACCESS_WRITE, (struct account) { payer }, memory);
	if (status) {
		enum status freed = ram_free(&ram, chunk);

		assert(freed == STATUS_OK);
		cap_release(chunk.cap);
		return status;
	}
	*chunk_cap = chunk.cap;
	return STATUS_OK;
}

static void put(struct cap payer, void *memory, struct cap chunk_cap)
{
	struct ram ram = { .connection.cap = payer };

	dataspace_detach(memory);

	enum status status = ram_free(&ram, (struct dataspace) { chunk_cap });

	assert(status == STATUS_OK);
	cap_release(chunk_cap);
}

struct heap_source const heap_source_ram = { .get = get, .put = put, .forget = cap_release };
