/* SPDX-License-Identifier: MIT */
/* One PCI function; see function.h. */
#include "function.h"

#include <base/format.h>

enum {
	CAPABILITIES_FIRST = 0x40, CAPABILITIES_MAX = 48,    /* so many fit: 192 bytes by 4 */
	STATUS_CAPABILITIES = 1 << 4,
	BAR_IS_PORTS = 1, BAR_IS_64 = 4, BAR_TYPE = 6, BAR_PREFETCHABLE = 8,
	MSI_CONTROL = 2, MSI_ENABLE = 1,
	MSIX_CONTROL = 2, MSIX_TABLE = 4, MSIX_ENABLE = 1 << 15, MSIX_VECTORS = 0x7ff,
	EXPRESS_CAPABILITIES = 4, EXPRESS_CONTROL = 8, EXPRESS_STATUS = 10, EXPRESS_HAS_RESET = 1 << 28, EXPRESS_RESET = 1 << 15, EXPRESS_PENDING = 1 << 5,
	FEATURES_CAPABILITIES = 3, FEATURES_CONTROL = 4, FEATURES_HAS_RESET = 2, FEATURES_RESET = 1,
	POWER_CONTROL = 4, POWER_STATE = 3, POWER_NO_RESET = 1 << 3, POWER_D3 = 3,
	PENDING_READS = 1000,
};

unsigned function_capability(struct config_space *config, uint16_t address, unsigned id, unsigned after)
{
	unsigned at = config_read16(config, address, PCI_STATUS) & STATUS_CAPABILITIES ? config_read8(config, address, PCI_CAPABILITIES) & 0xfc : 0;
	bool     is_behind = !after;

	/* A list that leads in a circle ends like any other. */
	for (unsigned i = 0; i < CAPABILITIES_MAX && at >= CAPABILITIES_FIRST; i++) {
		if (is_behind && config_read8(config, address, at) == id)
			return at;
		is_behind |= at == after;
		at = config_read8(config, address, at + 1) & 0xfc;
	}
	return 0;
}

/* --- BARs --- */

/* What the register holds after all ones were written: bits that it does not have are 0. What was there is there again. */
static uint32_t probe(struct function const *function, unsigned offset)
{
	uint32_t const old = config_read32(function->config, function->address, offset);
	uint32_t       mask;

	config_write32(function->config, function->address, offset, UINT32_MAX);
	mask = config_read32(function->config, function->address, offset);
	config_write32(function->config, function->address, offset, old);
	return mask;
}

/* The size that a mask stands for; 0 for one that is none: sizes are powers of two. */
static uint64_t size_of(uint64_t mask)
{
	uint64_t const size = ~mask + 1;

	return mask && is_power_of_two(size) ? size : 0;
}

static void read_ports(struct bar *bar, uint32_t value, uint32_t mask)
{
	/* The upper half may be hardwired to 0. */
	uint64_t const ones = UINT64_C(0xffffffffffff0000);

	bar->address = value & 0xfffc;
	bar->size = mask & 0xfffc ? size_of((mask & 0xfffc) | ones) : 0;
	bar->kind = bar->size ? BAR_PORTS : BAR_NONE;
}

/* Reads BAR `index`; returns how many registers it takes. */
static unsigned read_bar(struct function *function, unsigned index)
{
	unsigned const offset  = PCI_BAR0 + 4 * index;
	uint32_t const value   = config_read32(function->config, function->address, offset);
	bool const     is_64   = !(value & BAR_IS_PORTS) && (value & BAR_TYPE) == BAR_IS_64 && index + 1 < FUNCTION_BARS;
	uint64_t       mask    = probe(function, offset);
	struct bar    *bar     = &function->bars[index];

	if (value & BAR_IS_PORTS) {
		read_ports(bar, value, (uint32_t)mask);
		return 1;
	}
	bar->address = value & ~15u;
	mask &= ~15u;
	if (is_64) {
		bar->address |= (uint64_t)config_read32(function->config, function->address, offset + 4) << 32;
		mask |= (uint64_t)probe(function, offset + 4) << 32;
	} else if (mask) {
		mask |= UINT64_C(0xffffffff) << 32;
	}
	bar->size = size_of(mask);
	bar->prefetchable = value & BAR_PREFETCHABLE;
	bar->kind = bar->size ? BAR_MEMORY : BAR_NONE;
	return is_64 ? 2 : 1;
}

static void read_bars(struct function *function)
{
	uint32_t const command = config_read16(function->config, function->address, PCI_COMMAND);

	function_command(function, 0, COMMAND_PORTS | COMMAND_MEMORY | COMMAND_MASTER);
	for (unsigned i = 0; i < FUNCTION_BARS;)
		i += read_bar(function, i);
	config_write16(function->config, function->address, PCI_COMMAND, command & ~(uint32_t)COMMAND_MASTER);
}

/* --- What it is --- */

static void read_msix(struct function *function)
{
	uint32_t control, table;
	struct bar const *bar;

	function->msix_at = (uint8_t)function_capability(function->config, function->address, CAPABILITY_MSIX, 0);
	if (!function->msix_at)
		return;
	control = config_read16(function->config, function->address, function->msix_at + MSIX_CONTROL);
	table = config_read32(function->config, function->address, function->msix_at + MSIX_TABLE);
	function->msix = (struct msix) { .table_offset = table & ~7u, .vectors = (control & MSIX_VECTORS) + 1, .bar = table & 7 };
	bar = function->msix.bar < FUNCTION_BARS ? &function->bars[function->msix.bar] : NULL;
	if (!bar || bar->kind != BAR_MEMORY || !is_within(function->msix.table_offset, 16ul * function->msix.vectors, bar->size))
		function->msix.vectors = 0;
}

void function_init(struct function *function, struct config_space *config, uint16_t address)
{
	*function = (struct function) {
		.config = config, .address = address, .source = address,
		.vendor = (uint16_t)config_read16(config, address, PCI_VENDOR), .device = (uint16_t)config_read16(config, address, PCI_DEVICE),
		.subsystem_vendor = (uint16_t)config_read16(config, address, PCI_SUBSYSTEM_VENDOR),
		.subsystem = (uint16_t)config_read16(config, address, PCI_SUBSYSTEM),
		.class_code = config_read32(config, address, PCI_CLASS) >> 8, .revision = (uint8_t)config_read8(config, address, PCI_REVISION),
		.line = config_read8(config, address, PCI_PIN) ? (uint8_t)config_read8(config, address, PCI_LINE) : UINT8_MAX,
		.power = (uint8_t)function_capability(config, address, CAPABILITY_POWER, 0),
		.msi = (uint8_t)function_capability(config, address, CAPABILITY_MSI, 0),
		.express = (uint8_t)function_capability(config, address, CAPABILITY_EXPRESS, 0),
		.features = (uint8_t)function_capability(config, address, CAPABILITY_FEATURES, 0),
	};
	format_cut(function->name, sizeof(function->name), "%02x:%02x.%x", address >> 8, address >> 3 & 31u, address & 7u);
	read_bars(function);
	read_msix(function);
	function_silence(function);
}

/* --- What is done with it --- */

static void change16(struct function const *function, unsigned offset, uint32_t set, uint32_t clear)
{
	uint32_t const old = config_read16(function->config, function->address, offset);

	config_write16(function->config, function->address, offset, (old & ~clear) | set);
}

void function_command(struct function const *function, uint32_t set, uint32_t clear)
{
	change16(function, PCI_COMMAND, set, clear);
}

void function_silence(struct function const *function)
{
	function_command(function, COMMAND_NO_LINE, COMMAND_MASTER);
	if (function->msi)
		change16(function, function->msi + MSI_CONTROL, 0, MSI_ENABLE);
	if (function->msix_at)
		change16(function, function->msix_at + MSIX_CONTROL, 0, MSIX_ENABLE);

	/* What it has written arrives before the answer to this (PCI 3.0, 3.2.5); what it reads, it says. Bounded: a device may say so for ever. */
	for (unsigned i = 0; function->express && i < PENDING_READS; i++)
		if (!(config_read16(function->config, function->address, function->express + EXPRESS_STATUS) & EXPRESS_PENDING))
			break;
	(void)config_read32(function->config, function->address, PCI_VENDOR);
}

bool function_reset(struct function *function)
{
	struct config_space *config = function->config;
	uint16_t const       at     = function->address;
	uint32_t             power;

	if (function->express && config_read32(config, at, function->express + EXPRESS_CAPABILITIES) & EXPRESS_HAS_RESET) {
		change16(function, function->express + EXPRESS_CONTROL, EXPRESS_RESET, 0);
		return true;
	}
	if (function->features && config_read8(config, at, function->features + FEATURES_CAPABILITIES) & FEATURES_HAS_RESET) {
		config->write(config, at, function->features + FEATURES_CONTROL, 1, FEATURES_RESET);
		return true;
	}
	power = function->power ? config_read16(config, at, function->power + POWER_CONTROL) : POWER_NO_RESET;
	if (power & POWER_NO_RESET)
		return false;
	config_write16(config, at, function->power + POWER_CONTROL, (power & ~(uint32_t)POWER_STATE) | POWER_D3);
	function->is_asleep = true;
	return true;
}

bool function_wake(struct function *function)
{
	bool const was_asleep = function->is_asleep;

	if (was_asleep)
		change16(function, function->power + POWER_CONTROL, 0, POWER_STATE);
	function->is_asleep = false;
	return was_asleep;
}

static void restore_bar(struct function const *function, unsigned index)
{
	struct bar const *bar    = &function->bars[index];
	unsigned const    offset = PCI_BAR0 + 4 * index;

	if (bar->kind == BAR_NONE)
		return;
	config_write32(function->config, function->address, offset, (uint32_t)bar->address);
	if (bar->kind == BAR_MEMORY && (config_read32(function->config, function->address, offset) & BAR_TYPE) == BAR_IS_64)
		config_write32(function->config, function->address, offset + 4, (uint32_t)(bar->address >> 32));
}

void function_restore(struct function const *function)
{
	for (unsigned i = 0; i < FUNCTION_BARS; i++)
		restore_bar(function, i);
	if (function->line != UINT8_MAX)
		function->config->write(function->config, function->address, PCI_LINE, 1, function->line);
	function_silence(function);
}
