/* SPDX-License-Identifier: MIT */
/*
 * Records by name: badges and capabilities. A badge is serial << 34 | physical address / 64 << 2 | bits. Nothing in it is
 * believed: the frame must hold records, and the record must have that serial.
 */
#include <core/account.h>
#include <core/core.h>

enum { SERIAL_SHIFT = 34 };

uintptr_t core_ram = 0x0000100000000000UL;

static char const *const type_names[RECORD_TYPES] = {
	[RECORD_NONE] = "none", [RECORD_ACCOUNT] = "account", [RECORD_DATASPACE] = "dataspace", [RECORD_REGION] = "region",
	[RECORD_THREAD] = "thread", [RECORD_GATE] = "gate", [RECORD_SIGNAL] = "signal context", [RECORD_BUDGET] = "budget", [RECORD_PARENT] = "parent",
	[RECORD_LOG] = "LOG session", [RECORD_ROM] = "ROM session", [RECORD_CPU] = "CPU session", [RECORD_PD] = "PD session",
	[RECORD_RM] = "RM session", [RECORD_IRQ] = "IRQ session", [RECORD_IO_MEM] = "IO_MEM session", [RECORD_IO_PORT] = "IO_PORT session",
	[RECORD_TRACE] = "TRACE session",
};

char const *record_type_name(enum record_type type)
{
	return type_names[type];
}

uint64_t badge_of(struct record const *record, unsigned bits)
{
	return (uint64_t)record->serial << SERIAL_SHIFT | paddr_of(record).value / GRANULE << BADGE_BITS | bits;
}

struct record *badge_record(uint64_t badge, unsigned *bits)
{
	uint64_t address = (badge & ((1UL << SERIAL_SHIFT) - 1)) >> BADGE_BITS;
	struct record *record = ram_at((struct paddr) { address * GRANULE });

	*bits = badge & ((1 << BADGE_BITS) - 1);
	if (memory_state(&core_memory, address * GRANULE >> PAGE_SHIFT) != FRAME_PACK || is_aligned(address * GRANULE, PAGE_SIZE))
		return NULL;
	if (record->serial != badge >> SERIAL_SHIFT)
		return NULL;
	return record;
}

enum status cap_record_any(struct rpc_cap const *cap, enum record_type type, unsigned bits, void *record)
{
	unsigned found_bits;
	struct record *found = cap->kind == GOT_OWN ? badge_record(cap->badge, &found_bits) : NULL;

	if (!found || found->type != type || found_bits != bits)
		return STATUS_BAD_CAP;
	*(struct record **)record = found;
	return STATUS_OK;
}

enum status cap_record(struct rpc_cap const *cap, enum record_type type, unsigned bits, void *record)
{
	struct record *found;

	RPC_TRY(cap_record_any(cap, type, bits, &found));
	if (found->dying)
		return STATUS_BAD_CAP;
	*(struct record **)record = found;
	return STATUS_OK;
}

enum status cap_object(struct rpc_cap const *cap, enum record_type type, void *record)
{
	struct paddr object;
	enum cap_type kind;
	struct record *found;

	if (cap->kind != GOT_SLOT || kernel_cap_object(cap->cap.selector, &object, &kind) != STATUS_OK)
		return STATUS_BAD_CAP;
	found = record_of_object(object);
	if (!found || found->type != type)
		return STATUS_BAD_CAP;
	*(struct record **)record = found;
	return STATUS_OK;
}

struct cap cap_of(struct record const *record, unsigned offset)
{
	return (struct cap) { place_address(record, offset).value | SEND_OBJECT };
}
