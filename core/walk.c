/* SPDX-License-Identifier: MIT */
/* From an address to memory, and who waits on the way; see walk.h. */
#include <core/walk.h>

#include <core/core.h>
#include <core/dataspace.h>
#include <core/pd.h>
#include <core/thread.h>

void walk_begin(struct walk *walk, struct rm *rm, uint64_t address, uint32_t error, uint64_t around)
{
	uint64_t page = align_down(address, PAGE_SIZE), first = align_down(address, around);

	*walk = (struct walk) {
		.epoch = region_epoch, .start = address, .error = error, .write = true, .execute = true, .rm = rm, .address = address,
		.before = page - first, .after = first + around - PAGE_SIZE - page,
	};
}

/* One region further. False: it does not allow the access. */
static bool pass(struct walk *walk, struct region *region)
{
	uint64_t page = align_down(walk->address, PAGE_SIZE);
	unsigned access = region->record.state & REGION_ACCESS;

	walk->write &= access == RM_ACCESS_WRITE || access == RM_ACCESS_ALL;
	walk->execute &= access == RM_ACCESS_EXECUTE || access == RM_ACCESS_ALL;
	walk->before = MIN(walk->before, page - region_start(region));
	walk->after = MIN(walk->after, region_end(region) - PAGE_SIZE - page);
	walk->region = region;
	region->record.state |= REGION_MAPPED;
	return walk->error & FAULT_WRITE ? walk->write : walk->execute || !(walk->error & FAULT_EXECUTE);
}

enum walk_end walk_go(struct walk *walk)
{
	for (unsigned maps = 0; maps < WALK_SLICE; maps++) {
		struct region *region = region_lookup(walk->rm, walk->address);

		if (!region)
			return WALK_MISSING;
		if (!pass(walk, region))
			return WALK_DENIED;
		if (!region->dataspace || !dataspace_is_managed(region->dataspace))
			return WALK_FOUND;
		walk->address += ((uint64_t)region->offset << PAGE_SHIFT) - region_start(region);
		walk->rm = record_at(region->dataspace->frame);
	}
	return WALK_DEEPER;
}

uint64_t walk_frame(struct walk const *walk)
{
	struct region const *region = walk->region;
	uint64_t page = (walk->address - region_start(region)) >> PAGE_SHIFT;

	return page + region->offset + (region->dataspace ? region->dataspace->frame : 0);
}

/* --- Threads that wait --- */

void walk_wait(struct walk const *walk, struct thread *thread)
{
	assert(!thread->waits && walk->rm->handler.signal);
	thread->waits = walk->rm;
	thread->walk = *walk;
	list_append(&walk->rm->waiting, &thread->of_waiting);
	signal_ref_submit(&walk->rm->handler);
}

void walk_forget(struct thread *thread)
{
	if (!thread->waits)
		return;
	thread->waits = NULL;
	thread->walk.rm = NULL;
	list_remove(&thread->of_waiting);
}

void walk_wake(struct thread *thread)
{
	walk_forget(thread);
	if (thread->record.state == THREAD_STATE_RUNNING && thread->pd && !thread->pd->record.dying)
		kernel_thread_ctl(thread_object(thread), THREAD_START);
}

void walk_wake_range(struct rm *rm, uint64_t start, uint64_t end)
{
	struct list_link *link = list_first(&rm->waiting);

	for (unsigned i = 0; link && i < WALK_SLICE; i++) {
		struct thread *thread = list_object(link, struct thread, of_waiting);

		link = list_next(&rm->waiting, link);
		if (thread->walk.address >= start && thread->walk.address < end)
			walk_wake(thread);
	}
	if (link)
		signal_ref_submit(&rm->handler);
}

void walk_wake_domain(struct pd *pd, uint64_t start, uint64_t end)
{
	list_for_each(thread, &pd->threads, struct thread, of_pd)
		if (thread->waits && thread->walk.start >= start && thread->walk.start < end)
			walk_wake(thread);
}

enum status walk_wake_all(struct rm *rm)
{
	while (!list_is_empty(&rm->waiting)) {
		if (!work_step())
			return STATUS_AGAIN;
		walk_wake(list_first_object(&rm->waiting, struct thread, of_waiting));
	}
	return STATUS_OK;
}

enum status walk_waiting(struct rm *rm, struct thread **thread)
{
	for (;;) {
		*thread = list_first_object(&rm->waiting, struct thread, of_waiting);
		if (!*thread || !region_lookup(rm, (*thread)->walk.address))
			return STATUS_OK;
		if (!work_step())
			return STATUS_AGAIN;
		walk_wake(*thread);
	}
}
