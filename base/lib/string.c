/* SPDX-License-Identifier: MIT */
/*
 * Text: comparison, bounded copies, numbers. Nothing here cuts or wraps.
 */
#include "words.h"

#include <base/string.h>

bool string_equal_slice(char const *slice, size_t size, char const *text)
{
	for (size_t i = 0; i < size; i++) {
		if (!text[i] || text[i] != slice[i])
			return false;
	}
	return !text[size];
}

bool string_starts_with(char const *text, char const *prefix)
{
	for (; *prefix; text++, prefix++) {
		if (*text != *prefix)
			return false;
	}
	return true;
}

bool string_ends_with(char const *text, char const *suffix)
{
	size_t length = strlen(text), suffix_length = strlen(suffix);

	return length >= suffix_length && string_equal(text + length - suffix_length, suffix);
}

char const *string_find(char const *text, char byte)
{
	for (; *text; text++) {
		if (*text == byte)
			return text;
	}
	return NULL;
}

char const *string_find_text(char const *text, char const *part)
{
	for (;; text++) {
		if (string_starts_with(text, part))
			return text;
		if (!*text)
			return NULL;
	}
}

size_t string_length_max(char const *buffer, size_t size)
{
	return words_length(buffer, size);
}

enum status string_copy(char *to, size_t size, char const *text)
{
	return string_copy_slice(to, size, text, strlen(text));
}

enum status string_copy_slice(char *to, size_t size, char const *slice, size_t length)
{
	if (length >= size) {
		if (size)
			*to = 0;
		return STATUS_TOO_LONG;
	}
	memcpy(to, slice, length);
	to[length] = 0;
	return STATUS_OK;
}

enum status string_append(char *to, size_t size, char const *text)
{
	size_t used = string_length_max(to, size), length = strlen(text);

	if (used == size || length >= size - used)
		return STATUS_TOO_LONG;
	memcpy(to + used, text, length + 1);
	return STATUS_OK;
}

/* The value of a digit, or a number that no base has. */
static unsigned digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return (unsigned)(digit - '0');
	if (digit >= 'a' && digit <= 'f')
		return (unsigned)(digit - 'a') + 10;
	if (digit >= 'A' && digit <= 'F')
		return (unsigned)(digit - 'A') + 10;
	return 99;
}

enum status string_parse_u64(char const *slice, size_t size, uint64_t *value)
{
	unsigned base     = 10;
	uint64_t sum      = 0;
	bool     overflow = false;

	if (size > 2 && slice[0] == '0' && slice[1] == 'x') {
		base = 16;
		slice += 2;
		size -= 2;
	}
	if (!size)
		return STATUS_INVALID;
	for (size_t i = 0; i < size; i++) {
		unsigned digit = digit_value(slice[i]);
		if (digit >= base)
			return STATUS_INVALID;
		overflow |= __builtin_mul_overflow(sum, base, &sum) || __builtin_add_overflow(sum, digit, &sum);
	}
	if (overflow)
		return STATUS_OVERFLOW;
	*value = sum;
	return STATUS_OK;
}

enum status string_parse_range(char const *slice, size_t size, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t    number;
	enum status status = string_parse_u64(slice, size, &number);

	if (status)
		return status;
	if (number < min || number > max)
		return STATUS_OVERFLOW;
	*value = number;
	return STATUS_OK;
}

enum status string_parse_bytes(char const *slice, size_t size, uint64_t *value)
{
	static char const suffixes[] = "KMG";
	char const       *suffix     = size && slice[size - 1] ? string_find(suffixes, slice[size - 1]) : NULL;
	unsigned          shift      = suffix ? 10 * (unsigned)(suffix - suffixes + 1) : 0;
	uint64_t          number;
	enum status       status     = string_parse_u64(slice, suffix ? size - 1 : size, &number);

	if (status)
		return status;
	if (number > UINT64_MAX >> shift)
		return STATUS_OVERFLOW;
	*value = number << shift;
	return STATUS_OK;
}
