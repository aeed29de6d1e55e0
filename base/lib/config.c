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

struct copy {
	struct xml_node *nodes;    /* the block */
	size_t           max, size;
	char            *text;     /* behind the nodes */
};

static enum status copy_rom(struct env *env, struct attached_rom const *rom, struct copy *copy)
{
	void *block;

	copy->size = rom->address ? string_length_max(rom->address, rom->size) : 0;
	copy->max = copy->size ? xml_nodes_needed(rom->address, copy->size) : 0;
	RPC_TRY(heap_alloc(&env->heap, copy->max * sizeof(*copy->nodes) + copy->size + 1, &block));
	copy->nodes = block;
	copy->text = (char *)(copy->nodes + copy->max);
	memcpy(copy->text, rom->address, copy->size);
	return STATUS_OK;
}

/* Takes what the ROM holds now over if it is well-formed. Its mapping is not needed afterwards. */
static enum status take_over(struct env *env, bool *taken)
{
	struct xml_error error;
	struct copy      copy;
	char             line[384];
	size_t           count;
	enum status      status = copy_rom(env, &config.rom, &copy);

	*taken = false;
	attached_rom_detach(&config.rom);
	if (status)
		return status;
	status = xml_index(copy.text, copy.size, copy.nodes, copy.max, &count, &error);
	if (status) {
		log_error("config: %s", xml_error_text(&error, line, sizeof(line)));
		heap_free(&env->heap, copy.nodes);
		return STATUS_OK;
	}
	heap_free(&env->heap, config.block);
	config.block = copy.nodes;
	config.root = node_root(copy.text, copy.nodes);
	*taken = true;
	return STATUS_OK;
}

static void open_config(struct env *env)
{
	enum status status = attached_rom_open(&config.rom, env, "config");
	bool        taken;

	config.opened = true;
	config.root = empty_root();
	/* A server of reports may have none yet. */
	if (status == STATUS_OK && config.rom.size)
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
