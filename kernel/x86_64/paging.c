/* SPDX-License-Identifier: MIT */
/* Page tables of four levels, 4 KiB pages for user space; larger ones for the maps made at boot. */
#include <kernel/x86_64/paging.h>

#include <kernel/cpu.h>
#include <kernel/x86_64/boot.h>
#include <kernel/x86_64/cpu_ops.h>

#define ENTRIES      512
#define LARGE_PAGE   (ENTRIES * PAGE_SIZE)
#define RECYCLE_WORK 1000 /* instructions after which a slice frees no further table; one takes up to 1,300 */
#define TABLE_WORK   60   /* of them beside the search for it */
#define NEW_TABLES_MAX 3  /* a slice: each is zeroed */

static uint64_t kernel_top;

static uint64_t *table_at(uint64_t entry)                 { return phys_to_virt(entry & PTE_ADDRESS); }
static unsigned  index_of(uint64_t va, unsigned level)    { return va >> (12 + 9 * level) & (ENTRIES - 1); }

void paging_set_kernel_top(uint64_t top_table) { kernel_top = top_table; }

void paging_init_top(struct pd *pd, uint64_t top_table)
{
	uint64_t *top = phys_to_virt(top_table), *kernel = phys_to_virt(kernel_top);

	zero_quads(top, ENTRIES / 2);
	copy_quads(top + ENTRIES / 2, kernel + ENTRIES / 2, ENTRIES / 2);
	pd->cr3 = top_table;
}

void paging_give_table(struct pd *pd, uint64_t frame)
{
	*(uint64_t *)phys_to_virt(frame) = pd->free_tables;
	pd->free_tables = frame;
}

enum status paging_take_table(struct pd *pd, uint64_t *frame)
{
	if (!pd->free_tables)
		return STATUS_NOT_FOUND;
	if (!cpu_epoch_is_over(pd->epoch))
		return STATUS_AGAIN;
	*frame = pd->free_tables;
	pd->free_tables = *(uint64_t *)phys_to_virt(*frame);
	return STATUS_OK;
}

/* The lowest-level table for `va`, with up to *may_make missing ones taken from the domain's list; NULL: none left, or one of core's large pages is there. */
static uint64_t *walk(struct pd *pd, uint64_t va, unsigned *may_make)
{
	uint64_t *table = phys_to_virt(pd->cr3);

	for (unsigned level = 3; level; level--) {
		uint64_t *entry = &table[index_of(va, level)], frame = 0;
		if (*entry & PTE_LARGE)
			return NULL;
		if (!(*entry & PTE_PRESENT)) {
			if (!*may_make || paging_take_table(pd, &frame))
				return NULL;
			--*may_make;
			zero_quads(phys_to_virt(frame), ENTRIES);
			*entry = frame | PTE_PRESENT | PTE_WRITE | PTE_USER;
		}
		table = table_at(*entry);
	}
	return table;
}

/* The entry for `va` in that table, if nothing on the way is missing, as is most often. */
static inline bool find_entry(struct pd const *pd, uint64_t va, uint64_t **found)
{
	uint64_t entry = pd->cr3;

#pragma GCC unroll 3
	for (unsigned level = 3; level; level--) {
		entry = table_at(entry)[index_of(va, level)];
		if ((entry & (PTE_PRESENT | PTE_LARGE)) != PTE_PRESENT)
			return false;
	}
	*found = &table_at(entry)[index_of(va, 0)];
	return true;
}

static bool bad_range(uint64_t va, uint64_t pages)
{
	return va % PAGE_SIZE || pages - 1 >= MAP_PAGES_MAX || va > USER_END - pages * PAGE_SIZE;
}

void paging_leave(void)
{
	if (cpu_count == 1)
		return;
	this_cpu.cr3 = kernel_top;
	paging_flush();
}

/* Something in the tables of `pd` has gone. A CPU that enters the domain from now on finds that out by itself. */
static void forget_elsewhere(struct pd *pd)
{
	if (cpu_count == 1)
		return;
	__sync_synchronize(); /* first our tables, then their address spaces */
	for (unsigned i = 0; i < cpu_count; i++) {
		struct cpu *cpu = cpu_at(i);
		if (!cpu_is_quiet(cpu) && __atomic_load_n(&cpu->cr3, __ATOMIC_RELAXED) == pd->cr3) {
			pd->epoch = cpu_epoch_begin();
			return;
		}
	}
}

enum status paging_take_table_of(struct pd *pd, uint64_t va, uint64_t *frame)
{
	uint64_t *table = phys_to_virt(pd->cr3), *entry = NULL;

	if (pd->is_core || va >= USER_END)
		return STATUS_INVALID;
	for (unsigned level = 3; level; level--) {
		entry = &table[index_of(va, level)];
		if (!(*entry & PTE_PRESENT))
			return STATUS_NOT_FOUND;
		table = table_at(*entry);
	}
	*frame = *entry & PTE_ADDRESS;
	*entry = 0;
	forget_elsewhere(pd);
	return STATUS_OK;
}

/* Attributes as bits of an entry; 0: they contradict. PAT is WB, WT, UC-, UC, WC at entry 4 (selected by the PAT bit, 7 in a 4 KiB entry); see cpu.c. */
#define READ    (PTE_PRESENT | PTE_USER | PTE_ACCESS | PTE_NX)
#define WRITE   (READ | PTE_WRITE | PTE_DIRTY)
#define EXECUTE (PTE_PRESENT | PTE_USER | PTE_ACCESS)
#define KIND(attributes, bits) \
	[attributes] = READ | (bits), [(attributes) | MAP_WRITE] = WRITE | (bits), [(attributes) | MAP_EXECUTE] = EXECUTE | (bits)
static uint64_t const bits_of[2 * MAP_WRITE_COMBINE] = {
	KIND(0, 0), KIND(MAP_UNCACHED, PTE_CD | PTE_WT), KIND(MAP_WRITE_COMBINE, PTE_LARGE), KIND(MAP_UNCACHED | MAP_WRITE_COMBINE, PTE_CD | PTE_WT),
};

/* How many of so many pages, of which the first is at `va`, are in the same table. */
static unsigned in_one_table(uint64_t va, uint64_t pages)
{
	unsigned first = index_of(va, 0);

	return pages < ENTRIES - first ? pages : ENTRIES - first;
}

/* Another address space is flushed when it is switched to. */
static void invalidate(struct pd *pd, uint64_t va, unsigned pages)
{
	if (pd->cr3 != this_cpu.cr3)
		return;
	for (; pages; pages--, va += PAGE_SIZE)
		cpu_invalidate_page(va);
}

/* One page where no table is missing, as for most faults that core resolves. False: nothing has happened. */
static inline bool map_one(struct pd *pd, uint64_t va, uint64_t entry)
{
	uint64_t *place, before;

	if (!find_entry(pd, va, &place))
		return false;
	before = *place;
	*place = entry;
	if (pd->cr3 == this_cpu.cr3)
		cpu_invalidate_page(va);
	if (before & PTE_PRESENT)
		forget_elsewhere(pd);
	return true;
}

static __attribute__((noinline)) enum status map_pages(struct pd *pd, struct mapping const *m, uint64_t bits, uint64_t *mapped)
{
	uint64_t va = m->va, pa = m->pa, left = m->pages, before = 0;
	unsigned may_make = NEW_TABLES_MAX;

	for (*mapped = 0; left;) {
		unsigned count = in_one_table(va, left);
		uint64_t *table = walk(pd, va, &may_make), *entry;
		if (!table && !may_make)
			return STATUS_AGAIN;
		if (!table)
			return pd->free_tables ? STATUS_INVALID : STATUS_NO_TABLE;
		entry = &table[index_of(va, 0)];
		for (unsigned i = 0; i < count; i++, pa += PAGE_SIZE) {
			before |= entry[i];
			entry[i] = pa | bits;
		}
		invalidate(pd, va, count);
		va += count * PAGE_SIZE;
		left -= count;
		*mapped += count;
	}
	if (before & PTE_PRESENT)
		forget_elsewhere(pd);
	return STATUS_OK;
}

enum status paging_map(struct pd *pd, struct mapping const *m, uint64_t *mapped)
{
	if (bad_range(m->va, m->pages) || m->pa % PAGE_SIZE || m->pa > PTE_ADDRESS - m->pages * PAGE_SIZE)
		return STATUS_INVALID;
	if (m->attributes >= ARRAY_SIZE(bits_of) || !bits_of[m->attributes])
		return STATUS_INVALID;
	if (!cpu_epoch_is_over(pd->epoch))
		return STATUS_AGAIN;
	if (m->pages > 1 || !map_one(pd, m->va, m->pa | bits_of[m->attributes]))
		return map_pages(pd, m, bits_of[m->attributes], mapped);
	*mapped = 1;
	return STATUS_OK;
}

enum status paging_unmap(struct pd *pd, uint64_t va, uint64_t pages)
{
	if (bad_range(va, pages))
		return STATUS_INVALID;
	while (pages) {
		unsigned count = in_one_table(va, pages);
		uint64_t *first;
		if (find_entry(pd, va, &first)) {
			zero_quads(first, count);
			invalidate(pd, va, count);
		}
		va += count * PAGE_SIZE;
		pages -= count;
	}
	forget_elsewhere(pd);
	return STATUS_OK;
}

/* Frees one table that has no tables below it, or clears the way to it; adds to *work. Returns false when the user half is empty. */
static bool free_one_table(struct pd *pd, unsigned *work)
{
	uint64_t *table = phys_to_virt(pd->cr3), *entry = NULL;
	unsigned level = 3;

	*work += TABLE_WORK;
	for (; level; level--) {
		unsigned count = level == 3 ? ENTRIES / 2 : ENTRIES, i = find_quad(table, count);
		*work += i;
		if (i == count)
			break;
		entry = &table[i];
		table = table_at(*entry);
	}
	if (!entry)
		return false;
	uint64_t frame = *entry & PTE_ADDRESS;
	*entry = 0;
	paging_give_table(pd, frame);
	return true;
}

enum status paging_recycle(struct pd *pd)
{
	unsigned work = 0;
	bool more = true;

	if (pd->is_core)
		return STATUS_INVALID;
	while (more && work < RECYCLE_WORK)
		more = free_one_table(pd, &work);
	forget_elsewhere(pd);
	return more ? STATUS_AGAIN : STATUS_OK;
}

void paging_map_boot(uint64_t top_table, struct kernel_mapping const *m)
{
	for (uint64_t done = 0; done < m->size;) {
		uint64_t va = m->va + done, pa = m->pa + done, size = PAGE_SIZE;
		bool large = !(va % LARGE_PAGE) && !(pa % LARGE_PAGE) && m->size - done >= LARGE_PAGE;
		uint64_t *table = phys_to_virt(top_table);

		for (unsigned level = 3; level > (large ? 1u : 0u); level--) {
			uint64_t *entry = &table[index_of(va, level)];
			if (!*entry)
				*entry = boot_alloc_frame() | PTE_PRESENT | PTE_WRITE | (m->flags & PTE_USER);
			table = table_at(*entry);
		}
		if (large)
			size = LARGE_PAGE;
		table[index_of(va, large ? 1 : 0)] = pa | m->flags | PTE_PRESENT | PTE_ACCESS | PTE_DIRTY | (large ? PTE_LARGE : 0);
		done += size;
	}
}
