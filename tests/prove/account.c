/* SPDX-License-Identifier: MIT */
/*
 * proves by contract: account_charge,account_credit
 * Charging and crediting, for all amounts and all accounts: used stays within its limit, nothing wraps, and a refusal takes nothing.
 */
#include <core/account.h>

/*@ requires \valid(account);
    assigns account->record.state, account->refused_amount;
    ensures \result != STATUS_OK; */
static enum status refuse(struct account *account, enum account_flags what, uint64_t amount);

/*@ requires \valid(account) && account->ram_used <= account->ram_limit && account->caps_used <= account->caps_limit;
    assigns account->ram_used, account->caps_used, account->record.state, account->refused_amount;
    ensures within: account->ram_used <= account->ram_limit && account->caps_used <= account->caps_limit;
    ensures exact: \result == STATUS_OK ==>
            account->ram_used == \old(account->ram_used) + pages && account->caps_used == \old(account->caps_used) + caps;
    ensures all_or_nothing: \result != STATUS_OK ==>
            account->ram_used == \old(account->ram_used) && account->caps_used == \old(account->caps_used);
    ensures dying: \old(account->record.dying) != 0 && (pages != 0 || caps != 0) ==> \result != STATUS_OK; */
enum status account_charge(struct account *account, uint64_t pages, uint64_t caps);

/*@ requires \valid(account) && pages <= account->ram_used && caps <= account->caps_used;
    assigns account->ram_used, account->caps_used;
    ensures account->ram_used == \old(account->ram_used) - pages && account->caps_used == \old(account->caps_used) - caps; */
void account_credit(struct account *account, uint64_t pages, uint64_t caps);

#include "../../core/account.c"
