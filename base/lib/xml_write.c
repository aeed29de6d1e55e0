/* SPDX-License-Identifier: MIT */
/*
 * The XML writer. All bytes go through `put`, which counts always and stores while there is room.
 */
#include <base/xml_write.h>
#include <base/assert.h>
#include <base/string.h>
#include "xml_text.h"

static void put(struct xml_writer *writer, char const *text, size_t size)
{
	size_t const room = writer->used < writer->size ? writer->size - writer->used : 0;

	if (size && size <= room)
		memcpy(writer->to + writer->used, text, size);
	writer->used += size;
}

static void put_text(struct xml_writer *writer, char const *text)
{
	put(writer, text, strlen(text));
}

/* White space survives in attributes, and a carriage return anywhere, only as a reference. */
static char const *escape_of(char c, bool attribute)
{
	switch (c) {
	case '<':  return "&lt;";
	case '>':  return "&gt;";
	case '&':  return "&amp;";
	case '"':  return attribute ? "&quot;" : NULL;
	case '\t': return attribute ? "&#9;" : NULL;
	case '\n': return attribute ? "&#10;" : NULL;
	case '\r': return "&#13;";
	default:   return NULL;
	}
}

/* Returns how many bytes the text has for who reads the document. */
static size_t put_escaped(struct xml_writer *writer, char const *text, size_t size, bool attribute)
{
	static char const replacement[] = "\xef\xbf\xbd";
	char const *const end = text + size;
	size_t            read = 0;

	while (text < end) {
		size_t const length = xml_char_length(text, end);
		char const  *escape = length ? escape_of(*text, attribute) : replacement;

		if (escape)
			put_text(writer, escape);
		else
			put(writer, text, length);
		read += length ? length : strlen(replacement);
		text += length ? length : 1;
	}
	return read;
}

static void assert_name(char const *name)
{
	size_t length = strlen(name);

	assert(length <= XML_NAME_MAX && xml_name_length(name, name + length) == length && length > 0);
}

/* What follows is content of the open element. */
static void close_tag(struct xml_writer *writer)
{
	if (writer->tag_open)
		put_text(writer, ">");
	writer->tag_open = false;
}

/* The bit in `mixed` of the element that is open. */
static uint64_t level(struct xml_writer const *writer)
{
	return UINT64_C(1) << writer->depth;
}

static void new_line(struct xml_writer *writer, unsigned tabs)
{
	if (writer->mixed & level(writer))
		return;
	if (writer->used)
		put_text(writer, "\n");
	for (unsigned i = 0; i < tabs; i++)
		put_text(writer, "\t");
}

void xml_write_init(struct xml_writer *writer, char *to, size_t size)
{
	*writer = (struct xml_writer) { .to = to, .size = size };
}

void xml_begin(struct xml_writer *writer, char const *name)
{
	assert_name(name);
	assert(writer->depth < XML_DEPTH_MAX && (writer->depth || !writer->root_seen));
	close_tag(writer);
	new_line(writer, writer->depth);
	put_text(writer, "<");
	put_text(writer, name);
	writer->open[writer->depth++] = name;
	writer->tag_open = writer->root_seen = true;
	writer->mixed &= ~level(writer);
}

void xml_end(struct xml_writer *writer)
{
	assert(writer->depth);
	if (writer->tag_open) {
		put_text(writer, "/>");
	} else {
		new_line(writer, writer->depth - 1);
		put_text(writer, "</");
		put_text(writer, writer->open[writer->depth - 1]);
		put_text(writer, ">");
	}
	writer->depth--;
	writer->tag_open = false;
}

void xml_attr(struct xml_writer *writer, char const *name, char const *value)
{
	assert_name(name);
	assert(writer->tag_open);
	put_text(writer, " ");
	put_text(writer, name);
	put_text(writer, "=\"");
	if (put_escaped(writer, value, strlen(value), true) > XML_VALUE_MAX)
		writer->status = STATUS_TOO_LONG;
	put_text(writer, "\"");
}

void xml_attr_u64(struct xml_writer *writer, char const *name, uint64_t value)
{
	xml_attr_format(writer, name, "%lu", value);
}

void xml_attr_bool(struct xml_writer *writer, char const *name, bool value)
{
	xml_attr(writer, name, value ? "yes" : "no");
}

void xml_attr_format(struct xml_writer *writer, char const *name, char const *text, ...)
{
	char    value[256];
	va_list arguments;

	va_start(arguments, text);
	if (format_list(value, sizeof(value), text, arguments) != STATUS_OK)
		writer->status = STATUS_TOO_LONG;
	va_end(arguments);
	xml_attr(writer, name, value);
}

void xml_text_slice(struct xml_writer *writer, char const *text, size_t size)
{
	assert(writer->depth);
	if (!size)
		return;
	close_tag(writer);
	put_escaped(writer, text, size, false);
	writer->mixed |= level(writer);
}

void xml_text(struct xml_writer *writer, char const *text)
{
	xml_text_slice(writer, text, strlen(text));
}

void xml_raw(struct xml_writer *writer, char const *text, size_t size)
{
	assert(writer->depth || !writer->root_seen);
	close_tag(writer);
	new_line(writer, writer->depth);
	put(writer, text, size);
	writer->root_seen = true;
}

enum status xml_finish(struct xml_writer *writer, size_t *size)
{
	assert(!writer->depth && writer->root_seen);
	put_text(writer, "\n");
	*size = writer->used;
	if (writer->status || writer->used > XML_SIZE_MAX)
		return STATUS_TOO_LONG;
	return writer->used > writer->size ? STATUS_OVERFLOW : STATUS_OK;
}
