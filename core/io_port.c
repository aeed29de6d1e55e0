/* SPDX-License-Identifier: MIT */
/* IO_PORT sessions; see io_port.h. */
#include <core/io_port.h>

#include <core/core.h>
#include <core/grant.h>
#include <kernel/abi/info.h>

enum { PORTS = 0x10000 };

/* What the kernel uses itself: the two 8259s, QEMU's isa-debug-exit, COM1. */
struct range { uint32_t first, last; };

static struct range const kernels_own[] = { { 0x20, 0x21 }, { 0xa0, 0xa1 }, { 0xf4, 0xf7 }, { 0x3f8, 0x3ff } };

/*
 * What can overwrite memory, or end the machine: the ISA DMA controllers and their pages, the keyboard controller, the ports 0x92 and 0xcf9,
 * which reset, system management, and the configuration of PCI devices. In the first place is the block of power management registers, which
 * io_port_init finds.
 */
static struct range dangerous[] = {
	{ 1, 0 }, { 0, 0xf }, { 0x64, 0x64 }, { 0x80, 0x8f }, { 0x92, 0x92 }, { 0xb2, 0xb3 }, { 0xc0, 0xdf }, { 0xcf8, 0xcff },
};

enum { PM_BLOCK = 128 };

static struct claims claims;

void io_port_init(struct info const *info)
{
	if (info->pm_timer_port)
		dangerous[0] = (struct range) { align_down(info->pm_timer_port, PM_BLOCK), align_down(info->pm_timer_port, PM_BLOCK) + PM_BLOCK - 1 };
}

static bool has_one(struct range const *ranges, unsigned count, uint32_t first, uint32_t last)
{
	for (unsigned i = 0; i < count; i++)
		if (first <= ranges[i].last && ranges[i].first <= last)
			return true;
	return false;
}

enum status io_port_check(struct io_port_args const *args, char const *label)
{
	uint32_t first = args->base, last = args->base + args->size - 1;
	enum grant_kind kind;
	char const *why = NULL;
	char what[48];

	if (!args->size || !is_within(args->base, args->size, PORTS))
		return STATUS_INVALID;
	kind = has_one(dangerous, ARRAY_SIZE(dangerous), first, last) ? GRANT_DANGEROUS_PORTS : GRANT_PORTS;
	if (has_one(kernels_own, ARRAY_SIZE(kernels_own), first, last))
		why = "the kernel's own";
	else if (!grant_holds(label, kind, first, last))
		why = grant_advice(label, kind, first, last);
	else if (!claims_free(&claims, first, last))
		why = "another session has a part of it";
	if (!why)
		return STATUS_OK;
	format_cut(what, sizeof(what), "ports 0x%x to 0x%x", first, last);
	return claims_deny(label, what, why);
}

enum status io_port_create(struct account *payer, struct io_port_args const *args, struct io_port **io_port)
{
	RPC_TRY(object_create(payer, PLACES_IO_PORT, 0, RECORD_IO_PORT, io_port));
	claims_take(&claims, &(*io_port)->claim, args->base, args->base + args->size - 1);
	kernel_gate_create(place_address(&(*io_port)->record, 0), core_thread, badge_of(&(*io_port)->record, 0));
	return STATUS_OK;
}

void io_port_destroy(struct io_port *io_port)
{
	claims_release(&claims, &io_port->claim);
	kernel_destroy(place_address(&io_port->record, 0));
	object_destroy(&io_port->record, 0);
}

/* Are `size` ports from `port` on all of the session's? */
static bool has(struct io_port_session *self, uint32_t port, unsigned size)
{
	struct claim const *claim = &((struct io_port *)self)->claim;

	return port >= claim_first(claim) && port <= claim->last && claim->last - port >= size - 1;
}

static enum status op_in8(struct io_port_session *self, uint32_t port, uint8_t *value)
{
	if (!has(self, port, 1))
		return STATUS_INVALID;
	*value = kernel_port_in(port, 1);
	return STATUS_OK;
}

static enum status op_in16(struct io_port_session *self, uint32_t port, uint16_t *value)
{
	if (!has(self, port, 2))
		return STATUS_INVALID;
	*value = kernel_port_in(port, 2);
	return STATUS_OK;
}

static enum status op_in32(struct io_port_session *self, uint32_t port, uint32_t *value)
{
	if (!has(self, port, 4))
		return STATUS_INVALID;
	*value = kernel_port_in(port, 4);
	return STATUS_OK;
}

static enum status out(struct io_port_session *self, uint32_t port, unsigned size, uint32_t value)
{
	if (!has(self, port, size))
		return STATUS_INVALID;
	kernel_port_out(port, size, value);
	return STATUS_OK;
}

static enum status op_out8(struct io_port_session *self, uint32_t port, uint8_t value)   { return out(self, port, 1, value); }
static enum status op_out16(struct io_port_session *self, uint32_t port, uint16_t value) { return out(self, port, 2, value); }
static enum status op_out32(struct io_port_session *self, uint32_t port, uint32_t value) { return out(self, port, 4, value); }

struct io_port_ops const io_port_operations = {
	.in8 = op_in8, .in16 = op_in16, .in32 = op_in32, .out8 = op_out8, .out16 = op_out16, .out32 = op_out32,
};
