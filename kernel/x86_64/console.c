/* SPDX-License-Identifier: MIT */
/* 16550A on COM1: 115200 baud, 8N1. Datasheet: PC16550D, section 8. */
#include <kernel/console.h>

#include <kernel/debug.h>
#include <kernel/ipc.h>
#include <kernel/x86_64/apic.h>
#include <kernel/x86_64/cpu_ops.h>

#define COM1       0x3f8
#define COM1_IRQ   4
#define FIFO_SIZE  16
#define RING_SIZE  64

enum uart_register { UART_DATA = 0, UART_IER = 1, UART_FCR = 2, UART_LCR = 3, UART_MCR = 4, UART_LSR = 5 };
enum uart_bits { IER_RECEIVE = 1, LSR_DATA = 1, LSR_EMPTY = 0x20, LCR_DIVISOR = 0x80, LCR_8N1 = 3, FCR_ENABLE = 7, MCR_INTERRUPTS = 0xb };

static struct signal *reader;
static uint8_t ring[RING_SIZE];         /* arrived, not yet read by core */
static uint32_t ring_in, ring_out;

void console_init(void)
{
	outb(COM1 + UART_IER, 0);
	outb(COM1 + UART_LCR, LCR_DIVISOR);
	outb(COM1 + UART_DATA, 1);
	outb(COM1 + UART_IER, 0);
	outb(COM1 + UART_LCR, LCR_8N1);
	outb(COM1 + UART_FCR, FCR_ENABLE);
	outb(COM1 + UART_MCR, MCR_INTERRUPTS);
}

void console_enable_interrupt(void)
{
	uint32_t gsi = isa_gsi(COM1_IRQ);

	if (ioapic_route(gsi, VECTOR_SERIAL, IRQ_BUS) == STATUS_OK)
		ioapic_mask(gsi, false);
	outb(COM1 + UART_IER, IER_RECEIVE);
}

/* Bound: the time of one character on the line; a line that never gets free is given up on. */
static void put_raw(char c)
{
	for (unsigned tries = 0; !(inb(COM1 + UART_LSR) & LSR_EMPTY) && tries < 1000000; tries++)
		;
	outb(COM1 + UART_DATA, c);
}

void console_put(char c)
{
	if (c == '\n')
		put_raw('\r');
	put_raw(c);
}

unsigned console_write(char const *text, unsigned size)
{
	unsigned taken = 0;

	if (!(inb(COM1 + UART_LSR) & LSR_EMPTY))
		return 0;
	if (size > 32)
		size = 32;
	for (unsigned sent = 0; taken < size && sent + 2 <= FIFO_SIZE; taken++) {
		if (text[taken] == '\n') {
			outb(COM1 + UART_DATA, '\r');
			sent++;
		}
		outb(COM1 + UART_DATA, text[taken]);
		sent++;
	}
	return taken;
}

enum status console_read(uint64_t *byte)
{
	if (ring_out == ring_in)
		return STATUS_NOT_FOUND;
	*byte = ring[ring_out++ % RING_SIZE];
	return STATUS_OK;
}

char console_poll(void)
{
	while (!(inb(COM1 + UART_LSR) & LSR_DATA))
		;
	return inb(COM1 + UART_DATA);
}

enum status console_bind(struct signal *signal)
{
	if (!signal)
		return STATUS_INVALID;
	reader = signal;
	if (ring_out != ring_in)
		signal_submit(signal);
	return STATUS_OK;
}

void console_forget(struct signal const *signal)
{
	if (reader == signal)
		reader = NULL;
}

/* Bound: what the FIFO holds. A byte for which there is no room is lost, as on any line that nobody reads. */
void console_interrupt(void)
{
	for (unsigned i = 0; i < FIFO_SIZE && inb(COM1 + UART_LSR) & LSR_DATA; i++) {
		uint8_t byte = inb(COM1 + UART_DATA);
		if (byte == DEBUG_KEY && !debug_enter())
			continue;
		if (ring_in - ring_out < RING_SIZE)
			ring[ring_in++ % RING_SIZE] = byte;
	}
	if (reader && ring_out != ring_in)
		signal_submit(reader);
}
