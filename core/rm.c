/* SPDX-License-Identifier: MIT */
/* Region maps as a whole, and the operations of RM sessions. */
#include <core/core.h>
#include <core/dataspace.h>
#include <core/pd.h>
#include <core/region.h>
#include <core/tables.h>

enum status rm_bind(struct rm *rm, struct pd *pd)
{
	if (rm->pd == pd)
		return STATUS_OK;
	if (rm->pd || pd->rm || pd->record.dying)
		return STATUS_BUSY;
	rm->pd = pd;
	pd->rm = rm;
	tables_move_to_domain(rm);
	return STATUS_OK;
}

enum status rm_destroy(struct rm *rm)
{
	rm->record.dying = true;
	while (!tree_is_empty(&rm->regions)) {
		if (!work_step())
			return STATUS_AGAIN;
		RPC_TRY(region_destroy(tree_object(tree_first(&rm->regions), struct region, of_rm)));
	}
	assert(!rm->spare.count);
	if (rm->pd)
		rm->pd->rm = NULL;
	kernel_destroy(place_address(&rm->record, 0));
	object_destroy(&rm->record, 0);
	return STATUS_OK;
}

static enum status op_attach(struct rm_session *self, struct rpc_cap const *memory, struct rm_attach_args const *args,
                             struct rpc_cap const *pay, uint64_t *address)
{
	struct rm *rm = (struct rm *)self;
	struct account *payer = rm->record.account;
	struct region_want want = { .offset = args->offset, .size = args->size, .address = args->address, .access = args->access };
	uint64_t size;

	RPC_TRY(cap_record(memory, RECORD_DATASPACE, 0, &want.dataspace));
	if (pay->kind != GOT_NULL)
		RPC_TRY(cap_record(pay, RECORD_ACCOUNT, ACCOUNT_USE, &payer));
	if (want.dataspace->record.state != DATASPACE_LIVE)
		return STATUS_BAD_CAP;
	size = (uint64_t)want.dataspace->frames << PAGE_SHIFT;
	if (!want.size && want.offset < size)
		want.size = size - want.offset;
	if (!is_aligned(want.offset | want.size, PAGE_SIZE) || !want.size || !is_within(want.offset, want.size, size))
		return STATUS_INVALID;
	if (want.access == RM_ACCESS_WRITE && !(want.dataspace->rights & DATASPACE_WRITABLE))
		return STATUS_DENIED;
	if (want.access == RM_ACCESS_EXECUTE && !(want.dataspace->rights & DATASPACE_EXECUTABLE))
		return STATUS_DENIED;
	return region_attach(rm, &want, payer, address);
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

struct rm_ops const rm_operations = { .attach = op_attach, .detach = op_detach, .add_client = op_add_client };
