/* SPDX-License-Identifier: MIT */
/*
 * Memory and text functions, against byte loops. memory.c is included under other names, as the host has its own.
 */
#include "unit.h"
#include <string.h>

#define memcpy  banyan_memcpy
#define memmove banyan_memmove
#define memset  banyan_memset
#define memcmp  banyan_memcmp
#define strlen  banyan_strlen
#define strcmp  banyan_strcmp
#include <base/string.h>
#include "../../base/lib/memory.c"
#include "../../base/lib/string.c"

enum { BUFFER = 160, SIZES = 70 };

static void fill(unsigned char *buffer)
{
	for (size_t i = 0; i < BUFFER; i++)
		buffer[i] = (unsigned char)unit_random();
}

/* What a move inside one buffer must give, byte by byte. */
static void model_move(unsigned char *buffer, size_t to, size_t from, size_t size)
{
	unsigned char copy[BUFFER];

	for (size_t i = 0; i < size; i++)
		copy[i] = buffer[from + i];
	for (size_t i = 0; i < size; i++)
		buffer[to + i] = copy[i];
}

static void check_same(unsigned char const *a, unsigned char const *b)
{
	for (size_t i = 0; i < BUFFER; i++)
		CHECK(a[i] == b[i]);
}

START_TEST(copy_moves_every_size_and_nothing_else)
{
	unsigned char real[BUFFER], model[BUFFER];

	for (size_t size = 0; size < SIZES; size++) {
		for (size_t offset = 0; offset < 9; offset++) {
			fill(real);
			(memcpy)(model, real, BUFFER);
			ck_assert_ptr_eq(memcpy(real + 80 + offset, real + 3, size), real + 80 + offset);
			model_move(model, 80 + offset, 3, size);
			check_same(real, model);
		}
	}
}
END_TEST

START_TEST(move_is_right_for_every_overlap)
{
	unsigned char real[BUFFER], model[BUFFER];

	for (size_t size = 0; size < SIZES; size++) {
		for (size_t to = 0; to < 80; to++) {
			fill(real);
			(memcpy)(model, real, BUFFER);
			CHECK(memmove(real + to, real + 40, size) == real + to);
			model_move(model, to, 40, size);
			check_same(real, model);
		}
	}
}
END_TEST

START_TEST(set_writes_every_size_and_nothing_else)
{
	unsigned char real[BUFFER], model[BUFFER];

	for (size_t size = 0; size < SIZES; size++) {
		int byte = (int)unit_below(1000) - 500;
		fill(real);
		(memcpy)(model, real, BUFFER);
		ck_assert_ptr_eq(memset(real + 5, byte, size), real + 5);
		for (size_t i = 0; i < size; i++)
			model[5 + i] = (unsigned char)byte;
		check_same(real, model);
	}
}
END_TEST

START_TEST(compare_finds_the_first_difference)
{
	unsigned char a[SIZES], b[SIZES];

	for (size_t size = 1; size < SIZES; size++) {
		for (size_t at = 0; at < size; at++) {
			for (size_t i = 0; i < size; i++)
				a[i] = b[i] = (unsigned char)unit_random();
			CHECK(memcmp(a, b, size) == 0);
			b[at] ^= (unsigned char)(1 + unit_below(255));
			for (size_t i = at + 1; i < size; i++)
				b[i] = (unsigned char)unit_random();
			CHECK((memcmp(a, b, size) < 0) == (a[at] < b[at]));
			CHECK((memcmp(b, a, size) < 0) == (b[at] < a[at]));
			CHECK(memcmp(a, b, at) == 0);
		}
	}
}
END_TEST

START_TEST(text_compares_as_unsigned_bytes)
{
	ck_assert_uint_eq(strlen(""), 0);
	ck_assert_uint_eq(strlen("abc"), 3);
	ck_assert_int_eq(strcmp("", ""), 0);
	ck_assert_int_eq(strcmp("abc", "abc"), 0);
	ck_assert_int_lt(strcmp("ab", "abc"), 0);
	ck_assert_int_gt(strcmp("abd", "abc"), 0);
	ck_assert_int_gt(strcmp("\xc3", "a"), 0);
}
END_TEST

START_TEST(slices_equal_only_text_of_the_same_length)
{
	ck_assert(string_equal_slice("abcdef", 3, "abc"));
	ck_assert(!string_equal_slice("abcdef", 3, "abcd"));
	ck_assert(!string_equal_slice("abcdef", 3, "ab"));
	ck_assert(!string_equal_slice("ab\0def", 4, "ab"));
	ck_assert(string_equal_slice("", 0, ""));
	ck_assert(string_equal("x", "x") && !string_equal("x", "y"));
}
END_TEST

START_TEST(beginnings_ends_and_parts_are_found)
{
	char const *text = "init -> hello";

	ck_assert(string_starts_with(text, "init") && string_starts_with(text, "") && !string_starts_with("in", "init"));
	ck_assert(string_ends_with(text, "hello") && string_ends_with(text, "") && !string_ends_with("lo", "hello"));
	ck_assert_ptr_eq(string_find(text, '>'), text + 6);
	ck_assert_ptr_null(string_find(text, 'x'));
	ck_assert_ptr_null(string_find(text, 0));
	ck_assert_ptr_eq(string_find_text(text, " -> "), text + 4);
	ck_assert_ptr_eq(string_find_text(text, ""), text);
	ck_assert_ptr_null(string_find_text(text, "hellos"));
	ck_assert_uint_eq(string_length_max("abc", 2), 2);
	ck_assert_uint_eq(string_length_max("abc", 9), 3);
}
END_TEST

START_TEST(copies_fit_or_leave_an_empty_text)
{
	char to[4] = "xyz";

	ck_assert_int_eq(string_copy(to, sizeof(to), "abc"), STATUS_OK);
	ck_assert_str_eq(to, "abc");
	ck_assert_int_eq(string_copy(to, sizeof(to), "abcd"), STATUS_TOO_LONG);
	ck_assert_str_eq(to, "");
	ck_assert_int_eq(string_copy_slice(to, sizeof(to), "abcd", 2), STATUS_OK);
	ck_assert_str_eq(to, "ab");
	ck_assert_int_eq(string_copy(to, 0, ""), STATUS_TOO_LONG);
	ck_assert_str_eq(to, "ab");
}
END_TEST

START_TEST(an_append_fits_or_changes_nothing)
{
	char to[6] = "ab";

	ck_assert_int_eq(string_append(to, sizeof(to), "cd"), STATUS_OK);
	ck_assert_int_eq(string_append(to, sizeof(to), "ef"), STATUS_TOO_LONG);
	ck_assert_str_eq(to, "abcd");
	ck_assert_int_eq(string_append(to, sizeof(to), "e"), STATUS_OK);
	ck_assert_int_eq(string_append(to, sizeof(to), ""), STATUS_OK);
	ck_assert_str_eq(to, "abcde");
}
END_TEST

static enum status parse(char const *text, uint64_t *value)
{
	return string_parse_u64(text, strlen(text), value);
}

START_TEST(numbers_are_read_whole_or_not_at_all)
{
	static char const *const bad[] = { "", "-1", "+1", " 1", "1 ", "0x", "0xg", "x1", "1a", "0X1", "1.0", "99999999999999999999999z" };
	uint64_t value = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(parse(bad[i], &value) == STATUS_INVALID && value == 7, "\"%s\"", bad[i]);
	ck_assert(parse("18446744073709551616", &value) == STATUS_OVERFLOW && value == 7);
	ck_assert(parse("0x10000000000000000", &value) == STATUS_OVERFLOW && value == 7);
	ck_assert(parse("18446744073709551615", &value) == STATUS_OK && value == UINT64_MAX);
	ck_assert(parse("0xffffFFFFffffFFFF", &value) == STATUS_OK && value == UINT64_MAX);
	ck_assert(parse("0", &value) == STATUS_OK && value == 0);
	ck_assert(parse("007", &value) == STATUS_OK && value == 7);
	ck_assert(string_parse_u64("123", 2, &value) == STATUS_OK && value == 12);
}
END_TEST

START_TEST(random_numbers_are_read_back)
{
	for (int i = 0; i < 20000; i++) {
		uint64_t number = unit_random() >> unit_below(64), value = 0;
		char     text[32];

		snprintf(text, sizeof(text), unit_below(2) ? "%lu" : "0x%lx", number);
		CHECK(parse(text, &value) == STATUS_OK && value == number);
	}
}
END_TEST

START_TEST(ranges_include_both_ends)
{
	uint64_t value = 7;

	ck_assert(string_parse_range("5", 1, 5, 9, &value) == STATUS_OK && value == 5);
	ck_assert(string_parse_range("9", 1, 5, 9, &value) == STATUS_OK && value == 9);
	ck_assert(string_parse_range("4", 1, 5, 9, &value) == STATUS_OVERFLOW && value == 9);
	ck_assert(string_parse_range("10", 2, 5, 9, &value) == STATUS_OVERFLOW && value == 9);
	ck_assert(string_parse_range("x", 1, 5, 9, &value) == STATUS_INVALID && value == 9);
}
END_TEST

START_TEST(suffixes_multiply_without_overflow)
{
	uint64_t value = 7;

	ck_assert(string_parse_bytes("3", 1, &value) == STATUS_OK && value == 3);
	ck_assert(string_parse_bytes("3K", 2, &value) == STATUS_OK && value == 3072);
	ck_assert(string_parse_bytes("0x10M", 5, &value) == STATUS_OK && value == 16 << 20);
	ck_assert(string_parse_bytes("17179869183G", 12, &value) == STATUS_OK && value == 17179869183u << 30);
	ck_assert(string_parse_bytes("17179869184G", 12, &value) == STATUS_OVERFLOW);
	ck_assert(string_parse_bytes("K", 1, &value) == STATUS_INVALID);
	ck_assert(string_parse_bytes("1k", 2, &value) == STATUS_INVALID);
	ck_assert(string_parse_bytes("1KK", 3, &value) == STATUS_INVALID);
	ck_assert(string_parse_bytes("", 0, &value) == STATUS_INVALID);
	ck_assert(string_parse_bytes("1\0", 2, &value) == STATUS_INVALID);
}
END_TEST

START_TEST(alignment_notices_overflow)
{
	uint64_t aligned = 7;

	ck_assert(align_up(4097, 4096) == 8192 && align_down(4097, 4096) == 4096 && align_up(0, 4096) == 0);
	ck_assert(align_up(UINT64_MAX - 1, 4096) == UINT64_MAX && align_up(UINT64_MAX, 1) == UINT64_MAX);
	ck_assert(!align_up_checked(UINT64_MAX - 4094, 4096, &aligned) && aligned == 7);
	ck_assert(align_up_checked(UINT64_MAX - 4095, 4096, &aligned) && aligned == UINT64_MAX - 4095);
	ck_assert(is_power_of_two(1) && is_power_of_two(UINT64_C(1) << 63) && !is_power_of_two(0) && !is_power_of_two(6));
	ck_assert(is_within(5, 5, 10) && is_within(10, 0, 10) && !is_within(5, 6, 10) && !is_within(11, 0, 10));
	ck_assert(!is_within(UINT64_MAX, 2, UINT64_MAX) && !is_within(2, UINT64_MAX, UINT64_MAX));
}
END_TEST

UNIT_MAIN(copy_moves_every_size_and_nothing_else, move_is_right_for_every_overlap, set_writes_every_size_and_nothing_else,
          compare_finds_the_first_difference, text_compares_as_unsigned_bytes, slices_equal_only_text_of_the_same_length,
          beginnings_ends_and_parts_are_found, copies_fit_or_leave_an_empty_text, an_append_fits_or_changes_nothing,
          numbers_are_read_whole_or_not_at_all, random_numbers_are_read_back, ranges_include_both_ends,
          suffixes_multiply_without_overflow, alignment_notices_overflow)
