/* SPDX-License-Identifier: MIT */
/*
 * IRQ sessions with a device that does both: QEMU's edu (docs/specs/edu.rst) interrupts through a line, level-triggered and shared by the rules of
 * PCI, or by message, and moves memory by DMA. What an interrupt storm costs is the driver's own time.
 */
#include "../check.h"

#include <io_mem/io_mem.h>
#include <io_port/io_port.h>
#include <irq/irq.h>

enum {
	PCI_ADDRESS = 0xcf8, PCI_DATA = 0xcfc, PCI_PORTS = 8, PCI_SLOTS = 32, FIRST_LINE = 16, LINES = 8, STORM = 3000, WAIT_MS = 20, DMA_BUFFER = 0x40000,
	DMA_BYTES = 2048,
	LIVENESS = 42,
};

#define EDU_ID        0x11e81234u
#define EDU_SIZE      0x100000u
#define DMA_MASK      0x0fffffffu    /* the device reaches no further */

enum pci_register { PCI_COMMAND = 0x04, PCI_BAR0 = 0x10, PCI_CAPABILITIES = 0x34 };
enum pci_command { PCI_MEMORY = 2, PCI_MASTER = 4, PCI_NO_LINE = 0x400 };
enum msi_register { MSI_ID = 5, MSI_ADDRESS = 4, MSI_ADDRESS_HIGH = 8, MSI_DATA = 12, MSI_ENABLE = 1 << 16 };
enum edu_register {
	EDU_LIVENESS = 0x04, EDU_STATUS = 0x24, EDU_RAISE = 0x60, EDU_ACK = 0x64, EDU_DMA_FROM = 0x80, EDU_DMA_TO = 0x88, EDU_DMA_COUNT = 0x90,
	EDU_DMA_COMMAND = 0x98,
};
enum edu_dma { DMA_START = 1, DMA_TO_RAM = 2, DMA_INTERRUPT = 4 };

static struct test {
	struct env           *env;
	struct handler        unused;    /* signals are waited for one by one */
	struct signal_context interrupt;
	struct io_port        pci;
	uint32_t              slot;
	uintptr_t             registers;
} self;

/* --- Configuration space --- */

static enum status pci_select(uint32_t reg)
{
	return io_port_out32(&self.pci, PCI_ADDRESS, 1u << 31 | self.slot << 11 | (reg & 0xfc));
}

static enum status pci_read(uint32_t reg, uint32_t *value)
{
	TRY(pci_select(reg));
	return io_port_in32(&self.pci, PCI_DATA, value);
}

static enum status pci_write(uint32_t reg, uint32_t value)
{
	TRY(pci_select(reg));
	return io_port_out32(&self.pci, PCI_DATA, value);
}

static enum status find_device(void)
{
	uint32_t id;

	for (self.slot = 0; self.slot < PCI_SLOTS; self.slot++) {
		TRY(pci_read(0, &id));
		if (id == EDU_ID)
			return STATUS_OK;
	}
	return STATUS_NOT_FOUND;
}

/* Lets the device send messages, or not. */
static enum status set_message(bool enabled, uint64_t address, uint64_t data)
{
	uint32_t at, header = 0;

	TRY(pci_read(PCI_CAPABILITIES, &at));
	for (at &= 0xff; at; at = header >> 8 & 0xff) {
		TRY(pci_read(at, &header));
		if ((header & 0xff) == MSI_ID)
			break;
	}
	CHECK(at && header & 1u << 23);    /* it takes 64 bits */
	TRY(pci_write(at + MSI_ADDRESS, (uint32_t)address));
	TRY(pci_write(at + MSI_ADDRESS_HIGH, (uint32_t)(address >> 32)));
	TRY(pci_write(at + MSI_DATA, (uint32_t)data));
	return pci_write(at, enabled ? header | MSI_ENABLE : header & ~(uint32_t)MSI_ENABLE);
}

/* --- The device --- */

static uint32_t volatile *edu(unsigned reg) { return (uint32_t volatile *)(self.registers + reg); }

static void raise(void) { *edu(EDU_RAISE) = 1; }

static void silence(void) { *edu(EDU_ACK) = *edu(EDU_STATUS); }

static bool interrupted(void)
{
	return signal_wait(self.interrupt, time_now_ns() + WAIT_MS * TIME_NS_PER_MS) == STATUS_OK;
}

static enum status map_registers(struct io_mem *io_mem)
{
	struct io_mem_args args = { .size = EDU_SIZE };
	struct dataspace   memory;
	uint32_t           bar;
	void              *address;

	TRY(pci_read(PCI_BAR0, &bar));
	args.base = bar & ~0xfu;
	TRY(io_mem_open(io_mem, self.env, "", &args));
	TRY(io_mem_dataspace(io_mem, &memory));
	TRY(dataspace_attach(memory, RM_ACCESS_WRITE, self.env->account, &address));
	cap_release(memory.cap);
	self.registers = (uintptr_t)address;
	TRY(pci_write(PCI_COMMAND, PCI_MEMORY | PCI_MASTER));
	*edu(EDU_LIVENESS) = LIVENESS;
	CHECK(*edu(EDU_LIVENESS) == ~(uint32_t)LIVENESS);
	return STATUS_OK;
}

/* --- Interrupts --- */

/* What the writes of a storm take: if each message were taken, some 300 instructions more for each. */
static uint64_t storm_ns(void)
{
	uint64_t const start = time_now_ns();

	for (unsigned i = 0; i < STORM; i++)
		raise();
	return time_now_ns() - start;
}

/* A storm is told once for each acknowledgement, and is let in once a millisecond; the device can be turned off, and then all is as before. */
static enum status test_storm(struct irq *irq, struct cap source)
{
	struct signal_context storms;
	uint64_t              stormy, calm;

	TRY(signal_alloc_context(&self.env->signal, self.env->main_thread, 0, &storms));
	TRY(irq_storm_handler(irq, storms));
	for (unsigned round = 0; round < 2; round++) {
		raise();
		CHECK(interrupted());
		CHECK_STATUS(signal_wait(storms, time_now_ns() + WAIT_MS * TIME_NS_PER_MS), STATUS_TIMEOUT);
		stormy = storm_ns();
		TRY(signal_wait(storms, 0));
		stormy += storm_ns();
		CHECK_STATUS(signal_wait(storms, time_now_ns() + WAIT_MS * TIME_NS_PER_MS), STATUS_TIMEOUT);
		silence();
		irq_ack(source);
		CHECK(interrupted());
		irq_ack(source);
		CHECK(!interrupted());
	}
	TRY(set_message(false, 0, 0));
	calm = 2 * storm_ns();
	silence();
	log_info("%u messages: %lu ns when they are sent, %lu when not", 2 * STORM, stormy, calm);
	TRY(irq_storm_handler(irq, (struct signal_context) { CAP_NULL }));
	TRY(signal_free_context(&self.env->signal, storms));
	cap_release(storms.cap);
	return STATUS_OK;
}

/* Each message is a signal; of those that come before the acknowledgement, one. A storm of them takes nothing but this component's time. */
static enum status test_messages(void)
{
	struct irq_args args = { .mode = IRQ_MODE_MESSAGE };
	struct irq      irq, others[2];
	uint64_t        address, data, other_address, other_data;
	struct cap      source;

	TRY(irq_open(&irq, self.env, "", &args));
	TRY(irq_message(&irq, &address, &data));
	for (unsigned i = 0; i < 2; i++) {
		TRY(irq_open(&others[i], self.env, "", &args));
		TRY(irq_message(&others[i], &other_address, &other_data));
		CHECK(other_address != address || other_data != data);
	}
	TRY(irq_bind(&irq, self.interrupt, &source));
	TRY(set_message(true, address, data));
	for (unsigned i = 0; i < 5; i++) {
		raise();
		CHECK(interrupted());
		silence();
		CHECK(!interrupted());
		irq_ack(source);
	}
	raise();
	CHECK(interrupted());
	for (unsigned i = 0; i < STORM; i++)
		raise();
	CHECK(!interrupted());
	silence();
	irq_ack(source);
	CHECK(interrupted());
	irq_ack(source);
	CHECK(!interrupted());

	TRY(test_storm(&irq, source));
	TRY(set_message(true, address, data));

	/* With the session the message goes: the device may send it, and nothing comes of it. */
	irq_close(&irq);
	raise();
	CHECK(!interrupted());
	silence();
	TRY(set_message(false, 0, 0));
	cap_release(source);
	for (unsigned i = 0; i < 2; i++)
		irq_close(&others[i]);
	return STATUS_OK;
}

/* Which line the device has is nothing that the bus tells; the one that is raised is it. */
static enum status find_line(struct irq lines[LINES], unsigned *which)
{
	struct irq_args args = { .mode = IRQ_MODE_LEVEL_HIGH };
	struct cap      line;

	for (*which = 0; *which < LINES; (*which)++) {
		args.number = FIRST_LINE + *which;
		TRY(irq_open(&lines[*which], self.env, "", &args));
		TRY(irq_bind(&lines[*which], self.interrupt, &line));
		raise();    /* when the line is open: what came before, while it was masked as an edge, is lost */
		if (interrupted()) {
			silence();
			irq_ack(line);
			cap_release(line);
			return STATUS_OK;
		}
		silence();
		cap_release(line);
		irq_close(&lines[*which]);
	}
	return STATUS_NOT_FOUND;
}

/* As long as the device asks, each acknowledgement brings one interrupt, and no more: a storm is as fast as its driver. */
static enum status test_line(void)
{
	struct irq lines[LINES];
	unsigned   which;
	uint64_t   address, data, count = 0;
	struct cap line;

	TRY(find_line(lines, &which));
	CHECK_STATUS(irq_message(&lines[which], &address, &data), STATUS_UNSUPPORTED);
	CHECK_STATUS(irq_open(&lines[(which + 1) % LINES], self.env, "", &(struct irq_args) { .number = FIRST_LINE + which }), STATUS_DENIED);
	TRY(irq_bind(&lines[which], self.interrupt, &line));
	CHECK(!interrupted());
	raise();
	while (count < STORM && interrupted()) {
		irq_ack(line);
		count++;
	}
	CHECK(count == STORM);
	silence();
	(void)interrupted();
	irq_ack(line);
	CHECK(!interrupted());
	cap_release(line);
	irq_close(&lines[which]);
	return STATUS_OK;
}

/* --- DMA --- */

static enum status move(uint64_t from, uint64_t to, uint32_t command)
{
	*(uint64_t volatile *)edu(EDU_DMA_FROM) = from;
	*(uint64_t volatile *)edu(EDU_DMA_TO) = to;
	*(uint64_t volatile *)edu(EDU_DMA_COUNT) = DMA_BYTES;
	*(uint64_t volatile *)edu(EDU_DMA_COMMAND) = DMA_START | command;
	for (unsigned tries = 0; tries < 100 && *edu(EDU_DMA_COMMAND) & DMA_START; tries++)
		CHECK(!interrupted());
	CHECK(!(*edu(EDU_DMA_COMMAND) & DMA_START));
	return STATUS_OK;
}

/* Uncached memory, whose place only a session with a grant can tell: two KiB go to the device and come back elsewhere. */
static enum status test_dma(void)
{
	struct connection_request request = { .type = &ram_type, .label = "buffers", .ram = 16 * PAGE_SIZE, .caps = 20 };
	struct ram                ram;
	struct dataspace          memory[2];
	void                     *address[2];
	uint64_t                  at[2];

	TRY(connection_open_request(&ram.connection, self.env, &request));
	for (unsigned i = 0; i < 2; i++) {
		TRY(ram_alloc_below_4g(&ram, PAGE_SIZE, RAM_CACHE_UNCACHED, 0, &memory[i]));
		TRY(ram_physical(&ram, memory[i], &at[i]));
		CHECK(at[i] + PAGE_SIZE - 1 <= DMA_MASK && at[i] % PAGE_SIZE == 0);
		CHECK_STATUS(ram_physical(&self.env->ram, memory[i], &at[i]), STATUS_DENIED);
		TRY(dataspace_attach(memory[i], RM_ACCESS_WRITE, self.env->account, &address[i]));
	}
	for (unsigned i = 0; i < DMA_BYTES / 8; i++)
		((uint64_t volatile *)address[0])[i] = i * 0x0101010101010101u;
	TRY(move(at[0], DMA_BUFFER, 0));
	TRY(move(DMA_BUFFER, at[1], DMA_TO_RAM));
	for (unsigned i = 0; i < DMA_BYTES / 8; i++)
		if (((uint64_t volatile *)address[1])[i] != i * 0x0101010101010101u)
			return STATUS_INTERNAL;
	for (unsigned i = 0; i < 2; i++) {
		dataspace_detach(address[i]);
		TRY(ram_free(&ram, memory[i]));
		cap_release(memory[i].cap);
	}
	ram_close(&ram);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct io_port_args ports = { .base = PCI_ADDRESS, .size = PCI_PORTS };
	struct io_mem       io_mem;
	struct books        before, after;

	self.env = env;
	TRY(ep_signal(&env->ep, &self.unused, &self.interrupt));
	TRY(books_read(env, &before));
	TRY(io_port_open(&self.pci, env, "", &ports));
	TRY(find_device());
	TRY(map_registers(&io_mem));
	TRY(test_messages());
	TRY(test_line());
	TRY(test_dma());
	dataspace_detach((void *)self.registers);
	io_mem_close(&io_mem);
	io_port_close(&self.pci);
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	return test_passed();
}
