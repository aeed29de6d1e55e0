/* SPDX-License-Identifier: MIT */
/* Boot modules as ROM sessions; see rom.h. */
#include <core/rom.h>

#include <base/string.h>
#include <core/core.h>
#include <core/machine.h>
#include <kernel/abi/info.h>

static struct rom_module modules[INFO_RANGES];
static unsigned module_count;

void rom_add_module(char const *name, struct paddr base, uint64_t size)
{
	uint64_t frames = align_up(size, PAGE_SIZE) >> PAGE_SHIFT;
	struct rom_module *module = &modules[module_count];

	assert(module_count < ARRAY_SIZE(modules) && is_aligned(base.value, PAGE_SIZE));
	if (rom_module(name)) {
		core_print("boot module \"%s\" is there twice, the first one is taken", name);
		return;
	}
	*module = (struct rom_module) { .name = name, .base = base, .size = size };
	memset((char *)ram_at(base) + size, 0, (frames << PAGE_SHIFT) - size);
	if (dataspace_wrap(&core_account, base.value >> PAGE_SHIFT, frames, DATASPACE_EXECUTABLE, &module->content) != STATUS_OK)
		core_fail("cannot make a ROM of boot module \"%s\"", name);
	module_count++;
}

struct rom_module const *rom_module(char const *name)
{
	for (unsigned i = 0; i < module_count; i++)
		if (string_equal(modules[i].name, name))
			return &modules[i];
	return NULL;
}

struct rom_module const *rom_module_of_content(struct dataspace const *content)
{
	for (unsigned i = 0; i < module_count; i++)
		if (modules[i].content == content)
			return &modules[i];
	return NULL;
}

struct rom_module const *rom_module_of_label(char const *label)
{
	static char const arrow[] = " -> ";
	char const *last = label, *next;

	if (string_equal(label, "init -> binary"))
		return rom_module("init");
	while ((next = string_find_text(last, arrow)))
		last = next + sizeof(arrow) - 1;
	return rom_module(last);
}

enum status rom_create(struct account *payer, struct rom_module const *module, struct rom **rom)
{
	RPC_TRY(object_create(payer, PLACES_SESSION, 0, RECORD_ROM, rom));
	(*rom)->content = module->content;
	(*rom)->size = module->size;
	kernel_gate_create(place_address(&(*rom)->record, 0), core_thread, badge_of(&(*rom)->record, 0));
	return STATUS_OK;
}

static enum status op_dataspace(struct rom_session *self, struct cap *content, uint64_t *size)
{
	struct rom *rom = (struct rom *)self;

	*content = cap_of(&rom->content->record, 0);
	*size = rom->size;
	return STATUS_OK;
}

static enum status op_update(struct rom_session *self, bool *changed)
{
	*changed = false;
	return STATUS_OK;
}

/* Boot modules never change, so nothing has to be remembered. */
static enum status op_change_handler(struct rom_session *self, struct rpc_cap const *handler)
{
	struct signal *signal;

	return handler->kind == GOT_NULL ? STATUS_OK : cap_object(handler, RECORD_SIGNAL, &signal);
}

struct rom_ops const rom_operations = { .dataspace = op_dataspace, .update = op_update, .change_handler = op_change_handler };
