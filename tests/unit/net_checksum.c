/* SPDX-License-Identifier: MIT */
/* The checksum of IP, TCP and UDP against the definition in RFC 1071, for every size of a frame and every alignment. */
#include "unit.h"
#include <string.h>

#include "repos/libports/lib/lwip/net_checksum.h"

enum { SIZE_MAX_TESTED = 1600, ALIGNMENTS = 8, LARGE = 0x20000 };

static unsigned char bytes[LARGE + ALIGNMENTS];

/* Word by word, each carry added at once. */
static uint16_t sum_by_definition(unsigned char const *data, int size)
{
	uint32_t sum = 0;

	for (int i = 0; i < size; i += 2) {
		sum += data[i] | (i + 1 < size ? data[i + 1] << 8 : 0);
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)sum;
}

static void fill_randomly(void)
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)unit_random();
}

START_TEST(every_size_and_alignment_sums_as_defined)
{
	fill_randomly();
	for (int size = 0; size <= SIZE_MAX_TESTED; size++) {
		for (int from = 0; from < ALIGNMENTS; from++)
			CHECK(net_checksum(bytes + from, size) == sum_by_definition(bytes + from, size));
	}
}
END_TEST

/* The most carries that there can be, and none: 0 is the sum of nothing but zeros. */
START_TEST(all_ones_and_all_zeros_sum_as_defined)
{
	memset(bytes, 0xff, sizeof(bytes));
	for (int size = 0; size <= LARGE; size += size < SIZE_MAX_TESTED ? 1 : 4097)
		CHECK(net_checksum(bytes, size) == sum_by_definition(bytes, size));
	memset(bytes, 0, sizeof(bytes));
	CHECK(net_checksum(bytes, LARGE) == 0);
}
END_TEST

/* Single bytes in zeros: each place counts, and only as what it is. */
START_TEST(each_byte_counts_at_its_place)
{
	memset(bytes, 0, sizeof(bytes));
	for (int size = 1; size <= 64; size++) {
		for (int i = 0; i < size; i++) {
			bytes[i] = 0x81;
			CHECK(net_checksum(bytes, size) == (i % 2 ? 0x8100 : 0x81));
			bytes[i] = 0;
		}
	}
}
END_TEST

UNIT_MAIN(every_size_and_alignment_sums_as_defined, all_ones_and_all_zeros_sum_as_defined, each_byte_counts_at_its_place)
