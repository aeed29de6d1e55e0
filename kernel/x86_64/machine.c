/* SPDX-License-Identifier: MIT */
/* The machine's end, and port I/O for core. */
#include <kernel/x86_64/machine.h>

#include <kernel/x86_64/boot.h>
#include <kernel/x86_64/cpu_ops.h>

#define DEBUG_EXIT      0xf4   /* QEMU's isa-debug-exit; nothing listens there on a PC */
#define KEYBOARD        0x64
#define KEYBOARD_RESET  0xfe
#define SLEEP_ENABLE    0x2000 /* ACPI 6.4 section 4.8.3.2.1 */
#define SLEEP_TYPE      10

void machine_end(enum machine_op op, unsigned exit_value)
{
	if (op == MACHINE_RESET)
		outb(KEYBOARD, KEYBOARD_RESET);
	outl(DEBUG_EXIT, exit_value);
	if (exit_value != MACHINE_EXIT_PANIC && acpi.can_power_off) {
		outw(acpi.pm1a_control, acpi.sleep_a << SLEEP_TYPE | SLEEP_ENABLE);
		if (acpi.pm1b_control)
			outw(acpi.pm1b_control, acpi.sleep_b << SLEEP_TYPE | SLEEP_ENABLE);
	} else {
		print("kernel: the machine can be switched off\n");
	}
	cpu_halt();
}

enum status machine_port_io(uint64_t port, uint64_t how, uint64_t value, uint64_t *result)
{
	unsigned size = how & 0xff;

	if ((size != 1 && size != 2 && size != 4) || port > 0x10000 - size)
		return STATUS_INVALID;
	if (how >> 8) {
		if (size == 1)
			outb(port, value);
		else if (size == 2)
			outw(port, value);
		else
			outl(port, value);
		return STATUS_OK;
	}
	*result = size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
	return STATUS_OK;
}
