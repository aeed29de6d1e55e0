/* SPDX-License-Identifier: MIT */
/* The books of an account: charges, credits, and quota that moves between it and its origin. See account.h. */
#include <core/account.h>

#include <base/string.h>
#include <core/core.h>

enum { ROOT_PAIRS = 4 };    /* reserved for core's own objects; it has more if it needs more */

struct account core_account;
uint64_t account_unbacked_pages;

uint32_t account_pairs_reserved(struct account const *account)
{
	if (!account_is_component(account))
		return 0;
	return account == &core_account ? ROOT_PAIRS : pairs_for(account->caps_limit);
}

/* What pairs cost it: those that it has or must be able to have. */
static uint32_t pair_pages(struct account const *account, uint32_t reserved)
{
	return PAIR_FRAMES * MAX(reserved, account->pair_count);
}

static uint32_t unbacked(struct account const *account, uint32_t reserved)
{
	return PAIR_FRAMES * (reserved > account->pair_count ? reserved - account->pair_count : 0);
}

void account_init_root(uint32_t caps)
{
	core_account = (struct account) {
		.record = { .type = RECORD_ACCOUNT, .state = ACCOUNT_COMPONENT },
		.ram_limit = core_memory.free, .caps_limit = caps, .home = &core_account, .label = "core",
	};
	list_init(&core_account.objects);
	list_init(&core_account.wards);
	list_init(&core_account.pairs);
	core_account.ram_used = pair_pages(&core_account, ROOT_PAIRS);
	account_unbacked_pages = unbacked(&core_account, ROOT_PAIRS);
}

static enum status refuse(struct account *account, enum account_flags kind, uint64_t amount)
{
	account->record.state = (account->record.state & ~(ACCOUNT_REFUSED_RAM | ACCOUNT_REFUSED_CAPS)) | kind;
	account->refused_amount = MIN(amount, (uint64_t)UINT32_MAX);
	if (!account_is(account, ACCOUNT_TOLD)) {
		account->record.state |= ACCOUNT_TOLD;
		signal_ref_submit(&account->refusal);
	}
	return kind == ACCOUNT_REFUSED_RAM ? STATUS_OUT_OF_RAM : STATUS_OUT_OF_CAPS;
}

enum status account_charge(struct account *account, uint64_t pages, uint64_t caps)
{
	if (pages > account->ram_limit - account->ram_used || (pages && account->record.dying))
		return refuse(account, ACCOUNT_REFUSED_RAM, pages);
	if (caps > account->caps_limit - account->caps_used || (caps && account->record.dying))
		return refuse(account, ACCOUNT_REFUSED_CAPS, caps);
	account->ram_used += pages;
	account->caps_used += caps;
	return STATUS_OK;
}

void account_credit(struct account *account, uint64_t pages, uint64_t caps)
{
	assert(pages <= account->ram_used && caps <= account->caps_used);
	account->ram_used -= pages;
	account->caps_used -= caps;
}

enum status account_pairs_change(struct account *home, int delta)
{
	uint32_t reserved = account_pairs_reserved(home);
	uint32_t before = pair_pages(home, reserved), unbacked_before = unbacked(home, reserved);

	if (delta > 0 && home->pair_count >= reserved && home->ram_limit - home->ram_used < PAIR_FRAMES)
		return refuse(home, ACCOUNT_REFUSED_RAM, PAIR_FRAMES);
	home->pair_count += delta;
	home->ram_used += pair_pages(home, reserved) - before;
	account_unbacked_pages += (uint64_t)unbacked(home, reserved) - unbacked_before;
	return STATUS_OK;
}

enum status object_create_paid(struct account *payer, unsigned places, enum record_type type, void *record)
{
	struct record *made;

	RPC_TRY(places_take(payer, places, type, &made));
	made->account = payer;
	list_prepend(&payer->objects, &made->of_account);
	*(struct record **)record = made;
	return STATUS_OK;
}

enum status object_create(struct account *payer, unsigned places, uint64_t pages, enum record_type type, void *record)
{
	enum status status;

	RPC_TRY(account_charge(payer, pages, places));
	status = object_create_paid(payer, places, type, record);
	if (status != STATUS_OK)
		account_credit(payer, pages, places);
	return status;
}

enum status object_create_labelled(struct account *payer, enum record_type type, size_t offset, struct label const *label, void *record)
{
	struct record *made;

	RPC_TRY(object_create(payer, places_with_label(offset, label->size), 0, type, &made));
	memcpy((char *)made + offset, label->text, label->size + 1);
	kernel_gate_create(place_address(made, 0), core_thread, badge_of(made, 0));
	*(struct record **)record = made;
	return STATUS_OK;
}

void object_destroy(struct record *record, uint64_t pages)
{
	struct account *payer = record->account;
	unsigned places = record->places;

	list_remove(&record->of_account);
	places_give(record);
	account_credit(payer, pages, places);
}

/* Changes limits, and with them what a COMPONENT reserves for pairs. INVALID: that does not fit; nothing has changed. */
static enum status set_limits(struct account *account, uint64_t pages, uint64_t caps)
{
	bool component = account_is_component(account);
	uint32_t reserved = account_pairs_reserved(account), new_reserved = component ? pairs_for(caps) : 0;
	uint64_t used = (uint64_t)account->ram_used - pair_pages(account, reserved) + pair_pages(account, new_reserved);

	if (used > pages)
		return STATUS_INVALID;
	account_unbacked_pages += (uint64_t)unbacked(account, new_reserved) - unbacked(account, reserved);
	account->ram_used = used;
	account->ram_limit = pages;
	account->caps_limit = caps;
	return STATUS_OK;
}

/* Is it split off `above`, with whatever many accounts between? */
static enum status is_below(struct account const *account, struct account const *above, bool *result)
{
	for (unsigned i = 0; i < ACCOUNT_DEPTH_MAX; i++) {
		account = account->record.account;
		*result = account == above;
		if (*result || !account)
			return STATUS_OK;
	}
	return STATUS_TOO_DEEP;
}

/* Does it belong to another account than its origin? */
static bool is_loan(struct account const *account) { return list_is_linked(&account->of_splitter); }

enum status account_loan(struct account const *top, struct account const *account, uint32_t beyond, uint32_t *id)
{
	*id = 0;
	for (unsigned i = 0; i < ACCOUNT_DEPTH_MAX; i++) {
		uint32_t number;

		if (account == top)
			return STATUS_OK;
		if (!account)
			return STATUS_DENIED;
		number = is_loan(account) ? record_number(account) : 0;
		if (number && !beyond) {
			*id = number;
			return STATUS_OK;
		}
		if (number == beyond)
			beyond = 0;
		account = account->record.account;
	}
	return STATUS_TOO_DEEP;
}

void account_note_lent(struct account *account, int64_t pages, int64_t caps)
{
	struct account *origin = account->record.account;

	if (!(account->gates & 1u << ACCOUNT_LENT))
		return;
	origin->ram_lent += pages;
	origin->caps_lent += caps;
}

static void set_label(struct account *account, char const *text)
{
	static char const mark[] = "...";
	size_t const size = string_length_max(text, ACCOUNT_LABEL);

	memcpy(account->label, text, MIN(size, ACCOUNT_LABEL - 1UL));
	if (size == ACCOUNT_LABEL)
		memcpy(account->label + ACCOUNT_LABEL - sizeof(mark), mark, sizeof(mark));
}

enum status account_split(struct account *origin, struct account_split const *split, struct account **account)
{
	struct account *made;
	bool outlives = false;
	enum status status;

	if (split->pages > UINT32_MAX || split->caps > UINT32_MAX - PLACES_ACCOUNT - PAIR_PLACES)
		return refuse(origin, split->pages > UINT32_MAX ? ACCOUNT_REFUSED_RAM : ACCOUNT_REFUSED_CAPS, UINT32_MAX);
	if (split->component && PAIR_FRAMES * (uint64_t)pairs_for(split->caps) > split->pages)
		return STATUS_INVALID;
	if (split->splitter != origin)
		RPC_TRY(is_below(origin, split->splitter, &outlives));
	RPC_TRY(account_charge(origin, split->pages, split->caps + PLACES_ACCOUNT));
	status = places_take(origin, PLACES_ACCOUNT, RECORD_ACCOUNT, &made);
	if (status != STATUS_OK) {
		account_credit(origin, split->pages, split->caps + PLACES_ACCOUNT);
		return status;
	}
	made->record.account = origin;
	made->record.state = split->component ? ACCOUNT_COMPONENT : 0;
	made->gates = split->lent ? 1u << ACCOUNT_LENT : 0;
	account_note_lent(made, split->pages, split->caps);
	made->home = split->component ? made : origin->home;
	list_init(&made->objects);
	list_init(&made->pairs);
	list_init(&made->wards);
	if (outlives) {
		made->record.state |= ACCOUNT_OUTLIVES;
		list_append(&origin->objects, &made->record.of_account);
	} else {
		list_prepend(&origin->objects, &made->record.of_account);
	}
	if (split->splitter != origin)
		list_append(&split->splitter->wards, &made->of_splitter);
	set_label(made, split->label);
	status = set_limits(made, split->pages, split->caps);
	assert(status == STATUS_OK);
	*account = made;
	return STATUS_OK;
}

/* Few sessions at core are ever named by their accounts, so the gates are only made for those that are. */
struct paddr account_gate(struct account *account, unsigned which)
{
	struct paddr place = place_address(&account->record, which);

	if (!(account->gates & 1u << which))
		kernel_gate_create(place, core_thread, badge_of(&account->record, which));
	account->gates |= 1u << which;
	return place;
}

struct cap account_cap(struct account *account, unsigned which)
{
	(void)account_gate(account, which);
	return cap_of(&account->record, which);
}

enum status account_grow(struct account *account, uint64_t pages, uint64_t caps)
{
	struct account *origin = account->record.account;
	enum status status;

	RPC_TRY(account_charge(origin, pages, caps));
	status = set_limits(account, account->ram_limit + pages, account->caps_limit + caps);
	if (status == STATUS_OK)
		account_note_lent(account, pages, caps);
	else
		account_credit(origin, pages, caps);
	return status;
}

enum status account_shrink(struct account *account, uint64_t pages, uint64_t caps)
{
	if (caps > account->caps_limit - account->caps_used)
		return STATUS_OUT_OF_CAPS;
	if (account_is_component(account))
		(void)places_trim(account, pairs_for(account->caps_limit - caps));
	if (pages > account->ram_limit || set_limits(account, account->ram_limit - pages, account->caps_limit - caps) != STATUS_OK)
		return STATUS_OUT_OF_RAM;
	account_note_lent(account, -(int64_t)pages, -(int64_t)caps);
	account_credit(account->record.account, pages, caps);
	return STATUS_OK;
}

/* The first account from `link` on in the list of objects of `account`; NULL: none. */
static struct account *first_account(struct account *account, struct list_link *link)
{
	for (; link; link = list_next(&account->objects, link)) {
		struct record *record = container_of(link, struct record, of_account);

		if (record->type == RECORD_ACCOUNT)
			return (struct account *)record;
	}
	return NULL;
}

struct account *account_next(struct account const *root, struct account *account)
{
	struct account *next = first_account(account, list_first(&account->objects));

	while (!next && account != root) {
		struct account *origin = account->record.account;

		next = first_account(origin, list_next(&origin->objects, &account->record.of_account));
		account = origin;
	}
	return next;
}
