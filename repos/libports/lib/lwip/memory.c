/* SPDX-License-Identifier: MIT */
/*
 * Blocks of the network's memory: lists of free ones by size, the heap behind them. Sizes are those that lwIP asks for: timers and
 * queue entries, connections, small and full frames; what is larger comes from the heap each time.
 */
#include "net_memory.h"

#include <base/assert.h>
#include <base/heap.h>
#include <base/string.h>

enum { KEEP_BYTES = 64 << 10 /* of each size */, HEADER = 16, CLASSES = 6, LARGE = CLASSES };

/* What stands before each block. */
struct block {
	struct block *next;          /* while it is free */
	uint32_t      size;          /* with this header */
	uint32_t      class;
};

static_assert(sizeof(struct block) == HEADER, "blocks are aligned to 16 bytes");

static uint32_t const sizes[CLASSES] = { 64, 128, 256, 512, 1024, 1712 };

static struct {
	struct heap  *heap;
	size_t        limit, used, idle;
	struct block *free[CLASSES];
	size_t        kept[CLASSES];     /* bytes in `free` */
} memory;

void net_memory_init(struct heap *heap, size_t limit)
{
	memory.heap = heap;
	memory.limit = MAX(limit, (size_t)NET_MEMORY_MIN);
}

static uint32_t class_of(size_t size)
{
	uint32_t class = 0;

	while (class < CLASSES && sizes[class] < size)
		class++;
	return class;
}

static void give_back(struct block *block)
{
	memory.used -= block->size;
	heap_free(memory.heap, block);
}

/* Free blocks of other sizes make room when there is none. */
static bool trim(void)
{
	bool found = false;

	for (unsigned i = 0; i < CLASSES; i++) {
		while (memory.free[i]) {
			struct block *block = memory.free[i];

			memory.free[i] = block->next;
			memory.idle -= block->size;
			give_back(block);
			found = true;
		}
		memory.kept[i] = 0;
	}
	return found;
}

static struct block *fresh(size_t size)
{
	void *block;

	if (memory.limit - memory.used < size || heap_alloc(memory.heap, size, &block))
		return NULL;
	memory.used += size;
	return block;
}

void *net_memory_alloc(size_t size)
{
	uint32_t const class = class_of(size + HEADER);
	size_t const   whole = class == LARGE ? align_up(size + HEADER, HEADER) : sizes[class];
	struct block  *block = class == LARGE ? NULL : memory.free[class];

	if (size > memory.limit)
		return NULL;
	if (block) {
		memory.free[class] = block->next;
		memory.kept[class] -= whole;
		memory.idle -= whole;
	} else {
		block = fresh(whole);
		if (!block && trim())
			block = fresh(whole);
		if (!block)
			return NULL;
	}
	*block = (struct block) { .size = (uint32_t)whole, .class = class };
	return block + 1;
}

void *net_memory_alloc_zeroed(size_t count, size_t size)
{
	size_t bytes;
	void  *block = __builtin_mul_overflow(count, size, &bytes) ? NULL : net_memory_alloc(bytes);

	if (block)
		memset(block, 0, bytes);
	return block;
}

void net_memory_free(void *at)
{
	struct block *block;

	if (!at)
		return;
	block = (struct block *)at - 1;
	if (block->class == LARGE || memory.kept[block->class] + block->size > KEEP_BYTES) {
		give_back(block);
		return;
	}
	block->next = memory.free[block->class];
	memory.free[block->class] = block;
	memory.kept[block->class] += block->size;
	memory.idle += block->size;
}

size_t net_memory_share(void)
{
	size_t const in_use = memory.used - memory.idle, reserve = memory.limit / 4;

	return in_use + reserve < memory.limit ? (memory.limit - reserve - in_use) / 8 : 0;
}

size_t net_memory_used(void)
{
	return memory.used;
}
