/* SPDX-License-Identifier: MIT */
/* Text made piece by piece; see text.h. */
#include "text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 512 };

struct text *text_create(size_t limit)
{
	struct text *text = calloc(1, sizeof(*text));

	if (text) {
		text->holders = 1;
		text->limit = limit;
	}
	return text;
}

struct text *text_hold(struct text *text)
{
	text->holders++;
	return text;
}

void text_drop(struct text *text)
{
	if (!text || --text->holders)
		return;
	free(text->data);
	free(text);
}

/* Makes room for so much more; false: there is none. */
static bool reserve(struct text *text, size_t more)
{
	size_t room = text->room ? text->room : FIRST_ROOM;
	char  *data;

	if (text->is_cut || more > text->limit - text->size) {
		text->is_cut = true;
		return false;
	}
	while (room < text->size + more)
		room *= 2;
	if (room == text->room)
		return true;
	data = realloc(text->data, room);
	if (!data) {
		text->is_cut = true;
		return false;
	}
	text->data = data;
	text->room = room;
	return true;
}

void text_add(struct text *text, char const *data, size_t size)
{
	if (!size || !reserve(text, size))
		return;
	memcpy(text->data + text->size, data, size);
	text->size += size;
}

void text_put(struct text *text, char const *string)
{
	text_add(text, string, strlen(string));
}

void text_format(struct text *text, char const *format, ...)
{
	char    piece[1024];
	va_list arguments;
	int     size;

	va_start(arguments, format);
	size = vsnprintf(piece, sizeof(piece), format, arguments);
	va_end(arguments);
	if (size < 0 || (size_t)size >= sizeof(piece))
		text->is_cut = true;
	else
		text_add(text, piece, (size_t)size);
}

/* Bytes of the well-formed UTF-8 sequence that begins there (RFC 3629, section 4); 0: none does. */
static size_t sequence(unsigned char const *at)
{
	size_t   size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
	unsigned low = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80, high = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;

	for (size_t i = 1; i < size; i++) {
		if (at[i] < (i == 1 ? low : 0x80) || at[i] > (i == 1 ? high : 0xbf))
			return 0;
	}
	return size;
}

void text_json(struct text *text, char const *string)
{
	unsigned char const *at = (unsigned char const *)string;

	text_put(text, "\"");
	while (*at) {
		size_t const size = sequence(at);

		if (*at == '"' || *at == '\\')
			text_format(text, "\\%c", *at);
		else if (*at < 0x20 || *at == 0x7f)
			text_format(text, "\\u%04x", *at);
		else if (size)
			text_add(text, (char const *)at, size);
		else
			text_put(text, "\\ufffd");
		at += size ? size : 1;
	}
	text_put(text, "\"");
}
