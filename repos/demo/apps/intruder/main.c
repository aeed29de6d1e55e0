/* SPDX-License-Identifier: MIT */
/*
 * Stands in the place of the dashboard, as if that had been taken over, and tries all that the dashboard has no need of: each attempt must be denied. Then
 * it does the worst that it can do, which is to wish for a configuration: first for one that is none, then for one in which nothing is left of the world.
 */
#include <base/component.h>
#include <base/connection.h>
#include <base/reporter.h>
#include <base/time.h>
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

static struct reporter reporter;
static struct handler  later;
static struct env     *own_env;

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

static void handle_later(struct handler *handler, uint64_t count)
{
	log_info("wishes for an empty world");
	wish("<config>\n\t<!-- nothing is left -->\n</config>\n");
}

static void handle_ready(struct reporter *self, enum status status)
{
	if (status != STATUS_OK) {
		log_error("cannot wish: %s", status_name(status));
		return;
	}
	log_info("wishes for nonsense");
	wish("<config>\n\t<start name=\"root\" give=\"everything\"/>\n</config>\n");
	ep_timeout(&own_env->ep, &later, time_now_ns() + 2 * TIME_NS_PER_S);
}

enum status component_construct(struct env *env)
{
	own_env = env;
	later.handle = handle_later;
	log_info("%u of %zu attempts were denied", try_all(env), ARRAY_SIZE(attempts));
	reporter_init(&reporter, env, "wish", 64 << 10, handle_ready);
	return STATUS_OK;
}
