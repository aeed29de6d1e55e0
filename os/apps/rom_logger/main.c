/* SPDX-License-Identifier: MIT */
/* Logs a ROM, line by line, and again whenever it changes. */
#include <base/attached.h>
#include <base/component.h>
#include <base/string.h>

enum { NAME = 64 };

static struct attached_rom   rom;
static struct handler        handler;
static struct signal_context changed;
static unsigned              versions;

static void log_content(void)
{
	char const *at = rom.address, *end = at ? at + string_length_max(at, rom.size) : NULL;

	log_info("version %u: %zu bytes", ++versions, rom.size);
	while (at < end) {
		char const *line = at;

		while (at < end && *at != '\n')
			at++;
		log_info("%.*s", (int)(at - line), line);
		at++;
	}
}

static void handle_change(struct handler *self, uint64_t count)
{
	bool        is_newer;
	enum status status = attached_rom_update(&rom, &is_newer);

	if (status != STATUS_OK)
		log_error("cannot read the newer content: %s", status_name(status));
	else if (is_newer)
		log_content();
}

enum status component_construct(struct env *env)
{
	char name[NAME];

	TRY(node_string(env_config(env), "rom", "", name, sizeof(name)));
	TRY(attached_rom_open(&rom, env, name));
	log_content();
	handler.handle = handle_change;
	TRY(ep_signal(&env->ep, &handler, &changed));
	return rom_change_handler(&rom.rom, changed);
}
