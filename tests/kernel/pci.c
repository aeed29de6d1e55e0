/* SPDX-License-Identifier: MIT */
/* Interrupts of PCI devices, as messages (PCI 3.0, section 6.8.1) and by level-triggered lines, with QEMU's edu device, which interrupts when it is told to. */
#include "test.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define EDU_ID         0x11e81234
#define EDU_RAISE      0x60
#define EDU_LOWER      0x64
#define PCI_GSI        16     /* the first of eight lines that PCI devices have on this machine */
#define MSI_ID         5

enum config { CONFIG_ID = 0, CONFIG_COMMAND = 4, CONFIG_BAR = 0x10, CONFIG_CAPABILITIES = 0x34 };
enum { COMMAND_MEMORY_AND_MASTER = 6, MSI_ENABLE = 1 << 16 };

static unsigned edu;           /* its device number on bus 0 */

static uint32_t config_read(unsigned device, unsigned offset)
{
	OK(op3(SYS_PORT_IO, CONFIG_ADDRESS, 4 | 1 << 8, 1U << 31 | device << 11 | (offset & ~3U)));
	return sys(SYS_PORT_IO, CONFIG_DATA, 4, 0, 0, 0).badge >> offset % 4 * 8;
}

static void config_write(unsigned device, unsigned offset, uint32_t value)
{
	OK(op3(SYS_PORT_IO, CONFIG_ADDRESS, 4 | 1 << 8, 1U << 31 | device << 11 | offset));
	OK(op3(SYS_PORT_IO, CONFIG_DATA, 4 | 1 << 8, value));
}

/* Finds the device; where its capability for messages is. */
static unsigned device_find(void)
{
	unsigned at;

	for (edu = 0; config_read(edu, CONFIG_ID) != EDU_ID; edu++)
		CHECK(edu < 31);
	for (at = config_read(edu, CONFIG_CAPABILITIES) & 0xfc; (config_read(edu, at) & 0xff) != MSI_ID; at = config_read(edu, at + 1) & 0xfc)
		CHECK(at);
	config_write(edu, CONFIG_COMMAND, COMMAND_MEMORY_AND_MASTER);
	config_write(edu, at, config_read(edu, at) & ~MSI_ENABLE);
	return at;
}

/* Has the device send `data` to `address`. */
static void device_set(uint64_t address, uint64_t data)
{
	unsigned at = device_find();

	config_write(edu, at + 4, address);
	config_write(edu, at + 8, address >> 32);
	config_write(edu, at + 12, data);
	config_write(edu, at, config_read(edu, at) | MSI_ENABLE);
}

static uint64_t window_of(struct child *c) { return c->sp & ~(uint64_t)(STACK_SLOT_SIZE - 1); }

/* The child's device interrupts each time that its gate is called, and withdraws it when word 0 is EDU_LOWER. */
static void run_device(uint64_t window)
{
	for (;;) {
		struct msg m = reply_wait(0);
		*(uint32_t volatile *)(window + (m.w[0] == EDU_LOWER ? EDU_LOWER : EDU_RAISE)) = 1;
	}
}

/* The device, in a child; a selector to raise its interrupt by, which is over when the call returns the next time. */
static uint64_t device_new(void)
{
	struct child *c = child_new(run_device, 20);

	OK(op5(SYS_MAP, c->pd, window_of(c), config_read(edu, CONFIG_BAR) & ~0xfU, 1, MAP_WRITE | MAP_UNCACHED));
	child_start(c, window_of(c));
	return child_give(&self, gate_new(c, 0));
}

static void interrupt(uint64_t device)
{
	call(device, 0);
	call(device, 0); /* the second is taken when the first was raised */
}

/* An IRQ object for a message to `signal`, which the device has been told. */
static uint64_t msi_new(uint64_t signal)
{
	uint64_t irq = place(IRQ_GRANULES);
	struct msg m = sys(SYS_IRQ_CREATE, irq, 0, IRQ_MSI, 0, 0);

	CHECK_IS(status_of(m), STATUS_OK);
	CHECK_IS(m.badge >> 20, 0xfee);
	device_set(m.badge, m.w[0]);
	OK(op2(SYS_IRQ_BIND, irq, signal));
	return note(irq);
}

TEST(a_message_of_a_device_is_a_signal)
{
	msi_new(signal_new(&self, 0x351));
	uint64_t device = device_new();

	call(device, 0);
	struct msg m = await();
	CHECK(m.badge == 0x351 && m.w[0] == 1);
}

TEST(messages_before_the_acknowledgement_are_one_signal_after_it)
{
	uint64_t irq = msi_new(signal_new(&self, 0x351)), cap = child_give(&self, irq), device = device_new();

	call(device, 0);
	CHECK_IS(await().badge, 0x351);
	for (unsigned i = 0; i < 5; i++)
		interrupt(device);
	settle();                               /* nothing comes */
	OK(op1(SYS_IRQ_ACK, cap));
	struct msg m = await();
	CHECK(m.badge == 0x351 && m.w[0] == 1);
	OK(op1(SYS_IRQ_ACK, cap));
	settle();
}

TEST(messages_have_vectors_of_their_own)
{
	uint64_t signal = signal_new(&self, 0x351), first = place(IRQ_GRANULES), second = place(IRQ_GRANULES);
	struct msg a = sys(SYS_IRQ_CREATE, note(first), 0, IRQ_MSI, 0, 0), b = sys(SYS_IRQ_CREATE, note(second), 0, IRQ_MSI, 0, 0);

	CHECK(status_of(a) == STATUS_OK && status_of(b) == STATUS_OK);
	CHECK(a.w[0] != b.w[0]);
	OK(op2(SYS_IRQ_BIND, first, signal));
	OK(op2(SYS_IRQ_BIND, second, signal_new(&self, 0x352)));
	device_set(b.badge, b.w[0]);
	call(device_new(), 0);
	CHECK_IS(await().badge, 0x352);
}

TEST(a_message_for_a_destroyed_irq_goes_nowhere)
{
	uint64_t irq = msi_new(signal_new(&self, 0x351)), device = device_new();

	OK(destroy(irq));
	interrupt(device);
	settle();
}

TEST(vectors_for_messages_are_limited_and_come_back)
{
	unsigned made = 0;
	uint64_t irq[256];
	enum status status = STATUS_OK;

	for (; made < ARRAY_SIZE(irq) && !status; made++)
		status = op3(SYS_IRQ_CREATE, irq[made] = place(IRQ_GRANULES), 0, IRQ_MSI);
	CHECK_IS(status, STATUS_OVERFLOW);
	CHECK(made > 100);
	for (unsigned i = 0; i < made - 1; i++)
		OK(destroy(irq[i]));
	OK(op3(SYS_IRQ_CREATE, note(irq[0]), 0, IRQ_MSI));
}

/* The device asks for its line until it is told to stop. */
TEST(a_level_triggered_line_interrupts_once_for_each_acknowledgement_while_the_device_asks)
{
	uint64_t irq[8], caps[ARRAY_SIZE(irq)], device;
	struct msg m;

	device_find();
	device = device_new();
	for (unsigned i = 0; i < ARRAY_SIZE(irq); i++) {
		irq[i] = note(place(IRQ_GRANULES));
		OK(op3(SYS_IRQ_CREATE, irq[i], PCI_GSI + i, IRQ_LEVEL));
		OK(op2(SYS_IRQ_BIND, irq[i], signal_new(&self, i)));
		caps[i] = child_give(&self, irq[i]);
	}
	call(device, 0);
	m = await();
	CHECK(m.badge < ARRAY_SIZE(irq) && m.w[0] == 1);
	for (unsigned times = 0, line = m.badge; times < 3; times++) {
		settle();                       /* nothing more until then */
		OK(op1(SYS_IRQ_ACK, caps[line]));
		m = await();
		CHECK(m.badge == line && m.w[0] == 1);
	}
	call(device, EDU_LOWER);
	call(device, EDU_LOWER);
	OK(op1(SYS_IRQ_ACK, caps[m.badge]));
	settle();
}
