/* SPDX-License-Identifier: MIT */
/*
 * Programmable interval timer, for machines without HPET. Source: Intel 8254 datasheet (September 1993). Counter 0 in mode 0 is loaded for
 * each interrupt, and counts on below 0 from 0xffff after it.
 *
 * The chip has no clock that goes on, so time is the sum of what was counted between two loads. An interrupt is always armed,
 * half a turn (27 ms) away at most, so there is a look before the counter has turned.
 */
#include "chip.h"

#include <io_port/io_port.h>
#include <irq/irq.h>

#define PIT_HZ       1193182ull
#define PIT_GSI      2          /* ISA interrupt 0 is input 2 of the I/O APIC on every PC with ACPI */
#define PIT_BASE     0x40
#define PIT_COUNTER0 0x40
#define PIT_CONTROL  0x43
#define LATCH_0      0x00
#define MODE_0_WORD  0x30       /* counter 0, low then high byte, interrupt on terminal count */
#define COUNT_MAX    0x8000u
#define COUNT_MIN    16u

struct pit {
	struct chip    chip;
	struct io_port ports;
	struct irq     irq;
	struct cap     line;
	uint64_t       ticks;       /* counted until the counter was last loaded */
	uint32_t       loaded;      /* what it was loaded with */
};

static uint64_t to_us(uint64_t ticks) { return ticks / PIT_HZ * 1000000u + ticks % PIT_HZ * 1000000u / PIT_HZ; }

/* What was counted since the load. */
static uint32_t counted(struct pit *pit)
{
	uint8_t low = 0, high = 0;

	if (io_port_out8(&pit->ports, PIT_CONTROL, LATCH_0) || io_port_in8(&pit->ports, PIT_COUNTER0, &low) ||
	    io_port_in8(&pit->ports, PIT_COUNTER0, &high))
		log_error("cannot read the PIT");
	return (uint16_t)(pit->loaded - (uint16_t)(low | high << 8));
}

static void load(struct pit *pit, uint32_t count)
{
	pit->loaded = count;
	if (io_port_out8(&pit->ports, PIT_CONTROL, MODE_0_WORD) || io_port_out8(&pit->ports, PIT_COUNTER0, (uint8_t)count) ||
	    io_port_out8(&pit->ports, PIT_COUNTER0, (uint8_t)(count >> 8)))
		log_error("cannot set the PIT");
}

static uint64_t now_us(struct chip *chip)
{
	struct pit *pit = container_of(chip, struct pit, chip);

	return to_us(pit->ticks + counted(pit));
}

static void arm(struct chip *chip, uint64_t at_us)
{
	struct pit *pit = container_of(chip, struct pit, chip);

	pit->ticks += counted(pit);

	uint64_t now   = to_us(pit->ticks);
	uint64_t ahead = at_us > now ? at_us - now : 0;
	uint64_t count = ahead < to_us(COUNT_MAX) ? (ahead * PIT_HZ + 999999u) / 1000000u : COUNT_MAX;

	load(pit, count < COUNT_MIN ? COUNT_MIN : count > COUNT_MAX ? COUNT_MAX : (uint32_t)count);
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
	TRY(irq_bind(&pit.irq, interrupt, &pit.line));
	load(&pit, COUNT_MAX);
	*chip = &pit.chip;
	return STATUS_OK;
}
