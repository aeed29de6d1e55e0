/* SPDX-License-Identifier: MIT */
/* IO_PORT sessions; see io_port.h. */
#include <core/io_port.h>

#include <core/core.h>

enum { PORTS = 0x10000 };

/* What the kernel uses itself: the two 8259s, QEMU's isa-debug-exit, COM1. */
static struct { uint32_t first, last; } const kernels_own[] = { { 0x20, 0x21 }, { 0xa0, 0xa1 }, { 0xf4, 0xf7 }, { 0x3f8, 0x3ff } };

static struct claims claims;

static bool is_kernels_own(uint32_t first, uint32_t last)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kernels_own); i++)
		if (first <= kernels_own[i].last && kernels_own[i].first <= last)
			return true;
	return false;
}

enum status io_port_check(struct io_port_args const *args, char const *label)
{
	uint32_t first = args->base, last = args->base + args->size - 1;
	bool own;

	if (!args->size || !is_within(args->base, args->size, PORTS))
		return STATUS_INVALID;
	own = is_kernels_own(first, last);
	if (!own && claims_free(&claims, first, last))
		return STATUS_OK;
	if (claims_denial_counts())
		core_print("\"%s\" asks for ports 0x%x to 0x%x: %s", label, first, last, own ? "the kernel's own" : "another session has a part of it");
	return STATUS_DENIED;
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
