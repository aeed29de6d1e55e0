/* SPDX-License-Identifier: MIT */
/*
 * The heap. A chunk is one run of blocks between its header and an end mark; blocks follow each other without a gap, each
 * knows its own size and that of the one before it, so a freed block joins its free neighbours on both sides in constant
 * time. No two free blocks touch. Free blocks are in lists by the power of two of their size; a request searches the list
 * of its own power and takes the first of any larger one.
 *
 * Every header carries a check word made of its address, so that an overrun of the block before it, or a pointer that is no
 * block, is found when a neighbour is freed.
 */
#include <base/heap.h>
#include <base/assert.h>
#include <base/string.h>
#include <base/types.h>

struct heap_chunk {
	_Alignas(HEAP_ALIGN) struct heap_chunk *next;
	struct heap_chunk *previous;
	size_t             size;    /* with this header */
};

/* 16 bytes; sizes include it and are multiples of 16. The links lie in the memory of free blocks. */
struct heap_block {
	uint32_t size;              /* bit 0: in use. The end mark has size 0 and is in use. */
	uint32_t before;            /* size of the block before, 0: the first of its chunk */
	uint64_t check;
	struct heap_block *next, *previous;    /* in its class */
};

enum { HEADER = offsetof(struct heap_block, next), BLOCK_MIN = sizeof(struct heap_block), USED = 1, CLASS_MIN = 5 };

static_assert((int)HEADER == HEAP_ALIGN && BLOCK_MIN == 32 && sizeof(struct heap_chunk) % HEAP_ALIGN == 0, "blocks are aligned");

static uint64_t check_of(struct heap_block const *block)
{
	return (uintptr_t)block ^ 0xb1a9cad5e77e1f3bUL;
}

static size_t size_of(struct heap_block const *block)
{
	return block->size & ~(uint32_t)USED;
}

static bool is_used(struct heap_block const *block)
{
	assert(block->check == check_of(block));
	return block->size & USED;
}

static struct heap_block *behind(struct heap_block *block)
{
	return (struct heap_block *)((char *)block + size_of(block));
}

static struct heap_block *before(struct heap_block *block)
{
	return (struct heap_block *)((char *)block - block->before);
}

static unsigned class_of(size_t size)
{
	return MIN(63 - (unsigned)__builtin_clzl(size) - CLASS_MIN, (unsigned)HEAP_CLASSES - 1);
}

/* Makes a block at `at`, and tells the one behind it. */
static void set_block(struct heap_block *at, size_t size, bool used, size_t size_before)
{
	at->size = (uint32_t)size | (used ? USED : 0);
	at->before = (uint32_t)size_before;
	at->check = check_of(at);
	if (size)
		behind(at)->before = (uint32_t)size;
}

static void list_free(struct heap *heap, struct heap_block *block)
{
	unsigned const class = class_of(size_of(block));

	block->next = heap->classes[class];
	block->previous = NULL;
	if (block->next)
		block->next->previous = block;
	heap->classes[class] = block;
	heap->filled |= 1u << class;
}

static void unlist_free(struct heap *heap, struct heap_block *block)
{
	unsigned const class = class_of(size_of(block));

	assert(block->previous ? block->previous->next == block : heap->classes[class] == block);
	if (block->next)
		block->next->previous = block->previous;
	if (block->previous)
		block->previous->next = block->next;
	else
		heap->classes[class] = block->next;
	if (!heap->classes[class])
		heap->filled &= ~(1u << class);
}

void heap_init(struct heap *heap, struct cap payer, struct heap_source const *source)
{
	*heap = (struct heap) { .payer = payer, .source = source };
}

/* --- Chunks --- */

static struct heap_block *first_of(struct heap_chunk *chunk)
{
	return (struct heap_block *)(chunk + 1);
}

/* A chunk with one free block of at least `size` bytes, which is not yet in a list. */
static enum status add_chunk(struct heap *heap, size_t size, struct heap_block **block)
{
	size_t const       least = align_up(sizeof(struct heap_chunk) + size + HEADER, PAGE_SIZE);
	size_t const       wish  = MIN(MAX(heap->size, (size_t)HEAP_CHUNK_FIRST), (size_t)HEAP_CHUNK_MAX);
	size_t             taken = MAX(wish, least);
	struct heap_chunk *chunk;
	void              *memory;
	enum status        status = heap->source->get(heap->payer, taken, &memory);

	if (status == STATUS_OUT_OF_RAM && taken > least) {
		taken = least;
		status = heap->source->get(heap->payer, taken, &memory);
	}
	if (status)
		return status;
	chunk = memory;
	*chunk = (struct heap_chunk) { .next = heap->chunks, .size = taken };
	if (chunk->next)
		chunk->next->previous = chunk;
	heap->chunks = chunk;
	heap->size += taken;

	*block = first_of(chunk);
	set_block(*block, taken - sizeof(*chunk) - HEADER, false, 0);
	set_block(behind(*block), 0, true, size_of(*block));
	return STATUS_OK;
}

static void drop_chunk(struct heap *heap, struct heap_chunk *chunk)
{
	if (chunk->next)
		chunk->next->previous = chunk->previous;
	if (chunk->previous)
		chunk->previous->next = chunk->next;
	else
		heap->chunks = chunk->next;
	heap->size -= chunk->size;
	heap->source->put(chunk, chunk->size);
}

void heap_fini(struct heap *heap)
{
	struct heap all = *heap;

	while (all.chunks)
		drop_chunk(&all, all.chunks);
}

/* --- Blocks --- */

static struct heap_block *find(struct heap *heap, size_t size)
{
	unsigned const class  = class_of(size);
	uint32_t const larger = heap->filled & ~((2u << class) - 1);

	for (struct heap_block *block = heap->classes[class]; block; block = block->next)
		if (size_of(block) >= size)
			return block;
	return larger ? heap->classes[__builtin_ctz(larger)] : NULL;
}

/* Makes `block`, which is free and in no list, a block of `size` in use; the rest stays free. */
static void carve(struct heap *heap, struct heap_block *block, size_t size)
{
	size_t const rest = size_of(block) - size;

	if (rest < BLOCK_MIN)
		size += rest;
	set_block(block, size, true, block->before);
	heap->used += size;
	if (rest >= BLOCK_MIN) {
		set_block(behind(block), rest, false, size);
		list_free(heap, behind(block));
	}
}

enum status heap_alloc(struct heap *heap, size_t size, void **memory)
{
	size_t const       need  = MAX(align_up(size, HEAP_ALIGN) + HEADER, (size_t)BLOCK_MIN);
	struct heap_block *block;
	bool               fresh = false;

	if (size > UINT32_MAX / 2)
		return STATUS_OUT_OF_RAM;
	block = find(heap, need);
	if (block) {
		unlist_free(heap, block);
		assert(!is_used(block));
	} else {
		enum status status = add_chunk(heap, need, &block);

		if (status)
			return status;
		fresh = true;
	}
	carve(heap, block, need);
	*memory = &block->next;
	if (!fresh)
		memset(*memory, 0, size_of(block) - HEADER);
	return STATUS_OK;
}

void heap_free(struct heap *heap, void *memory)
{
	struct heap_block *block;
	size_t             size;

	if (!memory)
		return;
	block = (struct heap_block *)((char *)memory - HEADER);
	assert(is_aligned((uintptr_t)memory, HEAP_ALIGN) && is_used(block) && size_of(block));
	size = size_of(block);
	heap->used -= size;
	if (!is_used(behind(block))) {
		size += size_of(behind(block));
		unlist_free(heap, behind(block));
	}
	if (block->before && !is_used(before(block))) {
		block = before(block);
		size += size_of(block);
		unlist_free(heap, block);
	}
	set_block(block, size, false, block->before);
	if (block->before == 0 && size_of(behind(block)) == 0)
		drop_chunk(heap, (struct heap_chunk *)block - 1);
	else
		list_free(heap, block);
}

/* --- Checks --- */

static size_t check_chunk(struct heap const *heap, struct heap_chunk *chunk, size_t *free_blocks)
{
	struct heap_block *block = first_of(chunk);
	size_t             used = 0, size_before = 0;
	bool               free_before = false;

	for (; size_of(block); block = behind(block)) {
		bool free = !is_used(block);

		assert(block->before == size_before && !(free && free_before) && is_aligned(size_of(block), HEAP_ALIGN));
		assert(!free || heap->filled >> class_of(size_of(block)) & 1);
		used += free ? 0 : size_of(block);
		*free_blocks += free;
		size_before = size_of(block);
		free_before = free;
	}
	assert(is_used(block) && (char *)block + HEADER == (char *)chunk + chunk->size);
	return used;
}

void heap_check(struct heap const *heap)
{
	size_t used = 0, size = 0, free_blocks = 0, listed = 0;

	for (struct heap_chunk *chunk = heap->chunks; chunk; chunk = chunk->next) {
		assert(chunk->previous ? chunk->previous->next == chunk : heap->chunks == chunk);
		used += check_chunk(heap, chunk, &free_blocks);
		size += chunk->size;
	}
	for (unsigned i = 0; i < HEAP_CLASSES; i++) {
		assert(!heap->classes[i] == !(heap->filled >> i & 1));
		for (struct heap_block *block = heap->classes[i]; block; block = block->next)
			listed++;
	}
	assert(used == heap->used && size == heap->size && listed == free_blocks);
}
