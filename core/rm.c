/* SPDX-License-Identifier: MIT */
/* Region maps as a whole, and the operations of RM sessions. */
#include <core/core.h>
#include <core/dataspace.h>
#include <core/pd.h>
#include <core/region.h>
#include <core/tables.h>
#include <core/thread.h>
#include <core/walk.h>
#include <core/wave.h>

enum status rm_bind(struct rm *rm, struct pd *pd)
{
	if (rm->pd == pd)
		return STATUS_OK;
	if (rm->pd || rm->dataspace || pd->rm || pd->record.dying)
		return STATUS_BUSY;
	rm->pd = pd;
	pd->rm = rm;
	tables_move_to_domain(rm);
	return STATUS_OK;
}

enum status rm_destroy(struct rm *rm)
{
	rm->record.dying = true;
	if (rm->dataspace)
		RPC_TRY(dataspace_hide(rm->dataspace));
	while (!tree_is_empty(&rm->regions)) {
		if (!work_step())
			return STATUS_AGAIN;
		RPC_TRY(region_destroy(tree_object(tree_first(&rm->regions), struct region, of_rm)));
	}
	RPC_TRY(wave_leave(rm));
	signal_ref_clear(&rm->handler);
	RPC_TRY(walk_wake_all(rm));
	assert(!rm->spare.count);
	if (rm->dataspace)
		dataspace_free(rm->dataspace);
	if (rm->pd)
		rm->pd->rm = NULL;
	kernel_destroy(place_address(&rm->record, 0));
	object_destroy(&rm->record, 0);
	return STATUS_OK;
}

/* May it stand there? */
static enum status check_managed(struct rm *rm, struct rm_attach_args const *args, struct dataspace const *dataspace)
{
	if (!dataspace_is_managed(dataspace))
		return args->access == RM_ACCESS_ALL ? STATUS_INVALID : STATUS_OK;
	if (!(args->flags & RM_ATTACH_MANAGED))
		return STATUS_DENIED;
	return wave_contains(record_at(dataspace->frame), rm);
}

/* The account that a call names, or the session's. */
static enum status payer_of(struct rm *rm, struct rpc_cap const *pay, struct account **payer)
{
	*payer = rm->record.account;
	return pay->kind == GOT_NULL ? STATUS_OK : cap_record(pay, RECORD_ACCOUNT, ACCOUNT_USE, payer);
}

static enum status op_attach(struct rm_session *self, struct rpc_cap const *memory, struct rm_attach_args const *args,
                             struct rpc_cap const *pay, uint64_t *address)
{
	struct rm *rm = (struct rm *)self;
	struct account *payer;
	struct region_want want = {
		.offset = args->offset, .size = args->size, .address = args->address, .access = args->access,
		.fixed = args->flags & RM_ATTACH_AT,
	};
	uint64_t size;

	RPC_TRY(cap_record(memory, RECORD_DATASPACE, 0, &want.dataspace));
	RPC_TRY(payer_of(rm, pay, &payer));
	if (want.dataspace->record.state != DATASPACE_LIVE)
		return STATUS_BAD_CAP;
	if (args->flags & ~(uint32_t)(RM_ATTACH_AT | RM_ATTACH_MANAGED))
		return STATUS_INVALID;
	size = (uint64_t)want.dataspace->frames << PAGE_SHIFT;
	if (!want.size && want.offset < size)
		want.size = size - want.offset;
	if (!is_aligned(want.offset | want.size, PAGE_SIZE) || !want.size || !is_within(want.offset, want.size, size))
		return STATUS_INVALID;
	if (want.access == RM_ACCESS_WRITE && !(want.dataspace->rights & DATASPACE_WRITABLE))
		return STATUS_DENIED;
	if (want.access == RM_ACCESS_EXECUTE && !(want.dataspace->rights & DATASPACE_EXECUTABLE))
		return STATUS_DENIED;
	RPC_TRY(check_managed(rm, args, want.dataspace));
	RPC_TRY(region_attach(rm, &want, payer, address));
	if (dataspace_is_managed(want.dataspace))
		rm->record.state |= RM_NESTS;
	walk_wake_range(rm, *address, *address + want.size);
	return STATUS_OK;
}

static enum status op_attach_ram(struct rm_session *self, uint64_t size, struct rpc_cap const *pay, uint64_t *address)
{
	struct rm *rm = (struct rm *)self;
	struct account *payer;
	struct dataspace_want want = { .align = 1, .cache = RAM_CACHE_CACHED, .nameless = true };
	struct region_want where = { .access = RM_ACCESS_WRITE };
	enum status status;

	RPC_TRY(payer_of(rm, pay, &payer));
	if (!size)
		return STATUS_INVALID;
	if (!align_up_checked(size, PAGE_SIZE, &where.size))
		return STATUS_OUT_OF_RAM;
	want.frames = where.size >> PAGE_SHIFT;
	RPC_TRY(dataspace_alloc(payer, &want, &where.dataspace));
	status = region_attach(rm, &where, payer, address);
	/* From now on, it is there as long as a region shows it. */
	dataspace_free(where.dataspace);
	if (status == STATUS_OK)
		walk_wake_range(rm, *address, *address + where.size);
	return status;
}

static enum status op_detach(struct rm_session *self, uint64_t address)
{
	struct region *region = region_at((struct rm *)self, address);

	return region ? region_destroy(region) : STATUS_NOT_FOUND;
}

static enum status op_add_client(struct rm_session *self, struct rpc_cap const *cap)
{
	struct thread *thread;
	enum status status;

	RPC_TRY(cap_record(cap, RECORD_THREAD, 0, &thread));
	status = thread_set_map(thread, (struct rm *)self);
	return status == STATUS_EXISTS ? STATUS_BUSY : status;
}

static enum status op_dataspace(struct rm_session *self, struct cap *memory)
{
	struct rm *rm = (struct rm *)self;

	if (!rm->dataspace)
		return STATUS_UNSUPPORTED;
	*memory = cap_of(&rm->dataspace->record, 0);
	return STATUS_OK;
}

/* Who waits tries again: with a new handler, which hears of it then, or to be stopped. */
static enum status op_fault_handler(struct rm_session *self, struct rpc_cap const *handler)
{
	struct rm *rm = (struct rm *)self;

	RPC_TRY(signal_ref_set(&rm->handler, handler));
	return walk_wake_all(rm);
}

static enum status op_state(struct rm_session *self, enum rm_fault *fault, uint64_t *address)
{
	struct thread *thread;

	RPC_TRY(walk_waiting((struct rm *)self, &thread));
	*fault = !thread ? RM_FAULT_NONE : thread->walk.error & FAULT_WRITE ? RM_FAULT_WRITE :
	         thread->walk.error & FAULT_EXECUTE ? RM_FAULT_EXECUTE : RM_FAULT_READ;
	*address = thread ? thread->walk.address : 0;
	return STATUS_OK;
}

struct rm_ops const rm_operations = {
	.attach = op_attach, .attach_ram = op_attach_ram,
	.detach = op_detach, .add_client = op_add_client, .dataspace = op_dataspace, .fault_handler = op_fault_handler,
	.state = op_state,
};
