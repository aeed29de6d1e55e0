/* SPDX-License-Identifier: MIT */
/*
 * What platform_drv reads in configuration spaces, against functions that are made here: BARs of all kinds, lists of capabilities, trees of bridges; and
 * functions that lie.
 */
#include <os/drivers/platform_drv/function.h>

#include <string.h>

#include "unit.h"

enum { SPACE = 256, FUNCTIONS_MAX = 200, ROUNDS = 2000 };

struct fake { uint16_t address; uint8_t bytes[SPACE]; uint32_t writable[FUNCTION_BARS]; };

static struct fake fakes[FUNCTIONS_MAX];
static unsigned    fake_count;

static struct fake *fake_at(uint16_t address)
{
	for (unsigned i = 0; i < fake_count; i++)
		if (fakes[i].address == address)
			return &fakes[i];
	return NULL;
}

static uint32_t fake_read(struct config_space *config, uint16_t address, unsigned offset, unsigned size)
{
	struct fake *fake  = fake_at(address);
	uint32_t     value = UINT32_MAX;

	CHECK(offset % size == 0);
	if (fake && offset < SPACE)
		memcpy(&value, fake->bytes + offset, size);
	return size == 4 ? value : value & ((1u << 8 * size) - 1);
}

static void fake_write(struct config_space *config, uint16_t address, unsigned offset, unsigned size, uint32_t value)
{
	struct fake *fake = fake_at(address);
	unsigned     bar  = (offset - PCI_BAR0) / 4;

	CHECK(fake && offset % size == 0);
	if (offset >= SPACE)
		return;
	if (offset >= PCI_BAR0 && bar < FUNCTION_BARS) {
		uint32_t old;

		/* A BAR is moved only while nothing is decoded. */
		CHECK(size == 4 && !(fake->bytes[PCI_COMMAND] & (COMMAND_PORTS | COMMAND_MEMORY)));
		memcpy(&old, fake->bytes + offset, 4);
		value = (value & fake->writable[bar]) | (old & ~fake->writable[bar]);
	}
	memcpy(fake->bytes + offset, &value, size);
}

static struct config_space config = { .read = fake_read, .write = fake_write, .size = SPACE, .last_bus = 255 };

static struct fake *add(uint16_t address, uint8_t header)
{
	struct fake *fake = &fakes[fake_count++];

	*fake = (struct fake) { .address = address };
	CHECK(fake_count <= FUNCTIONS_MAX);
	fake->bytes[PCI_VENDOR] = 0x34;
	fake->bytes[PCI_HEADER] = header;
	fake->bytes[PCI_CLASS + 3] = header & 0x7f ? 6 : 2;
	return fake;
}

static void put32(struct fake *fake, unsigned offset, uint32_t value) { memcpy(fake->bytes + offset, &value, 4); }

/* --- BARs --- */

/* Makes BAR `i` at random, and says what is to be read; returns how many registers it takes. */
static unsigned make_bar(struct fake *fake, unsigned i, struct bar *bar)
{
	uint64_t const where = unit_random();

	*bar = (struct bar) { .kind = BAR_NONE };
	switch (unit_below(4)) {
	case 0:
		fake->writable[i] = 0;
		put32(fake, PCI_BAR0 + 4 * i, 0);
		return 1;
	case 1:
		*bar = (struct bar) { .size = UINT64_C(4) << unit_below(10), .kind = BAR_PORTS };
		bar->address = where & 0xffff & ~(bar->size - 1);
		fake->writable[i] = (unit_below(2) ? UINT32_MAX : 0xffff) & ~(uint32_t)(bar->size - 1);
		put32(fake, PCI_BAR0 + 4 * i, (uint32_t)bar->address | 1);
		return 1;
	case 2:
		*bar = (struct bar) { .size = UINT64_C(16) << unit_below(28), .kind = BAR_MEMORY, .prefetchable = unit_below(2) };
		bar->address = where & UINT32_MAX & ~(bar->size - 1);
		fake->writable[i] = ~(uint32_t)(bar->size - 1);
		put32(fake, PCI_BAR0 + 4 * i, (uint32_t)bar->address | (bar->prefetchable ? 8 : 0));
		return 1;
	}
	if (i + 1 == FUNCTION_BARS) {
		fake->writable[i] = 0;
		put32(fake, PCI_BAR0 + 4 * i, 0);
		return 1;
	}
	*bar = (struct bar) { .size = UINT64_C(16) << unit_below(50), .kind = BAR_MEMORY, .prefetchable = unit_below(2) };
	bar->address = where & ~(bar->size - 1);
	fake->writable[i] = (uint32_t)~(bar->size - 1);
	fake->writable[i + 1] = (uint32_t)(~(bar->size - 1) >> 32);
	put32(fake, PCI_BAR0 + 4 * i, (uint32_t)bar->address | 4 | (bar->prefetchable ? 8 : 0));
	put32(fake, PCI_BAR0 + 4 * i + 4, (uint32_t)(bar->address >> 32));
	return 2;
}

START_TEST(bars_are_sized_and_left_where_they_were)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct bar      expected[FUNCTION_BARS] = { { .kind = BAR_NONE } };
		uint8_t         before[SPACE];
		struct function function;
		struct fake    *fake;

		fake_count = 0;
		fake = add(8, 0);
		fake->bytes[PCI_COMMAND] = COMMAND_PORTS | COMMAND_MEMORY | COMMAND_MASTER;
		for (unsigned i = 0; i < FUNCTION_BARS;)
			i += make_bar(fake, i, &expected[i]);
		memcpy(before, fake->bytes, SPACE);
		function_init(&function, &config, 8);
		for (unsigned i = 0; i < FUNCTION_BARS; i++) {
			CHECK(function.bars[i].kind == expected[i].kind);
			if (expected[i].kind == BAR_NONE)
				continue;
			CHECK(function.bars[i].size == expected[i].size && function.bars[i].address == expected[i].address);
			CHECK(function.bars[i].prefetchable == expected[i].prefetchable);
		}
		CHECK(!memcmp(before + PCI_BAR0, fake->bytes + PCI_BAR0, 4 * FUNCTION_BARS));
		CHECK(fake->bytes[PCI_COMMAND] == (COMMAND_PORTS | COMMAND_MEMORY));

		/* A reset forgets addresses. */
		fake->bytes[PCI_COMMAND] = 0;
		for (unsigned i = 0; i < 4 * FUNCTION_BARS; i += 4)
			fake_write(&config, 8, PCI_BAR0 + i, 4, 0);
		function_restore(&function);
		CHECK(!memcmp(before + PCI_BAR0, fake->bytes + PCI_BAR0, 4 * FUNCTION_BARS));
	}
}
END_TEST

/* --- Capabilities --- */

START_TEST(capabilities_are_found_in_the_order_of_the_list)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t      places[48], ids[48];
		unsigned     count = (unsigned)unit_below(49), at = 0;
		struct fake *fake;

		fake_count = 0;
		fake = add(0, 0);
		fake->bytes[PCI_STATUS] = 1 << 4;
		for (unsigned i = 0; i < 48; i++)
			places[i] = (uint8_t)(0x40 + 4 * i);
		for (unsigned i = 0; i < count; i++) {
			unsigned const other = i + (unsigned)unit_below(48 - i);
			uint8_t const  place = places[other];

			places[other] = places[i];
			places[i] = place;
			ids[i] = (uint8_t)unit_below(4);
			fake->bytes[i ? places[i - 1] + 1 : PCI_CAPABILITIES] = place | (uint8_t)unit_below(4);
			fake->bytes[place] = ids[i];
		}
		for (unsigned i = 0; i < count; i++) {
			if (ids[i] != 2)
				continue;
			at = function_capability(&config, 0, 2, at);
			CHECK(at == places[i]);
		}
		if (at || !count)
			CHECK(!function_capability(&config, 0, 2, at));
	}
}
END_TEST

START_TEST(a_function_of_random_bytes_is_read_to_the_end)
{
	for (unsigned round = 0; round < 10 * ROUNDS; round++) {
		struct function function;
		struct fake    *fake;

		fake_count = 0;
		fake = add(0xffff, 0);
		for (unsigned i = 0; i < SPACE; i++)
			fake->bytes[i] = (uint8_t)unit_random();
		for (unsigned i = 0; i < FUNCTION_BARS; i++)
			fake->writable[i] = (uint32_t)unit_random();
		function_init(&function, &config, 0xffff);
		CHECK(!(fake->bytes[PCI_COMMAND] & COMMAND_MASTER));
		for (unsigned i = 0; i < FUNCTION_BARS; i++)
			CHECK((function.bars[i].kind == BAR_NONE) == !function.bars[i].size);
		if (function.msix.vectors) {
			struct bar const *bar = &function.bars[function.msix.bar];

			CHECK(bar->kind == BAR_MEMORY && function.msix.table_offset + 16ul * function.msix.vectors <= bar->size);
		}
		(void)function_reset(&function);
		(void)function_wake(&function);
	}
}
END_TEST

/* --- Buses --- */

struct expected { uint16_t source; bool is_shared, found; };

static struct expected expected[1 << 16];

static void found(struct function_visitor *visitor, uint16_t address, uint16_t source, bool is_shared)
{
	struct expected *what = &expected[address];
	struct fake     *fake = fake_at(address);

	CHECK(fake && !(fake->bytes[PCI_HEADER] & 0x7f) && !what->found);
	what->found = true;
	CHECK(what->source == source && what->is_shared == is_shared);
}

static void make_bridge_express(struct fake *fake, bool to_pci)
{
	fake->bytes[PCI_STATUS] = 1 << 4;
	fake->bytes[PCI_CAPABILITIES] = 0x40;
	fake->bytes[0x40] = CAPABILITY_EXPRESS;
	fake->bytes[0x42] = (uint8_t)((to_pci ? 7 : 4) << 4);
}

/* A tree of bridges with functions on each bus; *wanted counts the functions that must be found. */
static void make_tree(unsigned *wanted)
{
	unsigned buses = 1 + (unsigned)unit_below(12);
	struct { bool shared; uint16_t source; } behind[13] = { { false, 0 } };

	fake_count = *wanted = 0;
	for (unsigned bus = 1; bus < buses; bus++) {
		unsigned const on      = (unsigned)unit_below(bus);
		uint16_t const address = (uint16_t)(on << 8 | bus << 3);
		struct fake   *bridge  = add(address, 1);
		unsigned const kind    = (unsigned)unit_below(3);

		bridge->bytes[PCI_SECONDARY_BUS] = (uint8_t)bus;
		if (kind)
			make_bridge_express(bridge, kind == 2);
		behind[bus].shared = behind[on].shared || kind != 1;
		behind[bus].source = behind[on].shared ? behind[on].source : kind ? (uint16_t)(bus << 8) : address;
	}
	for (unsigned bus = 0; bus < buses; bus++) {
		unsigned const count = (unsigned)unit_below(8);

		/* Functions 0 to count - 1 but some of one device, for the function 0 says that there are more. */
		for (unsigned i = 0; i < count; i++) {
			uint16_t const address = (uint16_t)(bus << 8 | 30 << 3 | i);

			if (i && unit_below(3) == 0)
				continue;
			add(address, i || count > 1 ? 0x80 : 0);
			expected[address] = (struct expected) { behind[bus].shared ? behind[bus].source : address, behind[bus].shared, false };
			++*wanted;
		}
	}
}

START_TEST(each_function_behind_bridges_is_found_once)
{
	for (unsigned round = 0; round < 100; round++) {
		struct function_visitor visitor = { .found = found };
		unsigned                wanted;

		memset(expected, 0, sizeof(expected));
		make_tree(&wanted);
		functions_scan(&config, &visitor);
		for (unsigned i = 0; i < ARRAY_SIZE(expected); i++)
			wanted -= expected[i].found;
		CHECK(wanted == 0);
	}
}
END_TEST

static void ignore(struct function_visitor *visitor, uint16_t address, uint16_t source, bool is_shared) { }

START_TEST(bridges_that_lie_lead_nowhere_twice)
{
	for (unsigned round = 0; round < 100; round++) {
		struct function_visitor visitor = { .found = ignore };

		fake_count = 0;
		for (unsigned bus = 0; bus < 4; bus++) {
			for (unsigned device = 0; device < 8; device++) {
				struct fake *bridge = add((uint16_t)(bus << 8 | device << 3), unit_below(2) ? 0x81 : 1);

				bridge->bytes[PCI_SECONDARY_BUS] = (uint8_t)(unit_below(4) ? unit_below(5) : unit_random());
			}
		}
		functions_scan(&config, &visitor);
	}
}
END_TEST

UNIT_MAIN(bars_are_sized_and_left_where_they_were, capabilities_are_found_in_the_order_of_the_list, a_function_of_random_bytes_is_read_to_the_end,
          each_function_behind_bridges_is_found_once, bridges_that_lie_lead_nowhere_twice)
