/* SPDX-License-Identifier: MIT */
/*
 * High precision event timer. Source: IA-PC HPET specification 1.0a (October 2004), section 2. Timer 0 in one-shot mode with a 32-bit
 * comparator, routed through the I/O APIC to the highest input that it can reach and nobody has.
 */
#include "chip.h"
#include "hpet_math.h"

#include <base/attached.h>
#include <base/cap_alloc.h>
#include <io_mem/io_mem.h>
#include <irq/irq.h>

enum hpet_register { HPET_CAPABILITIES = 0x00, HPET_CONFIGURATION = 0x10, HPET_COUNTER = 0xf0, HPET_TIMER0 = 0x100, HPET_COMPARATOR0 = 0x108 };

#define CONFIGURATION_ENABLE 1u
#define TIMER_LEVEL          (1u << 1)
#define TIMER_INTERRUPT      (1u << 2)
#define TIMER_PERIODIC       (1u << 3)
#define TIMER_32_BITS        (1u << 8)
#define TIMER_ROUTE_SHIFT    9
#define TIMER_ROUTE_MASK     (31u << TIMER_ROUTE_SHIFT)
#define TIMER_FSB            (1u << 14)
#define HPET_SIZE            0x400

struct hpet {
	struct chip       chip;
	struct io_mem     io_mem;
	struct irq        irq;
	struct cap        line;
	uintptr_t         registers;
	uint32_t          period_fs;    /* femtoseconds per tick */
	bool              wide;         /* the counter has 64 bits */
	uint64_t          seen;         /* ticks, extended to 64 bits, when last read */
};

static uint32_t read32(struct hpet *hpet, unsigned reg) { return *(volatile uint32_t *)(hpet->registers + reg); }

static void write32(struct hpet *hpet, unsigned reg, uint32_t value) { *(volatile uint32_t *)(hpet->registers + reg) = value; }

/* A 32-bit counter is extended by what was seen of it; arm() makes sure that it is looked at before it wraps twice. */
static uint64_t ticks(struct hpet *hpet)
{
	if (hpet->wide)
		hpet->seen = *(volatile uint64_t *)(hpet->registers + HPET_COUNTER);
	else
		hpet->seen += (uint32_t)(read32(hpet, HPET_COUNTER) - (uint32_t)hpet->seen);
	return hpet->seen;
}

static uint64_t now_us(struct chip *chip)
{
	struct hpet *hpet = container_of(chip, struct hpet, chip);

	return hpet_ticks_to_us(ticks(hpet), hpet->period_fs);
}

/* A comparator that is written when its time has just passed waits for a whole turn: then it is set again, later. */
static void arm(struct chip *chip, uint64_t at_us)
{
	struct hpet *hpet = container_of(chip, struct hpet, chip);
	uint64_t     at   = hpet_us_to_ticks(at_us, hpet->period_fs);

	for (uint64_t margin = HPET_MARGIN_TICKS;; margin *= 2) {
		uint64_t now = ticks(hpet);

		at = hpet_clamp(at, now, margin);
		write32(hpet, HPET_COMPARATOR0, (uint32_t)at);
		if (ticks(hpet) < at)
			return;
	}
}

static void acknowledge(struct chip *chip)
{
	struct hpet *hpet = container_of(chip, struct hpet, chip);

	irq_ack(hpet->line);
}

/* Takes the highest input of those that timer 0 can reach and that is free. */
static enum status open_input(struct hpet *hpet, struct env *env, unsigned *input)
{
	uint32_t    inputs = read32(hpet, HPET_TIMER0 + 4);
	enum status status = STATUS_NOT_FOUND;

	for (; inputs; inputs &= ~(1u << *input)) {
		*input = 31 - (unsigned)__builtin_clz(inputs);
		status = irq_open(&hpet->irq, env, "", &(struct irq_args) { .number = *input, .mode = IRQ_MODE_EDGE_HIGH });
		if (status != STATUS_DENIED)
			break;
	}
	return status;
}

static enum status route(struct hpet *hpet, struct env *env, struct signal_context interrupt)
{
	uint32_t    config;
	unsigned    input;
	enum status status;

	TRY(open_input(hpet, env, &input));
	status = irq_bind(&hpet->irq, interrupt, &hpet->line);
	if (status != STATUS_OK) {
		irq_close(&hpet->irq);
		return status;
	}
	config = read32(hpet, HPET_TIMER0) & ~(TIMER_ROUTE_MASK | TIMER_LEVEL | TIMER_PERIODIC | TIMER_FSB);
	write32(hpet, HPET_TIMER0, config | input << TIMER_ROUTE_SHIFT | TIMER_32_BITS | TIMER_INTERRUPT);
	return STATUS_OK;
}

/* The registers are attached. NOT_FOUND: those of an HPET are not there. */
static enum status start(struct hpet *hpet, struct env *env, struct signal_context interrupt)
{
	hpet->period_fs = read32(hpet, HPET_CAPABILITIES + 4);
	hpet->wide = read32(hpet, HPET_CAPABILITIES) >> 13 & 1;
	if (!hpet_period_valid(hpet->period_fs))
		return STATUS_NOT_FOUND;
	write32(hpet, HPET_CONFIGURATION, 0);
	TRY(route(hpet, env, interrupt));
	write32(hpet, HPET_CONFIGURATION, CONFIGURATION_ENABLE);
	return STATUS_OK;
}

/* Attaches the registers and starts; on an error nothing stays attached. */
static enum status attach(struct hpet *hpet, struct env *env, uint64_t base, struct signal_context interrupt)
{
	struct dataspace memory;
	void            *address;
	enum status      status;

	TRY(io_mem_dataspace(&hpet->io_mem, &memory));
	status = dataspace_attach(memory, RM_ACCESS_WRITE, env->account, &address);
	cap_release(memory.cap);
	if (status != STATUS_OK)
		return status;
	hpet->registers = (uintptr_t)address + base % PAGE_SIZE;
	status = start(hpet, env, interrupt);
	if (status != STATUS_OK)
		dataspace_detach(address);
	return status;
}

enum status hpet_init(struct env *env, uint64_t base, struct signal_context interrupt, struct chip **chip)
{
	static struct hpet hpet = { .chip = { .name = "HPET", .now_us = now_us, .arm = arm, .acknowledge = acknowledge } };
	struct io_mem_args args = { .base = base, .size = HPET_SIZE };
	enum status        status;

	TRY(io_mem_open(&hpet.io_mem, env, "", &args));
	status = attach(&hpet, env, base, interrupt);
	if (status != STATUS_OK) {
		io_mem_close(&hpet.io_mem);
		return status;
	}
	*chip = &hpet.chip;
	return STATUS_OK;
}
