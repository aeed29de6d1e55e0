/* SPDX-License-Identifier: MIT */
/*
 * Stands in the place of the dashboard, as if that had been taken over, and tries all that the dashboard has no need of: each attempt must be denied. Then
 * it does the worst that it can do, which is to wish for a configuration: first for one that is none, then for one in which nothing is left of the world.
 */
#include <base/attached.h>
#include <base/component.h>
#include <base/connection.h>
#include <base/reporter.h>
#include <io_mem/io_mem.h>
#include <io_port/io_port.h>
#include <irq/irq.h>
#include <pci/pci.h>
#include <rom/rom.h>
#include <trace/trace.h>
#include <uplink/uplink.h>

struct attempt {
	struct rpc_type const *type;
	char const            *label;
	char const            *what;
};

static struct attempt const attempts[] = {
	{ &report_type, "config", "to hand world a configuration that nobody has checked" },
	{ &report_type, "state", "to report the state of others" },
	{ &rom_type, "wish", "to read what others wish for" },
	{ &rom_type, "world.config", "the configuration as world gets it" },
	{ &rom_type, "world.xml", "a boot module" },
	{ &rom_type, "init", "the program of init" },
	{ &pci_type, "", "the network card" },
	{ &uplink_type, "", "to pass for the network card" },
	{ &pd_type, "", "to make components" },
	{ &cpu_type, "", "threads outside its share" },
	{ &rm_type, "", "address spaces" },
	{ &ram_type, "", "memory by its physical address" },
	{ &irq_type, "", "interrupts" },
	{ &io_mem_type, "", "registers of devices" },
	{ &io_port_type, "", "ports of devices" },
	{ &trace_type, "", "to watch others" },
	{ &rom_type, "world -> state", "a label that looks like another one's" },
};

/* A ROM that it may read, as the dashboard may, and what it waits to find there. */
struct watched {
	struct handler        changed;
	struct signal_context context;
	struct attached_rom   rom;
	char const           *label, *text;
	char const           *wish;          /* for that, once it is there */
	bool                  is_found;
};

static struct reporter reporter;

static struct watched watched[] = {
	{ .label = "world", .text = "name=\"alpha\"", .wish = "<config>\n\t<start name=\"root\" give=\"everything\"/>\n</config>\n" },
	{ .label = "verdict", .text = "valid=\"no\"", .wish = "<config>\n\t<!-- nothing is left -->\n</config>\n" },
};

static unsigned try_all(struct env *env)
{
	unsigned denied = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(attempts); i++) {
		struct attempt const *attempt = &attempts[i];
		struct connection     connection;
		enum status           status = connection_open(&connection, env, attempt->type, attempt->label, attempt->type->args_default);

		if (status == STATUS_OK)
			log_error("got in: %s", attempt->what);
		else if (status != STATUS_DENIED)
			log_error("neither in nor denied: %s: %s", attempt->what, status_name(status));
		else
			denied++;
	}
	return denied;
}

static void wish(char const *text)
{
	size_t size;
	char  *buffer = reporter_begin(&reporter, &size);

	if (!buffer || strlen(text) > size)
		return;
	memcpy(buffer, text, strlen(text));
	reporter_commit(&reporter, strlen(text));
}

static bool is_there(struct watched const *self)
{
	size_t const length = strlen(self->text);

	for (size_t at = 0; self->rom.address && at + length <= self->rom.size; at++)
		if (memcmp((char const *)self->rom.address + at, self->text, length) == 0)
			return true;
	return false;
}

/* The world is there: time for nonsense. That was refused: time for an empty world. */
static void handle_change(struct handler *handler, uint64_t count)
{
	struct watched *self = container_of(handler, struct watched, changed);
	bool            is_newer;
	enum status     status = attached_rom_update(&self->rom, &is_newer);

	if (status != STATUS_OK)
		log_error("cannot read \"%s\": %s", self->label, status_name(status));
	if (self->is_found || !is_there(self))
		return;
	self->is_found = true;
	log_info("has read \"%s\", and wishes", self->label);
	wish(self->wish);
}

static enum status watch(struct env *env, struct watched *self)
{
	TRY(attached_rom_open(&self->rom, env, self->label));
	self->changed.handle = handle_change;
	TRY(ep_signal(&env->ep, &self->changed, &self->context));
	TRY(rom_change_handler(&self->rom.rom, self->context));
	return signal_submit(self->context);
}

static void handle_ready(struct reporter *self, enum status status)
{
	if (status != STATUS_OK)
		log_error("cannot wish: %s", status_name(status));
	for (unsigned i = 0; status == STATUS_OK && i < ARRAY_SIZE(watched); i++)
		if (watch(self->env, &watched[i]) != STATUS_OK)
			log_error("cannot read \"%s\"", watched[i].label);
}

enum status component_construct(struct env *env)
{
	log_info("%u of %zu attempts were denied", try_all(env), ARRAY_SIZE(attempts));
	reporter_init(&reporter, env, "wish", 64 << 10, handle_ready);
	return STATUS_OK;
}
