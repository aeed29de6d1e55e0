/* SPDX-License-Identifier: MIT */
/*
 * A PCI function: what its configuration space says, checked once, and what is done with it there. Nothing that a device says is
 * believed beyond what it can do to itself. Source: PCI Local Bus Specification 3.0, chapter 6; PCI Express 4.0, chapter 7.
 *
 * A function is FREE, or the session's that owns it; after a session it is RESETTING until it can be used again.
 */
#pragma once

#include "config_space.h"

#include <base/ep.h>
#include <base/list.h>

enum { FUNCTION_BARS = 6, FUNCTION_NAME = 8, FUNCTION_RESET_MS = 100 /* PCI Express 4.0, 6.6.2 */ };

enum pci_register {
	PCI_VENDOR = 0x00, PCI_DEVICE = 0x02, PCI_COMMAND = 0x04, PCI_STATUS = 0x06, PCI_REVISION = 0x08, PCI_CLASS = 0x08, PCI_HEADER = 0x0e,
	PCI_BAR0 = 0x10, PCI_SECONDARY_BUS = 0x19, PCI_SUBORDINATE_BUS = 0x1a, PCI_SUBSYSTEM_VENDOR = 0x2c, PCI_SUBSYSTEM = 0x2e,
	PCI_CAPABILITIES = 0x34, PCI_LINE = 0x3c, PCI_PIN = 0x3d,
};

enum pci_command { COMMAND_PORTS = 1, COMMAND_MEMORY = 2, COMMAND_MASTER = 4, COMMAND_NO_LINE = 1 << 10 };

enum pci_capability_id { CAPABILITY_POWER = 0x01, CAPABILITY_MSI = 0x05, CAPABILITY_EXPRESS = 0x10, CAPABILITY_MSIX = 0x11, CAPABILITY_FEATURES = 0x13 };

enum bar_kind { BAR_NONE, BAR_MEMORY, BAR_PORTS };

struct bar {
	uint64_t      address, size;
	enum bar_kind kind;
	bool          prefetchable;
};

struct msix { uint64_t table_offset; uint32_t vectors; uint8_t bar; };    /* vectors 0: it has none */

struct client;

struct function {
	struct list_link     of_functions;
	struct config_space *config;
	struct iommu        *iommu;                   /* that translates for it; NULL: none */
	uint16_t             number;                  /* from 1 */
	uint16_t             address;                 /* bus << 8 | device << 3 | function */
	uint16_t             source;                  /* the address that its DMA carries; another one if `is_shared` */
	bool                 is_shared;               /* behind a bridge that speaks for all functions behind it */
	uint16_t             vendor, device, subsystem_vendor, subsystem;
	uint32_t             class_code;
	uint8_t              revision, line;          /* line: of the interrupt, as firmware says; 255: none */
	struct bar           bars[FUNCTION_BARS];
	uint8_t              power, msi, express, features;    /* offsets of capabilities, 0: there is none */
	uint8_t              msix_at;
	struct msix          msix;
	char                 name[FUNCTION_NAME];     /* 00:1f.2 */
	struct client       *owner;                   /* whose it is; NULL: nobody's */
	unsigned             faults;                  /* accesses of its that were blocked, in this session */
	bool                 is_stopped;              /* it did not stop by itself: no bus mastering any more, in this session */
	struct handler       stormed;                 /* interrupt messages come without end; */
	struct signal_context storm;                  /* made with the first interrupt, for good */
	bool                 is_resetting, is_asleep;
	struct handler       reset_done;
};

/* Reads everything about the function at `address`, which exists. Sizes its BARs, with decoding off, and leaves it silent: no bus mastering. */
void function_init(struct function *function, struct config_space *config, uint16_t address);

/* Where capability `id` is, the first one behind offset `after` in the list, 0: from the start; 0: there is none. */
unsigned function_capability(struct config_space *config, uint16_t address, unsigned id, unsigned after);

/* The command register, with bits set and cleared. */
void function_command(struct function const *function, uint32_t set, uint32_t clear);

/* No DMA and no interrupt from now on, and what was under way has arrived. */
void function_silence(struct function const *function);

/*
 * Begins a reset. The function may not be touched for FUNCTION_RESET_MS then; after that function_wake, and, if it is true, the same time again; then
 * function_restore. False: it knows no reset.
 */
bool function_reset(struct function *function);
bool function_wake(struct function *function);

/* After a reset: addresses are what they were. */
void function_restore(struct function const *function);

/* For each function from the configuration space's first bus on, behind bridges too, in the order of addresses. Bridges are not among them. */
struct function_visitor {
	void (*found)(struct function_visitor *visitor, uint16_t address, uint16_t source, bool is_shared);
};

void functions_scan(struct config_space *config, struct function_visitor *visitor);
