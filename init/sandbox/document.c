/* SPDX-License-Identifier: MIT */
/* Reading the elements of a configuration strictly. Messages quote at most the beginning of a bad value. */
#include "document.h"
#include <base/string.h>

enum { MESSAGE_SIZE = 400, QUOTE = 40 };

/* --- Places --- */

struct position document_place(struct node node)
{
	return (struct position) { node_line(node), node_column(node) };
}

static bool find(struct node node, char const *name, struct node_attribute *attribute)
{
	*attribute = (struct node_attribute) { .name = NULL };
	while (node_next_attribute(node, attribute)) {
		if (string_equal_slice(attribute->name, attribute->name_size, name))
			return true;
	}
	return false;
}

/* Counts on from the element's place to `to`, a place in its start tag. */
static struct position place_within(struct node node, char const *to)
{
	struct position at   = document_place(node);
	size_t          size;

	for (char const *c = node_raw(node, &size); c < to; c++) {
		bool line_ends = *c == '\n' || (*c == '\r' && c[1] != '\n');

		if (line_ends)
			at = (struct position) { at.line + 1, 1 };
		else if ((*c & 0xc0) != 0x80)    /* not in the middle of a character */
			at.column++;
	}
	return at;
}

struct position document_attribute_place(struct node node, char const *name)
{
	struct node_attribute attribute;

	return find(node, name, &attribute) ? place_within(node, attribute.name) : document_place(node);
}

/* --- Messages --- */

static void report(struct document *document, bool is_error, struct position at, char const *text, va_list arguments)
{
	char message[MESSAGE_SIZE];

	format_cut_list(message, sizeof(message), text, arguments);
	document->reporter->report(document->reporter, is_error, at, message);
}

void document_error(struct document *document, struct position at, char const *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	report(document, true, at, text, arguments);
	va_end(arguments);
}

void document_warning(struct document *document, struct position at, char const *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	report(document, false, at, text, arguments);
	va_end(arguments);
}

/* --- Names --- */

static bool is_in(char const *const *names, char const *name, size_t size)
{
	if (!names)
		return true;
	for (; *names; names++) {
		if (string_equal_slice(name, size, *names))
			return true;
	}
	return false;
}

/* The list as text: "name, ram or caps". */
static char const *list_text(char const *const *names, char *text, size_t size)
{
	size_t used = 0;

	text[0] = 0;
	if (!*names)
		return "nothing";
	for (unsigned i = 0; names[i]; i++) {
		format_cut(text + used, size - used, "%s%s", i ? names[i + 1] ? ", " : " or " : "", names[i]);
		used = strlen(text);
	}
	return text;
}

void document_check(struct document *document, struct node node, struct element const *element)
{
	char                  name[NODE_NAME_SIZE], child_name[NODE_NAME_SIZE], known[240];
	struct node_attribute attribute = { .name = NULL };

	while (node_next_attribute(node, &attribute)) {
		if (!is_in(element->attributes, attribute.name, attribute.name_size))
			document_warning(document, place_within(node, attribute.name), "<%s> has an unknown attribute \"%.*s\", which is ignored; expected %s",
			                 node_name(node, name), (int)attribute.name_size, attribute.name, list_text(element->attributes, known, sizeof(known)));
	}
	node_for_each (child, node, NULL) {
		node_name(child, child_name);
		if (!is_in(element->children, child_name, strlen(child_name)))
			document_warning(document, document_place(child), "unknown element <%s> in <%s>, which is ignored; expected %s", child_name,
			                 node_name(node, name), list_text(element->children, known, sizeof(known)));
	}
}

/* --- Values --- */

bool document_string(struct document *document, struct node node, char const *name, size_t size, char const **value)
{
	char                  text[LABEL_SIZE], element[NODE_NAME_SIZE];
	struct node_attribute attribute;

	*value = NULL;
	if (!find(node, name, &attribute))
		return true;
	if (node_attribute_value(&attribute, text, MIN(size, sizeof(text))) != STATUS_OK) {
		document_error(document, place_within(node, attribute.name), "<%s %s=\"%.*s...\"> is too long; expected at most %zu bytes",
		               node_name(node, element), name, (int)MIN(attribute.value_size, (size_t)QUOTE), attribute.value, MIN(size, sizeof(text)) - 1);
		return false;
	}
	*value = arena_text(document->arena, text, strlen(text));
	if (!*value)
		document->out_of_memory = true;
	return *value != NULL;
}

bool document_name(struct document *document, struct node node, char const *name, size_t size, char const **value)
{
	char element[NODE_NAME_SIZE];

	if (!document_string(document, node, name, size, value))
		return false;
	if (*value && **value)
		return true;
	document_error(document, document_attribute_place(node, name), "<%s> has %s attribute \"%s\"; expected %s=\"...\"", node_name(node, element),
	               *value ? "an empty" : "no", name, name);
	return false;
}

static char const *range_text(struct document_range range, char *text, size_t size)
{
	if (range.max == UINT64_MAX)
		return format_cut(text, size, "%s of at least %lu%s", range.is_bytes ? "a size" : "a number", range.min,
		                  range.is_bytes ? ", like 64K, 1M or 1G" : "");
	return format_cut(text, size, "%s from %lu to %lu", range.is_bytes ? "a size" : range.is_percent ? "a percentage" : "a number", range.min,
	                  range.max);
}

static enum status parse(char const *text, struct document_range range, uint64_t *number)
{
	size_t length = strlen(text);

	if (range.is_level && *text == '-')
		text++, length--;
	if (range.is_percent && length && text[length - 1] == '%')
		length--;
	return (range.is_bytes ? string_parse_bytes : string_parse_u64)(text, length, number);
}

bool document_number(struct document *document, struct node node, char const *name, struct document_range range, uint64_t *value)
{
	char                  text[32], element[NODE_NAME_SIZE], expected[80];
	struct node_attribute attribute;
	uint64_t              number;
	enum status           status;

	if (!find(node, name, &attribute))
		return true;
	status = node_attribute_value(&attribute, text, sizeof(text));
	if (status == STATUS_OK)
		status = parse(text, range, &number);
	if (status == STATUS_OK && number >= range.min && number <= range.max) {
		*value = number;
		return true;
	}
	document_error(document, place_within(node, attribute.name), "<%s %s=\"%.*s\">: expected %s", node_name(node, element), name,
	               (int)MIN(attribute.value_size, (size_t)QUOTE), attribute.value, range_text(range, expected, sizeof(expected)));
	return false;
}

bool document_bool(struct document *document, struct node node, char const *name, bool *value)
{
	bool is_true  = node_attribute_is(node, name, "yes") || node_attribute_is(node, name, "true");
	bool is_false = node_attribute_is(node, name, "no") || node_attribute_is(node, name, "false");
	char element[NODE_NAME_SIZE];

	if (is_true || is_false || !node_has_attribute(node, name)) {
		*value = is_true || (*value && !is_false);
		return true;
	}
	document_error(document, document_attribute_place(node, name), "<%s %s=...>: expected yes or no", node_name(node, element), name);
	return false;
}
