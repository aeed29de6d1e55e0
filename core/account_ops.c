/* SPDX-License-Identifier: MIT */
/* What clients can do with an account: its own operations, and those of RAM, CAP and SIGNAL, behind one gate. */
#include <core/account_ops.h>

#include <core/core.h>
#include <core/dataspace.h>
#include <core/pd.h>
#include <core/thread.h>

/* --- account --- */

struct split_request {
	struct account   *origin, *splitter;
	enum account_kind kind;
	char const       *label;
	uint64_t          ram, caps;
};

static enum status split(struct split_request const *request, uint32_t *id, struct cap *control, struct cap *use)
{
	struct account *account;
	struct account_split wanted = {
		.label = request->label, .pages = request->ram >> PAGE_SHIFT, .caps = request->caps,
		.component = request->kind == ACCOUNT_KIND_COMPONENT, .lent = true, .splitter = request->splitter,
	};

	if (!is_aligned(request->ram, PAGE_SIZE))
		return STATUS_INVALID;
	RPC_TRY(account_split(request->origin, &wanted, &account));
	*control = account_cap(account, ACCOUNT_CONTROL);
	*use = account_cap(account, ACCOUNT_USE);
	*id = record_number(account);
	return STATUS_OK;
}

static enum status op_split(struct account_object *self, enum account_kind kind, char const *label, uint64_t ram, uint64_t caps,
                            struct cap *control, struct cap *use)
{
	struct account *account = (struct account *)self;
	uint32_t id;

	return split(&(struct split_request) { account, account, kind, label, ram, caps }, &id, control, use);
}

static enum status op_split_from(struct account_object *self, struct rpc_cap const *from, enum account_kind kind, char const *label,
                                 uint64_t ram, uint64_t caps, uint32_t *id, struct cap *control, struct cap *use)
{
	struct account *origin;

	RPC_TRY(cap_record(from, RECORD_ACCOUNT, ACCOUNT_USE, &origin));
	return split(&(struct split_request) { origin, (struct account *)self, kind, label, ram, caps }, id, control, use);
}

static enum status op_loan(struct account_object *self, struct rpc_cap const *of, uint32_t beyond, uint32_t *id)
{
	struct account *account;

	RPC_TRY(cap_record(of, RECORD_ACCOUNT, ACCOUNT_USE, &account));
	return account_loan((struct account *)self, account, beyond, id);
}

static void info(struct account const *account, struct account_state *state)
{
	bool ram = account_is(account, ACCOUNT_REFUSED_RAM), caps = account_is(account, ACCOUNT_REFUSED_CAPS);

	*state = (struct account_state) {
		.ram_limit = (uint64_t)account->ram_limit << PAGE_SHIFT, .ram_used = (uint64_t)account->ram_used << PAGE_SHIFT,
		.caps_limit = account->caps_limit, .caps_used = account->caps_used,
		.ram_lent = (uint64_t)account->ram_lent << PAGE_SHIFT, .caps_lent = account->caps_lent,
		.refused = ram ? ACCOUNT_RESOURCE_RAM : caps ? ACCOUNT_RESOURCE_CAPS : ACCOUNT_RESOURCE_NONE,
		.refused_amount = ram ? (uint64_t)account->refused_amount << PAGE_SHIFT : caps ? account->refused_amount : 0,
	};
}

static enum status op_info(struct account_object *self, struct account_state *state)
{
	info((struct account *)self, state);
	return STATUS_OK;
}

struct account_ops const account_operations = { .split = op_split, .split_from = op_split_from, .loan = op_loan, .info = op_info };

/* --- account_control --- */

static enum status op_grow(struct account_control_object *self, uint64_t ram, uint64_t caps)
{
	return is_aligned(ram, PAGE_SIZE) ? account_grow((struct account *)self, ram >> PAGE_SHIFT, caps) : STATUS_INVALID;
}

static enum status op_shrink(struct account_control_object *self, uint64_t ram, uint64_t caps)
{
	struct account *account = (struct account *)self;

	if (!is_aligned(ram, PAGE_SIZE))
		return STATUS_INVALID;
	RPC_TRY(account_shrink(account, ram >> PAGE_SHIFT, caps));
	account_pass_on(account->record.account);
	return STATUS_OK;
}

static enum status op_destroy(struct account_control_object *self)
{
	return account_destroy((struct account *)self);
}

static enum status op_control_info(struct account_control_object *self, struct account_state *state)
{
	struct account *account = (struct account *)self;

	info(account, state);
	if (!account_is(account, ACCOUNT_TOLD)) {
		state->refused = ACCOUNT_RESOURCE_NONE;
		state->refused_amount = 0;
	}
	account->record.state &= ~ACCOUNT_TOLD;
	return STATUS_OK;
}

static enum status op_refusal_handler(struct account_control_object *self, struct rpc_cap const *handler)
{
	return signal_ref_set(&((struct account *)self)->refusal, handler);
}

struct account_control_ops const account_control_operations = {
	.grow = op_grow, .shrink = op_shrink, .destroy = op_destroy, .info = op_control_info, .refusal_handler = op_refusal_handler,
};

/* --- RAM and CAP, what they share --- */

static enum status ref_account(struct account *account, struct rpc_cap const *cap)
{
	struct account *origin;

	RPC_TRY(cap_record(cap, RECORD_ACCOUNT, ACCOUNT_USE, &origin));
	return origin == account->record.account ? STATUS_OK : STATUS_INVALID;
}

/* To the origin, or to an account that was split from this one. */
static enum status transfer(struct account *account, struct rpc_cap const *cap, uint64_t pages, uint64_t caps)
{
	struct account *to;

	RPC_TRY(cap_record(cap, RECORD_ACCOUNT, ACCOUNT_USE, &to));
	if (to == account->record.account)
		return account_shrink(account, pages, caps);
	return to->record.account == account ? account_grow(to, pages, caps) : STATUS_DENIED;
}

/* --- RAM --- */

/* The rest of `want` is set. */
static enum status ram_alloc(struct account *account, uint64_t size, uint64_t align, struct dataspace_want *want, struct cap *memory)
{
	struct dataspace *dataspace;
	uint64_t rounded;

	if (!size || (align && !is_power_of_two(align)))
		return STATUS_INVALID;
	if (!align_up_checked(size, PAGE_SIZE, &rounded))
		return STATUS_OUT_OF_RAM;
	want->align = MAX(align >> PAGE_SHIFT, 1UL);
	want->frames = rounded >> PAGE_SHIFT;
	RPC_TRY(dataspace_alloc(account, want, &dataspace));
	*memory = cap_of(&dataspace->record, 0);
	return STATUS_OK;
}

static enum status op_ram_alloc(struct ram_session *self, uint64_t size, enum ram_cache cache, uint64_t align, struct cap *memory)
{
	return ram_alloc((struct account *)self, size, align, &(struct dataspace_want) { .cache = cache }, memory);
}

static enum status op_ram_alloc_below_4g(struct ram_session *self, uint64_t size, enum ram_cache cache, uint64_t align, struct cap *memory)
{
	return ram_alloc((struct account *)self, size, align, &(struct dataspace_want) { .cache = cache, .low = true }, memory);
}

static enum status op_ram_physical(struct ram_session *self, struct rpc_cap const *memory, uint64_t *address)
{
	struct account *account = (struct account *)self;
	struct dataspace *dataspace;

	RPC_TRY(cap_record(memory, RECORD_DATASPACE, 0, &dataspace));
	if (!(account->gates & 1 << ACCOUNT_DMA))
		return STATUS_DENIED;
	if (dataspace->record.account != account || dataspace->record.state != DATASPACE_LIVE || !(dataspace->rights & DATASPACE_RAM))
		return STATUS_NOT_FOUND;
	dataspace->rights |= DATASPACE_TOLD;
	*address = (uint64_t)dataspace->frame << PAGE_SHIFT;
	return STATUS_OK;
}

static enum status op_ram_devices_silent(struct ram_session *self)
{
	return ((struct account *)self)->gates & 1 << ACCOUNT_DMA ? dataspace_end_quarantine() : STATUS_DENIED;
}

static enum status op_ram_free(struct ram_session *self, struct rpc_cap const *memory)
{
	struct dataspace *dataspace;

	RPC_TRY(cap_record(memory, RECORD_DATASPACE, 0, &dataspace));
	if (dataspace->record.account != (struct account *)self || dataspace->record.state != DATASPACE_LIVE || !(dataspace->rights & DATASPACE_RAM))
		return STATUS_NOT_FOUND;
	dataspace_free(dataspace);
	return STATUS_OK;
}

static enum status op_ram_ref_account(struct ram_session *self, struct rpc_cap const *account)
{
	return ref_account((struct account *)self, account);
}

static enum status op_ram_transfer_quota(struct ram_session *self, struct rpc_cap const *to, uint64_t amount)
{
	return is_aligned(amount, PAGE_SIZE) ? transfer((struct account *)self, to, amount >> PAGE_SHIFT, 0) : STATUS_INVALID;
}

static enum status op_ram_quota(struct ram_session *self, uint64_t *bytes)
{
	*bytes = (uint64_t)((struct account *)self)->ram_limit << PAGE_SHIFT;
	return STATUS_OK;
}

static enum status op_ram_used(struct ram_session *self, uint64_t *bytes)
{
	*bytes = (uint64_t)((struct account *)self)->ram_used << PAGE_SHIFT;
	return STATUS_OK;
}

struct ram_ops const ram_operations = {
	.alloc = op_ram_alloc, .alloc_below_4g = op_ram_alloc_below_4g, .physical = op_ram_physical, .devices_silent = op_ram_devices_silent, .free = op_ram_free,
	.ref_account = op_ram_ref_account, .transfer_quota = op_ram_transfer_quota,
	.quota = op_ram_quota, .used = op_ram_used,
};

/* --- CAP and SIGNAL --- */

/* The thread that a gate or signal context is to deliver to. */
static enum status receiver(struct rpc_cap const *cap, struct thread **thread)
{
	RPC_TRY(cap_record(cap, RECORD_THREAD, 0, thread));
	return (*thread)->pd && !(*thread)->pd->record.dying ? STATUS_OK : STATUS_INVALID;
}

static enum status op_cap_alloc(struct cap_session_session *self, struct rpc_cap const *server, uint64_t badge, struct cap *cap)
{
	struct thread *thread;
	struct gate *gate;

	RPC_TRY(receiver(server, &thread));
	RPC_TRY(gate_create((struct account *)self, thread, badge, &gate));
	*cap = cap_of(&gate->record, 0);
	return STATUS_OK;
}

static enum status op_cap_free(struct cap_session_session *self, struct rpc_cap const *cap)
{
	struct gate *gate;

	RPC_TRY(cap_object(cap, RECORD_GATE, &gate));
	if (gate->record.account != (struct account *)self)
		return STATUS_NOT_FOUND;
	gate_destroy(gate);
	return STATUS_OK;
}

static enum status op_cap_ref_account(struct cap_session_session *self, struct rpc_cap const *account)
{
	return ref_account((struct account *)self, account);
}

static enum status op_cap_transfer_quota(struct cap_session_session *self, struct rpc_cap const *to, uint64_t amount)
{
	return transfer((struct account *)self, to, 0, amount);
}

static enum status op_cap_quota(struct cap_session_session *self, uint64_t *caps)
{
	*caps = ((struct account *)self)->caps_limit;
	return STATUS_OK;
}

static enum status op_cap_used(struct cap_session_session *self, uint64_t *caps)
{
	*caps = ((struct account *)self)->caps_used;
	return STATUS_OK;
}

struct cap_session_ops const cap_session_operations = {
	.alloc = op_cap_alloc, .free = op_cap_free, .ref_account = op_cap_ref_account, .transfer_quota = op_cap_transfer_quota,
	.quota = op_cap_quota, .used = op_cap_used,
};

static enum status op_alloc_context(struct signal_session *self, struct rpc_cap const *cap, uint64_t badge, struct cap *context)
{
	struct thread *thread;
	struct signal *signal;

	RPC_TRY(receiver(cap, &thread));
	RPC_TRY(signal_create((struct account *)self, thread, badge, &signal));
	*context = cap_of(&signal->record, 0);
	return STATUS_OK;
}

static enum status op_free_context(struct signal_session *self, struct rpc_cap const *context)
{
	struct signal *signal;

	RPC_TRY(cap_object(context, RECORD_SIGNAL, &signal));
	if (signal->record.account != (struct account *)self)
		return STATUS_NOT_FOUND;
	signal_destroy(signal);
	return STATUS_OK;
}

struct signal_ops const signal_operations = { .alloc_context = op_alloc_context, .free_context = op_free_context };
