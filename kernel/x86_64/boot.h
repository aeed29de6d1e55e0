/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader to core. All of this runs once; the memory ranges are the boot allocator's until hand-over, when
 * they are core's and the kernel has no memory of its own any more.
 */
#pragma once

#include <kernel/abi/info.h>
#include <kernel/kernel.h>

/* What is told to core, being made. */
extern struct info boot_info;

/* A zeroed frame of the first free range large enough; panics when there is none. Kind: who it is for. */
uint64_t boot_alloc_frame(void);
uint64_t boot_alloc_frames(unsigned frames, enum range_kind kind);

/* Cuts [base, base + size) out of what is known and gives it a new kind. Frames are whole unless it is a module. */
void ranges_carve(uint64_t base, uint64_t size, enum range_kind kind, char const *name);

/* Makes whole pages free, whatever they were. */
void ranges_release(uint64_t base, uint64_t size);

/* Reads the boot loader's tables (multiboot 1 or 2) into boot_info. */
void multiboot_read(uint32_t magic, uint64_t address);

/* Finds what the kernel needs in the ACPI tables. */
void acpi_read(void);

struct acpi_facts {
	uint64_t lapic, ioapic;       /* register pages */
	uint32_t ioapic_gsi_base;
	uint16_t pm_timer_port;       /* 0: none */
	uint16_t pm1a_control, pm1b_control;
	uint16_t sleep_a, sleep_b;    /* what S5 wants in them; valid if can_power_off */
	bool     can_power_off;
	uint32_t gsi_of_irq[16];
	uint8_t  flags_of_irq[16];    /* MADT polarity and trigger bits */
	uint8_t  apic_of_cpu[CPUS_MAX]; /* boot_info.cpus of them; number 0 is the one that boots */
};

extern struct acpi_facts acpi;

/* Segments, exceptions, features, system calls. */
void cpu_init(void);

/* The local APIC of this CPU, with its timer. */
void apic_init_local(void);

/* That of the CPU that boots, I/O APIC; the old interrupt controllers are masked. */
void apic_init(void);

/* The other CPUs: their windows (kernel/cpu.h) and the page in which they start; then, in the kernel's address space, all that they need. */
void ap_map(uint64_t top_table);
void ap_prepare(void);

/* Makes core's protection domain and thread of the first module, ready to run. */
void core_create(void);

/* The last step: boot memory becomes free, and core is told where everything is. */
void core_hand_over(void);

/* All RAM but the kernel image, as few contiguous pieces; returns their number. */
struct extent { uint64_t base, end; };
unsigned boot_extents(struct extent extents[static INFO_RANGES]);
