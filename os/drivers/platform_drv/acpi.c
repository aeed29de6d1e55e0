/* SPDX-License-Identifier: MIT */
/* ACPI tables, taken apart; see acpi.h. */
#include "acpi.h"

#include <base/rpc.h>
#include <base/string.h>

enum {
	HEADER_SIZE = 36, HEADER_LENGTH = 4,
	MCFG_FIRST = 44, MCFG_ENTRY = 16, MCFG_SEGMENT = 8, MCFG_FIRST_BUS = 10, MCFG_LAST_BUS = 11,
	DMAR_FIRST = 48, DMAR_DRHD = 0, DRHD_SIZE = 16, DRHD_FLAGS = 4, DRHD_SEGMENT = 6, DRHD_BASE = 8, DRHD_ALL = 1,
	SCOPE_SIZE = 6, SCOPE_LENGTH = 1, SCOPE_BUS = 5, SCOPE_ENDPOINT = 1, SCOPE_BRIDGE = 2,
};

/* A piece of the tables; every access is checked to be within. */
struct piece { uint8_t const *at; size_t size; };

static uint64_t number(struct piece piece, size_t offset, size_t size)
{
	uint64_t value = 0;

	assert(is_within(offset, size, piece.size));
	while (size--)
		value = value << 8 | piece.at[offset + size];
	return value;
}

/* The `size` bytes from `offset` on; fewer, if there are no more. */
static struct piece part(struct piece piece, size_t offset, size_t size)
{
	size_t const start = MIN(offset, piece.size);

	return (struct piece) { piece.at + start, MIN(size, piece.size - start) };
}

/* The table of that name; size 0: there is none. Bound: each table has a header. */
static struct piece find_table(void const *tables, size_t size, char const *signature)
{
	struct piece rest = { tables, size };

	while (rest.size >= HEADER_SIZE) {
		uint64_t const length = number(rest, HEADER_LENGTH, 4);

		if (length < HEADER_SIZE || length > rest.size)
			break;
		if (!memcmp(rest.at, signature, 4))
			return part(rest, 0, length);
		rest = part(rest, length, rest.size);
	}
	return (struct piece) { NULL, 0 };
}

enum status acpi_read_mcfg(void const *tables, size_t size, struct mcfg *mcfg)
{
	struct piece const table = find_table(tables, size, "MCFG");

	for (size_t at = MCFG_FIRST; is_within(at, MCFG_ENTRY, table.size); at += MCFG_ENTRY) {
		struct piece const entry = part(table, at, MCFG_ENTRY);
		struct mcfg        read = { number(entry, 0, 8), (uint8_t)number(entry, MCFG_FIRST_BUS, 1), (uint8_t)number(entry, MCFG_LAST_BUS, 1) };

		if (number(entry, MCFG_SEGMENT, 2) || !read.base || read.base % (1u << 20) || read.first_bus > read.last_bus)
			continue;
		*mcfg = read;
		return STATUS_OK;
	}
	return STATUS_NOT_FOUND;
}

/* --- DMAR --- */

static enum status read_scope(struct dmar *dmar, struct piece piece)
{
	uint64_t const     type  = number(piece, 0, 1);
	size_t const       steps = (piece.size - SCOPE_SIZE) / 2;
	struct dmar_scope *scope = &dmar->scope[dmar->scopes];

	/* Interrupt controllers and timers have scopes, too. */
	if (type != SCOPE_ENDPOINT && type != SCOPE_BRIDGE)
		return STATUS_OK;
	if (!steps || piece.size % 2)
		return STATUS_PROTOCOL;
	if (dmar->scopes == DMAR_SCOPES || steps > DMAR_PATH) {
		dmar->is_cut = true;
		return STATUS_OK;
	}
	*scope = (struct dmar_scope) {
		.unit = (uint8_t)(dmar->units - 1), .bus = (uint8_t)number(piece, SCOPE_BUS, 1), .steps = (uint8_t)steps, .below = type == SCOPE_BRIDGE,
	};
	for (size_t i = 0; i < steps; i++) {
		uint64_t const device = number(piece, SCOPE_SIZE + 2 * i, 1), function = number(piece, SCOPE_SIZE + 2 * i + 1, 1);

		if (device > 31 || function > 7)
			return STATUS_PROTOCOL;
		scope->path[i] = (uint8_t)(device << 3 | function);
	}
	dmar->scopes++;
	return STATUS_OK;
}

static enum status read_unit(struct dmar *dmar, struct piece piece)
{
	struct piece rest = part(piece, DRHD_SIZE, piece.size);

	if (piece.size < DRHD_SIZE)
		return STATUS_PROTOCOL;
	if (number(piece, DRHD_SEGMENT, 2))
		return STATUS_OK;
	if (dmar->units == DMAR_UNITS) {
		dmar->is_cut = true;
		return STATUS_OK;
	}
	dmar->unit[dmar->units++] = (struct dmar_unit) { number(piece, DRHD_BASE, 8), number(piece, DRHD_FLAGS, 1) & DRHD_ALL };
	if (!dmar->unit[dmar->units - 1].base || dmar->unit[dmar->units - 1].base % 4096)
		return STATUS_PROTOCOL;
	while (rest.size) {
		uint64_t const length = rest.size >= SCOPE_SIZE ? number(rest, SCOPE_LENGTH, 1) : 0;

		if (length < SCOPE_SIZE || length > rest.size)
			return STATUS_PROTOCOL;
		RPC_TRY(read_scope(dmar, part(rest, 0, length)));
		rest = part(rest, length, rest.size);
	}
	return STATUS_OK;
}

static enum status read_dmar(struct piece table, struct dmar *dmar)
{
	struct piece rest = part(table, DMAR_FIRST, table.size);

	if (table.size < DMAR_FIRST)
		return STATUS_PROTOCOL;
	while (rest.size) {
		uint64_t const length = rest.size >= 4 ? number(rest, 2, 2) : 0;
		enum status    status = STATUS_OK;

		if (length < 4 || length > rest.size)
			return STATUS_PROTOCOL;
		if (number(rest, 0, 2) == DMAR_DRHD)
			status = read_unit(dmar, part(rest, 0, length));
		if (status != STATUS_OK)
			return status;
		rest = part(rest, length, rest.size);
	}
	return STATUS_OK;
}

enum status acpi_read_dmar(void const *tables, size_t size, struct dmar *dmar)
{
	struct piece const table = find_table(tables, size, "DMAR");
	enum status        status;

	*dmar = (struct dmar) { .units = 0 };
	status = table.size ? read_dmar(table, dmar) : STATUS_NOT_FOUND;
	if (status == STATUS_PROTOCOL)
		*dmar = (struct dmar) { .units = 0 };
	return status;
}
