/* SPDX-License-Identifier: MIT */
/* The regions of a map: where they go, what they cost, and how they end. Page tables are in rm.c. See region.h. */
#include <core/region.h>

#include <core/core.h>
#include <core/dataspace.h>
#include <core/pd.h>
#include <core/tables.h>
#include <core/walk.h>
#include <core/wave.h>

uint64_t region_epoch;

static struct region *region_of(struct tree_node *node)
{
	return tree_object(node, struct region, of_rm);
}

/* Keeps the largest gap of each subtree, for the search of holes. */
static void update(struct tree_node *node)
{
	struct region *region = region_of(node);
	struct region *left = region_of(node->child[0]), *right = region_of(node->child[1]);

	region->largest_gap = region->gap;
	if (left)
		region->largest_gap = MAX(region->largest_gap, left->largest_gap);
	if (right)
		region->largest_gap = MAX(region->largest_gap, right->largest_gap);
}

enum status rm_create(struct account *payer, uint64_t pages, struct rm **made)
{
	struct rm *rm;
	enum status status;

	RPC_TRY(object_create(payer, PLACES_RM, 0, RECORD_RM, &rm));
	rm->regions = (struct tree) { .update = update };
	list_init(&rm->waiting);
	if (pages) {
		status = dataspace_wrap(payer, record_number(rm), pages, DATASPACE_MANAGED | DATASPACE_WRITABLE | DATASPACE_EXECUTABLE, &rm->dataspace);
		if (status != STATUS_OK) {
			object_destroy(&rm->record, 0);
			return status;
		}
	}
	kernel_gate_create(place_address(&rm->record, 0), core_thread, badge_of(&rm->record, 0));
	*made = rm;
	return STATUS_OK;
}

uint64_t rm_end(struct rm const *rm)
{
	return rm->dataspace ? (uint64_t)rm->dataspace->frames << PAGE_SHIFT : REGION_END;
}

/* `previous` is the region before it, or NULL. */
static void set_gap(struct rm *rm, struct region *region, struct region const *previous)
{
	uint64_t bottom = rm_bottom(rm), free_from = previous ? MAX(region_end(previous), bottom) : bottom;

	region->gap = region_start(region) > free_from ? region_start(region) - free_from : 0;
}

/* The region before `region`, which may be NULL, has come or gone. */
static void refresh_gap(struct rm *rm, struct region *region)
{
	if (!region)
		return;
	set_gap(rm, region, region_of(tree_previous(&region->of_rm)));
	tree_changed(&rm->regions, &region->of_rm);
}

/* Is nothing in [start, start + size)? */
static bool is_hole(struct rm *rm, uint64_t start, uint64_t size)
{
	struct region *below = region_of(tree_floor(&rm->regions, start + size - 1));

	return !below || region_end(below) <= start;
}

/* The lowest hole of so many bytes. False: there is none. */
static bool find_hole(struct rm *rm, uint64_t size, uint64_t *hole)
{
	struct region *region = region_of(rm->regions.root);

	if (!region || region->largest_gap < size) {
		struct region *last = region_of(tree_last(&rm->regions));

		*hole = last ? MAX(region_end(last), rm_bottom(rm)) : rm_bottom(rm);
		return size <= rm_end(rm) - *hole;
	}
	for (;;) {
		struct region *left = region_of(region->of_rm.child[0]);

		if (left && left->largest_gap >= size)
			region = left;
		else if (region->gap < size)
			region = region_of(region->of_rm.child[1]);
		else
			break;
	}
	*hole = region_start(region) - region->gap;
	return true;
}

/* Does [start, start + size) need more page tables than it has to? */
static bool straddles(uint64_t start, uint64_t size)
{
	return start / REGION_WINDOW + (size - 1) / REGION_WINDOW != (start + size - 1) / REGION_WINDOW;
}

/*
 * Behind the region that a session account attached last, if that is in its window, whose table it pays already; else anywhere, with a page
 * on each side that stays free, so that whoever runs over its end meets nobody else.
 */
static bool find_own(struct rm *rm, uint64_t size, struct account *payer, uint64_t *hole)
{
	enum { LOOK_BACK = 8 };
	unsigned looks = LOOK_BACK;
	uint64_t whole = align_up(size, REGION_WINDOW);

	list_for_each(record, &payer->objects, struct record, of_account) {
		struct region *region = (struct region *)record;

		if (!looks--)
			break;
		if (record->type != RECORD_REGION || region->rm != rm || region_end(region) % REGION_WINDOW == 0)
			continue;
		if (size <= REGION_WINDOW - region_end(region) % REGION_WINDOW && is_hole(rm, region_end(region), size + PAGE_SIZE)) {
			*hole = region_end(region);
			return true;
		}
	}
	if (find_hole(rm, size + 2 * PAGE_SIZE, hole) && !straddles(*hole + PAGE_SIZE, size)) {
		*hole += PAGE_SIZE;
		return true;
	}
	if (!find_hole(rm, whole + REGION_WINDOW + PAGE_SIZE, hole))
		return false;
	*hole = align_up(*hole + PAGE_SIZE, REGION_WINDOW);
	return true;
}

/* Where it goes. */
static enum status choose(struct rm *rm, struct region_want const *want, struct account *payer, uint64_t *address)
{
	uint64_t lowest = rm->dataspace ? 0 : REGION_LOWEST;
	bool found;

	if (want->size > rm_end(rm))
		return STATUS_INVALID;
	if (want->address || want->fixed) {
		if (!is_aligned(want->address, PAGE_SIZE) || want->address < lowest || !is_within(want->address, want->size, rm_end(rm)))
			return STATUS_INVALID;
		*address = want->address;
		return is_hole(rm, want->address, want->size) ? STATUS_OK : STATUS_EXISTS;
	}
	if (rm->dataspace || account_is_component(payer) || payer == rm->record.account)
		found = find_hole(rm, want->size, address);
	else
		found = find_own(rm, want->size, payer, address);
	return found ? STATUS_OK : STATUS_NOT_FOUND;
}

static void insert(struct rm *rm, struct region *region, uint64_t address)
{
	enum status status;

	region->rm = rm;
	region->of_rm.key = address;
	set_gap(rm, region, region_of(tree_floor(&rm->regions, address)));
	status = tree_insert(&rm->regions, &region->of_rm);
	assert(status == STATUS_OK);
	refresh_gap(rm, region_of(tree_next(&region->of_rm)));
}

enum status region_attach(struct rm *rm, struct region_want const *want, struct account *payer, uint64_t *address)
{
	struct region *region;
	enum status status;
	uint64_t tables;

	RPC_TRY(choose(rm, want, payer, address));
	tables = tables_needed(rm, &(struct table_span) { *address, *address + want->size, payer, NULL });
	RPC_TRY(object_create(payer, PLACES_REGION, tables, RECORD_REGION, &region));
	status = tables_give(rm, tables);
	assert(status == STATUS_OK);
	region->record.state = want->access;
	region->record.serial = 0;
	region->dataspace = want->dataspace;
	region->offset = want->offset >> PAGE_SHIFT;
	region->pages = want->size >> PAGE_SHIFT;
	list_append(&want->dataspace->regions, &region->of_dataspace);
	insert(rm, region, *address);
	return STATUS_OK;
}

enum status region_attach_utcb(struct rm *rm, struct region *region, uint64_t address, uint32_t frame, struct account *payer)
{
	uint64_t tables;
	enum status status;

	if (!is_hole(rm, address, PAGE_SIZE))
		return STATUS_EXISTS;
	tables = tables_needed(rm, &(struct table_span) { address, address + PAGE_SIZE, payer, NULL });
	RPC_TRY(account_charge(payer, tables, 0));
	status = tables_give(rm, tables);
	assert(status == STATUS_OK);
	*region = (struct region) {
		.record = { .type = RECORD_REGION, .account = payer, .state = RM_ACCESS_WRITE }, .offset = frame, .pages = 1,
	};
	insert(rm, region, address);
	return STATUS_OK;
}

struct region *region_lookup(struct rm *rm, uint64_t address)
{
	struct region *region = region_of(tree_floor(&rm->regions, address));

	return region && address < region_end(region) && !region->record.dying ? region : NULL;
}

struct region *region_at(struct rm *rm, uint64_t address)
{
	struct region *region = region_of(tree_find(&rm->regions, address));

	return region && region->dataspace ? region : NULL;
}

/* Clears its pages in the domain, whole windows at once where nothing else is. AGAIN: a slice is done. */
static enum status unmap_own(struct region *region)
{
	struct rm *rm = region->rm;
	struct table_span span = { region_start(region), region_end(region), region->record.account, region };

	if (!rm->pd)
		return STATUS_OK;
	while (region->record.serial < region->pages) {
		uint64_t at = region_start(region) + ((uint64_t)region->record.serial << PAGE_SHIFT);
		uint64_t window_end = MIN(align_down(at, REGION_WINDOW) + REGION_WINDOW, region_end(region));
		uint32_t pages = (window_end - at) >> PAGE_SHIFT;

		if (!work_step())
			return STATUS_AGAIN;
		if (!tables_unmap_window(rm, &span, at)) {
			pages = MIN(pages, (uint32_t)MAP_PAGES_MAX);
			kernel_unmap(pd_object(rm->pd), (struct vaddr) { at }, pages);
		}
		region->record.serial += pages;
	}
	if (region->dataspace && dataspace_is_managed(region->dataspace))
		walk_wake_domain(rm->pd, region_start(region), region_end(region));
	return STATUS_OK;
}

/* Whoever is on the way through it starts anew; then what was mapped through it goes, wherever that is. AGAIN: a slice is done. */
static enum status unmap(struct region *region)
{
	struct rm *rm = region->rm;

	if (!region->record.dying)
		region_epoch += rm->dataspace || (region->dataspace && dataspace_is_managed(region->dataspace));
	region->record.dying = true;
	if (!(region->record.state & REGION_MAPPED))
		return STATUS_OK;
	return rm->dataspace ? wave_unmap(region) : unmap_own(region);
}

enum status region_destroy(struct region *region)
{
	struct rm *rm = region->rm;
	struct dataspace *dataspace = region->dataspace;
	struct account *payer = region->record.account;
	struct region *next;
	uint64_t tables;

	RPC_TRY(unmap(region));
	tables = tables_needed(rm, &(struct table_span) { region_start(region), region_end(region), payer, region });
	RPC_TRY(tables_collect(rm, tables));
	if (tables || region->record.state & REGION_MAPPED)
		kernel_sync();
	tables_free(rm, tables);
	/* What else was taken out is needed again: a region came into its window meanwhile. */
	if (rm->pd)
		tables_move_to_domain(rm);

	next = region_of(tree_next(&region->of_rm));
	tree_remove(&rm->regions, &region->of_rm);
	refresh_gap(rm, next);
	region->rm = NULL;
	if (dataspace) {
		wave_forget(region);
		list_remove(&region->of_dataspace);
		object_destroy(&region->record, tables);
		dataspace_released(dataspace);
	} else {
		account_credit(payer, tables, 0);
	}
	return STATUS_OK;
}
