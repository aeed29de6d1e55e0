/* SPDX-License-Identifier: MIT */
/*
 * init's own ROM "state" for children that <local/> leads to: the state report, written into memory that the child pays for when the child asks for what is
 * new. A child has it open once at a time. The memory is in the account of its slots, which the child itself cannot reach.
 */
#include "own.h"
#include <base/cap_alloc.h>
#include <base/cost.h>
#include <base/signal.h>
#include <base/string.h>

/* The gate's badge points to the child's state_object; it is never looked at as the rest of a session. */
static struct sandbox_child *child_of(struct rom_session *self)
{
	return container_of(&self->session.object, struct sandbox_child, state_object);
}

static void fill(struct sandbox_child *child)
{
	char  *text = child->state_memory.address;
	size_t size = report_write(child->sandbox, text, child->state_memory.size);

	memset(text + size, 0, child->state_memory.size - size);
	child->state_size = size;
	child->state_is_newer = false;
}

static enum status content(struct rom_session *self, struct cap *memory, uint64_t *size)
{
	*memory = child_of(self)->state_memory.memory.cap;
	*size = child_of(self)->state_size;
	return STATUS_OK;
}

static enum status update(struct rom_session *self, bool *changed)
{
	*changed = child_of(self)->state_is_newer;
	if (*changed)
		fill(child_of(self));
	return STATUS_OK;
}

static enum status change_handler(struct rom_session *self, struct rpc_cap const *handler)
{
	struct sandbox_child *child = child_of(self);

	RPC_TRY(replace_handler(&child->state_changed, handler));
	if (!cap_is_null(child->state_changed.cap) && child->state_is_newer)
		return signal_submit(child->state_changed);
	return STATUS_OK;
}

static struct rom_ops const ops = { .dataspace = content, .update = update, .change_handler = change_handler };

/* What the account of the slots needs for a buffer: the pages, perhaps a page table, and the gate. */
static struct quota quota_of(size_t buffer)
{
	return (struct quota) { quota_pages(buffer) + PAGE_SIZE, COST_DATASPACE_CAPS + COST_REGION_CAPS + 1 };
}

static enum status make(struct sandbox_child *child, size_t buffer)
{
	enum status status;

	RPC_TRY(attached_ram_init(&child->state_memory, child->slots_account, buffer));
	child->state_object = (struct rpc_object) { .dispatch = rom_session_dispatch, .ops = &ops };
	status = ep_gate(&child->sandbox->env->ep, child->slots_account, &child->state_object, &child->state_gate);
	if (status != STATUS_OK)
		attached_ram_fini(&child->state_memory);
	return status;
}

/* As long as the child has the memory mapped, it takes what it takes. */
static void give_back(struct sandbox_child *child, size_t buffer)
{
	struct quota const quota  = quota_of(buffer);
	enum status        status = account_control_shrink(child->slots_control, quota.ram, quota.caps);

	(void)status;
}

enum status state_rom_open(struct session_slot *slot)
{
	struct sandbox_child *child  = slot->client;
	size_t const          buffer = child->sandbox->config.report.at.line ? child->sandbox->config.report.buffer : 16 << 10;
	struct quota const    quota  = quota_of(buffer);
	enum status           status;

	if (!cap_is_null(child->state_gate))
		return STATUS_BUSY;
	RPC_TRY(account_control_grow(child->slots_control, quota.ram, quota.caps));
	status = make(child, buffer);
	if (status != STATUS_OK) {
		give_back(child, buffer);
		return status;
	}
	fill(child);
	child->sandbox->report.readers++;
	cap_acquire(child->state_gate);
	slot->session = child->state_gate;
	return STATUS_OK;
}

void state_rom_close(struct sandbox_child *child)
{
	size_t const buffer = child->state_memory.size;

	if (cap_is_null(child->state_gate))
		return;
	ep_gate_end(child->slots_account, child->state_gate);
	attached_ram_fini(&child->state_memory);
	give_back(child, buffer);
	cap_release(child->state_changed.cap);
	child->state_gate = child->state_changed.cap = CAP_NULL;
	child->sandbox->report.readers--;
}

void state_rom_newer(struct sandbox_child *child)
{
	enum status status = STATUS_OK;

	child->state_is_newer = true;
	if (!cap_is_null(child->state_changed.cap))
		status = signal_submit(child->state_changed);
	/* If nobody receives it any more, that is the child's own doing. */
	(void)status;
}
