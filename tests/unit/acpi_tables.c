/* SPDX-License-Identifier: MIT */
/* MCFG and DMAR tables as firmware may make them: what is read, and that no table, however malformed, leads outside. Each is in memory of exactly its size. */
#include <os/drivers/platform_drv/acpi.h>

#include <string.h>

#include "unit.h"

enum { SIZE_MAX_BYTES = 4096, ROUNDS = 20000 };

struct text { uint8_t bytes[SIZE_MAX_BYTES]; size_t size, table; };

static void put(struct text *text, uint64_t value, size_t size)
{
	CHECK(text->size + size <= SIZE_MAX_BYTES);
	for (; size--; value >>= 8)
		text->bytes[text->size++] = (uint8_t)value;
}

static void begin_table(struct text *text, char const *name)
{
	text->table = text->size;
	CHECK(text->size + 36 <= SIZE_MAX_BYTES);
	memset(text->bytes + text->size, 0, 36);
	memcpy(text->bytes + text->size, name, 4);
	text->size += 36;
}

static void end_table(struct text *text)
{
	uint32_t const length = (uint32_t)(text->size - text->table);

	memcpy(text->bytes + text->table + 4, &length, 4);
}

static void put_segment(struct text *text, uint64_t base, unsigned segment, unsigned first, unsigned last)
{
	put(text, base, 8);
	put(text, segment, 2);
	put(text, first, 1);
	put(text, last, 1);
	put(text, 0, 4);
}

/* Each reading is of a copy of exactly its size. */
static enum status read_mcfg(struct text const *text, size_t size, struct mcfg *mcfg)
{
	void       *copy = memcpy(malloc(size + 1), text->bytes, size);
	enum status status;

	copy = realloc(copy, size ? size : 1);
	status = acpi_read_mcfg(copy, size, mcfg);
	free(copy);
	return status;
}

static enum status read_dmar(struct text const *text, size_t size, struct dmar *dmar)
{
	void       *copy = memcpy(malloc(size + 1), text->bytes, size);
	enum status status;

	copy = realloc(copy, size ? size : 1);
	status = acpi_read_dmar(copy, size, dmar);
	free(copy);
	return status;
}

static void make_mcfg(struct text *text)
{
	begin_table(text, "MCFG");
	put(text, 0, 8);
	put_segment(text, UINT64_C(0xe0000000), 1, 0, 255);
	put_segment(text, UINT64_C(0xb0000000), 0, 0, 127);
	end_table(text);
}

START_TEST(the_first_segment_counts_wherever_the_table_is)
{
	static struct text text;
	struct mcfg        mcfg;

	begin_table(&text, "FACP");
	put(&text, unit_random(), 7);
	end_table(&text);
	make_mcfg(&text);
	ck_assert(read_mcfg(&text, text.size, &mcfg) == STATUS_OK);
	ck_assert(mcfg.base == 0xb0000000 && mcfg.first_bus == 0 && mcfg.last_bus == 127);
	ck_assert(read_mcfg(&text, text.table, &mcfg) == STATUS_NOT_FOUND);
	for (size_t size = 0; size < text.size; size++)
		ck_assert(read_mcfg(&text, size, &mcfg) == STATUS_NOT_FOUND);
}
END_TEST

START_TEST(segments_that_make_no_sense_do_not_count)
{
	static struct { uint64_t base; unsigned segment, first, last; } const bad[] = {
		{ 0, 0, 0, 255 }, { 0xb0001000, 0, 0, 255 }, { 0xb0000000, 0, 5, 4 }, { 0xb0000000, 3, 0, 255 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		struct text text = { .size = 0 };
		struct mcfg mcfg;

		begin_table(&text, "MCFG");
		put(&text, 0, 8);
		put_segment(&text, bad[i].base, bad[i].segment, bad[i].first, bad[i].last);
		end_table(&text);
		ck_assert(read_mcfg(&text, text.size, &mcfg) == STATUS_NOT_FOUND);
	}
}
END_TEST

/* --- DMAR --- */

static void put_scope(struct text *text, unsigned type, unsigned bus, unsigned steps)
{
	put(text, type, 1);
	put(text, 6 + 2 * steps, 1);
	put(text, 0, 3);
	put(text, bus, 1);
	for (unsigned i = 0; i < steps; i++) {
		put(text, 3 + i, 1);
		put(text, i % 8, 1);
	}
}

static void begin_dmar(struct text *text)
{
	begin_table(text, "DMAR");
	put(text, 38, 1);
	put(text, 0, 11);
}

/* A unit with scopes that `scopes` many endpoints make. */
static void put_unit(struct text *text, uint64_t base, bool all, unsigned scopes)
{
	put(text, 0, 2);
	put(text, 16 + 10 * scopes, 2);
	put(text, all, 1);
	put(text, 0, 3);
	put(text, base, 8);
	for (unsigned i = 0; i < scopes; i++)
		put_scope(text, 1 + i % 2, i, 2);
}

START_TEST(units_are_read_with_what_they_translate_for)
{
	static struct text text;
	struct dmar        dmar;

	begin_dmar(&text);
	put_unit(&text, 0xfed90000, false, 2);
	put(&text, 1, 2);                          /* a reserved region of 24 bytes */
	put(&text, 24, 2);
	put(&text, 0, 20);
	put_unit(&text, 0xfed91000, true, 0);
	end_table(&text);
	ck_assert(read_dmar(&text, text.size, &dmar) == STATUS_OK);
	ck_assert(dmar.units == 2 && dmar.scopes == 2 && !dmar.is_cut);
	ck_assert(dmar.unit[0].base == 0xfed90000 && !dmar.unit[0].all && dmar.unit[1].base == 0xfed91000 && dmar.unit[1].all);
	ck_assert(dmar.scope[0].unit == 0 && dmar.scope[0].bus == 0 && dmar.scope[0].steps == 2 && !dmar.scope[0].below);
	ck_assert(dmar.scope[1].below && dmar.scope[1].bus == 1 && dmar.scope[1].path[0] == 3 << 3 && dmar.scope[1].path[1] == (4 << 3 | 1));
	for (size_t size = 0; size < text.size; size++)
		ck_assert(read_dmar(&text, size, &dmar) == STATUS_NOT_FOUND && !dmar.units);
}
END_TEST

START_TEST(too_many_units_are_told)
{
	struct text text = { .size = 0 };
	struct dmar dmar;

	begin_dmar(&text);
	for (unsigned i = 0; i <= DMAR_UNITS; i++)
		put_unit(&text, 0xfed90000 + 0x1000 * i, false, 1);
	end_table(&text);
	ck_assert(read_dmar(&text, text.size, &dmar) == STATUS_OK && dmar.is_cut && dmar.units == DMAR_UNITS);
}
END_TEST

START_TEST(a_malformed_table_is_not_used_and_leads_nowhere)
{
	unsigned malformed = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct text text = { .size = 0 };
		struct dmar dmar;
		struct mcfg mcfg;
		enum status status;

		begin_dmar(&text);
		for (unsigned i = 0, units = 1 + (unsigned)unit_below(4); i < units; i++)
			put_unit(&text, 0xfed90000 + 0x1000 * i, unit_below(2), (unsigned)unit_below(4));
		end_table(&text);
		make_mcfg(&text);
		for (unsigned i = 0, changes = 1 + (unsigned)unit_below(3); i < changes; i++)
			text.bytes[unit_below(text.size)] = (uint8_t)unit_random();
		status = read_dmar(&text, text.size - unit_below(2) * unit_below(text.size), &dmar);
		CHECK(status == STATUS_OK || !dmar.units);
		malformed += status == STATUS_PROTOCOL;
		for (unsigned i = 0; i < dmar.units; i++)
			CHECK(dmar.unit[i].base && dmar.unit[i].base % 4096 == 0);
		for (unsigned i = 0; i < dmar.scopes && dmar.units; i++)
			CHECK(dmar.scope[i].unit < dmar.units && dmar.scope[i].steps && dmar.scope[i].steps <= DMAR_PATH);
		if (read_mcfg(&text, text.size, &mcfg) == STATUS_OK)
			CHECK(mcfg.base && mcfg.base % (1 << 20) == 0 && mcfg.first_bus <= mcfg.last_bus);
	}
	ck_assert(malformed > ROUNDS / 100);
}
END_TEST

UNIT_MAIN(the_first_segment_counts_wherever_the_table_is, segments_that_make_no_sense_do_not_count, units_are_read_with_what_they_translate_for,
          too_many_units_are_told, a_malformed_table_is_not_used_and_leads_nowhere)
