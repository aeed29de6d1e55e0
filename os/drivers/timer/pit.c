/* SPDX-License-Identifier: MIT */
/*
 * Programmable interval timer, for machines without HPET. Source: Intel 8254 datasheet (September 1993). Counter 0 in mode 0 is loaded for
 * each interrupt.
 *
 * Its 16 bits are no clock: a driver that is kept from running for 55 ms would lose time without noticing. So the clock is the kernel's,
 * and the chip does only what the kernel does not offer: it interrupts.
 */
#include "chip.h"

#include <io_port/io_port.h>
#include <irq/irq.h>

#define PIT_HZ       1193182ull
#define PIT_GSI      2          /* ISA interrupt 0 is input 2 of the I/O APIC on every PC with ACPI */
#define PIT_BASE     0x40
#define PIT_COUNTER0 0x40
#define PIT_CONTROL  0x43
#define MODE_0_WORD  0x30       /* counter 0, low then high byte, interrupt on terminal count; stops until the count is there */
#define COUNT_MAX    0xffffu
#define US_MAX       (COUNT_MAX * 1000000ull / PIT_HZ)

struct pit {
	struct chip    chip;
	struct io_port ports;
	struct irq     irq;
	struct cap     line;
};

static void out(struct pit *pit, uint32_t port, uint8_t value)
{
	enum status status = io_port_out8(&pit->ports, port, value);

	if (status != STATUS_OK)
		log_error("cannot write port 0x%x: %s", port, status_name(status));
}

static uint64_t now_us(struct chip *chip) { return time_now_ns() / TIME_NS_PER_US; }

static void arm(struct chip *chip, uint64_t at_us)
{
	struct pit *pit = container_of(chip, struct pit, chip);
	uint64_t    now = now_us(chip), ahead = at_us > now ? at_us - now : 1, count = COUNT_MAX;

	if (ahead < US_MAX)
		count = (ahead * PIT_HZ + 999999u) / 1000000u;
	out(pit, PIT_CONTROL, MODE_0_WORD);
	out(pit, PIT_COUNTER0, (uint8_t)count);
	out(pit, PIT_COUNTER0, (uint8_t)(count >> 8));
}

static void acknowledge(struct chip *chip)
{
	struct pit *pit = container_of(chip, struct pit, chip);

	irq_ack(pit->line);
}

enum status pit_init(struct env *env, struct signal_context interrupt, struct chip **chip)
{
	static struct pit   pit   = { .chip = { .name = "PIT", .now_us = now_us, .arm = arm, .acknowledge = acknowledge } };
	struct io_port_args ports = { .base = PIT_BASE, .size = 4 };
	struct irq_args     args  = { .number = PIT_GSI, .mode = IRQ_MODE_BUS_DEFAULT };

	TRY(io_port_open(&pit.ports, env, "", &ports));
	TRY(irq_open(&pit.irq, env, "", &args));
	out(&pit, PIT_CONTROL, MODE_0_WORD);    /* firmware left it ticking */
	TRY(irq_bind(&pit.irq, interrupt, &pit.line));
	*chip = &pit.chip;
	return STATUS_OK;
}
