/* SPDX-License-Identifier: MIT */
/* ROM sessions with a buffer each. */
#include "rom_buffer.h"
#include <base/cost.h>
#include <base/signal.h>
#include <base/string.h>

static void refill(struct rom_buffer *rom)
{
	size_t const before = rom->size;

	rom->size = rom->fill(rom);
	assert(rom->size <= rom->memory.size);
	if (rom->size < before)
		memset((char *)rom->memory.address + rom->size, 0, before - rom->size);
	rom->is_newer = false;
}

enum status rom_buffer_open(struct rom_buffer *rom, size_t capacity, size_t (*fill)(struct rom_buffer *rom))
{
	struct session       *session = &rom->session.session;
	struct rpc_cost const needs   = {
		.ram  = COST_SESSION_RAM + PAGE_SIZE + align_up(capacity, PAGE_SIZE),
		.caps = COST_SESSION_CAPS + COST_DATASPACE_CAPS + COST_REGION_CAPS,
	};

	if (session->ram < needs.ram || session->caps < needs.caps) {
		session->needs = needs;
		return STATUS_NEEDS;
	}
	RPC_TRY(attached_ram_init(&rom->memory, session_account(session), capacity));
	rom->fill = fill;
	refill(rom);
	return STATUS_OK;
}

void rom_buffer_newer(struct rom_buffer *rom)
{
	enum status status = STATUS_OK;

	rom->is_newer = true;
	if (!cap_is_null(rom->changed.cap))
		status = signal_submit(rom->changed);
	/* A client that has gone is no reason to stop: its session is about to be closed. */
	(void)status;
}

static enum status content(struct rom_session *session, struct cap *memory, uint64_t *size)
{
	*memory = rom_buffer_of(session)->memory.memory.cap;
	*size = rom_buffer_of(session)->size;
	return STATUS_OK;
}

static enum status update(struct rom_session *session, bool *changed)
{
	struct rom_buffer *rom = rom_buffer_of(session);

	*changed = rom->is_newer;
	if (rom->is_newer)
		refill(rom);
	return STATUS_OK;
}

static enum status change_handler(struct rom_session *session, struct rpc_cap const *handler)
{
	struct rom_buffer *rom = rom_buffer_of(session);

	if (!cap_is_null(rom->changed.cap))
		session_drop(&session->session, rom->changed.cap);
	rom->changed.cap = CAP_NULL;
	if (handler->kind == GOT_NULL)
		return STATUS_OK;
	RPC_TRY(session_keep(&session->session, handler, &rom->changed.cap));
	return rom->is_newer ? signal_submit(rom->changed) : STATUS_OK;
}

struct rom_ops const rom_buffer_ops = { .dataspace = content, .update = update, .change_handler = change_handler };
