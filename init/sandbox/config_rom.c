/* SPDX-License-Identifier: MIT */
/*
 * The ROM "config" of a child whose configuration is inline in its parent's: the element as it is written, behind an
 * <?origin?> that says where it stands, so that the child's messages name the file that the user wrote. When another configuration changes it, the
 * child is told by signal, and gets the new text when it asks. Its memory and gate are paid by the child, from the account of its slots; the gate is
 * there as long as the child has a session open, however many.
 */
#include "own.h"
#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/cost.h>
#include <base/log.h>
#include <base/signal.h>
#include <base/string.h>

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

/* --- The text --- */

static struct ram ram_of(struct sandbox_child const *child)
{
	return (struct ram) { .connection.cap = child->slots_account.cap };
}

/* A dataspace with the text of the configuration in force. */
static enum status make(struct sandbox_child *child, struct dataspace *memory)
{
	struct config_start const *start = child->start;
	struct ram                 ram   = ram_of(child);
	void                      *address;
	enum status                status;

	RPC_TRY(ram_alloc(&ram, start->config_size, RAM_CACHE_CACHED, 0, memory));
	status = dataspace_attach(*memory, RM_ACCESS_WRITE, child->slots_account, &address);
	if (status != STATUS_OK) {
		cap_release(memory->cap);
		memory->cap = CAP_NULL;
		return status;
	}
	memcpy(address, start->config_text, start->config_size);
	dataspace_detach(address);
	return STATUS_OK;
}

/* What a dataspace of `size` bytes takes, and what stays in the account of the slots for showing it. */
static struct quota quota_of(size_t size)
{
	return (struct quota) { quota_pages(size), COST_DATASPACE_CAPS };
}

/* Ends one that was replaced, and gives the child back what it took. */
static void drop(struct sandbox_child *child, struct dataspace *memory, size_t size)
{
	struct quota const quota = quota_of(size);
	struct ram         ram   = ram_of(child);
	enum status        status = ram_free(&ram, *memory);

	cap_release(memory->cap);
	memory->cap = CAP_NULL;
	/* As long as the child still has it mapped, it takes what it takes. */
	if (status == STATUS_OK)
		status = account_control_shrink(child->slots_control, quota.ram, quota.caps);
	if (status != STATUS_OK && status != STATUS_OUT_OF_RAM && status != STATUS_OUT_OF_CAPS)
		log_error("cannot free the old configuration of \"%s\": %s", child->name, status_name(status));
}

enum status config_rom_change(struct sandbox_child *child)
{
	struct quota const quota = quota_of(child->start->config_size);
	struct dataspace   memory;
	enum status        status;

	RPC_TRY(account_control_grow(child->slots_control, quota.ram, quota.caps));
	status = make(child, &memory);
	if (status != STATUS_OK) {
		enum status given_back = account_control_shrink(child->slots_control, quota.ram, quota.caps);

		assert(given_back == STATUS_OK);
		return status;
	}
	if (!cap_is_null(child->config_next.cap))
		drop(child, &child->config_next, child->config_next_size);
	child->config_next = memory;
	child->config_next_size = child->start->config_size;
	if (cap_is_null(child->config_changed.cap))
		return STATUS_OK;
	/* If nobody receives it any more, that is the child's own doing. */
	status = signal_submit(child->config_changed);
	return STATUS_OK;
}

/* --- The session --- */

static enum status take_newer(struct rom_session *self, bool *changed)
{
	struct sandbox_child *child = child_of(self);

	*changed = !cap_is_null(child->config_next.cap);
	if (!*changed)
		return STATUS_OK;
	drop(child, &child->config_memory, child->config_size);
	child->config_memory = child->config_next;
	child->config_size = child->config_next_size;
	child->config_next.cap = CAP_NULL;
	return STATUS_OK;
}

static enum status tell_changes(struct rom_session *self, struct rpc_cap const *handler)
{
	struct sandbox_child *child = child_of(self);

	RPC_TRY(replace_handler(&child->config_changed, handler));
	if (!cap_is_null(child->config_changed.cap) && !cap_is_null(child->config_next.cap))
		return signal_submit(child->config_changed);
	return STATUS_OK;
}

static struct rom_ops const ops = { .dataspace = rom_content, .update = take_newer, .change_handler = tell_changes };

/* --- Start and end --- */

enum status config_rom_start(struct sandbox_child *child)
{
	if (!child->start->config_text)
		return STATUS_OK;
	child->config_size = child->start->config_size;
	child->config_object = (struct rpc_object) { .dispatch = rom_session_dispatch, .ops = &ops };
	return make(child, &child->config_memory);
}

enum status config_rom_open(struct session_slot *slot)
{
	struct sandbox_child *child = slot->client;

	if (!child->config_sessions)
		RPC_TRY(ep_gate(&child->sandbox->env->ep, child->slots_account, &child->config_object, &child->config_gate));
	child->config_sessions++;
	cap_acquire(child->config_gate);
	slot->session = child->config_gate;
	return STATUS_OK;
}

void config_rom_close(struct sandbox_child *child)
{
	if (--child->config_sessions)
		return;
	ep_gate_end(child->slots_account, child->config_gate);
	cap_release(child->config_changed.cap);
	child->config_gate = child->config_changed.cap = CAP_NULL;
}

void config_rom_stop(struct sandbox_child *child)
{
	/* What they stand for goes with the account. */
	cap_release(child->config_memory.cap);
	cap_release(child->config_next.cap);
	child->config_memory.cap = child->config_next.cap = CAP_NULL;
}
