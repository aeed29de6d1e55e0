/* SPDX-License-Identifier: MIT */
/*
 * Memory and text. The first six keep the names of the C library because the compiler calls them too (memory.c, which
 * the host tests leave to the host); all else is ours: text is never cut silently, numbers are never wrapped.
 */
#pragma once

#include <base/status.h>
#include <base/types.h>

void  *memcpy(void *restrict to, void const *restrict from, size_t size);
void  *memmove(void *to, void const *from, size_t size);
void  *memset(void *to, int byte, size_t size);
int    memcmp(void const *a, void const *b, size_t size);
size_t strlen(char const *text);
int    strcmp(char const *a, char const *b);

static inline bool string_equal(char const *a, char const *b) { return *a == *b && strcmp(a, b) == 0; }

/* Is the text `slice` of `size` bytes, which needs no terminator, the same as `text`? */
bool string_equal_slice(char const *slice, size_t size, char const *text);

bool string_starts_with(char const *text, char const *prefix);
bool string_ends_with(char const *text, char const *suffix);

/* The first place of `byte` in `text`, or NULL. Not for the terminator. */
char const *string_find(char const *text, char byte);

/* The first place of `part` in `text`, or NULL; an empty part is found at once. */
char const *string_find_text(char const *text, char const *part);

/* The length of text in a buffer that others filled: `size` if there is no terminator in it. */
size_t string_length_max(char const *buffer, size_t size);

/* Copies `text` with its terminator to `to`. TOO_LONG: it does not fit `size` bytes; `to` is then empty (if size > 0). */
MUST_CHECK enum status string_copy(char *to, size_t size, char const *text);

/* The same for a text of `length` bytes without terminator. */
MUST_CHECK enum status string_copy_slice(char *to, size_t size, char const *slice, size_t length);

/* Appends. TOO_LONG: the sum does not fit; `to` is then as it was. */
MUST_CHECK enum status string_append(char *to, size_t size, char const *text);

/*
 * Reads all `size` bytes of `slice` as a number: decimal, or hexadecimal after 0x. No sign, no blanks.
 * INVALID: it is none. OVERFLOW: it does not fit. `value` is only written on OK.
 */
MUST_CHECK enum status string_parse_u64(char const *slice, size_t size, uint64_t *value);

/* The same, in [min, max], else OVERFLOW. */
MUST_CHECK enum status string_parse_range(char const *slice, size_t size, uint64_t min, uint64_t max, uint64_t *value);

/* The same with an optional suffix K, M or G, for sizes in bytes: "64K" is 65536. */
MUST_CHECK enum status string_parse_bytes(char const *slice, size_t size, uint64_t *value);
