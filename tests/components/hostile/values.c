/* SPDX-License-Identifier: MIT */
/*
 * Values for messages. What the name of a number means (a size, a port, an address that an earlier answer brought) makes
 * a call succeed now and then; what has no meaning here gets any number, extremes preferred.
 */
#include "hostile.h"

uint64_t random_seed = 1;

uint64_t random_next(void)
{
	/* A linear congruence; its low half is poor, so two steps give one number. */
	uint64_t high = random_seed = random_seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	uint64_t low  = random_seed = random_seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);

	return (high & ~UINT64_C(0xffffffff)) | low >> 32;
}

enum meaning {
	ANYTHING, PAGES, BYTES, CAPS, STACK_SLOT, ADDRESS, OFFSET, PRIORITY, ALIGN, PORT, PORT_BASE, PORT_COUNT, DEVICE, DEVICE_SIZE, LINE,
	ID, SMALL, SLOT, MICROSECONDS, RESERVED, SERVICE, HASH, PIECE, LITTLE, FLAGS, MEANINGS,
};

static struct { char const *interface, *name; enum meaning meaning; } const meanings[] = {
	{ "cap_session", "amount", CAPS },     { NULL, "amount", PAGES },        { NULL, "ram", PAGES },
	{ "io_port", "base", PORT_BASE },      { "io_port", "size", PORT_COUNT }, { "io_port", "port", PORT },
	{ "io_mem", "base", DEVICE },          { "io_mem", "size", DEVICE_SIZE }, { "irq", "number", LINE },
	{ "rm", "size", PIECE },                { "recorder", "size", LITTLE },
	{ NULL, "size", BYTES },               { NULL, "caps", CAPS },           { NULL, "stack_slot", STACK_SLOT },
	{ "rm", "address", ADDRESS },          { "rm", "offset", OFFSET },       { "rm", "flags", FLAGS },            { NULL, "priority", PRIORITY },
	{ NULL, "align", ALIGN },              { NULL, "id", ID },               { "pd", "slot", SLOT },
	{ NULL, "us", MICROSECONDS },          { NULL, "reserved", RESERVED },   { "hello", "a", SMALL },
	{ "hello", "b", SMALL },                { "parent", "service", SERVICE }, { "parent", "hash", HASH },
};

uint8_t meaning_of(char const *interface, char const *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(meanings); i++)
		if (string_equal(name, meanings[i].name) && (!meanings[i].interface || string_equal(interface, meanings[i].interface)))
			return (uint8_t)meanings[i].meaning;
	return ANYTHING;
}

/* --- Memory --- */

enum { MEMORY = 16 };

static uint64_t remembered[MEANINGS][MEMORY], latest[MEANINGS];

void value_remember(struct field const *field, uint64_t value)
{
	if (field->kind == KIND_INTEGER && value)
		latest[field->meaning] = remembered[field->meaning][below(MEMORY)] = value;
}

static uint64_t recall(enum meaning meaning) { return pool_newest ? latest[meaning] : remembered[meaning][below(MEMORY)]; }

/* --- Numbers --- */

/* Ports at which nothing is, or nothing that minds: no others are ever asked for, but such as are refused. */
static struct { uint16_t base, size; } const ports[] = {
	{ 0x278, 8 }, { 0x2f8, 8 }, { 0x240, 16 }, { 0x3f8, 8 }, { 0x20, 2 }, { 0xfffc, 8 }, { 0x240, 0 },
};

static unsigned port_range;

static uint64_t extreme(void)
{
	static uint64_t const numbers[] = {
		0, 1, 2, 3, 0xff, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 0x200000, 0xffffffff, UINT64_C(0x100000000), INT64_MAX, UINT64_C(1) << 63,
		UINT64_MAX, UINT64_MAX - PAGE_SIZE + 1, UINT64_C(0x7ffffffff000), UINT64_C(0x800000000000), UINT64_C(0xffff800000000000), 0x7fffffff, 0x80000000,
	};

	return numbers[below(ARRAY_SIZE(numbers))];
}

static uint64_t number(void)
{
	switch (below(5)) {
	case 0:  return extreme();
	case 1:  return below(8);
	case 2:  return below(64) * PAGE_SIZE;
	case 3:  return recall((enum meaning)below(MEANINGS));
	default: return random_next();
	}
}

static uint64_t pages(void)
{
	if (one_in(64))
		return extreme();
	if (one_in(32))
		return below(16 * PAGE_SIZE);
	return below(one_in(8) ? 128 : 8) * PAGE_SIZE;
}

static uint64_t address(void)
{
	if (pool_newest || one_in(2))
		return one_in(2) ? 0 : recall(ADDRESS);
	if (one_in(16))
		return UINT64_C(0x7ffffffff000) - below(4) * PAGE_SIZE;
	return UINT64_C(0x40000000) + below(64) * (one_in(4) ? 0x200000 : PAGE_SIZE);
}

static uint64_t alignment(void)
{
	if (one_in(8))
		return below(100);
	return one_in(2) ? 0 : UINT64_C(1) << below(one_in(8) ? 64 : 20);
}

static uint64_t device(void)
{
	/* Where a PC has nothing; or RAM, the local APIC, the HPET. */
	static uint64_t const others[] = { 0, 0x100000, 0xfee00000, 0xfec00000, 0xfed00000, UINT64_C(1) << 44, UINT64_MAX };

	return one_in(4) ? others[below(ARRAY_SIZE(others))] : UINT64_C(0xe1000000) + below(64) * PAGE_SIZE + (one_in(4) ? below(PAGE_SIZE) : 0);
}

static uint64_t meant(enum meaning meaning)
{
	switch (meaning) {
	case PAGES:        return pages();
	case BYTES:        return one_in(16) ? extreme() : below(one_in(16) ? 0x80000 : 0x4000);
	case CAPS:         return one_in(32) ? extreme() : below(one_in(8) ? 140 : 8);
	case STACK_SLOT:   return UINT64_C(0x10000000) + below(256) * STACK_SLOT_SIZE + (one_in(16) ? below(STACK_SLOT_SIZE) : 0);
	case ADDRESS:      return address();
	case OFFSET:       return one_in(8) ? below(4) * PAGE_SIZE + one_in(4) : 0;
	case PRIORITY:     return one_in(8) ? number() : below(64);
	case ALIGN:        return alignment();
	case PORT_BASE:    return ports[port_range = (unsigned)below(ARRAY_SIZE(ports))].base;
	case PORT_COUNT:   return ports[port_range].size;
	case PORT:         port_range = (unsigned)below(3);
	                   return ports[port_range].base + below(ports[port_range].size + (one_in(8) ? 8 : 0));
	case DEVICE:       return device();
	case DEVICE_SIZE:  return one_in(16) ? extreme() : 1 + below(2 * PAGE_SIZE);
	case LINE:         return one_in(8) ? number() : below(25);
	case ID:           return one_in(8) ? number() : recall(ID);
	case SMALL:        return one_in(4) ? extreme() : below(1000);
	case SLOT:         return below(8);
	case MICROSECONDS: return one_in(4) ? below(200) : 1000 + below(1000000);
	case RESERVED:     return 0;
	case PIECE:        return one_in(2) ? 0 : one_in(16) ? number() : below(4) * PAGE_SIZE;
	case LITTLE:       return below(4 * PAGE_SIZE);
	case FLAGS:        return below(4);
	case HASH:         return sessions_own_hash();
	default:           return number();
	}
}

static uint64_t polite_enum(struct field const *field)
{
	return described.values[field->values_first + below(field->values_count)];
}

uint64_t value_polite(struct field const *field)
{
	switch ((enum kind)field->kind) {
	case KIND_BOOL:   return below(2);
	case KIND_STATUS: return below(STATUS_COUNT);
	case KIND_ENUM:   return polite_enum(field);
	default:          return meant((enum meaning)field->meaning);
	}
}

uint64_t value_extreme(struct field const *field)
{
	switch ((enum kind)field->kind) {
	case KIND_INTEGER:
		/* never others than these: there are ports that end the machine */
		return field->meaning == PORT_BASE || field->meaning == PORT_COUNT ? meant((enum meaning)field->meaning) : number();
	default:
		return value_polite(field);
	}
}

uint64_t field_read(struct field const *field, uint64_t const *message)
{
	uint64_t value = 0;

	memcpy(&value, (char const *)message + field->offset, field->size);
	return value;
}

void field_write(struct field const *field, uint64_t *message, uint64_t value)
{
	memcpy((char *)message + field->offset, &value, field->size);
}

/* --- Texts and data --- */

static void fill_text(char *to, size_t bound, bool is_polite)
{
	size_t const room   = is_polite && bound > 16 && !one_in(16) ? 12 : bound;
	size_t const length = is_polite && one_in(8) ? 0 : below(room);

	for (size_t i = 0; i < length; i++)
		to[i] = is_polite ? (char)('a' + below(26)) : (char)(1 + below(255));
	memset(to + length, 0, bound - length);
}

/* Short lines, mostly: what a log gets is printed. */
static void fill_bytes(char *to, size_t bound, bool is_polite)
{
	uint32_t const size = (uint32_t)below(MIN(bound, is_polite && !one_in(64) ? (size_t)6 : (size_t)16) + 1);

	if (one_in(256)) {
		uint32_t const full = (uint32_t)bound;

		memcpy(to, &full, sizeof(full));
		memset(to + sizeof(full), 'x', bound);
		return;
	}
	memcpy(to, &size, sizeof(size));
	for (uint32_t i = 0; i < size; i++)
		to[4 + i] = one_in(24) ? '\n' : is_polite ? (char)('a' + below(26)) : (char)below(256);
}

static void fill_default(struct field const *field, uint64_t *message)
{
	if (field->kind == KIND_STRING)
		memcpy((char *)message + field->offset, field->default_text, MIN((size_t)field->bound, strlen(field->default_text) + 1));
	else
		field_write(field, message, field->default_number);
}

void fields_fill(struct fields const *fields, uint64_t *message, bool is_polite)
{
	for (unsigned i = 0; i < fields->count; i++) {
		struct field const *field = &described.fields[fields->first + i];
		bool const          extremely = !is_polite && one_in(2);

		if (field->kind == KIND_CAP)
			continue;
		if (field->has_default && field->meaning == ANYTHING && is_polite && !one_in(8))
			fill_default(field, message);
		else if (field->meaning == SERVICE && !extremely && !one_in(8))
			sessions_own_service((char *)message + field->offset);
		else if (field->kind == KIND_STRING)
			fill_text((char *)message + field->offset, field->bound, !extremely);
		else if (field->kind == KIND_BYTES)
			fill_bytes((char *)message + field->offset, field->bound, !extremely);
		else
			field_write(field, message, extremely ? value_extreme(field) : value_polite(field));
	}
}

static bool break_field(struct field const *field, uint64_t *message)
{
	char *at = (char *)message + field->offset;

	switch ((enum kind)field->kind) {
	case KIND_STRING:
		memset(at, 'x', field->bound);
		return true;
	case KIND_BYTES: {
		uint32_t const size = field->bound + 1 + (uint32_t)(one_in(2) ? below(16) : below(UINT32_MAX - field->bound));

		memcpy(at, &size, sizeof(size));
		return true;
	}
	case KIND_BOOL:
		*at = (char)(2 + below(254));
		return true;
	case KIND_STATUS:
		field_write(field, message, STATUS_COUNT + (one_in(2) ? below(4) : below(0x7fffffff)));
		return true;
	case KIND_ENUM:
		field_write(field, message, 0x80000000u | random_next());
		if (one_in(2))
			field_write(field, message, described.values[field->values_first + field->values_count - 1] + 1u + below(4));
		return true;
	default:
		return false;
	}
}

bool fields_break(struct fields const *fields, uint64_t *message)
{
	unsigned const from = fields->count ? (unsigned)below(fields->count) : 0;

	for (unsigned i = 0; i < fields->count; i++)
		if (break_field(&described.fields[fields->first + (from + i) % fields->count], message))
			return true;
	return false;
}
