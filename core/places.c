/* SPDX-License-Identifier: MIT */
/* Pairs of frames and the places in them; see places.h. */
#include <base/string.h>
#include <core/account.h>
#include <core/core.h>
#include <core/ledger.h>

enum { HEADER_WORD = 7 };    /* of an object frame: the last one in granule 0 is core's */

/* Record 0 of the pack that a record is in. */
static struct pair *pair_of(struct record const *record)
{
	return (struct pair *)align_down((uintptr_t)record, PAGE_SIZE);
}

static unsigned place_of(struct record const *record)
{
	return (uintptr_t)record % PAGE_SIZE / GRANULE;
}

struct paddr place_address(struct record const *record, unsigned offset)
{
	return (struct paddr) { pair_of(record)->object_frame.value + (place_of(record) + offset) * GRANULE };
}

struct record *record_of_object(struct paddr object)
{
	uint64_t const *header = ram_at((struct paddr) { align_down(object.value, PAGE_SIZE) });
	struct paddr pack = { header[HEADER_WORD] };

	/* Frames that are not core's to give, like that of core's own thread, have no pack. */
	if (memory_state(&core_memory, object.value >> PAGE_SHIFT) != FRAME_PLAIN || memory_state(&core_memory, pack.value >> PAGE_SHIFT) != FRAME_PACK)
		return NULL;
	return ram_at((struct paddr) { pack.value + object.value % PAGE_SIZE });
}

/* The lowest bits of a run of `length` ones, as a mask of where such runs start. */
static uint64_t runs(uint64_t ones, unsigned length)
{
	unsigned have = 1;

	while (have < length) {
		unsigned step = MIN(have, length - have);

		ones &= ones >> step;
		have += step;
	}
	return ones;
}

static uint64_t mask(unsigned place, unsigned places)
{
	return ((1UL << places) - 1) << place;
}

static bool is_full(struct pair const *pair)
{
	return !~pair->used;
}

static bool is_empty(struct pair const *pair)
{
	return pair->used == 1;
}

static struct pair *pair_create(struct account *home)
{
	uint64_t object_frame, pack;
	enum status status = account_pairs_change(home, 1);

	if (status != STATUS_OK)
		return NULL;
	status = memory_alloc(&core_memory, 1, 1, &object_frame);
	assert(status == STATUS_OK);
	status = memory_alloc(&core_memory, 1, 1, &pack);
	assert(status == STATUS_OK);

	struct pair *pair = ram_at(paddr_of_frame(pack));
	uint64_t *header = ram_at(paddr_of_frame(object_frame));

	memset(pair, 0, PAGE_SIZE);
	/* The kernel takes no frame that looks like an object frame; whoever had it before may have made it look like one. */
	memset(header, 0, GRANULE);
	memory_mark_pack(&core_memory, pack, true);
	*pair = (struct pair) { .used = 1, .object_frame = paddr_of_frame(object_frame), .home = home };
	kernel_frame_give(pair->object_frame);
	header[HEADER_WORD] = paddr_of(pair).value;
	list_prepend(&home->pairs, &pair->of_account);
	return pair;
}

static void pair_destroy(struct pair *pair)
{
	struct account *home = pair->home;
	enum status status;

	assert(is_empty(pair));
	list_remove(&pair->of_account);
	kernel_frame_take(pair->object_frame);
	memory_free(&core_memory, pair->object_frame.value >> PAGE_SHIFT, 1);
	memory_mark_pack(&core_memory, paddr_of(pair).value >> PAGE_SHIFT, false);
	memory_free(&core_memory, paddr_of(pair).value >> PAGE_SHIFT, 1);
	status = account_pairs_change(home, -1);
	assert(status == STATUS_OK);
}

bool places_trim(struct account *home, uint32_t target)
{
	list_for_each_safe(pair, &home->pairs, struct pair, of_account) {
		if (home->pair_count <= target)
			break;
		if (!is_empty(pair))
			continue;
		if (!work_step())
			break;
		pair_destroy(pair);
	}
	return home->pair_count <= target;
}

/* The first pair with such a run of free places, or NULL; *starts: where there are such runs. */
static struct pair *pair_find(struct account *home, unsigned places, uint64_t *starts)
{
	list_for_each(pair, &home->pairs, struct pair, of_account) {
		if (is_full(pair))
			return NULL;
		*starts = runs(~pair->used, places);
		if (*starts)
			return pair;
	}
	return NULL;
}

enum status places_take(struct account *payer, unsigned places, enum record_type type, void *record)
{
	static uint32_t last_serial;
	struct account *home = payer->home;
	uint64_t starts = 0;
	struct pair *pair = pair_find(home, places, &starts);

	if (!pair) {
		pair = pair_create(home);
		if (!pair)
			return STATUS_OUT_OF_CAPS;
		starts = runs(~pair->used, places);
	}

	/* Single places from the top, runs from the bottom: so they come apart less. */
	unsigned place = places == 1 ? 63 - __builtin_clzll(starts) : __builtin_ctzll(starts);
	struct record *taken = (struct record *)((uintptr_t)pair + place * GRANULE);

	ledger_objects[type]++;
	pair->used |= mask(place, places);
	if (is_full(pair)) {
		list_remove(&pair->of_account);
		list_append(&home->pairs, &pair->of_account);
	}
	last_serial = (last_serial + 1) & ((1u << 30) - 1);
	*taken = (struct record) { .type = type, .places = places, .serial = last_serial };
	*(struct record **)record = taken;
	return STATUS_OK;
}

void places_give(struct record *record)
{
	struct pair *pair = pair_of(record);
	struct account *home = pair->home;
	uint64_t bits = mask(place_of(record), record->places);

	assert(record->type != RECORD_NONE && (pair->used & bits) == bits);
	if (is_full(pair)) {
		list_remove(&pair->of_account);
		list_prepend(&home->pairs, &pair->of_account);
	}
	ledger_objects[record->type]--;
	pair->used &= ~bits;
	memset(record, 0, record->places * GRANULE);
	if (is_empty(pair) && home->pair_count > account_pairs_reserved(home))
		pair_destroy(pair);
}
