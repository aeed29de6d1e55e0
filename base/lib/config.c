/* SPDX-License-Identifier: MIT */
/*
 * The component's configuration: a copy of its ROM "config" and the index of that copy, both in one block of the component's heap.
 * The copy is what lets an old configuration stay in force when its successor is malformed.
 */
#include "own.h"

#include <base/attached.h>
#include <base/log.h>
#include <base/node.h>
#include <base/signal.h>
#include <base/string.h>

static struct {
	bool                  opened;     /* tried once */
	struct attached_rom   rom;
	void                 *block;      /* nodes, then text; NULL: none in force */
	struct node           root;
	struct signal_context changed;
} config;

static struct node empty_root(void)
{
	static char const            text[]  = "<config/>";
	static struct xml_node const nodes[] = { { .end = 9, .content = 9, .content_end = 9, .line = 1, .name_size = 6 } };

	return node_root(text, nodes);
}

/* Copies and checks what the ROM holds now; takes it over if it is well-formed. */
static enum status take_over(struct env *env, bool *taken)
{
	size_t const     size = config.rom.address ? string_length_max(config.rom.address, config.rom.size) : 0;
	size_t const     max  = size ? xml_nodes_needed(config.rom.address, size) : 0;
	struct xml_node *nodes;
	struct xml_error error;
	void            *block;
	char            *text;
	char             line[384];
	size_t           count;
	enum status      status;

	*taken = false;
	RPC_TRY(heap_alloc(&env->heap, max * sizeof(*nodes) + size + 1, &block));
	nodes = block;
	text = (char *)(nodes + max);
	memcpy(text, config.rom.address, size);
	status = xml_index(text, size, nodes, max, &count, &error);
	if (status) {
		log_error("config: %s", xml_error_text(&error, line, sizeof(line)));
		heap_free(&env->heap, block);
		return STATUS_OK;
	}
	heap_free(&env->heap, config.block);
	config.block = block;
	config.root = node_root(text, nodes);
	*taken = true;
	return STATUS_OK;
}

static void open_config(struct env *env)
{
	enum status status = attached_rom_open(&config.rom, env, "config");
	bool        taken;

	config.opened = true;
	config.root = empty_root();
	if (status == STATUS_OK)
		status = take_over(env, &taken);

	/* To have no configuration is normal. */
	if (status != STATUS_OK && status != STATUS_NOT_FOUND && status != STATUS_DENIED)
		log_warning("cannot read ROM \"config\": %s", status_name(status));
}

struct node env_config(struct env *env)
{
	if (!config.opened)
		open_config(env);
	return config.root;
}

enum status env_on_config(struct env *env, struct handler *handler)
{
	if (!config.opened)
		open_config(env);
	if (!config.rom.rom.connection.id)
		return STATUS_OK;
	assert(cap_is_null(config.changed.cap));
	RPC_TRY(ep_signal(&env->ep, handler, &config.changed));
	RPC_TRY(rom_change_handler(&config.rom.rom, config.changed));

	/* It may have changed since it was read. */
	return signal_submit(config.changed);
}

enum status env_config_update(struct env *env, bool *changed)
{
	bool newer;

	*changed = false;
	if (!config.rom.rom.connection.id)
		return STATUS_OK;
	RPC_TRY(attached_rom_update(&config.rom, &newer));
	return newer ? take_over(env, changed) : STATUS_OK;
}
