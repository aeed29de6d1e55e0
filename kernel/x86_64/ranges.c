/* SPDX-License-Identifier: MIT */
/*
 * The map of physical memory while booting: sorted ranges without overlap. Later statements win over earlier ones, except
 * that free memory never wins over anything.
 */
#include <kernel/x86_64/boot.h>

struct info boot_info = { .magic = INFO_MAGIC };

static uint64_t page_up(uint64_t x)   { return (x + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1); }
static uint64_t page_down(uint64_t x) { return x & ~(PAGE_SIZE - 1); }

static void insert(unsigned at, uint64_t base, uint64_t end, struct info_range const *like)
{
	struct info_range *r = boot_info.ranges;

	if (boot_info.range_count == INFO_RANGES)
		panic("the memory map has more than %u ranges", INFO_RANGES);
	for (unsigned i = boot_info.range_count++; i > at; i--)
		r[i] = r[i - 1];
	r[at] = *like;
	r[at].base = base;
	r[at].size = end - base;
}

static void remove(unsigned at)
{
	boot_info.range_count--;
	for (unsigned i = at; i < boot_info.range_count; i++)
		boot_info.ranges[i] = boot_info.ranges[i + 1];
}

/* Adds a free range where nothing is known yet. */
static void add_free(uint64_t base, uint64_t end)
{
	struct info_range free = { .kind = RANGE_FREE };

	for (unsigned i = 0; i < boot_info.range_count && base < end; i++) {
		struct info_range r = boot_info.ranges[i];
		uint64_t r_end = page_up(r.base + r.size), r_base = page_down(r.base);
		if (r_end <= base)
			continue;
		if (r_base > base) {
			insert(i, base, r_base < end ? r_base : end, &free);
			i++;
		}
		base = r_end;
	}
	if (base < end) {
		unsigned at = 0;
		while (at < boot_info.range_count && boot_info.ranges[at].base < base)
			at++;
		insert(at, base, end, &free);
	}
}

/* Takes [base, end), whole pages, out of every range. */
static void cut(uint64_t base, uint64_t end)
{
	for (unsigned i = 0; i < boot_info.range_count; i++) {
		struct info_range r = boot_info.ranges[i];
		uint64_t r_end = r.base + r.size;
		if (r_end <= base || r.base >= end)
			continue;
		remove(i);
		if (r_end > end)
			insert(i, end, r_end, &r);
		if (r.base < base)
			insert(i, r.base, base, &r);
		i = -1u; /* indices have moved: start over */
	}
}

void ranges_carve(uint64_t base, uint64_t size, enum range_kind kind, char const *name)
{
	struct info_range range = { .kind = kind };
	uint64_t end = base + size;

	if (!size || end < base)
		return;
	if (kind == RANGE_FREE) {
		add_free(page_up(base), page_down(end));
		return;
	}
	for (unsigned i = 0; i < INFO_NAME - 1 && name[i]; i++)
		range.name[i] = name[i];
	cut(page_down(base), page_up(end));
	unsigned at = 0;
	while (at < boot_info.range_count && boot_info.ranges[at].base < base)
		at++;
	if (kind == RANGE_MODULE)
		insert(at, base, end, &range);
	else
		insert(at, page_down(base), page_up(end), &range);
}

void ranges_release(uint64_t base, uint64_t size)
{
	cut(base, base + size);
	add_free(base, base + size);
}

uint64_t boot_alloc_frames(unsigned frames, enum range_kind kind)
{
	uint64_t size = frames * PAGE_SIZE;

	for (unsigned i = 0; i < boot_info.range_count; i++) {
		struct info_range *r = &boot_info.ranges[i];
		if (r->kind != RANGE_FREE || r->size < size || r->base < 0x100000 || r->base + size > 1UL << 32)
			continue;
		uint64_t base = r->base;
		struct info_range *before = i ? r - 1 : NULL;
		if (before && before->kind == kind && before->base + before->size == base && !before->name[0]) {
			before->size += size;
			r->base += size;
			r->size -= size;
			if (!r->size)
				remove(i);
		} else {
			ranges_carve(base, size, kind, "");
		}
		zero_quads(phys_to_virt(base), size / 8);
		return base;
	}
	panic("not enough memory to boot: no %u free frames", frames);
}

uint64_t boot_alloc_frame(void) { return boot_alloc_frames(1, RANGE_KERNEL); }
