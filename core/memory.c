/* SPDX-License-Identifier: MIT */
/* The buddy allocator; see memory.h. */
#include <core/memory.h>

enum { RUN_CANDIDATES = 256 };

/* In the first frame of a free block. */
struct free_block {
	struct list_link of_order;
	uint64_t         order;
};

/* What is wanted: frames in a row below the limit, of which the first is aligned. */
struct run { uint64_t count, align, limit; };

static struct free_block *block_at(struct memory const *memory, uint64_t frame)
{
	return (struct free_block *)(memory->window + (frame << PAGE_SHIFT));
}

static uint64_t frame_of(struct memory const *memory, struct free_block const *block)
{
	return ((uintptr_t)block - memory->window) >> PAGE_SHIFT;
}

static void set_state(struct memory *memory, uint64_t frame, enum frame_state state)
{
	unsigned shift = frame % 4 * 2;
	uint8_t *byte = &memory->states[frame / 4];

	*byte = (*byte & ~(3u << shift)) | state << shift;
}

uint64_t memory_block(struct memory const *memory, uint64_t frame)
{
	assert(memory_state(memory, frame) == FRAME_FREE);
	return 1UL << block_at(memory, frame)->order;
}

void memory_mark_pack(struct memory *memory, uint64_t frame, bool pack)
{
	assert(memory_state(memory, frame) == (pack ? FRAME_PLAIN : FRAME_PACK));
	set_state(memory, frame, pack ? FRAME_PACK : FRAME_PLAIN);
}

static unsigned floor_log2(uint64_t value) { return 63 - __builtin_clzll(value); }
static unsigned ceil_log2(uint64_t value)  { return value == 1 ? 0 : floor_log2(value - 1) + 1; }

static void block_insert(struct memory *memory, uint64_t frame, unsigned order)
{
	struct free_block *block = block_at(memory, frame);

	*block = (struct free_block) { .order = order };
	if (frame < MEMORY_LOW && memory->frames > MEMORY_LOW)
		list_append(&memory->lists[order], &block->of_order);
	else
		list_prepend(&memory->lists[order], &block->of_order);
	memory->nonempty |= 1UL << order;
	set_state(memory, frame, FRAME_FREE);
	memory->free += 1UL << order;
}

static void block_remove(struct memory *memory, uint64_t frame)
{
	struct free_block *block = block_at(memory, frame);
	unsigned order = block->order;

	list_remove(&block->of_order);
	if (list_is_empty(&memory->lists[order]))
		memory->nonempty &= ~(1UL << order);
	set_state(memory, frame, FRAME_PLAIN);
	memory->free -= 1UL << order;
}

static bool is_free_block(struct memory const *memory, uint64_t frame, unsigned order)
{
	return memory_state(memory, frame) == FRAME_FREE && block_at(memory, frame)->order == order;
}

/* A block becomes free and merges with its buddies. */
static void block_free(struct memory *memory, uint64_t frame, unsigned order)
{
	while (order + 1 < MEMORY_ORDERS && is_free_block(memory, frame ^ 1UL << order, order)) {
		block_remove(memory, frame ^ 1UL << order);
		frame &= ~(1UL << order);
		order++;
	}
	block_insert(memory, frame, order);
}

void memory_free(struct memory *memory, uint64_t first, uint64_t count)
{
	assert(count && is_within(first, count, memory->frames));
	assert(memory_state(memory, first) == FRAME_PLAIN && memory_state(memory, first + count - 1) == FRAME_PLAIN);
	while (count) {
		unsigned order = floor_log2(count);

		if (first)
			order = MIN(order, (unsigned)__builtin_ctzll(first));
		order = MIN(order, (unsigned)MEMORY_ORDERS - 1);
		block_free(memory, first, order);
		first += 1UL << order;
		count -= 1UL << order;
	}
}

void memory_init(struct memory *memory, uintptr_t window, uint8_t *states, uint64_t frames)
{
	*memory = (struct memory) { .window = window, .states = states, .frames = frames };
	for (unsigned i = 0; i < MEMORY_ORDERS; i++)
		list_init(&memory->lists[i]);
}

void memory_add(struct memory *memory, uint64_t first, uint64_t count)
{
	assert(is_within(first, count, memory->frames));
	for (uint64_t i = 0; i < count; i++) {
		assert(memory_state(memory, first + i) == FRAME_FOREIGN);
		set_state(memory, first + i, FRAME_PLAIN);
	}
	memory->managed += count;
	if (count)
		memory_free(memory, first, count);
}

/* The start of the free block that ends at `end`, or `end` itself. */
static uint64_t block_before(struct memory const *memory, uint64_t end)
{
	for (unsigned order = 0; order < MEMORY_ORDERS && 1UL << order <= end && is_aligned(end, 1UL << order); order++)
		if (is_free_block(memory, end - (1UL << order), order))
			return end - (1UL << order);
	return end;
}

/* Takes [first, first + count) out of the free blocks that cover it, of which the first starts at `start`. */
static void take_run(struct memory *memory, uint64_t start, uint64_t first, uint64_t count)
{
	uint64_t end = start;

	while (end < first + count) {
		uint64_t size = 1UL << block_at(memory, end)->order;

		block_remove(memory, end);
		end += size;
	}
	if (start < first)
		memory_free(memory, start, first - start);
	if (first + count < end)
		memory_free(memory, first + count, end - first - count);
}

/* Does the run of free blocks around `frame`, itself one, hold what is wanted? Takes it then. */
static bool try_run(struct memory *memory, uint64_t frame, struct run const *run, uint64_t *first)
{
	uint64_t start = frame, end = frame, count = run->count, before;

	while ((before = block_before(memory, start)) != start)
		start = before;
	*first = align_up(start, run->align);
	if (!is_within(*first, count, run->limit))
		return false;
	while (end < *first + count && memory_state(memory, end) == FRAME_FREE)
		end += 1UL << block_at(memory, end)->order;
	if (end < *first + count)
		return false;
	while (start + (1UL << block_at(memory, start)->order) <= *first)
		start += 1UL << block_at(memory, start)->order;
	take_run(memory, start, *first, count);
	return true;
}

/*
 * Blocks in a run grow, then shrink, and no order comes more than twice: with none above 2^j it holds less than 2^(j + 2)
 * frames. So a run of at least 2^k frames has a block of order k - 1 or more.
 */
static enum status alloc_run(struct memory *memory, struct run const *run, uint64_t *first)
{
	unsigned candidates = RUN_CANDIDATES;
	unsigned lowest = floor_log2(run->count) ? floor_log2(run->count) - 1 : 0;

	for (unsigned order = MEMORY_ORDERS; order-- > lowest;) {
		list_for_each(block, &memory->lists[order], struct free_block, of_order) {
			if (!candidates--)
				return STATUS_NOT_FOUND;
			if (try_run(memory, frame_of(memory, block), run, first))
				return STATUS_OK;
		}
	}
	return STATUS_NOT_FOUND;
}

/* A free block of at least that order that begins low enough; the smallest where there is no limit. NULL: none was found. */
static struct free_block *find_block(struct memory *memory, unsigned order, struct run const *run)
{
	uint64_t fitting = order < MEMORY_ORDERS ? memory->nonempty >> order << order : 0;
	unsigned candidates = RUN_CANDIDATES;

	if (fitting && run->limit >= memory->frames)
		return list_first_object(&memory->lists[__builtin_ctzll(fitting)], struct free_block, of_order);
	for (; fitting; fitting &= fitting - 1) {
		struct list *list = &memory->lists[__builtin_ctzll(fitting)];

		/* What is low is at the end. */
		for (struct list_link *link = list_last(list); link && candidates; link = list_previous(list, link), candidates--) {
			struct free_block *block = list_object(link, struct free_block, of_order);

			if (is_within(frame_of(memory, block), run->count, run->limit))
				return block;
		}
	}
	return NULL;
}

enum status memory_alloc(struct memory *memory, uint64_t count, uint64_t align, uint64_t *first)
{
	return memory_alloc_below(memory, count, align, UINT64_MAX, first);
}

enum status memory_alloc_below(struct memory *memory, uint64_t count, uint64_t align, uint64_t limit, uint64_t *first)
{
	struct run run = { count, align, limit };

	assert(count && is_power_of_two(align));
	if (count > memory->free || align > 1UL << (MEMORY_ORDERS - 1))
		return STATUS_NOT_FOUND;

	unsigned order = MAX(ceil_log2(count), ceil_log2(align));
	struct free_block *block = find_block(memory, order, &run);

	if (!block)
		return alloc_run(memory, &run, first);

	unsigned found = block->order;

	*first = frame_of(memory, block);
	block_remove(memory, *first);
	while (found > order) {
		found--;
		block_insert(memory, *first + (1UL << found), found);
	}
	if (count < 1UL << order)
		memory_free(memory, *first + count, (1UL << order) - count);
	return STATUS_OK;
}

void memory_check(struct memory const *memory)
{
	uint64_t free = 0, managed = 0, frame = 0;

	while (frame < memory->frames) {
		uint64_t size = 1;

		if (memory_state(memory, frame) == FRAME_FREE) {
			unsigned order = block_at(memory, frame)->order;

			size = 1UL << order;
			assert(is_aligned(frame, size) && !is_free_block(memory, frame ^ size, order));
			for (uint64_t i = 1; i < size; i++)
				assert(memory_state(memory, frame + i) == FRAME_PLAIN);
			free += size;
		}
		managed += memory_state(memory, frame) == FRAME_FOREIGN ? 0 : size;
		frame += size;
	}
	assert(free == memory->free && managed == memory->managed);
	for (unsigned order = 0; order < MEMORY_ORDERS; order++)
		assert(list_is_empty(&memory->lists[order]) == !(memory->nonempty >> order & 1));
}
