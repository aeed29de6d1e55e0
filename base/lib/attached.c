/* SPDX-License-Identifier: MIT */
/*
 * Attached memory. Giving back what the own account has made cannot fail but by a bug, so it is asserted.
 */
#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/string.h>

static struct rm own_map = { .connection.cap.selector = SLOT_RM << 5 };

enum status dataspace_attach(struct dataspace memory, enum rm_access access, struct account payer, void **address)
{
	struct rm_attach_args args = { .access = access };
	uint64_t              at;

	RPC_TRY(rm_attach(&own_map, memory, &args, payer, &at));
	*address = (void *)at;
	return STATUS_OK;
}

enum status ram_attach(struct account payer, size_t size_bytes, void **address)
{
	uint64_t at;

	RPC_TRY(rm_attach_ram(&own_map, size_bytes, payer, &at));
	*address = (void *)at;
	return STATUS_OK;
}

void dataspace_detach(void *address)
{
	enum status status = rm_detach(&own_map, (uint64_t)address);

	assert(status == STATUS_OK);
}

static void ram_give_back(struct account payer, struct dataspace memory)
{
	struct ram  ram    = { .connection.cap = payer.cap };
	enum status status = ram_free(&ram, memory);

	assert(status == STATUS_OK);
	cap_release(memory.cap);
}

enum status attached_ram_init(struct attached_ram *ram, struct account payer, size_t size_bytes)
{
	struct ram  source = { .connection.cap = payer.cap };
	enum status status;

	*ram = (struct attached_ram) { .payer = payer, .size = align_up(size_bytes, PAGE_SIZE) };
	RPC_TRY(ram_alloc(&source, ram->size, RAM_CACHE_CACHED, 0, &ram->memory));
	status = dataspace_attach(ram->memory, RM_ACCESS_WRITE, payer, &ram->address);
	if (status) {
		ram_give_back(payer, ram->memory);
		*ram = (struct attached_ram) { .size = 0 };
	}
	return status;
}

void attached_ram_fini(struct attached_ram *ram)
{
	if (!ram->address)
		return;
	dataspace_detach(ram->address);
	ram_give_back(ram->payer, ram->memory);
	*ram = (struct attached_ram) { .size = 0 };
}

/* --- ROM --- */

void attached_rom_detach(struct attached_rom *rom)
{
	if (rom->address)
		dataspace_detach((void *)rom->address);
	cap_release(rom->content.cap);
	rom->content.cap = CAP_NULL;
	rom->address = NULL;
	rom->size = 0;
}

static enum status attach_content(struct attached_rom *rom)
{
	uint64_t    size;
	void       *address;
	enum status status;

	RPC_TRY(rom_dataspace(&rom->rom, &rom->content, &size));
	if (cap_is_null(rom->content.cap))
		return STATUS_OK;
	status = dataspace_attach(rom->content, RM_ACCESS_READ, rom->env->account, &address);
	if (status) {
		attached_rom_detach(rom);
		return status;
	}
	rom->address = address;
	rom->size = size;
	return STATUS_OK;
}

enum status attached_rom_open(struct attached_rom *rom, struct env *env, char const *label)
{
	enum status status;

	*rom = (struct attached_rom) { .env = env };
	RPC_TRY(rom_open(&rom->rom, env, label));
	status = attach_content(rom);
	if (status)
		rom_close(&rom->rom);
	return status;
}

enum status attached_rom_update(struct attached_rom *rom, bool *changed)
{
	RPC_TRY(rom_update(&rom->rom, changed));
	if (!*changed)
		return STATUS_OK;
	attached_rom_detach(rom);
	return attach_content(rom);
}

void attached_rom_close(struct attached_rom *rom)
{
	attached_rom_detach(rom);
	rom_close(&rom->rom);
}
