/* SPDX-License-Identifier: MIT */
/* Interrupt controllers: local APIC and I/O APIC. Intel SDM volume 3 chapter 10; 82093AA datasheet. */
#pragma once

#include <kernel/kernel.h>

enum vectors {
	VECTOR_IRQ      = 0x30, /* first of those that IRQ objects use */
	VECTOR_IRQ_END  = 0xf0,
	VECTOR_TIMER    = 0xf0, /* above all devices, so that apic_block leaves it alone */
	VECTOR_SERIAL   = 0xf1,
	VECTOR_KICK     = 0xf2, /* from another CPU: see cpu_kick */
	VECTOR_SPURIOUS = 0xff,
};

void     apic_eoi(void);
void     apic_timer_set(uint32_t count);       /* one-shot, 0: off */
uint32_t apic_timer_free_run(void);            /* counts down from the highest value, which it returns; no interrupt */
uint32_t apic_timer_count(void);
void     apic_timer_start(void);               /* from free running to one-shots with interrupts */

/* To another CPU by number, or to this one: an interrupt; NMI; INIT; what makes it start in real mode in a page below 1 MiB. */
void apic_kick(unsigned number);
void apic_stop_cpu(unsigned number);
void apic_reset_cpu(unsigned number);
void apic_start_cpu(unsigned number, uint64_t page);

/* Has a CPU that is not up start, or start anew. */
void ap_start(unsigned number);

/* Routes a global system interrupt to a vector of this CPU, masked. Flags: enum irq_flags. NOT_FOUND: no such input. DENIED: the kernel uses it. */
enum status ioapic_route(uint32_t gsi, uint8_t vector, unsigned flags);
void        ioapic_mask(uint32_t gsi, bool masked);
bool        ioapic_is_level(uint32_t gsi);     /* as it was routed */

/* What a device writes where to raise this vector. */
struct msi { uint64_t address, data; };
struct msi apic_msi(uint8_t vector);

/* Interrupts up to the class of `vector`, that is with the same upper four bits, wait at this CPU until apic_unblock; each at most once. */
void apic_block(uint8_t vector);
void apic_unblock(void);

/* The global system interrupt of an ISA interrupt line. */
uint32_t isa_gsi(unsigned irq);
