/* SPDX-License-Identifier: MIT */
/*
 * Which functions there are. Buses are taken in the order of their numbers: that behind a bridge has a higher one than the bridge's, so one
 * pass finds all, and a bridge that lies leads nowhere twice.
 */
#include "function.h"

enum {
	DEVICES = 32, FUNCTIONS = 8, BUSES = 256,
	HEADER_TYPE = 0x7f, HEADER_MANY = 0x80, HEADER_NORMAL = 0, HEADER_BRIDGE = 1,
	VENDOR_NONE = 0xffff,
	CLASS_BRIDGE = 0x06,
	EXPRESS_TYPE_SHIFT = 4, EXPRESS_TYPE = 15, EXPRESS_TO_PCI = 7, EXPRESS_FLAGS = 2,
};

struct bus { bool is_there, is_shared; uint16_t source; };

/*
 * Behind a bridge to conventional PCI, requests carry the bridge's address: a PCI Express one says secondary bus, device 0 (PCI Express to PCI
 * Bridge Specification 1.0, 2.3), a conventional one its own.
 */
static void enter_bridge(struct config_space *config, uint16_t address, struct bus buses[static BUSES])
{
	unsigned const   bus = address >> 8, secondary = config_read8(config, address, PCI_SECONDARY_BUS);
	unsigned const   express = function_capability(config, address, CAPABILITY_EXPRESS, 0);
	unsigned const   type = express ? config_read16(config, address, express + EXPRESS_FLAGS) >> EXPRESS_TYPE_SHIFT & EXPRESS_TYPE : 0;
	struct bus *const behind = &buses[secondary];

	if (secondary <= bus || secondary > config->last_bus || behind->is_there)
		return;
	*behind = (struct bus) { .is_there = true, .is_shared = buses[bus].is_shared || !express || type == EXPRESS_TO_PCI };
	behind->source = buses[bus].is_shared ? buses[bus].source : express ? (uint16_t)(secondary << 8) : address;
}

/* Returns whether the device may have more functions than this one. */
static bool look(struct config_space *config, uint16_t address, struct bus buses[static BUSES], struct function_visitor *visitor)
{
	struct bus const *bus = &buses[address >> 8];
	uint32_t          header, class;

	if (config_read16(config, address, PCI_VENDOR) == VENDOR_NONE)
		return address % FUNCTIONS;
	header = config_read8(config, address, PCI_HEADER);
	class = config_read32(config, address, PCI_CLASS) >> 24;
	if ((header & HEADER_TYPE) == HEADER_BRIDGE)
		enter_bridge(config, address, buses);
	else if ((header & HEADER_TYPE) == HEADER_NORMAL && class != CLASS_BRIDGE)
		visitor->found(visitor, address, bus->is_shared ? bus->source : address, bus->is_shared);
	return header & HEADER_MANY || address % FUNCTIONS;
}

static void look_at_device(struct config_space *config, uint16_t first, struct bus buses[static BUSES], struct function_visitor *visitor)
{
	for (unsigned function = 0; function < FUNCTIONS; function++)
		if (!look(config, (uint16_t)(first + function), buses, visitor))
			return;
}

void functions_scan(struct config_space *config, struct function_visitor *visitor)
{
	struct bus buses[BUSES] = { 0 };

	buses[config->first_bus].is_there = true;
	for (unsigned bus = config->first_bus; bus <= config->last_bus; bus++)
		for (unsigned device = 0; buses[bus].is_there && device < DEVICES; device++)
			look_at_device(config, (uint16_t)(bus << 8 | device << 3), buses, visitor);
}
