/* SPDX-License-Identifier: MIT */
/*
 * The indexer: tags and the document. An element is written to the array when its name has been read, and completed by
 * its end tag. `open` is the stack of the elements around the place; `last` holds the latest child of each, to which the
 * next one is linked as its sibling. The stack is as deep as documents may be, so nothing recurses.
 */
#include <base/assert.h>
#include "xml_scan.h"

static_assert(sizeof(struct xml_node) == 32, "an element costs 32 bytes");

/* --- Attributes and tags --- */

static enum status check_value(struct xml_scan *scan)
{
	char const *start = scan->at;
	size_t      decoded = 0;
	enum status status = STATUS_OK;
	char        quote;

	if (!xml_sees_byte(scan, '"') && !xml_sees_byte(scan, '\''))
		return xml_fail(scan, STATUS_INVALID, start, "a value in quotes");
	quote = *scan->at++;
	while (!status && !xml_sees_byte(scan, quote)) {
		char const *from = scan->at;
		uint32_t    code;
		char        utf8[4];

		if (scan->at == scan->end || *scan->at == '<')
			return xml_fail(scan, STATUS_INVALID, scan->at, "%c at the end of the value", quote);
		if (*scan->at == '&') {
			status = xml_check_reference(scan, &code);
			decoded += status ? 0 : xml_encode(code, utf8);
		} else {
			status = xml_skip(scan, "\r\n") ? STATUS_OK : xml_check_char(scan);
			decoded += *from == '\r' ? 1 : (size_t)(scan->at - from);
		}
	}
	if (!status && decoded > XML_VALUE_MAX)
		return xml_fail(scan, STATUS_TOO_LONG, start, "a value of at most %u bytes", XML_VALUE_MAX);
	scan->at += !status;
	return status;
}

static enum status check_attribute(struct xml_scan *scan, size_t number)
{
	char const *name = scan->at;
	enum status status;
	size_t      size;

	status = xml_check_name(scan, "an attribute, > or />", &size);
	if (status)
		return status;
	for (size_t i = 0; i < number; i++) {
		if (scan->attribute_sizes[i] == size && memcmp(scan->attributes[i], name, size) == 0)
			return xml_fail(scan, STATUS_INVALID, name, "an attribute that this tag does not have yet");
	}
	if (number == XML_ATTRIBUTES_MAX)
		return xml_fail(scan, STATUS_TOO_LONG, name, "at most %u attributes", XML_ATTRIBUTES_MAX);
	scan->attributes[number] = name;
	scan->attribute_sizes[number] = (uint8_t)size;
	xml_skip_blanks(scan);
	if (!xml_skip(scan, "="))
		return xml_fail(scan, STATUS_INVALID, scan->at, "=");
	xml_skip_blanks(scan);
	return check_value(scan);
}

/* From behind the name of a start tag to its > or />, which is left. */
static enum status check_attributes(struct xml_scan *scan)
{
	enum status status = STATUS_OK;

	for (size_t number = 0; !status; number++) {
		bool blank = xml_skip_blanks(scan);
		if (xml_sees_byte(scan, '>') || xml_sees(scan, "/>"))
			return STATUS_OK;
		if (!blank)
			return xml_fail(scan, STATUS_INVALID, scan->at, "a blank, > or />");
		status = check_attribute(scan, number);
	}
	return status;
}

/* Enters the element that starts at `start` into the array and makes it the latest child of the one around it. */
static struct xml_node *add_node(struct xml_scan *scan, char const *start, size_t name_size)
{
	uint16_t const   index = (uint16_t)scan->count++;
	struct xml_node *node  = &scan->nodes[index];

	xml_count_lines(scan, start);
	*node = (struct xml_node) {
		.start     = (uint32_t)(start - scan->text),
		.line      = scan->line,
		.origin    = scan->origin ? (uint32_t)(scan->origin - scan->text) : 0,
		.name_size = (uint8_t)name_size,
	};
	if (scan->depth) {
		unsigned const around = scan->depth - 1;
		uint16_t const last   = scan->last[around];

		node->parent = (uint16_t)(index - scan->open[around]);
		if (last == scan->open[around])
			scan->nodes[last].has_child = true;
		else
			scan->nodes[last].next = (uint16_t)(index - last);
		scan->last[around] = index;
	}
	return node;
}

static enum status check_start_tag(struct xml_scan *scan)
{
	char const      *start = scan->at++;
	struct xml_node *node;
	enum status      status;
	size_t           name_size;

	status = xml_check_name(scan, "the name of an element", &name_size);
	if (status)
		return status;
	if (scan->count == scan->max)
		return xml_fail(scan, STATUS_TOO_LONG, start, "at most %zu elements", scan->max);
	if (scan->depth == XML_DEPTH_MAX)
		return xml_fail(scan, STATUS_TOO_LONG, start, "at most %u elements around each other", XML_DEPTH_MAX);
	node = add_node(scan, start, name_size);
	status = check_attributes(scan);
	if (status)
		return status;
	scan->root_seen = true;
	if (xml_skip(scan, "/>")) {
		node->end = node->content = node->content_end = (uint32_t)(scan->at - scan->text);
		return STATUS_OK;
	}
	scan->at++;
	node->content = (uint32_t)(scan->at - scan->text);
	scan->open[scan->depth] = scan->last[scan->depth] = (uint16_t)(node - scan->nodes);
	scan->depth++;
	return STATUS_OK;
}

static enum status check_end_tag(struct xml_scan *scan)
{
	char const      *start = scan->at;
	struct xml_node *node  = &scan->nodes[scan->open[scan->depth - 1]];
	char const      *name  = scan->text + node->start + 1;

	scan->at += strlen("</");
	if (xml_name_length(scan->at, scan->end) != node->name_size || memcmp(scan->at, name, node->name_size) != 0)
		return xml_fail(scan, STATUS_INVALID, start, "</%.*s>", (int)node->name_size, name);
	scan->at += node->name_size;
	xml_skip_blanks(scan);
	if (!xml_skip(scan, ">"))
		return xml_fail(scan, STATUS_INVALID, scan->at, "> after </%.*s", (int)node->name_size, name);
	node->content_end = (uint32_t)(start - scan->text);
	node->end = (uint32_t)(scan->at - scan->text);
	scan->depth--;
	return STATUS_OK;
}

/* --- The document --- */

/* Text within an element, up to the next tag. */
static enum status check_text(struct xml_scan *scan)
{
	enum status status = STATUS_OK;
	uint32_t    code;

	while (!status && scan->at < scan->end && *scan->at != '<') {
		if (*scan->at == ']' && xml_sees(scan, "]]>"))
			return xml_fail(scan, STATUS_INVALID, scan->at, "]]&gt; in place of ]]>");
		status = *scan->at == '&' ? xml_check_reference(scan, &code) : xml_check_char(scan);
	}
	return status;
}

/* What begins with <. */
static enum status check_markup(struct xml_scan *scan)
{
	if (xml_sees(scan, "<!--"))
		return xml_check_comment(scan);
	if (xml_sees(scan, "<?"))
		return xml_check_instruction(scan);
	if (xml_sees(scan, "<![CDATA[") && scan->depth) {
		scan->at += strlen("<![CDATA[");
		return xml_check_until(scan, "]]>");
	}
	if (xml_sees(scan, "</") && scan->depth)
		return check_end_tag(scan);
	if (xml_sees(scan, "<!DOCTYPE") && !scan->root_seen)
		return xml_fail(scan, STATUS_UNSUPPORTED, scan->at, "an element (there is no DOCTYPE here)");
	if (!scan->depth && scan->root_seen)
		return xml_fail(scan, STATUS_INVALID, scan->at, "nothing behind the first element");
	if (xml_sees(scan, "</"))
		return xml_fail(scan, STATUS_INVALID, scan->at, "an element");
	return check_start_tag(scan);
}

static enum status check_document(struct xml_scan *scan)
{
	enum status status = STATUS_OK;

	if (xml_sees(scan, "\xfe\xff") || xml_sees(scan, "\xff\xfe"))
		return xml_fail(scan, STATUS_UNSUPPORTED, scan->at, "encoding UTF-8");
	if (xml_skip(scan, "\xef\xbb\xbf"))    /* the byte order mark, which takes no column */
		scan->counted = scan->line_start = scan->at;
	if (xml_sees(scan, "<?xml") && scan->end - scan->at > 5 && xml_is_blank(scan->at[5]))
		status = xml_check_declaration(scan);
	while (!status && scan->at < scan->end) {
		if (*scan->at == '<')
			status = check_markup(scan);
		else if (scan->depth)
			status = check_text(scan);
		else if (!xml_skip_blanks(scan))
			return xml_fail(scan, STATUS_INVALID, scan->at, "%s", scan->root_seen ? "nothing behind the first element" : "an element");
	}
	if (status)
		return status;
	if (scan->depth) {
		struct xml_node const *node = &scan->nodes[scan->open[scan->depth - 1]];
		return xml_fail(scan, STATUS_INVALID, scan->at, "</%.*s>", (int)node->name_size, scan->text + node->start + 1);
	}
	return scan->root_seen ? STATUS_OK : xml_fail(scan, STATUS_INVALID, scan->at, "an element");
}

enum status xml_index(char const *text, size_t size, struct xml_node nodes[], size_t max, size_t *count, struct xml_error *error)
{
	struct xml_scan scan = {
		.text = text, .end = text + MIN(size, (size_t)XML_SIZE_MAX), .at = text, .counted = text, .line_start = text, .line = 1,
		.nodes = nodes, .max = MIN(max, (size_t)XML_NODES_MAX), .error = error,
	};
	enum status status;

	if (size > XML_SIZE_MAX)
		return xml_fail(&scan, STATUS_TOO_LONG, scan.end, "at most %u bytes", XML_SIZE_MAX);
	status = check_document(&scan);
	if (!status)
		*count = scan.count;
	return status;
}

size_t xml_nodes_needed(char const *text, size_t size)
{
	size_t needed = 0;

	for (size_t i = 0; i + 1 < size && needed < XML_NODES_MAX; i++)
		needed += text[i] == '<' && xml_is_name_start(text[i + 1]);
	return needed;
}

char const *xml_error_text(struct xml_error const *error, char *to, size_t size)
{
	return format_cut(to, size, "%s%s%u:%u: expected %s, found %s", error->file, error->file[0] ? ":" : "", error->line,
	                  error->column, error->expected, error->found);
}
