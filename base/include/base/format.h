/* SPDX-License-Identifier: MIT */
/*
 * Formatted text, the part of printf that is worth having: %s %c %d %i %u %x %X %p %%, the lengths hh h l ll z, flags `0`
 * and `-`, widths, and precisions for %s (so that `%.*s` prints a slice that has no terminator). The compiler checks
 * formats against arguments; a conversion outside this list is our bug and asserted. %s of NULL prints "(null)".
 */
#pragma once

#include <base/status.h>
#include <base/types.h>
#include <stdarg.h>

#define FORMAT_CHECKED(format_at, arguments_at) __attribute__((format(printf, format_at, arguments_at)))

/*
 * Takes text as it is made. `put` is called any number of times, with pieces of at least one byte, in order, by the thread
 * that called format_to; it keeps no pointer to the piece. A sink of its own embeds this struct.
 */
struct format_sink {
	void (*put)(struct format_sink *sink, char const *text, size_t size);
};

/* Writes to `to`, always terminated when size > 0. TOO_LONG: it does not fit; `to` then holds the beginning. */
MUST_CHECK enum status format(char *to, size_t size, char const *text, ...) FORMAT_CHECKED(3, 4);
MUST_CHECK enum status format_list(char *to, size_t size, char const *text, va_list arguments) FORMAT_CHECKED(3, 0);

/*
 * The same where the beginning is good enough, as in a message for people: text that does not fit ends in "...".
 * Returns `to`; size > 0.
 */
char const *format_cut(char *to, size_t size, char const *text, ...) FORMAT_CHECKED(3, 4);
char const *format_cut_list(char *to, size_t size, char const *text, va_list arguments) FORMAT_CHECKED(3, 0);

void format_to(struct format_sink *sink, char const *text, ...) FORMAT_CHECKED(2, 3);
void format_to_list(struct format_sink *sink, char const *text, va_list arguments) FORMAT_CHECKED(2, 0);
