/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells core at boot: the machine's memory as it is used after hand-over, and how core was set up. The
 * page stands at INFO_ADDRESS in core's address space; the kernel never reads it again.
 */
#pragma once

#include <stdint.h>

enum { INFO_RANGES = 96, INFO_NAME = 32, INFO_ARGS = 32 };

#define CORE_UTCB_SLOT 0x00000000001f0000UL /* core's stack slot, its UTCB in the last page; the core image starts at 2 MiB */
#define INFO_ADDRESS   0x00000000001e0000UL
#define CORE_RAM       0x0000100000000000UL /* physical address p is at CORE_RAM + p in core, for all RAM */

enum range_kind {
	RANGE_FREE,     /* core's to give */
	RANGE_KERNEL,   /* kernel image, its stacks and tables */
	RANGE_CORE,     /* core's image, tables and objects made at boot */
	RANGE_MODULE,   /* a boot module; name is the first word of its command line */
	RANGE_ACPI,     /* tables that can be read */
	RANGE_RESERVED, /* the firmware's */
};

struct info_range {
	uint64_t base, size;     /* bytes; frames but for modules, whose size is exact and whose base is page-aligned */
	uint32_t kind;
	char     name[INFO_NAME];
	uint32_t reserved;
};

struct info {
	uint64_t magic;                  /* INFO_MAGIC */
	uint32_t range_count;
	uint32_t cpus;                   /* that threads can be on, CPUS_MAX at most; some may never come up */
	uint64_t core_pd, core_thread;   /* physical addresses of the objects made for core */
	uint64_t core_objects;           /* the object frame they are in; core may place further objects there */
	uint32_t fpu_granules;           /* of a thread's FPU area, 0: no FPU */
	uint32_t reserved;
	uint64_t tsc_khz;
	uint8_t  rsdp[40];               /* the ACPI root pointer structure, all zero if there is none */
	uint64_t lapic, ioapic;          /* physical addresses of their register pages */
	uint64_t boot_ticks;             /* TSC at kernel entry */
	uint64_t pm_timer_port;          /* ACPI PM timer, or 0 */
	struct info_range ranges[INFO_RANGES];
};

#define INFO_MAGIC 0x6f666e696e6e6162UL /* "banninfo" */

_Static_assert(sizeof(struct info_range) == 56, "layout");
_Static_assert(sizeof(struct info) <= 2 * 4096, "two pages");
