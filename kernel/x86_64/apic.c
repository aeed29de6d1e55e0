/* SPDX-License-Identifier: MIT */
/* The register work of apic.h. One I/O APIC, as on every PC that the kernel has met. */
#include <kernel/x86_64/apic.h>

#include <kernel/x86_64/boot.h>
#include <kernel/x86_64/cpu_ops.h>
#include <kernel/x86_64/machine.h>
#include <kernel/x86_64/paging.h>

#define LAPIC_VA  0xffffffffffe00000UL
#define IOAPIC_VA 0xffffffffffe01000UL

enum lapic_register {
	LAPIC_ID = 0x20, LAPIC_TPR = 0x80, LAPIC_EOI = 0xb0, LAPIC_SPURIOUS = 0xf0, LAPIC_ICR = 0x300, LAPIC_ICR_TARGET = 0x310,
	LAPIC_LVT_TIMER = 0x320, LAPIC_LVT_LINT0 = 0x350,
	LAPIC_LVT_LINT1 = 0x360, LAPIC_TIMER_INITIAL = 0x380, LAPIC_TIMER_CURRENT = 0x390, LAPIC_TIMER_DIVIDE = 0x3e0,
};

#define LVT_MASKED    0x10000u
#define LVT_NMI       0x400u
#define ICR_NMI       0x400u
#define ICR_INIT      0x500u
#define ICR_STARTUP   0x600u
#define ICR_PENDING   0x1000u
#define ICR_ASSERT    0x4000u
#define ICR_TRIES     100000u
#define DIVIDE_BY_1   0xbu
#define ISA_IRQS      16u
#define IOAPIC_LEVEL  0x8000u
#define APIC_ENABLE   0x100u
#define MSR_APIC_BASE 0x1b
#define MSI_ADDRESS   0xfee00000UL

static_assert(LAPIC_VA + LAPIC_EOI == APIC_EOI, "entry.S ends interrupts of devices itself");

static unsigned ioapic_inputs;

static volatile uint32_t *lapic(enum lapic_register reg) { return (volatile uint32_t *)(LAPIC_VA + reg); }

void apic_eoi(void)                     { *lapic(LAPIC_EOI) = 0; }
void apic_timer_set(uint32_t count)     { *lapic(LAPIC_TIMER_INITIAL) = count; }
uint32_t apic_timer_count(void)         { return *lapic(LAPIC_TIMER_CURRENT); }

uint32_t apic_timer_free_run(void)
{
	*lapic(LAPIC_LVT_TIMER) = VECTOR_TIMER | LVT_MASKED;
	*lapic(LAPIC_TIMER_DIVIDE) = DIVIDE_BY_1;
	*lapic(LAPIC_TIMER_INITIAL) = UINT32_MAX;
	return UINT32_MAX;
}

/* An interrupt to one CPU. Bound: the controller sends the last one within microseconds. */
static void send(unsigned number, uint32_t command)
{
	for (unsigned tries = 0; *lapic(LAPIC_ICR) & ICR_PENDING && tries < ICR_TRIES; tries++)
		__builtin_ia32_pause();
	*lapic(LAPIC_ICR_TARGET) = (uint32_t)acpi.apic_of_cpu[number] << 24;
	*lapic(LAPIC_ICR) = command | ICR_ASSERT;
}

void apic_kick(unsigned number)                            { send(number, VECTOR_KICK); }
void apic_stop_cpu(unsigned number)                        { send(number, ICR_NMI); }
void apic_reset_cpu(unsigned number)                       { send(number, ICR_INIT); }
void apic_start_cpu(unsigned number, uint64_t page)        { send(number, ICR_STARTUP | page / PAGE_SIZE); }

static uint32_t ioapic_read(unsigned reg)
{
	*(volatile uint32_t *)IOAPIC_VA = reg;
	return *(volatile uint32_t *)(IOAPIC_VA + 16);
}

static void ioapic_write(unsigned reg, uint32_t value)
{
	*(volatile uint32_t *)IOAPIC_VA = reg;
	*(volatile uint32_t *)(IOAPIC_VA + 16) = value;
}

/* The firmware's word on an ISA interrupt (MADT flags, ACPI 6.4 table 5.25), else the way of its bus. */
static unsigned bus_flags(uint32_t gsi)
{
	for (unsigned irq = 0; irq < ISA_IRQS; irq++) {
		unsigned polarity = acpi.flags_of_irq[irq] & 3, trigger = acpi.flags_of_irq[irq] >> 2 & 3;

		if (acpi.gsi_of_irq[irq] == gsi)
			return (polarity == 3 ? IRQ_LOW : 0) | (trigger == 3 ? IRQ_LEVEL : 0);
	}
	return gsi < ISA_IRQS ? 0 : IRQ_LEVEL | IRQ_LOW;
}

enum status ioapic_route(uint32_t gsi, uint8_t vector, unsigned flags)
{
	uint32_t input = gsi - acpi.ioapic_gsi_base;

	if (input >= ioapic_inputs)
		return STATUS_NOT_FOUND;

	uint8_t has = ioapic_read(0x10 + 2 * input);

	if (has >= VECTOR_IRQ_END)
		return STATUS_DENIED;
	if (flags & IRQ_BUS)
		flags = bus_flags(gsi);
	ioapic_write(0x11 + 2 * input, 0);
	ioapic_write(0x10 + 2 * input, vector | LVT_MASKED | (flags & IRQ_LEVEL ? IOAPIC_LEVEL : 0) | (flags & IRQ_LOW ? 0x2000 : 0));
	return STATUS_OK;
}

void ioapic_mask(uint32_t gsi, bool masked)
{
	unsigned reg = 0x10 + 2 * (gsi - acpi.ioapic_gsi_base);
	uint32_t entry = ioapic_read(reg);

	ioapic_write(reg, masked ? entry | LVT_MASKED : entry & ~LVT_MASKED);
}

bool ioapic_is_level(uint32_t gsi)
{
	return ioapic_read(0x10 + 2 * (gsi - acpi.ioapic_gsi_base)) & IOAPIC_LEVEL;
}

/* Intel SDM volume 3 section 10.11: fixed delivery, edge-triggered, to this CPU. */
struct msi apic_msi(uint8_t vector)
{
	return (struct msi) { .address = MSI_ADDRESS | (uint64_t)(*lapic(LAPIC_ID) >> 24) << 12, .data = vector };
}

/* Intel SDM volume 3 section 10.8.3.1. */
void apic_block(uint8_t vector) { *lapic(LAPIC_TPR) = vector | 0xf; }
void apic_unblock(void)         { *lapic(LAPIC_TPR) = 0; }

uint32_t isa_gsi(unsigned irq)
{
	return acpi.gsi_of_irq[irq];
}

/* The 8259s get vectors of their own and are masked for good: what they still send is spurious. */
static void pic_disable(void)
{
	outb(0x20, 0x11); outb(0xa0, 0x11);
	outb(0x21, 0xf0); outb(0xa1, 0xf8);
	outb(0x21, 0x04); outb(0xa1, 0x02);
	outb(0x21, 0x01); outb(0xa1, 0x01);
	outb(0x21, 0xff); outb(0xa1, 0xff);
}

void apic_init_local(void)
{
	wrmsr(MSR_APIC_BASE, (rdmsr(MSR_APIC_BASE) & 0xfff) | acpi.lapic | 0x800);
	*lapic(LAPIC_TPR) = 0;
	*lapic(LAPIC_SPURIOUS) = APIC_ENABLE | VECTOR_SPURIOUS;
	*lapic(LAPIC_LVT_LINT0) = LVT_MASKED;
	*lapic(LAPIC_LVT_LINT1) = LVT_NMI;
	*lapic(LAPIC_TIMER_DIVIDE) = DIVIDE_BY_1;
}

void apic_init(void)
{
	uint64_t device = PTE_WRITE | PTE_NX | PTE_CD | PTE_WT | PTE_GLOBAL;

	if (!acpi.lapic || !acpi.ioapic)
		panic("the ACPI tables name no local APIC or no I/O APIC");
	paging_map_boot(read_cr3(), &(struct kernel_mapping) { LAPIC_VA, acpi.lapic, PAGE_SIZE, device });
	paging_map_boot(read_cr3(), &(struct kernel_mapping) { IOAPIC_VA, acpi.ioapic, PAGE_SIZE, device });
	pic_disable();
	apic_init_local();
	ioapic_inputs = (ioapic_read(1) >> 16 & 0xff) + 1;
	for (unsigned i = 0; i < ioapic_inputs; i++)
		ioapic_write(0x10 + 2 * i, LVT_MASKED);
}

void apic_timer_start(void)
{
	*lapic(LAPIC_TIMER_INITIAL) = 0;
	*lapic(LAPIC_LVT_TIMER) = VECTOR_TIMER;
}
