/* SPDX-License-Identifier: MIT */
/*
 * Text that is made piece by piece, up to a limit, and then read by several: an answer, a document for all who look at the page. It is counted
 * how many hold it; the last one who drops it frees it.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	unsigned holders;
	size_t   size, room;      /* room: what data has */
	size_t   limit;           /* what it may have; what goes beyond is left out, and is_cut */
	bool     is_cut;          /* also if there is no memory */
	char    *data;            /* no terminator */
};

/* An empty text with one holder; NULL: there is no memory. */
struct text *text_create(size_t limit);
struct text *text_hold(struct text *text);
void         text_drop(struct text *text);    /* NULL is fine */

void text_add(struct text *text, char const *data, size_t size);
void text_put(struct text *text, char const *string);
void text_format(struct text *text, char const *format, ...) __attribute__((format(printf, 2, 3)));

/* As a JSON string, with its quotes (RFC 8259, section 7). What is not UTF-8 becomes U+FFFD. */
void text_json(struct text *text, char const *string);
