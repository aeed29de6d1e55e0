/* SPDX-License-Identifier: MIT */
/* The machine's functions; see machine.h. */
#include "machine.h"

#include "acpi.h"
#include "iommu.h"
#include "policy.h"

#include <base/component.h>

enum { FAULTS_MAX = 16 };    /* of one session; then its bus mastering goes off */

static struct env          *own_env;
static struct config_space *config;
static struct list          functions = LIST_INIT(functions);
static uint16_t             count;

struct list *machine_functions(void) { return &functions; }

/* --- Faults --- */

static struct function *function_at(uint16_t source)
{
	list_for_each (function, &functions, struct function, of_functions)
		if (function->source == source)
			return function;
	return NULL;
}

void machine_stop(struct function *function, char const *what)
{
	if (function->is_stopped)
		return;
	function->is_stopped = true;
	function_command(function, 0, COMMAND_MASTER);
	log_error("%s: %s of \"%s\" does not stop: its bus mastering is turned off", what, function->name, function_owner(function));
	log_info("to have it again: start \"%s\" anew, with a driver that %s", function_owner(function),
	         string_equal(what, "DMA blocked") ? "gives its device addresses of DMA memory alone" : "acknowledges interrupts, or a device that does not storm");
}

static void blocked(struct dma_fault const *fault)
{
	struct function *function = function_at(fault->source);
	uint16_t const   at       = fault->source;
	unsigned const   faults   = function ? ++function->faults : 1;

	if (faults <= FAULTS_MAX)
		log_warning("DMA blocked: %02x:%02x.%x of \"%s\" %s 0x%llx (reason %u)", at >> 8, at >> 3 & 31u, at & 7u,
		            function ? function_owner(function) : "nobody", fault->is_read ? "reads" : "writes", (unsigned long long)fault->address, fault->reason);
	if (faults == FAULTS_MAX)
		machine_stop(function, "DMA blocked");
}

/* --- Start --- */

static void tell(struct function const *function)
{
	log_info("%s %04x:%04x class %06x%s", function->name, function->vendor, function->device, function->class_code,
	         function->iommu ? function->is_shared ? ", behind a bridge that no IOMMU looks through" : ", behind an IOMMU" : "");
}

static void found(struct function_visitor *visitor, uint16_t address, uint16_t source, bool is_shared)
{
	struct function *function;

	if (heap_new(&own_env->heap, &function) != STATUS_OK) {
		log_error("no memory for function %02x:%02x.%x: nobody gets it", address >> 8, address >> 3 & 31u, address & 7u);
		return;
	}
	function_init(function, config, address);
	function->source = source;
	function->is_shared = is_shared;
	function->number = ++count;
	list_append(&functions, &function->of_functions);
}

static enum status open_config(struct env *env, struct attached_rom const *tables)
{
	struct mcfg mcfg;
	enum status status = acpi_read_mcfg(tables->address, tables->size, &mcfg);

	if (status == STATUS_OK) {
		struct ecam const ecam = { mcfg.base, mcfg.first_bus, mcfg.last_bus };

		status = config_ecam_init(env, &ecam, &config);
		if (status == STATUS_OK) {
			log_info("configuration space at 0x%llx, buses %u to %u", (unsigned long long)ecam.base, ecam.first_bus, ecam.last_bus);
			return STATUS_OK;
		}
		log_warning("cannot use the configuration space that the ACPI tables name: %s", status_name(status));
	}
	log_info("configuration space by ports");
	return config_ports_init(env, &config);
}

static enum status init_iommus(struct env *env, struct ram *ram, struct attached_rom const *tables)
{
	struct dmar dmar;
	enum status status = acpi_read_dmar(tables->address, tables->size, &dmar);

	if (status == STATUS_PROTOCOL)
		log_error("the ACPI table DMAR is malformed: IOMMUs are not used");
	if (dmar.is_cut) {
		log_error("the ACPI table DMAR names more than %u IOMMUs or %u devices: IOMMUs are not used", DMAR_UNITS, DMAR_SCOPES);
		dmar = (struct dmar) { .units = 0 };
	}
	TRY(iommus_init(env, ram, &dmar, blocked));
	if (!dmar.units)
		log_warning("there is no IOMMU: a device with DMA can reach all memory; drivers have it only where their <policy> says dma=\"unconfined\"");
	else
		log_info("%u IOMMU%s: DMA is confined to the memory of each driver", dmar.units, dmar.units > 1 ? "s" : "");
	return STATUS_OK;
}

enum status machine_init(struct env *env)
{
	static struct function_visitor visitor = { .found = found };
	static struct ram              ram;
	struct attached_rom            tables;
	enum status                    status;

	own_env = env;
	if (attached_rom_open(&tables, env, "acpi") != STATUS_OK)
		tables = (struct attached_rom) { .size = 0 };
	TRY(open_config(env, &tables));
	functions_scan(config, &visitor);
	TRY(ram_open(&ram, env, ""));
	TRY(init_iommus(env, &ram, &tables));

	/* What a driver before this one gave to devices that it could not silence any more. */
	status = ram_devices_silent(&ram);
	if (status == STATUS_DENIED)
		log_error("nobody gets DMA memory: it needs a RAM session whose label grants dma");
	else
		TRY(status);
	list_for_each (function, &functions, struct function, of_functions) {
		function->iommu = iommu_of(function);
		tell(function);
	}
	if (tables.address)
		attached_rom_close(&tables);
	return STATUS_OK;
}
