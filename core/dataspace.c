/* SPDX-License-Identifier: MIT */
/* Dataspaces: memory, zeroed in slices; see dataspace.h. */
#include <core/dataspace.h>

#include <base/string.h>
#include <core/core.h>
#include <core/machine.h>
#include <core/region.h>
#include <core/trace.h>

enum {
	FILL_SLICE   = 16,    /* frames zeroed a slice */
	FILLING_MAX  = 16,    /* unfinished ones that an account can have; the oldest goes when there are more */
};

static enum status create(struct account *payer, uint64_t frame, uint64_t frames, uint8_t rights, struct dataspace **dataspace)
{
	struct dataspace *made;

	RPC_TRY(object_create_paid(payer, PLACES_DATASPACE, RECORD_DATASPACE, &made));
	made->frame = frame;
	made->frames = frames;
	made->rights = rights;
	if (!(rights & DATASPACE_NAMELESS))
		kernel_gate_create(place_address(&made->record, 0), core_thread, badge_of(&made->record, 0));
	*dataspace = made;
	return STATUS_OK;
}

/* It is dead for new regions. */
static void end_name(struct dataspace *dataspace)
{
	if (!(dataspace->rights & DATASPACE_NAMELESS))
		kernel_destroy(place_address(&dataspace->record, 0));
	dataspace->record.state = DATASPACE_FREED;
	dataspace->record.dying = true;
}

static void unlink_filling(struct dataspace *dataspace)
{
	uint32_t *link = &dataspace->record.account->filling;

	while (*link != record_number(dataspace))
		link = &((struct dataspace *)record_at(*link))->next_filling;
	*link = dataspace->next_filling;
	list_init(&dataspace->regions);
}

/* The gate is gone and no region shows it: frames and places go back. */
static void end(struct dataspace *dataspace)
{
	bool ram = dataspace->rights & DATASPACE_RAM;
	uint64_t frames = ram ? dataspace->frames : 0;

	assert(list_is_empty(&dataspace->regions));
	if (ram)
		memory_free(&core_memory, dataspace->frame, dataspace->frames);
	object_destroy(&dataspace->record, frames);
}

static struct list quarantined = LIST_INIT(quarantined);    /* of struct dataspace by of_quarantined */

/* Nobody maps it any more. It stands behind what its account must end first. */
static void finish(struct dataspace *dataspace)
{
	struct account *account = dataspace->record.account;

	if (!(dataspace->rights & DATASPACE_TOLD)) {
		end(dataspace);
		return;
	}
	dataspace->record.state = DATASPACE_QUARANTINED;
	dataspace->of_quarantined = (struct list_link) { NULL, NULL };
	list_append(&quarantined, &dataspace->of_quarantined);
	list_remove(&dataspace->record.of_account);
	list_append(&account->objects, &dataspace->record.of_account);
}

enum status dataspace_end_quarantine(void)
{
	while (!list_is_empty(&quarantined)) {
		struct dataspace *dataspace = list_first_object(&quarantined, struct dataspace, of_quarantined);
		struct account *account = dataspace->record.account;

		if (!work_step())
			return STATUS_AGAIN;
		list_remove(&dataspace->of_quarantined);
		list_init(&dataspace->regions);
		end(dataspace);
		account_pass_on(account);
	}
	return STATUS_OK;
}

/* What this account has asked for before and is not finished; `oldest`: if there are too many. */
static struct dataspace *find_filling(struct account *payer, struct dataspace_want const *want, struct dataspace **oldest)
{
	unsigned count = 0;

	*oldest = NULL;
	for (uint32_t number = payer->filling; number;) {
		struct dataspace *dataspace = record_at(number);

		if (dataspace->frames == want->frames && 1UL << dataspace->align_log2 == want->align && dataspace->cache == want->cache &&
		    dataspace->low == want->low && !(dataspace->rights & DATASPACE_NAMELESS) == !want->nameless)
			return dataspace;
		if (++count == FILLING_MAX)
			*oldest = dataspace;
		number = dataspace->next_filling;
	}
	return NULL;
}

static enum status fill(struct dataspace *dataspace)
{
	uint64_t left = dataspace->frames - dataspace->filled, slice = MIN(left, (uint64_t)FILL_SLICE);

	void *start = ram_at(paddr_of_frame((uint64_t)dataspace->frame + dataspace->filled));

	machine_zero(start, slice << PAGE_SHIFT);
	if (dataspace->cache != RAM_CACHE_CACHED)
		machine_flush(start, slice << PAGE_SHIFT);
	dataspace->filled += slice;
	if (slice < left)
		return STATUS_AGAIN;
	unlink_filling(dataspace);
	dataspace->record.state = DATASPACE_LIVE;
	return STATUS_OK;
}

/* Charges and finds the memory; nothing of it is zero yet. */
static enum status begin(struct account *payer, struct dataspace_want const *want, struct dataspace **dataspace)
{
	uint8_t rights = DATASPACE_RAM | DATASPACE_WRITABLE | DATASPACE_EXECUTABLE | (want->nameless ? DATASPACE_NAMELESS : 0);
	uint64_t frame;
	enum status status;

	RPC_TRY(account_charge(payer, want->frames, PLACES_DATASPACE));
	status = memory_alloc_below(&core_memory, want->frames, want->align, want->low ? MEMORY_LOW : UINT64_MAX, &frame);
	if (status == STATUS_OK) {
		status = create(payer, frame, want->frames, rights, dataspace);
		if (status != STATUS_OK)
			memory_free(&core_memory, frame, want->frames);
	}
	if (status != STATUS_OK) {
		account_credit(payer, want->frames, PLACES_DATASPACE);
		return status;
	}
	(*dataspace)->cache = want->cache;
	(*dataspace)->low = want->low;
	(*dataspace)->align_log2 = __builtin_ctzll(want->align);
	(*dataspace)->next_filling = payer->filling;
	payer->filling = record_number(*dataspace);
	return STATUS_OK;
}

enum status dataspace_alloc(struct account *payer, struct dataspace_want const *want, struct dataspace **dataspace)
{
	struct dataspace *oldest, *made = find_filling(payer, want, &oldest);

	if (!made) {
		if (oldest)
			RPC_TRY(dataspace_destroy(oldest));
		RPC_TRY(begin(payer, want, &made));
	}
	RPC_TRY(fill(made));
	*dataspace = made;
	return STATUS_OK;
}

enum status dataspace_wrap(struct account *payer, uint64_t frame, uint64_t frames, uint8_t rights, struct dataspace **dataspace)
{
	RPC_TRY(account_charge(payer, 0, PLACES_DATASPACE));

	enum status status = create(payer, frame, frames, rights, dataspace);

	if (status != STATUS_OK) {
		account_credit(payer, 0, PLACES_DATASPACE);
		return status;
	}
	list_init(&(*dataspace)->regions);
	(*dataspace)->record.state = DATASPACE_LIVE;
	return STATUS_OK;
}

void dataspace_free(struct dataspace *dataspace)
{
	assert(dataspace->record.state == DATASPACE_LIVE);
	end_name(dataspace);
	dataspace->rights &= ~DATASPACE_TOLD;
	dataspace_released(dataspace);
}

void dataspace_released(struct dataspace *dataspace)
{
	if (dataspace->record.state == DATASPACE_FREED && list_is_empty(&dataspace->regions))
		finish(dataspace);
}

enum status dataspace_hide(struct dataspace *dataspace)
{
	dataspace->record.dying = true;
	while (!list_is_empty(&dataspace->regions)) {
		if (!work_step())
			return STATUS_AGAIN;
		RPC_TRY(region_destroy(list_first_object(&dataspace->regions, struct region, of_dataspace)));
	}
	return STATUS_OK;
}

enum status dataspace_destroy(struct dataspace *dataspace)
{
	if (dataspace_is_managed(dataspace))
		return rm_destroy(record_at(dataspace->frame));
	if (dataspace->record.state == DATASPACE_FILLING)
		unlink_filling(dataspace);
	trace_dataspace_ends(dataspace);
	if (dataspace->record.state != DATASPACE_FREED)
		end_name(dataspace);
	while (!list_is_empty(&dataspace->regions)) {
		struct region *region = list_first_object(&dataspace->regions, struct region, of_dataspace);
		bool last = list_next(&dataspace->regions, &region->of_dataspace) == NULL;

		RPC_TRY(region_destroy(region));
		if (last)
			return STATUS_OK;    /* and the dataspace with it */
		if (!work_step())
			return STATUS_AGAIN;
	}
	finish(dataspace);
	return STATUS_OK;
}
