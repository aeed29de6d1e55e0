/* SPDX-License-Identifier: MIT */
/* Counts anew what every account pays for; see ledger.h. It shares no sums with the code that charges. */
#include <core/ledger.h>

#include <core/core.h>
#include <core/dataspace.h>
#include <core/pd.h>
#include <core/region.h>
#include <core/thread.h>

struct sums { uint64_t pages, caps; };

/* Tables that are counted for a region: those of windows in which no region of the same payer stands before it. */
static uint64_t tables_of(struct region const *region)
{
	uint64_t window = align_down(region_start(region), REGION_WINDOW);
	uint64_t tables = (align_up(region_end(region), REGION_WINDOW) - window) / REGION_WINDOW;
	struct tree_node *node = tree_previous(&region->of_rm);

	if (region->rm->dataspace)
		return 0;
	for (; node; node = tree_previous(node)) {
		struct region const *before = container_of(node, struct region, of_rm);

		if (region_end(before) <= window)
			break;
		if (before->record.account == region->record.account) {
			tables--;
			break;
		}
	}
	for (uint64_t gib = REGION_GIB; gib < region_end(region); gib += REGION_GIB)
		if (gib + REGION_GIB > region_start(region))
			tables += 2;
	return tables;
}

static uint64_t pages_of(struct record const *record)
{
	switch ((enum record_type)record->type) {
	case RECORD_DATASPACE: {
		struct dataspace const *dataspace = (struct dataspace const *)record;

		return dataspace->rights & DATASPACE_RAM ? dataspace->frames : 0;
	}
	case RECORD_REGION:
		return tables_of((struct region const *)record);
	case RECORD_THREAD: {
		struct thread const *thread = (struct thread const *)record;

		return 1 + (thread->utcb.rm ? tables_of(&thread->utcb) : 0);
	}
	case RECORD_PD:
		return 4;
	case RECORD_ACCOUNT:
		return ((struct account const *)record)->ram_limit;
	default:
		return 0;
	}
}

/* Capability frames that `payer` pays in domains of `account` and of accounts split off it. */
static uint64_t cap_frames_of(struct account const *account, struct account const *payer)
{
	uint64_t frames = 0;

	list_for_each(record, &account->objects, struct record, of_account) {
		if (record->type == RECORD_ACCOUNT)
			frames += cap_frames_of((struct account const *)record, payer);
		if (record->type != RECORD_PD)
			continue;

		struct pd const *pd = (struct pd const *)record;

		for (unsigned i = 1; i < pd->cap_count; i++)
			frames += record_at(pd_cap_frame(pd, i)->payer) == payer ? pd_cap_frame_pages(i) : 0;
	}
	return frames;
}

/* What is not spent in an account and those split off it. */
static uint64_t check_account(struct account const *account, uint64_t extra_pages)
{
	struct sums sums = { .pages = extra_pages + cap_frames_of(account, account) };
	uint64_t unspent = 0, pairs = 0;

	list_for_each(record, &account->objects, struct record, of_account) {
		assert(record->account == account && record->places);
		sums.pages += pages_of(record);
		sums.caps += record->places;
		if (record->type == RECORD_ACCOUNT) {
			sums.caps += ((struct account const *)record)->caps_limit;
			unspent += check_account((struct account const *)record, 0);
		}
	}
	list_for_each(pair, &account->pairs, struct pair, of_account) {
		assert(pair->home == account);
		pairs++;
	}
	assert(pairs == account->pair_count);
	sums.pages += 2 * MAX(pairs, (uint64_t)account_pairs_reserved(account));
	assert(sums.pages == account->ram_used && sums.caps == account->caps_used);
	assert(account->ram_used <= account->ram_limit && account->caps_used <= account->caps_limit);
	return unspent + account->ram_limit - account->ram_used;
}

void ledger_check(void)
{
	uint64_t unspent = check_account(&core_account, core_extra_pages);

	assert(unspent + account_unbacked_pages == core_memory.free);
}
