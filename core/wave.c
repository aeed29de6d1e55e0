/* SPDX-License-Identifier: MIT */
/* Taking out what a managed dataspace showed; see wave.h. */
#include <core/wave.h>

#include <core/core.h>
#include <core/dataspace.h>
#include <core/pd.h>
#include <core/walk.h>

/* The wave: whose it is (NULL: there is none), its queue of maps, and how far it is with the first of these. */
static struct region *source;
static uint32_t first, last;                        /* record numbers of maps */
static struct list_link *user;                      /* the region that is next, of those that show the first map; NULL: none */
static uint32_t done;                               /* pages of what that region shows */

static struct rm *map_at(uint32_t number) { return number ? record_at(number) : NULL; }

static bool is_queued(struct rm const *rm) { return rm->wave_from != rm->wave_to; }

static void begin_first(void)
{
	struct rm *rm = map_at(first);

	user = rm && rm->dataspace ? list_first(&rm->dataspace->regions) : NULL;
	done = 0;
}

/* The pages [from, to) of a managed dataspace are to go. What is in the queue already grows. */
static void enqueue(struct rm *rm, uint32_t from, uint32_t to)
{
	if (is_queued(rm)) {
		rm->wave_from = MIN(rm->wave_from, from);
		rm->wave_to = MAX(rm->wave_to, to);
		return;
	}
	rm->wave_from = from;
	rm->wave_to = to;
	rm->wave_next = 0;
	if (first)
		map_at(last)->wave_next = record_number(rm);
	else
		first = record_number(rm);
	last = record_number(rm);
}

static void drop_first(void)
{
	struct rm *rm = map_at(first);

	rm->wave_from = rm->wave_to = 0;
	first = rm->wave_next;
	begin_first();
}

/* A step of taking the pages [from, to) of a region's dataspace out of where it stands. True: that is done. */
static bool take_out(struct region *region, uint32_t from, uint32_t to)
{
	struct rm *rm = region->rm;
	uint64_t start = region_start(region) + ((uint64_t)(from - region->offset) << PAGE_SHIFT);
	uint64_t end = start + ((uint64_t)(to - from) << PAGE_SHIFT);
	uint32_t pages = MIN(to - from - done, (uint32_t)MAP_PAGES_MAX);

	if (rm->dataspace) {
		enqueue(rm, start >> PAGE_SHIFT, end >> PAGE_SHIFT);
		return true;
	}
	if (!rm->pd)
		return true;
	kernel_unmap(pd_object(rm->pd), (struct vaddr) { start + ((uint64_t)done << PAGE_SHIFT) }, pages);
	done += pages;
	if (done < to - from)
		return false;
	walk_wake_domain(rm->pd, start, end);
	return true;
}

static void step(void)
{
	struct rm *rm = map_at(first);
	struct region *region = list_object(user, struct region, of_dataspace);

	if (!user) {
		drop_first();
		return;
	}

	uint32_t from = MAX(rm->wave_from, region->offset), to = MIN(rm->wave_to, region->offset + region->pages);

	if (from < to && region->record.state & REGION_MAPPED && !take_out(region, from, to))
		return;
	user = list_next(&rm->dataspace->regions, user);
	done = 0;
}

/* Goes on with the wave there is. AGAIN: a slice is done. */
static enum status go_on(void)
{
	while (first) {
		if (!work_step())
			return STATUS_AGAIN;
		step();
	}
	if (source)
		source->record.serial = source->pages;
	source = NULL;
	return STATUS_OK;
}

enum status wave_unmap(struct region *region)
{
	RPC_TRY(go_on());
	if (region->record.serial == region->pages)
		return STATUS_OK;
	source = region;
	enqueue(region->rm, region_start(region) >> PAGE_SHIFT, region_end(region) >> PAGE_SHIFT);
	begin_first();
	return go_on();
}

void wave_forget(struct region const *region)
{
	if (user != &region->of_dataspace)
		return;
	user = list_next(&region->dataspace->regions, user);
	done = 0;
}

enum status wave_leave(struct rm const *rm)
{
	return is_queued(rm) ? go_on() : STATUS_OK;
}

enum status wave_contains(struct rm *inner, struct rm *outer)
{
	static struct rm *found[WAVE_SEARCH_MAX + 1];
	static uint32_t search;
	unsigned count = 0, looks = WAVE_SEARCH_MAX;

	if (inner == outer)
		return STATUS_INVALID;
	if (!(inner->record.state & RM_NESTS) || !outer->dataspace)
		return STATUS_OK;
	search++;
	found[count++] = outer;
	for (unsigned i = 0; i < count; i++) {
		if (!found[i]->dataspace)
			continue;
		list_for_each(region, &found[i]->dataspace->regions, struct region, of_dataspace) {
			if (region->rm == inner)
				return STATUS_INVALID;
			if (!looks--)
				return STATUS_TOO_DEEP;
			if (region->rm->searched == search)
				continue;
			region->rm->searched = search;
			found[count++] = region->rm;
		}
	}
	return STATUS_OK;
}
