/* SPDX-License-Identifier: MIT */
/*
 * Reads the ROM "machine" and state reports, as the dashboard does, and says of each set of them that fits together what there is: every byte and cap of the
 * machine on one line. Says so, too, when nothing fits for too long: then a report is wrong.
 */
#include <base/attached.h>
#include <base/component.h>
#include <base/time.h>
#include "../dashboard/state.h"

enum { REPORTS = 4, NODES = 1024, PATIENCE_S = 5 };

struct report {
	struct handler        changed;
	struct signal_context context;
	struct attached_rom   rom;
	char                  path[STATE_PATH];
	struct xml_node       nodes[NODES];
};

static struct report   reports[REPORTS];
static unsigned        count;
static struct xml_node machine_nodes[NODES];
static struct attached_rom machine;
static struct state    state;
static uint64_t        settled_ns, sets;

static struct node read_rom(struct attached_rom const *rom, struct xml_node nodes[NODES])
{
	struct xml_error error;
	size_t           used;

	return rom->address && xml_index(rom->address, rom->size, nodes, NODES, &used, &error) == STATUS_OK ? node_root(rom->address, nodes) : node_none();
}

/* What a run script can look for: each component with its quota, and the sum. */
static void tell(void)
{
	struct amount_sum const sum = state_sum(&state);

	log_info("set %lu: %lu bytes and %lu caps on the lines, %lu and %lu in the machine", ++sets, sum.ram, sum.caps, state.machine_ram, state.machine_caps);
	for (unsigned i = 1; i < state.component_count; i++) {
		struct component const *component = &state.components[i];

		if (component->has_account && string_starts_with(component->path, "world"))
			log_info("%s has %lu KiB, version \"%s\"", component->path, component->ram.limit >> 10, component->version);
	}
}

static void look(struct handler *handler, uint64_t submitted)
{
	struct report *report = container_of(handler, struct report, changed);
	bool           is_newer;
	enum status    status = attached_rom_update(&report->rom, &is_newer);

	if (status != STATUS_OK)
		log_error("cannot read the report of \"%s\": %s", report->path, status_name(status));
	state_init(&state);
	state_add_machine(&state, read_rom(&machine, machine_nodes));
	for (unsigned i = 0; i < count; i++)
		(void)state_add_report(&state, reports[i].path, read_rom(&reports[i].rom, reports[i].nodes));
	if (state_settle(&state)) {
		settled_ns = time_now_ns();
		tell();
	} else if (settled_ns && time_now_ns() - settled_ns > PATIENCE_S * TIME_NS_PER_S) {
		log_error("for %u s nothing has added up", PATIENCE_S);
		settled_ns = time_now_ns();
	}
}

static enum status add_report(struct env *env, struct node config)
{
	struct report *report = &reports[count];
	char           rom[STATE_NAME];

	if (count == REPORTS)
		return STATUS_OVERFLOW;
	TRY(node_string(config, "rom", "", rom, sizeof(rom)));
	TRY(node_string(config, "of", "", report->path, sizeof(report->path)));
	TRY(attached_rom_open(&report->rom, env, rom));
	report->changed.handle = look;
	TRY(ep_signal(&env->ep, &report->changed, &report->context));
	count++;
	return rom_change_handler(&report->rom.rom, report->context);
}

enum status component_construct(struct env *env)
{
	TRY(attached_rom_open(&machine, env, "machine"));
	node_for_each (report, env_config(env), "report")
		TRY(add_report(env, report));
	return STATUS_OK;
}
