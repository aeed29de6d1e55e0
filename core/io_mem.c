/* SPDX-License-Identifier: MIT */
/* IO_MEM sessions; see io_mem.h. */
#include <core/io_mem.h>

#include <core/core.h>
#include <core/grant.h>

#define IO_MEM_LIMIT (1UL << (32 + PAGE_SHIFT))    /* frames have numbers of 32 bits */

static struct claims claims;
static struct info const *machine;
static bool firmware_ram[INFO_RANGES];             /* reserved ranges that touch RAM */

struct pages { uint64_t first, last; };

/* The pages that [base, base + size) touches; size is not 0. */
static struct pages pages_of(uint64_t base, uint64_t size)
{
	return (struct pages) { base >> PAGE_SHIFT, (base + size - 1) >> PAGE_SHIFT };
}

bool io_mem_is_ram(uint32_t index)
{
	return machine->ranges[index].kind != RANGE_RESERVED || firmware_ram[index];
}

/* Do two ranges overlap or touch? */
static bool are_neighbours(struct info_range const *a, struct info_range const *b)
{
	struct pages x = pages_of(a->base, a->size), y = pages_of(b->base, b->size);

	return x.first <= y.last + 1 && y.first <= x.last + 1;
}

static bool touches_ram(uint32_t index)
{
	for (uint32_t i = 0; i < machine->range_count; i++)
		if (machine->ranges[i].size && io_mem_is_ram(i) && are_neighbours(&machine->ranges[i], &machine->ranges[index]))
			return true;
	return false;
}

void io_mem_init(struct info const *info)
{
	bool changed = true;

	machine = info;
	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < info->range_count; i++) {
			if (!info->ranges[i].size || io_mem_is_ram(i) || !touches_ram(i))
				continue;
			firmware_ram[i] = changed = true;
		}
	}
}

static bool overlaps(struct pages pages, uint64_t base, uint64_t size)
{
	struct pages other = pages_of(base, size);

	return pages.first <= other.last && other.first <= pages.last;
}

/* Why nobody gets these pages, or NULL. */
static char const *forbidden(struct pages pages)
{
	for (uint32_t i = 0; i < machine->range_count; i++) {
		struct info_range const *range = &machine->ranges[i];

		if (range->size && io_mem_is_ram(i) && overlaps(pages, range->base, range->size))
			return "RAM";
	}
	return overlaps(pages, machine->lapic, PAGE_SIZE) || overlaps(pages, machine->ioapic, PAGE_SIZE) ? "interrupt controllers" : NULL;
}

enum status io_mem_check(struct io_mem_args const *args, char const *label)
{
	uint64_t last = args->base + args->size - 1;
	struct pages pages;
	char const *why;
	char what[64];

	if (!args->size || !is_within(args->base, args->size, IO_MEM_LIMIT))
		return STATUS_INVALID;
	pages = pages_of(args->base, args->size);
	why = forbidden(pages);
	if (!why && !grant_holds(label, GRANT_MEMORY, args->base, last))
		why = grant_advice(label, GRANT_MEMORY, args->base, last);
	else if (!why && !claims_free(&claims, pages.first, pages.last))
		why = "another session has a part of it";
	if (!why)
		return STATUS_OK;
	format_cut(what, sizeof(what), "memory from 0x%llx, 0x%llx bytes", (unsigned long long)args->base, (unsigned long long)args->size);
	return claims_deny(label, what, why);
}

enum status io_mem_create(struct account *payer, struct io_mem_args const *args, struct io_mem **io_mem)
{
	struct pages pages = pages_of(args->base, args->size);
	struct dataspace *memory;
	enum status status;

	RPC_TRY(object_create(payer, PLACES_IO_MEM, 0, RECORD_IO_MEM, io_mem));
	status = dataspace_wrap(payer, pages.first, pages.last - pages.first + 1, DATASPACE_WRITABLE | DATASPACE_DEVICE, &memory);
	if (status != STATUS_OK) {
		object_destroy(&(*io_mem)->record, 0);
		return status;
	}
	memory->cache = args->cache == IO_MEM_CACHE_WRITE_COMBINED ? RAM_CACHE_WRITE_COMBINED : RAM_CACHE_UNCACHED;
	(*io_mem)->memory = memory;
	claims_take(&claims, &(*io_mem)->claim, pages.first, pages.last);
	kernel_gate_create(place_address(&(*io_mem)->record, 0), core_thread, badge_of(&(*io_mem)->record, 0));
	return STATUS_OK;
}

void io_mem_destroy(struct io_mem *io_mem)
{
	claims_release(&claims, &io_mem->claim);
	kernel_destroy(place_address(&io_mem->record, 0));
	object_destroy(&io_mem->record, 0);
}

static enum status op_dataspace(struct io_mem_session *self, struct cap *memory)
{
	*memory = cap_of(&((struct io_mem *)self)->memory->record, 0);
	return STATUS_OK;
}

struct io_mem_ops const io_mem_operations = { .dataspace = op_dataspace };
