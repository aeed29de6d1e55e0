/* SPDX-License-Identifier: MIT */
/* Accounts for whoever sits at the serial line; see debug.h. */
#include <core/debug.h>

#include <core/account.h>
#include <core/core.h>

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
	for (struct account *account = &core_account; account; account = account_next(&core_account, account))
		core_print("account \"%s\", %s%s: %llu of %llu KiB, %u of %u caps used", account->label, kind_of(account),
		           account->record.dying ? ", ending" : "", (unsigned long long)account->ram_used * 4,
		           (unsigned long long)account->ram_limit * 4, account->caps_used, account->caps_limit);
}
