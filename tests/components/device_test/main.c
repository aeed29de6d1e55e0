/* SPDX-License-Identifier: MIT */
/* Tests of device sessions: each thing is given once, the kernel's own never, and registers, ports and interrupts work. */
#include "../check.h"

#include <io_mem/io_mem.h>
#include <io_port/io_port.h>
#include <irq/irq.h>

#define VGA_TEXT      0xb8000u
#define VGA_TEXT_SIZE 0x8000u
#define ECAM          0xb0000000u    /* where the firmware of q35 puts it */
#define Q35_ID        0x29c08086u
#define HPET          0xfed00000u
#define RTC           0x70u
#define RTC_GSI       8
#define RTC_ALARM     1              /* its second */
#define VBE           0x1ceu
#define PCI           0xcf8u
#define SERIAL_GSI    4

enum rtc_register { RTC_A = 0x0a, RTC_B = 0x0b, RTC_C = 0x0c, RTC_PERIODIC = 0x40, RTC_RATE_1KHZ = 6 };
enum hpet_register { HPET_CONFIGURATION = 0x10, HPET_STATUS = 0x20, HPET_COUNTER = 0xf0, HPET_TIMER1 = 0x120, HPET_COMPARATOR1 = 0x128 };
enum hpet_bits { HPET_ENABLE = 1, HPET_LEVEL = 2, HPET_INTERRUPT = 4, HPET_32_BITS = 0x100, HPET_ROUTE_SHIFT = 9, HPET_STATUS1 = 2 };

static struct test {
	struct env           *env;
	char const           *label;     /* of the sessions that are tried; the configuration grants by it */
	struct handler        unused;    /* signals are waited for one by one */
	struct signal_context interrupt, never;
	struct io_port        ports;
	uintptr_t             registers;
} self;

static void pass_ms(uint64_t ms)
{
	if (signal_wait(self.never, time_now_ns() + ms * TIME_NS_PER_MS) != STATUS_TIMEOUT)
		log_error("a signal that nobody submits came");
}

static bool interrupted(void)
{
	return signal_wait(self.interrupt, time_now_ns() + 20 * TIME_NS_PER_MS) == STATUS_OK;
}

static enum status try_io_mem(uint64_t base, uint64_t size)
{
	struct io_mem_args args = { .base = base, .size = size };
	struct io_mem      io_mem;
	enum status        status = io_mem_open(&io_mem, self.env, self.label, &args);

	if (status == STATUS_OK)
		io_mem_close(&io_mem);
	return status;
}

static enum status try_io_port(uint32_t base, uint32_t size)
{
	struct io_port_args args = { .base = base, .size = size };
	struct io_port      io_port;
	enum status         status = io_port_open(&io_port, self.env, self.label, &args);

	if (status == STATUS_OK)
		io_port_close(&io_port);
	return status;
}

static enum status try_irq(uint32_t number)
{
	struct irq_args args = { .number = number };
	struct irq      irq;
	enum status     status = irq_open(&irq, self.env, self.label, &args);

	if (status == STATUS_OK)
		irq_close(&irq);
	return status;
}

static enum status open_io_mem(struct io_mem *io_mem, struct io_mem_args const *args, void **address)
{
	struct dataspace memory;

	TRY(io_mem_open(io_mem, self.env, "", args));
	TRY(io_mem_dataspace(io_mem, &memory));
	TRY(dataspace_attach(memory, RM_ACCESS_WRITE, self.env->account, address));
	cap_release(memory.cap);
	return STATUS_OK;
}

static enum status test_refusals(void)
{
	CHECK(try_io_mem(0x100000, 0x1000) == STATUS_DENIED);              /* RAM */
	CHECK(try_io_mem(0, 1) == STATUS_DENIED);
	CHECK(try_io_mem(0xf0000, 0x10000) == STATUS_DENIED);              /* the firmware's */
	CHECK(try_io_mem(0xfee00000, 0x1000) == STATUS_DENIED);            /* local APIC */
	CHECK(try_io_mem(0xfec00000, 0x20) == STATUS_DENIED);              /* I/O APIC */
	CHECK(try_io_mem(0xfeb00000, 0x400000) == STATUS_DENIED);          /* both, in the middle */
	CHECK(try_io_mem(0xa0000, 0x10000000) == STATUS_DENIED);
	CHECK(try_io_mem(HPET, 0) == STATUS_INVALID);
	CHECK(try_io_mem(UINT64_MAX, 1) == STATUS_INVALID);
	CHECK(try_io_mem(1ul << 44, 0x1000) == STATUS_INVALID);
	CHECK(try_io_mem(HPET, UINT64_MAX) == STATUS_INVALID);
	CHECK(try_io_mem((1ul << 44) - 1, 1) == STATUS_OK);

	CHECK(try_io_port(0x3f8, 8) == STATUS_DENIED);                     /* COM1 */
	CHECK(try_io_port(0x3ff, 1) == STATUS_DENIED);
	CHECK(try_io_port(0x3f0, 9) == STATUS_DENIED);
	CHECK(try_io_port(0xf4, 1) == STATUS_DENIED);                      /* isa-debug-exit */
	CHECK(try_io_port(0x20, 2) == STATUS_DENIED);                      /* 8259s */
	CHECK(try_io_port(0, 0x10000) == STATUS_DENIED);
	CHECK(try_io_port(0x80, 0) == STATUS_INVALID);
	CHECK(try_io_port(0xffff, 2) == STATUS_INVALID);
	CHECK(try_io_port(0x80, UINT32_MAX) == STATUS_INVALID);
	CHECK(try_io_port(0xffff, 1) == STATUS_OK);

	CHECK(try_irq(SERIAL_GSI) == STATUS_DENIED);
	CHECK(try_irq(24) == STATUS_NOT_FOUND);
	CHECK(try_irq(UINT32_MAX) == STATUS_NOT_FOUND);
	CHECK(try_irq(23) == STATUS_OK);
	return STATUS_OK;
}

/* Nothing is given but what the label grants, and not even all ports hold those that are dangerous. */
static enum status test_grants(void)
{
	static uint16_t const dangerous[] = { 0, 0xf, 0x64, 0x80, 0x92, 0xb2, 0xc0, 0xcf8, 0xcf9, 0xcfc, 0x604, 0x608 };

	for (unsigned i = 0; i < ARRAY_SIZE(dangerous); i++)
		CHECK(try_io_port(dangerous[i], 1) == STATUS_DENIED);
	self.label = "none";
	CHECK(try_irq(23) == STATUS_DENIED);
	CHECK(try_io_mem(HPET, 1) == STATUS_DENIED);
	CHECK(try_io_port(0x92, 1) == STATUS_OK);
	CHECK(try_io_port(0x93, 1) == STATUS_OK);
	CHECK(try_io_port(0x92, 2) == STATUS_DENIED);
	CHECK(try_io_port(0xcf9, 1) == STATUS_DENIED);
	self.label = "";
	return STATUS_OK;
}

/* What the other instance has is denied, until it dies. */
static enum status test_holder(void)
{
	unsigned tries = 0;

	pass_ms(100);
	CHECK(try_io_mem(VGA_TEXT, 1) == STATUS_DENIED);
	CHECK(try_io_mem(VGA_TEXT + VGA_TEXT_SIZE - 1, 2) == STATUS_DENIED);
	CHECK(try_io_mem(VGA_TEXT - 0x1000, 0x1000) == STATUS_OK);
	CHECK(try_io_port(RTC + 1, 1) == STATUS_DENIED);
	CHECK(try_io_port(RTC - 1, 2) == STATUS_DENIED);
	CHECK(try_io_port(RTC + 2, 2) == STATUS_OK);
	CHECK(try_irq(RTC_GSI) == STATUS_DENIED);
	do {
		pass_ms(100);
		CHECK(++tries < 50);
	} while (try_irq(RTC_GSI) != STATUS_OK);
	CHECK(try_io_mem(VGA_TEXT, VGA_TEXT_SIZE) == STATUS_OK);
	CHECK(try_io_port(RTC, 2) == STATUS_OK);
	return STATUS_OK;
}

static enum status test_io_mem(void)
{
	struct io_mem_args ecam = { .base = ECAM, .size = 0x1000 };
	struct io_mem_args vga  = { .base = VGA_TEXT + 0x10, .size = 0x1000, .cache = IO_MEM_CACHE_WRITE_COMBINED };
	struct io_mem      io_mem, other;
	void              *address;

	TRY(open_io_mem(&io_mem, &ecam, &address));
	CHECK(*(uint32_t volatile *)address == Q35_ID);
	io_mem_close(&io_mem);
	CHECK(rm_detach(&self.env->rm, (uintptr_t)address) == STATUS_NOT_FOUND);

	TRY(open_io_mem(&io_mem, &vga, &address));
	CHECK(try_io_mem(VGA_TEXT, 1) == STATUS_DENIED);       /* whole pages, the second one because of the offset */
	CHECK(try_io_mem(VGA_TEXT + 0x1fff, 1) == STATUS_DENIED);
	CHECK(try_io_mem(VGA_TEXT + 0x2000, 1) == STATUS_OK);
	for (unsigned i = 0; i < 1024; i++)
		((uint16_t volatile *)address)[i] = (uint16_t)(0x0700 | (i & 0x7f));
	for (unsigned i = 0; i < 1024; i++)
		if (((uint16_t volatile *)address)[i] != (0x0700 | (i & 0x7f)))
			return STATUS_INTERNAL;
	dataspace_detach(address);
	CHECK(try_io_mem(VGA_TEXT, 1) == STATUS_DENIED);       /* detached, still given */
	io_mem_close(&io_mem);

	/* Memory of a device holds no programs. */
	struct dataspace memory;

	TRY(io_mem_open(&other, self.env, "", &vga));
	TRY(io_mem_dataspace(&other, &memory));
	CHECK(dataspace_attach(memory, RM_ACCESS_EXECUTE, self.env->account, &address) == STATUS_DENIED);
	CHECK(ram_free(&self.env->ram, memory) == STATUS_NOT_FOUND);
	cap_release(memory.cap);
	io_mem_close(&other);
	return STATUS_OK;
}

static enum status rtc_write(uint8_t reg, uint8_t value)
{
	TRY(io_port_out8(&self.ports, RTC, reg));
	return io_port_out8(&self.ports, RTC + 1, value);
}

static enum status rtc_read(uint8_t reg, uint8_t *value)
{
	TRY(io_port_out8(&self.ports, RTC, reg));
	return io_port_in8(&self.ports, RTC + 1, value);
}

/* Accesses that reach out of the range, at either end. */
static enum status test_io_port(void)
{
	struct io_port_args args = { .base = RTC, .size = 2 };
	uint8_t             value;
	uint16_t            value16;
	uint32_t            value32;

	TRY(io_port_open(&self.ports, self.env, "", &args));
	CHECK(io_port_in8(&self.ports, RTC + 1, &value) == STATUS_OK);
	CHECK(io_port_in16(&self.ports, RTC, &value16) == STATUS_OK);
	CHECK(io_port_in8(&self.ports, RTC - 1, &value) == STATUS_INVALID);
	CHECK(io_port_in8(&self.ports, RTC + 2, &value) == STATUS_INVALID);
	CHECK(io_port_in16(&self.ports, RTC + 1, &value16) == STATUS_INVALID);
	CHECK(io_port_in16(&self.ports, RTC - 1, &value16) == STATUS_INVALID);
	CHECK(io_port_in32(&self.ports, RTC, &value32) == STATUS_INVALID);
	CHECK(io_port_in32(&self.ports, UINT32_MAX, &value32) == STATUS_INVALID);
	CHECK(io_port_out8(&self.ports, 0xf4, 0) == STATUS_INVALID);
	CHECK(io_port_out16(&self.ports, RTC + 1, 0) == STATUS_INVALID);
	CHECK(io_port_out32(&self.ports, RTC, 0) == STATUS_INVALID);
	return STATUS_OK;
}

static enum status open_ports(struct io_port *io_port, uint32_t base, uint32_t size)
{
	return io_port_open(io_port, self.env, "", &(struct io_port_args) { .base = base, .size = size });
}

/* Registers of 8, 16 and 32 bits: the alarm of the RTC, the index of the VGA's extension, the address of PCI's configuration. */
static enum status test_widths(void)
{
	struct io_port vga, pci;
	uint8_t        alarm, again;
	uint16_t       value16;
	uint32_t       value32;

	TRY(open_ports(&self.ports, RTC, 2));
	TRY(rtc_read(RTC_ALARM, &alarm));
	TRY(rtc_write(RTC_ALARM, alarm ^ 1));
	TRY(rtc_read(RTC_ALARM, &again));
	CHECK(again == (alarm ^ 1));
	TRY(rtc_write(RTC_ALARM, alarm));
	io_port_close(&self.ports);

	TRY(open_ports(&vga, VBE, 2));
	TRY(io_port_out16(&vga, VBE, 3));
	TRY(io_port_in16(&vga, VBE, &value16));
	CHECK(value16 == 3);
	TRY(io_port_out16(&vga, VBE, 0));
	TRY(io_port_in16(&vga, VBE, &value16));
	CHECK(value16 == 0);
	io_port_close(&vga);

	TRY(open_ports(&pci, PCI, 8));
	TRY(io_port_out32(&pci, PCI, 1u << 31));
	TRY(io_port_in32(&pci, PCI, &value32));
	CHECK(value32 == 1u << 31);
	TRY(io_port_in32(&pci, PCI + 4, &value32));
	CHECK(value32 == Q35_ID);
	io_port_close(&pci);
	return STATUS_OK;
}

/* The RTC's periodic interrupt: edges. One signal until it is acknowledged, and what came before that is not lost. */
static enum status test_edges(void)
{
	struct irq_args args = { .number = RTC_GSI };
	struct irq      irq;
	struct cap      line;
	uint8_t         value;

	TRY(irq_open(&irq, self.env, "", &args));
	TRY(irq_bind(&irq, self.interrupt, &line));
	TRY(rtc_read(RTC_A, &value));
	TRY(rtc_write(RTC_A, (uint8_t)((value & 0xf0) | RTC_RATE_1KHZ)));
	TRY(rtc_read(RTC_C, &value));
	TRY(rtc_read(RTC_B, &value));
	TRY(rtc_write(RTC_B, value | RTC_PERIODIC));
	for (unsigned i = 0; i < 5; i++) {
		CHECK(interrupted());
		TRY(rtc_read(RTC_C, &value));          /* the RTC goes on */
		CHECK(value & RTC_PERIODIC);
		CHECK(!interrupted());
		irq_ack(line);                         /* it has asked again meanwhile, and its line stays high until C is read */
	}
	TRY(rtc_read(RTC_B, &value));
	TRY(rtc_write(RTC_B, (uint8_t)(value & ~RTC_PERIODIC)));
	TRY(rtc_read(RTC_C, &value));
	CHECK(interrupted());
	irq_ack(line);
	CHECK(!interrupted());
	CHECK(irq_bind(&irq, (struct signal_context) { line }, &line) == STATUS_BAD_CAP);
	cap_release(line);
	irq_close(&irq);
	io_port_close(&self.ports);
	return STATUS_OK;
}

static uint32_t volatile *hpet(unsigned reg) { return (uint32_t volatile *)(self.registers + reg); }

/* Timer 1 of the HPET on the RTC's line, by level: as long as the device asks, each acknowledgement brings another interrupt. */
static enum status test_levels(void)
{
	struct irq_args    args = { .number = RTC_GSI, .mode = IRQ_MODE_LEVEL_HIGH };
	struct io_mem_args registers = { .base = HPET, .size = 0x400 };
	struct io_mem      io_mem;
	struct irq         irq;
	struct cap         line, again;
	void              *address;

	TRY(open_io_mem(&io_mem, &registers, &address));
	self.registers = (uintptr_t)address;
	TRY(irq_open(&irq, self.env, "", &args));
	TRY(irq_bind(&irq, self.interrupt, &line));
	*hpet(HPET_CONFIGURATION) = HPET_ENABLE;
	*hpet(HPET_COMPARATOR1) = *hpet(HPET_COUNTER) + 10000;
	*hpet(HPET_TIMER1) = HPET_LEVEL | HPET_INTERRUPT | HPET_32_BITS | RTC_GSI << HPET_ROUTE_SHIFT;
	for (unsigned i = 0; i < 5; i++) {
		CHECK(interrupted());
		CHECK(!interrupted());
		irq_ack(line);
	}
	CHECK(interrupted());

	/* Bound to nothing, nothing comes; bound again, the device still asks. */
	TRY(irq_bind(&irq, (struct signal_context) { CAP_NULL }, &again));
	cap_release(again);
	irq_ack(line);
	CHECK(!interrupted());
	TRY(irq_bind(&irq, self.interrupt, &again));
	cap_release(again);
	CHECK(interrupted());

	*hpet(HPET_STATUS) = HPET_STATUS1;
	*hpet(HPET_TIMER1) = HPET_32_BITS;
	irq_ack(line);
	CHECK(!interrupted());

	/* The session's end with the line bound; what is left of it is dead. */
	irq_close(&irq);
	irq_ack(line);
	cap_release(line);
	CHECK(try_irq(RTC_GSI) == STATUS_OK);
	dataspace_detach(address);
	io_mem_close(&io_mem);
	return STATUS_OK;
}

/* Takes things and dies; core's backtrace must not follow the frame pointer into a device. */
static enum status hold(void)
{
	struct io_mem_args vga  = { .base = VGA_TEXT, .size = VGA_TEXT_SIZE };
	struct irq_args    irq_args = { .number = RTC_GSI };
	struct io_port_args ports = { .base = RTC, .size = 2 };
	struct io_mem      io_mem;
	struct irq         irq;
	struct cap         line;
	void              *address;

	TRY(open_io_mem(&io_mem, &vga, &address));
	TRY(irq_open(&irq, self.env, "", &irq_args));
	TRY(irq_bind(&irq, self.interrupt, &line));
	TRY(io_port_open(&self.ports, self.env, "", &ports));
	pass_ms(300);
	*(uint64_t volatile *)address = 0;
	__asm__ volatile("mov %0, %%rbp; ud2" : : "r"(address));
	return STATUS_INTERNAL;
}

static enum status test_all(void)
{
	TRY(test_refusals());
	TRY(test_grants());
	TRY(test_holder());
	TRY(test_io_mem());
	TRY(test_io_port());
	TRY(test_edges());
	return test_levels();
}

enum status component_construct(struct env *env)
{
	struct books before, after;
	char         only[8];

	self.env = env;
	self.label = "";
	TRY(ep_signal(&env->ep, &self.unused, &self.interrupt));
	TRY(ep_signal(&env->ep, &self.unused, &self.never));
	if (node_bool(env_config(env), "holder", false))
		return hold();
	TRY(node_string(env_config(env), "only", "", only, sizeof(only)));
	TRY(books_read(env, &before));
	if (string_equal(only, "IO_MEM"))
		TRY(test_io_mem());
	if (string_equal(only, "IO_PORT")) {
		TRY(test_io_port());
		io_port_close(&self.ports);
		TRY(test_widths());
	}
	if (!only[0])
		TRY(test_all());
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	return test_passed();
}
