/* SPDX-License-Identifier: MIT */
/*
 * The ROM "config" of a child whose configuration is inline in its parent's: the element as it is written, behind an
 * <?origin?> that says where it stands, so that the child's messages name the file that the user wrote. It never
 * changes, and its memory and gate are paid by the child, from the account of its slots.
 */
#include "own.h"
#include <base/attached.h>
#include <base/cap_alloc.h>

/* The gate's badge points to the child's config_object; it is never looked at as the rest of a session. */
static struct sandbox_child *child_of(struct rom_session *self)
{
	return container_of(&self->session.object, struct sandbox_child, config_object);
}

static enum status rom_content(struct rom_session *self, struct cap *content, uint64_t *size)
{
	*content = child_of(self)->config_memory.cap;
	*size = child_of(self)->config_size;
	return STATUS_OK;
}

static enum status rom_no_update(struct rom_session *self, bool *changed)
{
	*changed = false;
	return STATUS_OK;
}

static enum status rom_no_change(struct rom_session *self, struct rpc_cap const *handler)
{
	return STATUS_OK;
}

static struct rom_ops const ops = { .dataspace = rom_content, .update = rom_no_update, .change_handler = rom_no_change };

static enum status fill(struct sandbox_child *child, size_t size)
{
	void       *address;
	size_t      needed;
	enum status status;

	RPC_TRY(dataspace_attach(child->config_memory, RM_ACCESS_WRITE, child->slots_account, &address));
	status = node_cut(child->start->config, address, size, &needed);
	dataspace_detach(address);
	return status;
}

enum status config_rom_start(struct sandbox_child *child)
{
	struct ram ram = { .connection.cap = child->slots_account.cap };
	enum status status;

	if (!node_exists(child->start->config))
		return STATUS_OK;
	status = node_cut(child->start->config, NULL, 0, &child->config_size);
	assert(status == STATUS_TOO_LONG);
	RPC_TRY(ram_alloc(&ram, child->config_size, RAM_CACHE_CACHED, 0, &child->config_memory));
	RPC_TRY(fill(child, child->config_size));
	child->config_object = (struct rpc_object) { .dispatch = rom_session_dispatch, .ops = &ops };
	return ep_gate(&child->sandbox->env->ep, child->slots_account, &child->config_object, &child->config_gate);
}

void config_rom_stop(struct sandbox_child *child)
{
	/* What they stand for goes with the account. */
	cap_release(child->config_gate);
	cap_release(child->config_memory.cap);
	child->config_gate = child->config_memory.cap = CAP_NULL;
}
