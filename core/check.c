/* SPDX-License-Identifier: MIT */
/* Counts anew what every account pays for; see ledger.h. It shares no sums with the code that charges. */
#include <core/ledger.h>

#include <core/core.h>
#include <core/dataspace.h>
#include <core/pd.h>
#include <core/region.h>
#include <core/thread.h>

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

		return 1 + (thread->fpu_frame ? 1 : 0) + (thread->utcb.rm ? tables_of(&thread->utcb) : 0);
	}
	case RECORD_PD:
		return 4;
	case RECORD_ACCOUNT:
		return ((struct account const *)record)->ram_limit;
	default:
		return 0;
	}
}

/* Capability frames that `payer` pays, in domains of its own and of accounts below it. */
static uint64_t cap_frames_of(struct account const *payer)
{
	uint64_t frames = 0;

	for (struct account *account = (struct account *)payer; account; account = account_next(payer, account)) {
		list_for_each(record, &account->objects, struct record, of_account) {
			struct pd const *pd = (struct pd const *)record;

			for (unsigned i = 1; record->type == RECORD_PD && i < pd->cap_count; i++)
				frames += record_at(pd_cap_frame(pd, i)->payer) == payer ? pd_cap_frame_pages(i) : 0;
		}
	}
	return frames;
}

struct ledger_use ledger_count(struct account const *account)
{
	struct ledger_use use = { .own_pages = cap_frames_of(account) + (account == &core_account ? core_extra_pages : 0) };

	list_for_each(record, &account->objects, struct record, of_account) {
		assert(record->account == account && record->places);
		if (record->type == RECORD_ACCOUNT) {
			struct account const *below = (struct account const *)record;
			bool const is_lent = below->gates & 1u << ACCOUNT_LENT;

			use.split_pages += pages_of(record);
			use.caps += below->caps_limit;
			use.lent_pages += is_lent ? below->ram_limit : 0;
			use.lent_caps += is_lent ? below->caps_limit : 0;
		} else {
			use.own_pages += pages_of(record);
		}
		use.caps += record->places;
	}
	list_for_each(pair, &account->pairs, struct pair, of_account) {
		assert(pair->home == account);
		use.pairs++;
	}
	use.own_pages += PAIR_FRAMES * use.pairs;
	use.spoken_for = account_pairs_reserved(account) > use.pairs ? PAIR_FRAMES * (account_pairs_reserved(account) - use.pairs) : 0;
	return use;
}

static bool is_right(struct account const *account)
{
	struct ledger_use use = ledger_count(account);
	uint64_t pages = use.own_pages + use.spoken_for + use.split_pages;
	bool right = pages == account->ram_used && use.caps == account->caps_used && use.pairs == account->pair_count;

	if (!right)
		core_print_plain("ledger: account \"%s\" says %u pages, %u caps and %u pairs; counted are %llu, %llu and %llu", account->label,
		                 account->ram_used, account->caps_used, account->pair_count, (unsigned long long)pages, (unsigned long long)use.caps,
		                 (unsigned long long)use.pairs);
	if (use.lent_pages != account->ram_lent || use.lent_caps != account->caps_lent)
		core_print_plain("ledger: account \"%s\" says that it has lent %u pages and %u caps; counted are %llu and %llu", account->label,
		                 account->ram_lent, account->caps_lent, (unsigned long long)use.lent_pages, (unsigned long long)use.lent_caps);
	return right && use.lent_pages == account->ram_lent && use.lent_caps == account->caps_lent && account->ram_used <= account->ram_limit &&
	       account->caps_used <= account->caps_limit;
}

bool ledger_is_right(void)
{
	uint64_t unspent = 0, spoken_for = 0;
	bool right = true;

	for (struct account *account = &core_account; account; account = account_next(&core_account, account)) {
		right &= is_right(account);
		unspent += account->ram_limit - account->ram_used;
		spoken_for += ledger_count(account).spoken_for;
	}
	if (right && unspent + spoken_for != core_memory.free)
		core_print_plain("ledger: %llu pages are not spent, %llu are free", (unsigned long long)(unspent + spoken_for),
		                 (unsigned long long)core_memory.free);
	return right && unspent + spoken_for == core_memory.free && spoken_for == account_unbacked_pages;
}

void ledger_check(void)
{
	bool right = ledger_is_right();

	assert(right);
}
