/* SPDX-License-Identifier: MIT */
/*
 * Memory of the program, in pages. It comes from the component's account in extents, each a RAM dataspace attached where the region map found
 * room, as a dataspace costs three caps; an extent of which nothing is in use goes back at once. What is not to be accessible (mmap with
 * PROT_NONE) is only addresses, in an area of their own; mprotect gives such pages memory, so that a guard page costs nothing.
 * Files cannot be mapped, and protection is not otherwise changed.
 */
#include "libc.h"

#include <base/cap_alloc.h>
#include <sys/mman.h>

enum { EXTENT_FIRST = 0x4000, EXTENT_MAX = 0x400000 };

/* Of addresses: above what a region map gives out by itself as long as a component has less than that, below 1 GiB, so that no page table is far. */
#define AREA_START 0x20000000UL
#define AREA_END   0x40000000UL

struct extent {
	struct list_link of_extents;
	uint8_t         *start;
	size_t           pages, used;
	size_t           clean;       /* from this page on none was ever given out, so they are zero */
	struct dataspace memory;
	uint64_t         map[];       /* a bit for each page: in use */
};

/* Addresses, of which none, some or all have memory. */
struct area {
	struct list_link of_areas;    /* by address */
	uint64_t         start, size, populated;
	struct list      pieces;      /* of struct piece by of_area */
};

struct piece {
	struct list_link of_area;
	uint64_t         start, size;
	struct dataspace memory;
};

static struct list extents = LIST_INIT(extents);    /* of struct extent by of_extents */
static struct list areas   = LIST_INIT(areas);      /* of struct area by of_areas */
static size_t      total;                           /* bytes in extents */

/* --- Extents --- */

static bool is_used(struct extent const *extent, size_t page)
{
	return extent->map[page / 64] >> page % 64 & 1;
}

static void mark(struct extent *extent, size_t first, size_t pages, bool used)
{
	for (size_t page = first; page < first + pages; page++) {
		uint64_t const bit = 1UL << page % 64;

		if (used && !is_used(extent, page))
			extent->used++;
		if (!used && is_used(extent, page))
			extent->used--;
		extent->map[page / 64] = used ? extent->map[page / 64] | bit : extent->map[page / 64] & ~bit;
	}
}

/* The first of `pages` free pages in a row, or extent->pages. */
static size_t find_run(struct extent const *extent, size_t pages)
{
	size_t run = 0;

	for (size_t page = 0; page < extent->pages; page++) {
		run = is_used(extent, page) ? 0 : run + 1;
		if (run == pages)
			return page + 1 - pages;
	}
	return extent->pages;
}

static void *take(struct extent *extent, size_t first, size_t pages)
{
	uint8_t *start = extent->start + first * PAGE_SIZE;

	mark(extent, first, pages, true);
	if (first < extent->clean)
		memset(start, 0, (MIN(extent->clean, first + pages) - first) * PAGE_SIZE);
	extent->clean = MAX(extent->clean, first + pages);
	return start;
}

static enum status attach_memory(size_t size, uint64_t address, struct dataspace *memory, void **start)
{
	struct rm_attach_args args = { .size = size, .address = address, .access = RM_ACCESS_WRITE };
	uint64_t              at;

	RPC_TRY(ram_alloc(&libc_env->ram, size, RAM_CACHE_CACHED, 0, memory));

	enum status status = rm_attach(&libc_env->rm, *memory, &args, libc_env->account, &at);

	if (status) {
		enum status freed = ram_free(&libc_env->ram, *memory);

		assert(freed == STATUS_OK);
		cap_release(memory->cap);
		return status;
	}
	*start = (void *)at;
	return STATUS_OK;
}

static void give_back(void *start, struct dataspace memory)
{
	dataspace_detach(start);

	enum status status = ram_free(&libc_env->ram, memory);

	assert(status == STATUS_OK);
	cap_release(memory.cap);
}

static struct extent *make_extent(size_t size)
{
	size_t const   pages  = size / PAGE_SIZE;
	struct extent *extent = libc_alloc(sizeof(*extent) + (pages + 63) / 64 * sizeof(uint64_t));
	void          *start;

	if (!extent)
		return NULL;
	if (attach_memory(size, 0, &extent->memory, &start) != STATUS_OK) {
		libc_free(extent);
		return NULL;
	}
	extent->start = start;
	extent->pages = pages;
	total += size;
	list_append(&extents, &extent->of_extents);
	return extent;
}

void *vm_alloc(size_t wanted)
{
	size_t const   size = align_up(wanted, PAGE_SIZE), pages = size / PAGE_SIZE;
	struct extent *made;
	size_t         usual;

	if (wanted > AREA_START)
		return NULL;
	list_for_each (extent, &extents, struct extent, of_extents) {
		size_t const first = find_run(extent, pages);

		if (first < extent->pages)
			return take(extent, first, pages);
	}
	usual = MAX(align_down(total / 2, PAGE_SIZE), (size_t)EXTENT_FIRST);
	usual = MIN(usual, (size_t)EXTENT_MAX);
	made = make_extent(MAX(size, usual));
	if (!made)
		made = make_extent(size);
	return made ? take(made, 0, pages) : NULL;
}

void vm_free(void *address, size_t size)
{
	uint8_t *const start = address, *const end = start + align_up(size, PAGE_SIZE);

	list_for_each_safe (extent, &extents, struct extent, of_extents) {
		uint8_t *const from = MAX(start, extent->start), *const to = MIN(end, extent->start + extent->pages * PAGE_SIZE);

		if (from >= to)
			continue;
		mark(extent, (size_t)(from - extent->start) / PAGE_SIZE, (size_t)(to - from) / PAGE_SIZE, false);
		if (extent->used)
			continue;
		list_remove(&extent->of_extents);
		total -= extent->pages * PAGE_SIZE;
		give_back(extent->start, extent->memory);
		libc_free(extent);
	}
}

/* --- Areas --- */

/* Addresses that nobody has; an area is never next to another. */
static struct area *reserve(uint64_t size)
{
	struct area *area = libc_alloc(sizeof(*area)), *behind = NULL;
	uint64_t     at   = AREA_START;

	if (!area)
		return NULL;
	list_for_each (other, &areas, struct area, of_areas) {
		if (other->start - at >= size + PAGE_SIZE) {
			behind = other;
			break;
		}
		at = other->start + other->size + PAGE_SIZE;
	}
	if (!is_within(at, size, AREA_END)) {
		libc_free(area);
		return NULL;
	}
	*area = (struct area) { .start = at, .size = size };
	list_init(&area->pieces);
	list_insert_before(behind ? &behind->of_areas : &areas.head, &area->of_areas);
	return area;
}

static struct area *area_of(uint64_t address, uint64_t size)
{
	list_for_each (area, &areas, struct area, of_areas)
		if (address >= area->start && is_within(address - area->start, size, area->size))
			return area;
	return NULL;
}

static bool add_piece(struct area *area, uint64_t start, uint64_t size)
{
	struct piece *piece = libc_alloc(sizeof(*piece));
	void         *at;

	if (!piece)
		return false;
	if (attach_memory(size, start, &piece->memory, &at) != STATUS_OK) {
		libc_free(piece);
		return false;
	}
	piece->start = start;
	piece->size = size;
	area->populated += size;
	list_append(&area->pieces, &piece->of_area);
	return true;
}

/*
 * Gives memory to the range, in which no page has any. An area that is opened page by page (mallocng's records) gets as much again each time, as a piece costs
 * three caps: behind the range, up to `room`.
 */
static long fill(struct area *area, uint64_t start, uint64_t end, uint64_t room)
{
	uint64_t const more = MIN(end + area->populated, room);

	if (more > end && add_piece(area, start, more - start))
		return 0;
	return add_piece(area, start, end - start) ? 0 : -ENOMEM;
}

/* Gives memory to those pages of the range that have none. */
static long populate(struct area *area, uint64_t start, uint64_t end)
{
	uint64_t room = area->start + area->size;

	list_for_each (other, &area->pieces, struct piece, of_area) {
		if (other->start < end && other->start + other->size > start) {
			long const before = start < other->start ? populate(area, start, other->start) : 0;

			return before || end <= other->start + other->size ? before : populate(area, other->start + other->size, end);
		}
		if (other->start >= end)
			room = MIN(room, other->start);
	}
	return fill(area, start, end, room);
}

/* Gives back what is whole in the range: pieces, and the area itself. */
static void unmap_area(struct area *area, uint64_t start, uint64_t end)
{
	list_for_each_safe (piece, &area->pieces, struct piece, of_area) {
		if (piece->start < start || piece->start + piece->size > end)
			continue;
		list_remove(&piece->of_area);
		area->populated -= piece->size;
		give_back((void *)piece->start, piece->memory);
		libc_free(piece);
	}
	if (start > area->start || end < area->start + area->size)
		return;
	list_remove(&area->of_areas);
	libc_free(area);
}

/* --- System calls --- */

/* a: address, size, protection, flags, descriptor, offset */
long call_mmap(long const a[6])
{
	uint64_t     size;
	struct area *area;
	void        *memory;

	if (!a[1])
		return -EINVAL;
	if (!align_up_checked((uint64_t)a[1], PAGE_SIZE, &size))
		return -ENOMEM;
	if (!(a[3] & MAP_ANONYMOUS) || (a[3] & MAP_FIXED) || (a[2] & PROT_EXEC)) {
		libc_missing(a[2] & PROT_EXEC ? "mmap of memory to execute" : a[3] & MAP_FIXED ? "mmap with MAP_FIXED" : "mmap of files");
		return -ENOSYS;
	}
	if (a[2] == PROT_NONE) {
		area = reserve(size);
		return area ? (long)area->start : -ENOMEM;
	}
	memory = vm_alloc(size);
	return memory ? (long)memory : -ENOMEM;
}

long call_munmap(long const a[6])
{
	uint64_t const start = (uint64_t)a[0], size = align_up((uint64_t)a[1], PAGE_SIZE);
	struct area   *area  = area_of(start, size);

	if (!is_aligned(start, PAGE_SIZE) || !size)
		return -EINVAL;
	if (area)
		unmap_area(area, start, start + size);
	else
		vm_free((void *)start, size);
	return 0;
}

long call_mprotect(long const a[6])
{
	uint64_t const start = (uint64_t)a[0], size = align_up((uint64_t)a[1], PAGE_SIZE);
	struct area   *area  = area_of(start, size);

	if (!is_aligned(start, PAGE_SIZE))
		return -EINVAL;
	if (a[2] == (PROT_READ | PROT_WRITE))
		return area ? populate(area, start, start + size) : 0;
	libc_missing("mprotect but to make memory readable and writable");
	return -ENOSYS;
}

/* Advice need not be taken. */
long call_madvise(long const a[6])
{
	return 0;
}

/* The C library then copies. */
long call_mremap(long const a[6])
{
	return -ENOMEM;
}
