/* SPDX-License-Identifier: MIT */
/*
 * Formatting, against the host's snprintf.
 */
#include "unit.h"
#include <base/format.h>
#include <base/string.h>
#include <limits.h>
#include <string.h>

/* Both must print the same, into a buffer that is just large enough, and one byte less must be TOO_LONG. */
#define CHECK_FORMAT(...) do {                                                                \
	char real_[300], model_[300];                                                             \
	int  length_ = snprintf(model_, sizeof(model_), __VA_ARGS__);                             \
	ck_assert_int_eq(format(real_, (size_t)length_ + 1, __VA_ARGS__), STATUS_OK);             \
	ck_assert_str_eq(real_, model_);                                                          \
	ck_assert_int_eq(format(real_, (size_t)length_, __VA_ARGS__), STATUS_TOO_LONG);           \
	ck_assert_msg(!length_ || strlen(real_) == (size_t)length_ - 1, "%s", model_);            \
	ck_assert_int_eq(strncmp(real_, model_, length_ ? (size_t)length_ - 1 : 0), 0);           \
} while (0)

START_TEST(every_conversion_prints_as_on_the_host)
{
	static long const numbers[] = { 0, 1, -1, 9, 10, -10, 4096, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN, UINT_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		long          n = numbers[i];
		unsigned long u = (unsigned long)n;

		CHECK_FORMAT("%d|%i|%u|%x|%X", (int)n, (int)n, (unsigned)n, (unsigned)n, (unsigned)n);
		CHECK_FORMAT("%ld|%lu|%lx|%lld|%llu|%llx|%zu|%zd", n, u, u, (long long)n, (unsigned long long)n, (unsigned long long)n, (size_t)n, (ssize_t)n);
		CHECK_FORMAT("%hhd|%hhu|%hd|%hu|%hhx", (signed char)n, (unsigned char)n, (short)n, (unsigned short)n, (unsigned char)n);
		CHECK_FORMAT("[%5d] [%-5d] [%05d] [%012lx] [%-20lu] [%1d]", (int)n, (int)n, (int)n, u, u, (int)n);
		CHECK_FORMAT("[%*d] [%*d] [%0*x]", 9, (int)n, -9, (int)n, 20, (unsigned)n);
	}
}
END_TEST

START_TEST(text_and_characters_print_as_on_the_host)
{
	CHECK_FORMAT("%s", "");
	CHECK_FORMAT("plain");
	CHECK_FORMAT("%s and %s", "one", "other");
	CHECK_FORMAT("[%10s] [%-10s] [%2s] [%40s]", "abc", "abc", "abc", "wide");
	CHECK_FORMAT("[%.2s] [%.0s] [%.9s] [%6.1s] [%-6.2s]", "abc", "abc", "abc", "abc", "abc");
	CHECK_FORMAT("[%.*s] [%.*s]", 2, "abc", -1, "abc");
	CHECK_FORMAT("%c%c%c %3c %-3c|", 'a', '%', 'z', 'x', 'y');
	CHECK_FORMAT("100%%");
	CHECK_FORMAT("%p %20p", (void *)0x1234, (void *)UINTPTR_MAX);
}
END_TEST

START_TEST(a_slice_is_not_read_beyond_its_precision)
{
	char *slice = malloc(3), text[8];

	memcpy(slice, "abc", 3);
	ck_assert_int_eq(format(text, sizeof(text), "%.*s", 3, slice), STATUS_OK);
	ck_assert_str_eq(text, "abc");
	free(slice);
}
END_TEST

START_TEST(null_text_prints_as_such)
{
	char text[16];
	char const *volatile nothing = NULL;

	ck_assert_int_eq(format(text, sizeof(text), "%s", nothing), STATUS_OK);
	ck_assert_str_eq(text, "(null)");
}
END_TEST

START_TEST(nothing_is_written_into_no_room)
{
	char text[2] = "x";

	ck_assert_int_eq(format(text, 0, "abc"), STATUS_TOO_LONG);
	ck_assert_int_eq(format(text, 0, "%s", ""), STATUS_TOO_LONG);
	ck_assert_str_eq(text, "x");
}
END_TEST

START_TEST(cut_text_says_that_it_was_cut)
{
	char text[8];

	ck_assert_str_eq(format_cut(text, sizeof(text), "%s", "1234567"), "1234567");
	ck_assert_str_eq(format_cut(text, sizeof(text), "%s", "12345678"), "1234...");
	ck_assert_str_eq(format_cut(text, 4, "%s", "12345678"), "...");
	ck_assert_str_eq(format_cut(text, 2, "%s", "12345678"), "1");
}
END_TEST

struct collector {
	struct format_sink sink;
	char               text[64];
	size_t             used;
};

static void collect(struct format_sink *sink, char const *text, size_t size)
{
	struct collector *c = container_of(sink, struct collector, sink);

	ck_assert_uint_gt(size, 0);
	ck_assert_uint_lt(c->used + size, sizeof(c->text));
	memcpy(c->text + c->used, text, size);
	c->used += size;
}

START_TEST(a_sink_gets_all_pieces_in_order)
{
	struct collector c = { .sink.put = collect };

	format_to(&c.sink, "%s%s %05d%% %-20s|", "", "ab", -42, "x");
	ck_assert_str_eq(c.text, "ab -0042% x                   |");
}
END_TEST

START_TEST(random_numbers_print_as_on_the_host)
{
	for (int i = 0; i < 20000; i++) {
		unsigned long u = unit_random() >> unit_below(64);
		int           width = (int)unit_below(40) - 20;

		CHECK_FORMAT("%ld %lu %lx %*lu %-*lx %0*ld", (long)u, u, u, width, u, width, u, abs(width), (long)u);
	}
}
END_TEST

START_TEST(every_status_has_a_name_and_a_sentence)
{
	ck_assert_str_eq(status_name(STATUS_OK), "OK");
	ck_assert_str_eq(status_name(STATUS_OUT_OF_CAPS), "OUT_OF_CAPS");
	ck_assert_str_eq(status_name(STATUS_INTERNAL), "INTERNAL");
	ck_assert_str_eq(status_name(STATUS_COUNT), "UNKNOWN");
	ck_assert_str_eq(status_name((enum status)-1), "UNKNOWN");
	for (int i = 0; i < STATUS_COUNT; i++) {
		ck_assert_ptr_nonnull(status_name((enum status)i));
		ck_assert_uint_gt(strlen(status_text((enum status)i)), 3);
	}
}
END_TEST

UNIT_MAIN(every_conversion_prints_as_on_the_host, text_and_characters_print_as_on_the_host, a_slice_is_not_read_beyond_its_precision,
          null_text_prints_as_such, nothing_is_written_into_no_room, cut_text_says_that_it_was_cut, a_sink_gets_all_pieces_in_order,
          random_numbers_print_as_on_the_host, every_status_has_a_name_and_a_sentence)
