/* SPDX-License-Identifier: MIT */
/*
 * The ACPI tables that matter to a bus driver, from the ROM "acpi": tables one behind the other, each with its header and its length in it. The firmware
 * made them: nothing in them is believed to be where it says.
 *
 * Source: ACPI 6.4, 5.2.6; PCI Firmware Specification 3.2, 4.1.2 (MCFG); VT-d 3.3, chapter 8 (DMAR).
 */
#pragma once

#include <base/status.h>
#include <base/types.h>

enum { DMAR_UNITS = 8, DMAR_SCOPES = 32, DMAR_PATH = 8 };

/* What is in MCFG for segment 0. Registers of function f of bus b are at base + (b << 20 | f << 12), for first_bus <= b <= last_bus. */
struct mcfg { uint64_t base; uint8_t first_bus, last_bus; };

/* NOT_FOUND: no table, or none that makes sense. */
MUST_CHECK enum status acpi_read_mcfg(void const *tables, size_t size, struct mcfg *mcfg);

/* A device that a unit translates for: from `bus` on, each step of the path is a device << 3 | function behind the bridge of the step before. */
struct dmar_scope {
	uint8_t unit, bus, steps;
	bool    below;               /* and everything behind the bridge that it is */
	uint8_t path[DMAR_PATH];
};

struct dmar_unit { uint64_t base; bool all; /* all devices of the segment that no other unit names */ };

struct dmar {
	unsigned          units, scopes;
	struct dmar_unit  unit[DMAR_UNITS];
	struct dmar_scope scope[DMAR_SCOPES];
	bool              is_cut;    /* there are more than fit */
};

/* Of segment 0. NOT_FOUND: no table; then *dmar has no units. PROTOCOL: it is malformed: nothing in it is to be used. */
MUST_CHECK enum status acpi_read_dmar(void const *tables, size_t size, struct dmar *dmar);
