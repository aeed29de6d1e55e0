/* SPDX-License-Identifier: MIT */
/*
 * Nodes: attributes and text are read from the document each time they are asked for. The document has been checked, so
 * the little parsers here only find their way, and every loop ends at the `end` of the node at the latest.
 */
#include <base/node.h>
#include <base/assert.h>
#include <base/format.h>
#include <base/string.h>
#include "xml_text.h"

void (*node_complain)(char const *text);

static char const *name_of(struct node node)
{
	return node.text + node.at->start + 1;
}

/* --- Walking --- */

bool node_is(struct node node, char const *name)
{
	return node_exists(node) && string_equal_slice(name_of(node), node.at->name_size, name);
}

/* The node itself or the first sibling behind it with this name. */
static struct node seek(struct node node, char const *name)
{
	while (node_exists(node) && name && !node_is(node, name))
		node.at = node.at->next ? node.at + node.at->next : NULL;
	return node;
}

struct node node_child(struct node node, char const *name)
{
	if (!node_exists(node) || !node.at->has_child)
		return node_none();
	node.at++;
	return seek(node, name);
}

struct node node_next(struct node node, char const *name)
{
	if (!node_exists(node) || !node.at->next)
		return node_none();
	node.at += node.at->next;
	return seek(node, name);
}

struct node node_parent(struct node node)
{
	if (!node_exists(node) || !node.at->parent)
		return node_none();
	node.at -= node.at->parent;
	return node;
}

char const *node_name(struct node node, char name[static NODE_NAME_SIZE])
{
	name[0] = 0;
	if (node_exists(node)) {
		enum status status = string_copy_slice(name, NODE_NAME_SIZE, name_of(node), node.at->name_size);
		assert(!status);
	}
	return name;
}

/* --- Attributes --- */

bool node_next_attribute(struct node node, struct node_attribute *attribute)
{
	char const *at, *end;

	if (!node_exists(node))
		return false;
	end = node.text + node.at->content;
	at = attribute->name ? attribute->value + attribute->value_size + 1 : name_of(node) + node.at->name_size;
	at += xml_blanks_length(at, end);
	attribute->name_size = xml_name_length(at, end);
	if (!attribute->name_size)
		return false;
	attribute->name = at;
	at += attribute->name_size;
	at += xml_blanks_length(at, end) + 1;    /* = */
	at += xml_blanks_length(at, end);
	attribute->value = at + 1;
	for (attribute->value_size = 0; attribute->value[attribute->value_size] != *at; )
		attribute->value_size++;
	return true;
}

static bool find_attribute(struct node node, char const *name, struct node_attribute *attribute)
{
	*attribute = (struct node_attribute) { .name = NULL };
	while (node_next_attribute(node, attribute)) {
		if (string_equal_slice(attribute->name, attribute->name_size, name))
			return true;
	}
	return false;
}

bool node_has_attribute(struct node node, char const *name)
{
	struct node_attribute attribute;

	return find_attribute(node, name, &attribute);
}

/* Decoded text on its way to a buffer; counts on when that is full. */
struct output {
	char  *to;
	size_t size, used;
};

static void output(struct output *output, char const *from, char const *end, enum xml_form form)
{
	char piece[4];

	while (from < end) {
		size_t length = xml_decode(&from, end, form, piece);
		if (output->used < output->size && length <= output->size - output->used)
			memcpy(output->to + output->used, piece, length);
		output->used += length;
	}
}

static enum status output_end(struct output *output)
{
	bool fits = output->used < output->size;

	if (output->size)
		output->to[fits ? output->used : 0] = 0;
	return fits ? STATUS_OK : STATUS_TOO_LONG;
}

enum status node_attribute_value(struct node_attribute const *attribute, char *to, size_t size)
{
	struct output out = { .to = to, .size = size };

	output(&out, attribute->value, attribute->value + attribute->value_size, XML_FORM_ATTRIBUTE);
	return output_end(&out);
}

bool node_attribute_is(struct node node, char const *name, char const *value)
{
	struct node_attribute attribute;
	char const           *at, *end;
	char                  piece[4];

	if (!find_attribute(node, name, &attribute))
		return false;
	end = attribute.value + attribute.value_size;
	for (at = attribute.value; at < end; ) {
		size_t length = xml_decode(&at, end, XML_FORM_ATTRIBUTE, piece);
		for (size_t i = 0; i < length; i++, value++) {
			if (*value != piece[i])
				return false;
		}
	}
	return !*value;
}

/* --- Values, and complaints about them --- */

/* The longest text that can be a number; longer ones are none. */
enum { NUMBER_SIZE = 64 };

FORMAT_CHECKED(3, 4)
static void complain(struct node node, struct node_attribute const *attribute, char const *expected, ...)
{
	char          file[NODE_FILE_SIZE], right[112], text[384], value[41];
	struct output shown = { .to = value, .size = sizeof(value) - 1 };
	va_list       arguments;

	if (!node_complain)
		return;
	output(&shown, attribute->value, attribute->value + attribute->value_size, XML_FORM_ATTRIBUTE);
	value[MIN(shown.used, shown.size)] = 0;
	va_start(arguments, expected);
	format_cut_list(right, sizeof(right), expected, arguments);
	va_end(arguments);
	format_cut(text, sizeof(text), "%s:%u: <%.*s %.*s=\"%s%s\">: expected %s", node_file(node, file), node_line(node),
	           (int)node.at->name_size, name_of(node), (int)attribute->name_size, attribute->name, value,
	           shown.used > shown.size ? "..." : "", right);
	node_complain(text);
}

/* Decodes an attribute that should be short. False: it is not there. An overlong one becomes "", which is no number. */
static bool short_value(struct node node, char const *name, struct node_attribute *attribute, char value[static NUMBER_SIZE])
{
	if (!find_attribute(node, name, attribute))
		return false;
	if (node_attribute_value(attribute, value, NUMBER_SIZE) != STATUS_OK)
		value[0] = 0;
	return true;
}

uint64_t node_u64(struct node node, char const *name, uint64_t otherwise, uint64_t min, uint64_t max)
{
	struct node_attribute attribute;
	char                  value[NUMBER_SIZE];
	uint64_t              number;

	if (!short_value(node, name, &attribute, value))
		return otherwise;
	if (string_parse_range(value, strlen(value), min, max, &number) == STATUS_OK)
		return number;
	complain(node, &attribute, "a number from %lu to %lu, %lu holds", min, max, otherwise);
	return otherwise;
}

/* An optional minus sign and a number within int64_t. */
static bool parse_signed(char const *value, int64_t *number)
{
	bool const negative = value[0] == '-';
	uint64_t   magnitude;

	value += negative;
	if (string_parse_range(value, strlen(value), 0, (uint64_t)INT64_MAX + negative, &magnitude) != STATUS_OK)
		return false;
	*number = (int64_t)(negative ? 0 - magnitude : magnitude);
	return true;
}

int64_t node_i64(struct node node, char const *name, int64_t otherwise, int64_t min, int64_t max)
{
	struct node_attribute attribute;
	char                  value[NUMBER_SIZE];
	int64_t               number;

	if (!short_value(node, name, &attribute, value))
		return otherwise;
	if (parse_signed(value, &number) && number >= min && number <= max)
		return number;
	complain(node, &attribute, "a number from %ld to %ld, %ld holds", min, max, otherwise);
	return otherwise;
}

uint64_t node_bytes(struct node node, char const *name, uint64_t otherwise, uint64_t min, uint64_t max)
{
	struct node_attribute attribute;
	char                  value[NUMBER_SIZE];
	uint64_t              number;

	if (!short_value(node, name, &attribute, value))
		return otherwise;
	if (string_parse_bytes(value, strlen(value), &number) == STATUS_OK && number >= min && number <= max)
		return number;
	complain(node, &attribute, "a size from %lu to %lu bytes (K, M, G may follow), %lu holds", min, max, otherwise);
	return otherwise;
}

bool node_bool(struct node node, char const *name, bool otherwise)
{
	struct node_attribute attribute;
	char                  value[NUMBER_SIZE];

	if (!short_value(node, name, &attribute, value))
		return otherwise;
	if (string_equal(value, "yes") || string_equal(value, "true"))
		return true;
	if (string_equal(value, "no") || string_equal(value, "false"))
		return false;
	complain(node, &attribute, "yes or no, %s holds", otherwise ? "yes" : "no");
	return otherwise;
}

enum status node_string(struct node node, char const *name, char const *otherwise, char *to, size_t size)
{
	struct node_attribute attribute;
	bool                  there    = find_attribute(node, name, &attribute);
	enum status           status   = there ? node_attribute_value(&attribute, to, size) : STATUS_OK;
	enum status           fallback = STATUS_OK;

	if (status)
		complain(node, &attribute, "at most %zu bytes", size ? size - 1 : 0);
	if (status || !there)
		fallback = string_copy(to, size, otherwise);
	assert(!fallback);
	return status;
}

/* --- Text --- */

/* The length of what begins with < at `at` and is no element: to the end of a comment or instruction. */
static size_t skip_to(char const *at, char const *mark)
{
	return (size_t)(string_find_text(at, mark) - at) + strlen(mark);
}

/* Goes through what is between the tags, leaving out the children, which `children` steps through. */
static void output_text(struct node node, struct output *out)
{
	struct node child = node_child(node, NULL);
	char const *at    = node.text + node.at->content, *end = node.text + node.at->content_end;

	while (at < end) {
		char const *start = at;
		if (*at != '<') {
			while (at < end && *at != '<')
				at++;
			output(out, start, at, XML_FORM_TEXT);
		} else if (at[1] == '?') {
			at += skip_to(at, "?>");
		} else if (string_starts_with(at, "<!--")) {
			at += strlen("<!--");
			at += skip_to(at, "-->");
		} else if (at[1] == '!') {
			at += skip_to(at, "]]>");
			output(out, start + strlen("<![CDATA["), at - strlen("]]>"), XML_FORM_CDATA);
		} else {
			at = node.text + child.at->end;
			child = node_next(child, NULL);
		}
	}
}

enum status node_text(struct node node, char *to, size_t size)
{
	struct output out = { .to = to, .size = size };

	if (node_exists(node))
		output_text(node, &out);
	return output_end(&out);
}

size_t node_text_size(struct node node)
{
	struct output out = { .to = NULL };

	if (node_exists(node))
		output_text(node, &out);
	return out.used + 1;
}

char const *node_raw(struct node node, size_t *size)
{
	*size = node_exists(node) ? node.at->end - node.at->start : 0;
	return node_exists(node) ? node.text + node.at->start : "";
}

char const *node_content(struct node node, size_t *size)
{
	*size = node_exists(node) ? node.at->content_end - node.at->content : 0;
	return node_exists(node) ? node.text + node.at->content : "";
}

/* --- Where it stands --- */

unsigned node_line(struct node node)
{
	return node_exists(node) ? node.at->line : 0;
}

/* Where the line of a node begins: behind a line end, the origin's instruction or the byte order mark. */
static char const *line_start(struct node node)
{
	char const *start = node.text + node.at->start, *first = node.text;

	if (node.at->origin)
		first = node.text + node.at->origin + skip_to(node.text + node.at->origin, "?>");
	else if (string_starts_with(node.text, "\xef\xbb\xbf"))
		first += 3;
	while (start > first && start[-1] != '\n' && start[-1] != '\r')
		start--;
	return start;
}

unsigned node_column(struct node node)
{
	unsigned column = 1;

	if (!node_exists(node))
		return 0;
	for (char const *at = line_start(node); at < node.text + node.at->start; at++)
		column += (*at & 0xc0) != 0x80;
	return column;
}

char const *node_file(struct node node, char file[static NODE_FILE_SIZE])
{
	char const *name = "config";
	size_t      size = strlen(name);

	if (node_exists(node) && node.at->origin) {
		name = node.text + node.at->origin;
		size = (size_t)(string_find_text(name, "?>") - name);
		while (name[--size] != ' ') { }    /* the line number is the last word */
	}

	enum status status = string_copy_slice(file, NODE_FILE_SIZE, name, size);
	assert(!status);
	return file;
}

enum status node_cut(struct node node, char *to, size_t size, size_t *needed)
{
	char        origin[NODE_FILE_SIZE + 32], file[NODE_FILE_SIZE];
	size_t      length, head, blanks;
	char const *raw    = node_raw(node, &length);
	enum status status = format(origin, sizeof(origin), "<?origin %s %u?>", node_file(node, file), node_line(node));

	assert(node_exists(node) && !status);
	head = strlen(origin);
	blanks = node_column(node) - 1;
	*needed = head + blanks + length;
	if (*needed > size)
		return STATUS_TOO_LONG;
	memcpy(to, origin, head);
	memset(to + head, ' ', blanks);
	memcpy(to + head + blanks, raw, length);
	return STATUS_OK;
}
