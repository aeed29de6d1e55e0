/* SPDX-License-Identifier: MIT */
/* Accounts for whoever sits at the serial line; see debug.h. */
#include <core/debug.h>

#include <core/account.h>
#include <core/core.h>

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

/* The account after this one, each before those that were split off it; NULL after the last. Bound: the depth of the tree, and its objects. */
static struct account *next_account(struct account *account)
{
	struct account *next = first_account(account, list_first(&account->objects));

	while (!next && account != &core_account) {
		struct account *origin = account->record.account;

		next = first_account(origin, list_next(&origin->objects, &account->record.of_account));
		account = origin;
	}
	return next;
}

static char const *kind_of(struct account const *account)
{
	if (account == &core_account)
		return "the machine";
	if (account_is(account, ACCOUNT_HUSK))
		return "husk";
	return account_is_component(account) ? "component" : "session";
}

void debug_print_accounts(void)
{
	for (struct account *account = &core_account; account; account = next_account(account))
		core_print("account \"%s\", %s%s: %llu of %llu KiB, %u of %u caps used", account->label, kind_of(account),
		           account->record.dying ? ", ending" : "", (unsigned long long)account->ram_used * 4,
		           (unsigned long long)account->ram_limit * 4, account->caps_used, account->caps_limit);
}
