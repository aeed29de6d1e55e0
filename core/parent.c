/* SPDX-License-Identifier: MIT */
/* What init may ask of core: sessions, and the end of the machine; see parent.rpc. */
#include <core/parent.h>

#include <base/string.h>
#include <core/core.h>
#include <core/dataspace.h>
#include <core/ledger.h>
#include <core/pd.h>
#include <core/session.h>
#include <core/thread.h>

struct account *init_account;
static struct parent *parent;

struct parent *parent_create(void)
{
	enum status status = object_create(&core_account, 1, 0, RECORD_PARENT, &parent);

	assert(status == STATUS_OK);
	kernel_gate_create(place_address(&parent->record, 0), core_thread, badge_of(&parent->record, 0));
	return parent;
}

void parent_submit(uint32_t bits)
{
	parent->news_bits |= bits;
	signal_ref_submit(&parent->news);
}

void parent_thread_stopped(struct thread const *thread)
{
	/* init's main thread is paid by its own account and was there before all others. */
	if (thread->record.account == init_account && thread == thread->pd->main && !thread->exception.signal)
		core_fail("init has stopped: %s", thread->record.state == THREAD_STATE_EXITED ? "its main thread has exited" : "it faulted");
}

static enum status op_news_handler(struct parent_object *self, struct rpc_cap const *handler)
{
	RPC_TRY(signal_ref_set(&parent->news, handler));
	if (parent->news_bits)
		signal_ref_submit(&parent->news);
	return STATUS_OK;
}

static enum status op_news(struct parent_object *self, uint32_t *bits)
{
	*bits = parent->news_bits;
	parent->news_bits = 0;
	return STATUS_OK;
}

static enum status op_session_open(struct parent_object *self, struct session_open_args const *args, struct rpc_cap const *pay,
                                   uint32_t *id, struct session_status *status, struct cap *session)
{
	static char const prefix[] = "init -> ";
	size_t const own = args->label[0] ? sizeof(prefix) - 1 : sizeof("init") - 1;
	struct account *payer = init_account;
	size_t const size = strlen(args->label);
	char label[256];

	if (pay->kind != GOT_NULL)
		RPC_TRY(cap_record(pay, RECORD_ACCOUNT, ACCOUNT_USE, &payer));
	memcpy(label, prefix, sizeof(prefix) - 1);
	if (string_copy_slice(label + own, sizeof(label) - own, args->label, size) != STATUS_OK) {
		*status = (struct session_status) { .state = SESSION_STATE_REFUSED, .reason = STATUS_TOO_LONG };
		return STATUS_OK;
	}
	return session_open(args, &(struct label) { label, own + size }, payer, id, status, session);
}

static enum status op_session_state(struct parent_object *self, uint32_t id, struct session_status *status, struct cap *session)
{
	struct account *account = session_lookup(id);

	if (!account)
		return STATUS_INVALID;
	if (account->record.dying) {
		*status = (struct session_status) { .state = SESSION_STATE_CLOSING };
		return STATUS_OK;
	}
	*status = (struct session_status) { .state = SESSION_STATE_OPEN };
	*session = session_cap(account);
	return STATUS_OK;
}

static enum status op_session_upgrade(struct parent_object *self, uint32_t id, uint64_t ram, uint64_t caps)
{
	struct account *account = session_lookup(id);

	if (!account || account->record.dying || !is_aligned(ram, PAGE_SIZE))
		return STATUS_INVALID;
	return account_grow(account, ram >> PAGE_SHIFT, caps);
}

static enum status op_session_close(struct parent_object *self, uint32_t id, struct session_status *status)
{
	struct account *account = session_lookup(id);

	if (!account)
		return STATUS_INVALID;
	RPC_TRY(account_destroy(account));
	*status = (struct session_status) { .state = SESSION_STATE_CLOSED };
	return STATUS_OK;
}

/* Core has no other child that could want a service of init's: its announcement is heard, and no request ever comes. */
static enum status op_announce(struct parent_object *self, char const *service, uint64_t hash, uint64_t ram, uint64_t caps)
{
	return STATUS_OK;
}

static enum status op_serve(struct parent_object *self, struct session_answer const *answer, struct rpc_cap const *session,
                            struct session_request *request, struct cap *account)
{
	if (answer->kind != ANSWER_KIND_NONE)
		return STATUS_INVALID;
	*request = (struct session_request) { .kind = REQUEST_KIND_NONE };
	return STATUS_OK;
}

/* init has all there is. */
static enum status op_resource_request(struct parent_object *self, uint64_t ram, uint64_t caps)
{
	return STATUS_OK;
}

static enum status op_yield_demand(struct parent_object *self, uint64_t *ram, uint64_t *caps)
{
	*ram = *caps = 0;
	return STATUS_OK;
}

static enum status op_yield_done(struct parent_object *self) { return STATUS_OK; }
static enum status op_heartbeat(struct parent_object *self)  { return STATUS_OK; }

static enum status op_quiescent(struct parent_object *self)
{
	/* Nobody is left whom memory could be given to, so what devices write to harms nobody: all of it must come back, too. */
	if (parent->noted)
		RPC_TRY(dataspace_end_quarantine());
	ledger_check();
	if (parent->noted)
		kernel_machine_end(ledger_compare() ? MACHINE_EXIT_OK : MACHINE_EXIT_FAILURE);
	ledger_note();
	parent->noted = true;
	return STATUS_OK;
}

static enum status op_exit(struct parent_object *self, uint32_t value)
{
	if (value)
		core_fail("init exited with %u", value);
	core_print("init exited");
	kernel_machine_end(MACHINE_EXIT_OK);
}

struct parent_ops const parent_operations = {
	.news_handler = op_news_handler, .news = op_news, .session_open = op_session_open, .session_state = op_session_state,
	.session_upgrade = op_session_upgrade, .session_close = op_session_close, .announce = op_announce, .serve = op_serve,
	.resource_request = op_resource_request, .yield_demand = op_yield_demand, .yield_done = op_yield_done,
	.heartbeat = op_heartbeat, .quiescent = op_quiescent, .exit = op_exit,
};
