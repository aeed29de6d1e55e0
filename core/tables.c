/* SPDX-License-Identifier: MIT */
/* Page tables; see tables.h. */
#include <core/tables.h>

#include <core/core.h>
#include <core/pd.h>

/* Is it another region of the span's payer, in the window that starts there? */
static bool is_other(struct rm *rm, struct table_span const *span, uint64_t window, struct region const *region)
{
	return region != span->self && region->rm == rm && region->record.account == span->payer && region_start(region) < window + REGION_WINDOW &&
	       region_end(region) > window;
}

/*
 * Has the payer a region, other than `self`, in the window that starts there? Looked for among the regions of the window and those of the payer
 * at once, for either can be many. Threads have regions that are in no account's list, so all that the payer has is only known from the window.
 */
static bool has_other(struct rm *rm, struct table_span const *span, uint64_t window)
{
	struct region *region = tree_object(tree_floor(&rm->regions, window), struct region, of_rm);
	struct list_link *link = list_first(&span->payer->objects);
	bool threads = false;

	if (!region)
		region = tree_object(tree_first(&rm->regions), struct region, of_rm);
	while (region && region_start(region) < window + REGION_WINDOW) {
		struct record *record = link ? list_object(link, struct record, of_account) : NULL;

		if (is_other(rm, span, window, region))
			return true;
		if (record && record->type == RECORD_REGION && is_other(rm, span, window, (struct region *)record))
			return true;
		threads |= record && record->type == RECORD_THREAD;
		if (!record && !threads)
			return false;
		link = record ? list_next(&span->payer->objects, link) : NULL;
		region = tree_object(tree_next(&region->of_rm), struct region, of_rm);
	}
	return false;
}

uint64_t tables_needed(struct rm *rm, struct table_span const *span)
{
	uint64_t first = align_down(span->start, REGION_WINDOW), last = align_down(span->end - 1, REGION_WINDOW);
	uint64_t tables = (last - first) / REGION_WINDOW + 1;

	if (rm->dataspace)
		return 0;
	if (has_other(rm, span, first))
		tables--;
	if (first != last && has_other(rm, span, last))
		tables--;
	if (span->end > REGION_GIB)
		tables += 2 * ((span->end - 1) / REGION_GIB - MAX(span->start / REGION_GIB, 1UL) + 1);
	return tables;
}

void frame_list_push(struct frame_list *list, uint64_t frame)
{
	*(uint64_t *)ram_at(paddr_of_frame(frame)) = list->first;
	list->first = frame;
	list->count++;
}

uint64_t frame_list_pop(struct frame_list *list)
{
	uint64_t frame = list->first;

	assert(list->count);
	list->first = *(uint64_t *)ram_at(paddr_of_frame(frame));
	list->count--;
	return frame;
}

enum status tables_give(struct rm *rm, uint64_t count)
{
	uint64_t frame;

	while (count--) {
		RPC_TRY(memory_alloc(&core_memory, 1, 1, &frame));
		if (rm->pd)
			kernel_pd_grow(pd_object(rm->pd), paddr_of_frame(frame), FRAME_TABLE);
		else
			frame_list_push(&rm->spare, frame);
	}
	return STATUS_OK;
}

void tables_move_to_domain(struct rm *rm)
{
	while (rm->spare.count)
		kernel_pd_grow(pd_object(rm->pd), paddr_of_frame(frame_list_pop(&rm->spare)), FRAME_TABLE);
}

enum status tables_collect(struct rm *rm, uint64_t count)
{
	while (rm->spare.count < count) {
		struct paddr frame;

		assert(rm->pd);
		if (!work_step())
			return STATUS_AGAIN;
		if (kernel_pd_take(pd_object(rm->pd), (struct vaddr) { 0 }, &frame) == STATUS_OK)
			frame_list_push(&rm->spare, frame.value >> PAGE_SHIFT);
		else if (rm->pd->tables.count)
			frame_list_push(&rm->spare, frame_list_pop(&rm->pd->tables)); /* the domain's end has begun; nobody need go on with it */
		else
			kernel_recycle_slice(pd_object(rm->pd));
	}
	return STATUS_OK;
}

bool tables_unmap_window(struct rm *rm, struct table_span const *span, uint64_t address)
{
	uint64_t window = align_down(address, REGION_WINDOW);
	struct region *region = tree_object(tree_floor(&rm->regions, window + REGION_WINDOW - 1), struct region, of_rm);
	struct paddr frame;

	/* The last one that begins before the window's end, or the one before if that is this one, is the only one that can reach into it. */
	if (region == span->self)
		region = tree_object(tree_previous(&region->of_rm), struct region, of_rm);
	if (region && region_end(region) > window)
		return false;
	if (kernel_pd_take(pd_object(rm->pd), (struct vaddr) { address }, &frame) == STATUS_OK)
		frame_list_push(&rm->spare, frame.value >> PAGE_SHIFT);
	return true;
}

void tables_free(struct rm *rm, uint64_t count)
{
	while (count--)
		memory_free(&core_memory, frame_list_pop(&rm->spare), 1);
}
