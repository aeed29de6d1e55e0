/* SPDX-License-Identifier: MIT */
/* A VT-d unit; see vtd.h. */
#include "vtd.h"

enum vtd_register {
	VTD_VERSION = 0x00, VTD_CAPABILITIES = 0x08, VTD_EXTENDED = 0x10, VTD_COMMAND = 0x18, VTD_STATUS = 0x1c, VTD_ROOT = 0x20, VTD_CONTEXT_COMMAND = 0x28,
	VTD_FAULT_STATUS = 0x34, VTD_FAULT_CONTROL = 0x38, VTD_FAULT_DATA = 0x3c, VTD_FAULT_ADDRESS = 0x40, VTD_FAULT_ADDRESS_HIGH = 0x44,
};

#define COMMAND_TRANSLATE    (1u << 31)
#define COMMAND_SET_ROOT     (1u << 30)
#define COMMAND_FLUSH_WRITES (1u << 27)
#define NEEDS_FLUSH          (1u << 4)     /* in the capabilities */
#define INVALIDATE           (UINT64_C(1) << 63)
#define CONTEXT_GLOBAL       (UINT64_C(1) << 61)
#define PAGES_GLOBAL         (UINT64_C(1) << 60)
#define PAGES_DRAIN          (UINT64_C(3) << 48)
#define FAULT_OVERFLOW       1u
#define FAULT_VALID          (UINT64_C(1) << 63)
#define FAULT_IS_READ        (UINT64_C(1) << 62)

enum { FAULT_SIZE = 16, REACTION_READS = 1000000 };

enum status vtd_init(struct vtd *vtd, struct registers registers)
{
	uint64_t const can = registers_read64(registers, VTD_CAPABILITIES), more = registers_read64(registers, VTD_EXTENDED);
	unsigned const widths = can >> 8 & 31;

	*vtd = (struct vtd) {
		.registers = registers, .levels = widths & 2 ? 3 : widths & 4 ? 4 : 0, .domains = 1u << MIN(4 + 2 * (unsigned)(can & 7), 16u),
		.invalidate_at = (unsigned)(more >> 8 & 0x3ff) * 16 + 8, .faults_at = (unsigned)(can >> 24 & 0x3ff) * 16, .faults = (unsigned)(can >> 40 & 0xff) + 1,
	};
	if (!is_within(vtd->faults_at, vtd->faults * FAULT_SIZE, VTD_SIZE) || !is_within(vtd->invalidate_at, 8, VTD_SIZE))
		return STATUS_UNSUPPORTED;
	return vtd->levels ? STATUS_OK : STATUS_UNSUPPORTED;
}

/* Gives a command beside what is on; it has been carried out when the status says so, or, for a flush, no more. */
static enum status command(struct vtd *vtd, uint32_t bit, bool done_is)
{
	uint32_t const on = registers_read32(vtd->registers, VTD_STATUS) & COMMAND_TRANSLATE;

	registers_write32(vtd->registers, VTD_COMMAND, on | bit);
	for (unsigned i = 0; i < REACTION_READS; i++)
		if (!(registers_read32(vtd->registers, VTD_STATUS) & bit) == !done_is)
			return STATUS_OK;
	return STATUS_TIMEOUT;
}

static enum status invalidate(struct vtd *vtd, unsigned at, uint64_t what)
{
	registers_write64(vtd->registers, at, INVALIDATE | what);
	for (unsigned i = 0; i < REACTION_READS; i++)
		if (!(registers_read64(vtd->registers, at) & INVALIDATE))
			return STATUS_OK;
	return STATUS_TIMEOUT;
}

enum status vtd_invalidate(struct vtd *vtd)
{
	if (registers_read64(vtd->registers, VTD_CAPABILITIES) & NEEDS_FLUSH)
		RPC_TRY(command(vtd, COMMAND_FLUSH_WRITES, false));
	RPC_TRY(invalidate(vtd, VTD_CONTEXT_COMMAND, CONTEXT_GLOBAL));
	return invalidate(vtd, vtd->invalidate_at, PAGES_GLOBAL | PAGES_DRAIN);
}

enum status vtd_enable(struct vtd *vtd, uint64_t root)
{
	registers_write64(vtd->registers, VTD_ROOT, root);
	RPC_TRY(command(vtd, COMMAND_SET_ROOT, true));
	RPC_TRY(vtd_invalidate(vtd));
	return command(vtd, COMMAND_TRANSLATE, true);
}

void vtd_fault_message(struct vtd *vtd, uint64_t address, uint32_t data)
{
	registers_write32(vtd->registers, VTD_FAULT_DATA, data);
	registers_write32(vtd->registers, VTD_FAULT_ADDRESS, (uint32_t)address);
	registers_write32(vtd->registers, VTD_FAULT_ADDRESS_HIGH, (uint32_t)(address >> 32));
	registers_write32(vtd->registers, VTD_FAULT_CONTROL, 0);
}

bool vtd_next_fault(struct vtd *vtd, struct dma_fault *fault)
{
	for (unsigned i = 0; i < vtd->faults; i++) {
		unsigned const at   = vtd->faults_at + i * FAULT_SIZE;
		uint64_t const high = registers_read64(vtd->registers, at + 8);

		if (!(high & FAULT_VALID))
			continue;
		*fault = (struct dma_fault) {
			.source = (uint16_t)high, .is_read = high & FAULT_IS_READ, .address = registers_read64(vtd->registers, at) & ~UINT64_C(0xfff),
			.reason = (uint8_t)(high >> 32),
		};
		registers_write64(vtd->registers, at + 8, FAULT_VALID);
		return true;
	}
	registers_write32(vtd->registers, VTD_FAULT_STATUS, FAULT_OVERFLOW);
	return false;
}
