/* SPDX-License-Identifier: MIT */
/*
 * The small steps of the XML indexer: lines, errors, names, characters.
 */
#include "xml_scan.h"

void xml_count_lines(struct xml_scan *scan, char const *to)
{
	for (; scan->counted < to; scan->counted++) {
		char const *next = scan->counted + 1;
		if (*scan->counted == '\n' || (*scan->counted == '\r' && (next == scan->end || *next != '\n'))) {
			scan->line++;
			scan->line_start = next;
		}
	}
}

/* What stands at `at`, for people: a character, a whole name, or a tag or reference up to the end of its name. */
static void describe(struct xml_scan const *scan, char const *at, char *to, size_t size)
{
	size_t length = at < scan->end ? xml_char_length(at, scan->end) : 0;

	if (at >= scan->end) {
		format_cut(to, size, "the end of the document");
	} else if (!length) {
		format_cut(to, size, "byte 0x%02x", (unsigned char)*at);
	} else if (*at == '\n' || *at == '\r') {
		format_cut(to, size, "the end of the line");
	} else {
		bool word = xml_is_name_byte(*at) || *at == '<' || *at == '&';
		if (length < (size_t)(scan->end - at) && ((*at == '<' && string_find("/!?", at[1])) || (*at == '&' && at[1] == '#')))
			length++;
		while (word && at + length < scan->end && xml_is_name_byte(at[length]))
			length++;
		format_cut(to, size, "\"%.*s\"", (int)length, at);
	}
}

enum status xml_fail(struct xml_scan *scan, enum status status, char const *at, char const *expected, ...)
{
	struct xml_error *error = scan->error;
	va_list           arguments;

	xml_count_lines(scan, at);
	*error = (struct xml_error) { .line = scan->line, .column = 1 };
	for (char const *byte = scan->line_start; byte < at; byte++)
		error->column += (*byte & 0xc0) != 0x80;
	if (scan->origin)
		format_cut(error->file, sizeof(error->file), "%.*s", (int)scan->origin_size, scan->origin);
	va_start(arguments, expected);
	format_cut_list(error->expected, sizeof(error->expected), expected, arguments);
	va_end(arguments);
	describe(scan, at, error->found, sizeof(error->found));
	return status;
}

bool xml_sees(struct xml_scan const *scan, char const *text)
{
	size_t length = strlen(text);

	return (size_t)(scan->end - scan->at) >= length && string_equal_slice(scan->at, length, text);
}

/* Steps over `text` if it is there. */
bool xml_skip(struct xml_scan *scan, char const *text)
{
	bool seen = xml_sees(scan, text);

	scan->at += seen ? strlen(text) : 0;
	return seen;
}

bool xml_skip_blanks(struct xml_scan *scan)
{
	size_t length = xml_blanks_length(scan->at, scan->end);

	scan->at += length;
	return length > 0;
}

enum status xml_check_name(struct xml_scan *scan, char const *what, size_t *size)
{
	char const *start = scan->at;
	unsigned    colons = 0;

	*size = xml_name_length(start, scan->end);
	scan->at += *size;
	if (scan->at < scan->end && (*scan->at & 0x80) && xml_char_length(scan->at, scan->end))
		return xml_fail(scan, STATUS_UNSUPPORTED, scan->at, "%s in ASCII", what);
	if (!*size)
		return xml_fail(scan, STATUS_INVALID, start, "%s", what);
	if (*size > XML_NAME_MAX)
		return xml_fail(scan, STATUS_TOO_LONG, start, "%s of at most %u bytes", what, XML_NAME_MAX);
	for (char const *at = start; at < scan->at; at++) {
		colons += *at == ':';
		if (colons > 1)
			return xml_fail(scan, STATUS_UNSUPPORTED, start, "%s with at most one colon", what);
	}
	return STATUS_OK;
}

/* One character that may stand in a document. */
enum status xml_check_char(struct xml_scan *scan)
{
	size_t length = *scan->at >= ' ' && *scan->at < 0x7f ? 1 : xml_char_length(scan->at, scan->end);

	if (!length)
		return xml_fail(scan, STATUS_INVALID, scan->at, "a character that XML allows, in UTF-8");
	scan->at += length;
	return STATUS_OK;
}

enum status xml_check_reference(struct xml_scan *scan, uint32_t *code)
{
	size_t length = xml_reference_length(scan->at, scan->end, code);

	if (!length)
		return xml_fail(scan, STATUS_INVALID, scan->at, "&lt; &gt; &amp; &quot; &apos; or a reference like &#65; to a character");
	scan->at += length;
	return STATUS_OK;
}

/* Characters up to `mark`, which is stepped over. */
enum status xml_check_until(struct xml_scan *scan, char const *mark)
{
	enum status status = STATUS_OK;

	while (!status && (!xml_sees_byte(scan, mark[0]) || !xml_skip(scan, mark))) {
		if (scan->at == scan->end)
			return xml_fail(scan, STATUS_INVALID, scan->at, "%s", mark);
		status = xml_check_char(scan);
	}
	return status;
}

