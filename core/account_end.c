/* SPDX-License-Identifier: MIT */
/* The end of an account, in slices; see account.h. */
#include <core/account.h>

#include <core/core.h>
#include <core/dataspace.h>
#include <core/io_mem.h>
#include <core/io_port.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/pd.h>
#include <core/region.h>
#include <core/session.h>
#include <core/thread.h>
#include <core/trace.h>

/* Ends one object, whatever it is. AGAIN: a slice of it is done. */
static enum status end_object(struct record *record)
{
	switch ((enum record_type)record->type) {
	case RECORD_DATASPACE:
		return dataspace_destroy((struct dataspace *)record);
	case RECORD_REGION:
		return region_destroy((struct region *)record);
	case RECORD_THREAD:
		return thread_destroy((struct thread *)record);
	case RECORD_CPU:
		return cpu_destroy((struct cpu *)record);
	case RECORD_PD:
		return pd_destroy((struct pd *)record);
	case RECORD_RM:
		return rm_destroy((struct rm *)record);
	case RECORD_GATE:
		gate_destroy((struct gate *)record);
		return STATUS_OK;
	case RECORD_SIGNAL:
		signal_destroy((struct signal *)record);
		return STATUS_OK;
	case RECORD_BUDGET:
		return budget_destroy((struct budget *)record);
	case RECORD_LOG:
		log_destroy((struct log *)record);
		return STATUS_OK;
	case RECORD_IRQ:
		irq_destroy((struct irq *)record);
		return STATUS_OK;
	case RECORD_IO_MEM:
		io_mem_destroy((struct io_mem *)record);
		return STATUS_OK;
	case RECORD_IO_PORT:
		io_port_destroy((struct io_port *)record);
		return STATUS_OK;
	case RECORD_TRACE:
		return trace_destroy((struct trace *)record);
	case RECORD_ROM:
	case RECORD_PARENT:
		kernel_destroy(place_address(record, 0));
		object_destroy(record, 0);
		return STATUS_OK;
	case RECORD_ACCOUNT:
	case RECORD_NONE:
	case RECORD_TYPES:
		break;
	}
	assert(false);
	return STATUS_INTERNAL;
}

static void end_gates(struct account *account)
{
	if (account_is(account, ACCOUNT_HUSK))
		return;
	for (unsigned which = ACCOUNT_USE; which <= ACCOUNT_CONTROL; which++)
		if (account->gates & 1u << which)
			kernel_destroy(place_address(&account->record, which));
	session_forget(account->id);
	signal_ref_clear(&account->refusal);
	if (list_is_linked(&account->of_splitter))
		list_remove(&account->of_splitter);
}

/* Nothing is left in it: its limit goes back to the origin. Pairs that are left are empty. AGAIN: there are more of them. */
static enum status end_empty(struct account *account)
{
	struct account *origin = account->record.account;
	uint32_t pages = account->ram_limit, caps = account->caps_limit;

	assert(list_is_empty(&account->objects) && !account->caps_used);
	if (account_is_component(account)) {
		if (!places_trim(account, 0))
			return STATUS_AGAIN;
		account_unbacked_pages -= PAIR_FRAMES * account_pairs_reserved(account);
		account->ram_used -= PAIR_FRAMES * account_pairs_reserved(account);
	}
	assert(!account->ram_used && list_is_empty(&account->pairs));
	end_gates(account);
	list_remove(&account->record.of_account);
	account_note_lent(account, -(int64_t)pages, -(int64_t)caps);
	places_give(&account->record);
	account_credit(origin, pages, caps + PLACES_ACCOUNT);
	return STATUS_OK;
}

void account_pass_on(struct account *account)
{
	unsigned work = core_work;

	/* Not to be interrupted, for nobody would come back; what there is to trim are the pairs emptied since the last time. */
	core_work = UINT32_MAX;
	while (account_is(account, ACCOUNT_HUSK)) {
		struct account *origin = account->record.account;
		enum status status;

		if (list_is_empty(&account->objects)) {
			status = end_empty(account);
			assert(status == STATUS_OK);
		} else {
			status = account_shrink(account, 0, account->caps_limit - account->caps_used);
			assert(status == STATUS_OK);
			status = account_shrink(account, account->ram_limit - account->ram_used, 0);
			assert(status == STATUS_OK);
		}
		account = origin;
	}
	core_work = work;
}

/* The first account from `link` on, among the objects of `account`, in or below which threads may run. */
static struct account *restless(struct account *account, struct list_link *link)
{
	for (; link; link = list_next(&account->objects, link)) {
		struct record *record = list_object(link, struct record, of_account);

		if (record->type == RECORD_ACCOUNT && !(record->state & (ACCOUNT_OUTLIVES | ACCOUNT_ALL_STILL)))
			return (struct account *)record;
	}
	return NULL;
}

static void stop_threads(struct account *account)
{
	/* It cannot make another one any more. */
	account->record.dying = true;
	list_for_each (record, &account->objects, struct record, of_account) {
		struct pd *pd = (struct pd *)record;

		if (record->type != RECORD_PD)
			continue;
		record->dying = true;
		list_for_each (thread, &pd->threads, struct thread, of_pd)
			kernel_thread_ctl(thread_object(thread), THREAD_PAUSE);
	}
	account->record.state |= ACCOUNT_STILL;
}

/* Stops all threads in and below `root`, from the outside in: who is stopped starts nothing. AGAIN: there are more. */
static enum status make_still(struct account *root)
{
	struct account *account = root, *below = NULL;

	while (!account_is(root, ACCOUNT_ALL_STILL)) {
		if (!account_is(account, ACCOUNT_STILL)) {
			if (!work_step())
				return STATUS_AGAIN;
			stop_threads(account);
		}
		below = restless(account, below ? list_next(&account->objects, &below->record.of_account) : list_first(&account->objects));
		if (below) {
			account = below;
			below = NULL;
		} else {
			account->record.state |= ACCOUNT_ALL_STILL;
			below = account;
			account = account->record.account;
		}
	}
	return STATUS_OK;
}

/* Stays when its account ends, which becomes a husk: an account that is not the account's own, or what devices may still write to. */
static bool is_left(struct record const *record)
{
	if (record->type == RECORD_ACCOUNT)
		return record->state & (ACCOUNT_OUTLIVES | ACCOUNT_HUSK);
	return record->type == RECORD_DATASPACE && dataspace_is_quarantined((struct dataspace const *)record);
}

/*
 * The account that must end next for `root` to end, with one of its objects that must end before, or NULL. What belongs to an account
 * is younger than it, so the way down has an end.
 */
static struct account *innermost(struct account *root, struct record **object)
{
	struct account *account = root;

	for (;;) {
		struct record *first = list_first_object(&account->objects, struct record, of_account);

		account->record.dying = true;
		if (!list_is_empty(&account->wards)) {
			account = list_first_object(&account->wards, struct account, of_splitter);
			continue;
		}
		*object = first && first->type != RECORD_ACCOUNT && !is_left(first) ? first : NULL;
		if (!first || *object || is_left(first))
			return account;
		account = (struct account *)first;
	}
}

/* Nothing is left in it but what is_left says. */
static enum status make_husk(struct account *account)
{
	struct account *origin = account->record.account;

	(void)places_trim(account, 0);
	if (!core_work)
		return STATUS_AGAIN;
	end_gates(account);
	account->record.state |= ACCOUNT_HUSK;
	list_remove(&account->record.of_account);
	list_append(&origin->objects, &account->record.of_account);
	account_pass_on(account);
	return STATUS_OK;
}

enum status account_destroy(struct account *root)
{
	struct account *account;

	assert(root != &core_account);
	if (account_is_component(root))
		RPC_TRY(make_still(root));
	do {
		struct account *origin;
		struct record *object;

		if (!work_step())
			return STATUS_AGAIN;
		account = innermost(root, &object);
		origin = account->record.account;
		if (object) {
			RPC_TRY(end_object(object));
			account = NULL;
		} else if (list_is_empty(&account->objects)) {
			RPC_TRY(end_empty(account));
			account_pass_on(origin);
		} else {
			RPC_TRY(make_husk(account));
		}
	} while (account != root);
	return STATUS_OK;
}
