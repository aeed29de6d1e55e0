/* SPDX-License-Identifier: MIT */
/*
 * What stands around elements: comments, processing instructions and the XML declaration.
 */
#include "xml_scan.h"

/* --- Comments and instructions --- */

enum status xml_check_comment(struct xml_scan *scan)
{
	enum status status;

	scan->at += strlen("<!--");
	status = xml_check_until(scan, "--");
	if (!status && !xml_skip(scan, ">"))
		status = xml_fail(scan, STATUS_INVALID, scan->at, "> after -- in a comment");
	return status;
}

/* `content` is what stands in an <?origin?>; `scan->at` behind it. Other content than "FILE LINE" means nothing. */
static void apply_origin(struct xml_scan *scan, char const *content, size_t size)
{
	size_t   file_size = size;
	uint64_t line;

	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)content[i] < ' ')
			return;
	}
	while (file_size > 0 && content[file_size - 1] != ' ')
		file_size--;
	if (file_size < 2 || file_size - 1 > XML_FILE_MAX)
		return;
	if (string_parse_range(content + file_size, size - file_size, 1, 1000000000, &line) != STATUS_OK)
		return;
	scan->origin = content;
	scan->origin_size = file_size - 1;
	scan->line = (uint32_t)line;
	scan->counted = scan->line_start = scan->at;
}

enum status xml_check_instruction(struct xml_scan *scan)
{
	char const *name = scan->at + strlen("<?"), *content;
	size_t      size;
	enum status status;

	scan->at = name;
	status = xml_check_name(scan, "the name of an instruction", &size);
	if (status)
		return status;
	if (size == 3 && (name[0] | 0x20) == 'x' && (name[1] | 0x20) == 'm' && (name[2] | 0x20) == 'l')
		return xml_fail(scan, STATUS_INVALID, name, "the XML declaration at the very beginning only");
	if (!xml_skip_blanks(scan) && !xml_sees(scan, "?>"))
		return xml_fail(scan, STATUS_INVALID, scan->at, "a blank or ?>");
	content = scan->at;
	status = xml_check_until(scan, "?>");
	if (!status && string_equal_slice(name, size, "origin"))
		apply_origin(scan, content, (size_t)(scan->at - content) - strlen("?>"));
	return status;
}

/* --- The XML declaration --- */

/* Reads ` NAME = "VALUE"` after the blanks; `value` receives what is between the quotes. */
static enum status check_pseudo_attribute(struct xml_scan *scan, char const *name, char const **value, size_t *size)
{
	char quote;

	if (!xml_skip(scan, name))
		return xml_fail(scan, STATUS_INVALID, scan->at, "%s", name);
	xml_skip_blanks(scan);
	if (!xml_skip(scan, "="))
		return xml_fail(scan, STATUS_INVALID, scan->at, "= after %s", name);
	xml_skip_blanks(scan);
	if (!xml_sees_byte(scan, '"') && !xml_sees_byte(scan, '\''))
		return xml_fail(scan, STATUS_INVALID, scan->at, "a value in quotes");
	quote = *scan->at++;
	*value = scan->at;
	while (scan->at < scan->end && (xml_is_name_byte(*scan->at)))
		scan->at++;
	*size = (size_t)(scan->at - *value);
	if (!xml_sees_byte(scan, quote))
		return xml_fail(scan, STATUS_INVALID, scan->at, "a name or number and %c", quote);
	scan->at++;
	return STATUS_OK;
}

static bool is_version(char const *value, size_t size)
{
	if (size < 2 || value[0] != '1' || value[1] != '.')
		return false;
	for (size_t i = 2; i < size; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
	}
	return true;
}

static bool is_utf8(char const *value, size_t size)
{
	char lower[6];

	if (size < 4 || size > 5)
		return false;
	for (size_t i = 0; i < size; i++)
		lower[i] = value[i] >= 'A' && value[i] <= 'Z' ? (char)(value[i] | 0x20) : value[i];
	return string_equal_slice(lower, size, "utf-8") || string_equal_slice(lower, size, "utf8");
}

enum status xml_check_declaration(struct xml_scan *scan)
{
	char const *value;
	size_t      size;
	enum status status;
	bool        blank;

	scan->at += strlen("<?xml");
	xml_skip_blanks(scan);
	status = check_pseudo_attribute(scan, "version", &value, &size);
	if (status)
		return status;
	if (!is_version(value, size))
		return xml_fail(scan, STATUS_INVALID, value, "XML version 1.0");
	blank = xml_skip_blanks(scan);
	if (blank && xml_sees(scan, "encoding")) {
		status = check_pseudo_attribute(scan, "encoding", &value, &size);
		if (status)
			return status;
		if (!is_utf8(value, size))
			return xml_fail(scan, STATUS_UNSUPPORTED, value, "encoding UTF-8");
		blank = xml_skip_blanks(scan);
	}
	if (blank && xml_sees(scan, "standalone")) {
		status = check_pseudo_attribute(scan, "standalone", &value, &size);
		if (status)
			return status;
		if (!string_equal_slice(value, size, "yes") && !string_equal_slice(value, size, "no"))
			return xml_fail(scan, STATUS_INVALID, value, "yes or no");
		xml_skip_blanks(scan);
	}
	return xml_skip(scan, "?>") ? STATUS_OK : xml_fail(scan, STATUS_INVALID, scan->at, "?> at the end of the XML declaration");
}
