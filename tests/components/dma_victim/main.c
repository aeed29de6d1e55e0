/* SPDX-License-Identifier: MIT */
/* Serves Victim: one page that somebody may try to overwrite. */
#include <base/component.h>
#include <victim/victim.h>

enum { WORDS = PAGE_SIZE / sizeof(uint32_t) };

static struct {
	uint32_t volatile *words;
	uint64_t           address;
} page;

static void fill(void)
{
	for (unsigned i = 0; i < WORDS; i++)
		page.words[i] = VICTIM_PATTERN ^ i;
}

static enum status where(struct victim_session *session, uint64_t *address)
{
	*address = page.address;
	return STATUS_OK;
}

static enum status is_intact(struct victim_session *session, bool *intact)
{
	*intact = true;
	for (unsigned i = 0; i < WORDS; i++)
		*intact &= page.words[i] == (VICTIM_PATTERN ^ i);
	fill();
	return STATUS_OK;
}

static struct victim_service service = { .ops = { .page = where, .is_intact = is_intact }, .session_size = sizeof(struct victim_session) };

enum status component_construct(struct env *env)
{
	struct connection_request const request = { .type = &ram_type, .label = "", .ram = PAGE_SIZE, .caps = 2 };
	static struct ram               ram;
	struct dataspace                memory;
	void                           *attached;

	TRY(connection_open_request(&ram.connection, env, &request));
	TRY(ram_alloc_below_4g(&ram, PAGE_SIZE, RAM_CACHE_CACHED, 0, &memory));
	TRY(ram_physical(&ram, memory, &page.address));
	TRY(dataspace_attach(memory, RM_ACCESS_WRITE, env->account, &attached));
	page.words = attached;
	fill();
	return victim_provide(&service, env);
}
