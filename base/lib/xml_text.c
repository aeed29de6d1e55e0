/* SPDX-License-Identifier: MIT */
/*
 * Characters, names and references, by XML 1.0 (fifth edition), sections 2.2, 2.3, 2.11, 3.3.3 and 4.1.
 */
#include "xml_text.h"
#include <base/string.h>

bool xml_is_char(uint32_t code)
{
	if (code < 0x20)
		return code == '\t' || code == '\n' || code == '\r';
	return code < 0xd800 || (code > 0xdfff && code < 0xfffe) || (code > 0xffff && code < 0x110000);
}

size_t xml_char_length(char const *at, char const *end)
{
	static uint32_t const least[] = { 0, 0, 0x80, 0x800, 0x10000 };    /* what needs so many bytes */
	unsigned char const   first = (unsigned char)*at;
	size_t const          length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
	uint32_t              code = length < 2 ? first : first & (0x7fu >> length);

	if (!length || (size_t)(end - at) < length)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	return code >= least[length] && xml_is_char(code) ? length : 0;
}

size_t xml_name_length(char const *at, char const *end)
{
	char const *start = at;

	if (at == end || !xml_is_name_start(*at))
		return 0;
	while (at < end && xml_is_name_byte(*at))
		at++;
	return (size_t)(at - start);
}

static int digit_value(char c, unsigned base)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (base == 16 && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (base == 16 && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* `at` stands behind "&#"; returns the length from there. */
static size_t number_length(char const *at, char const *end, uint32_t *code)
{
	char const    *start = at, *digits;
	unsigned const base  = at < end && *at == 'x' ? 16 : 10;
	uint32_t       value = 0;

	at += base == 16;
	for (digits = at; at < end && digit_value(*at, base) >= 0; at++)
		value = MIN(value * base + (uint32_t)digit_value(*at, base), UINT32_C(0x110000));
	if (at == digits || at == end || *at != ';' || !xml_is_char(value))
		return 0;
	*code = value;
	return (size_t)(at + 1 - start);
}

size_t xml_reference_length(char const *at, char const *end, uint32_t *code)
{
	static struct { char const *text; uint32_t code; } const entities[] = {
		{ "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' }, { "&apos;", '\'' },
	};
	size_t length;

	if (end - at >= 2 && at[1] == '#') {
		length = number_length(at + 2, end, code);
		return length ? length + 2 : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(entities); i++) {
		length = strlen(entities[i].text);
		if ((size_t)(end - at) >= length && string_equal_slice(at, length, entities[i].text)) {
			*code = entities[i].code;
			return length;
		}
	}
	return 0;
}

size_t xml_encode(uint32_t code, char to[4])
{
	size_t const length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (length == 1) {
		to[0] = (char)code;
		return 1;
	}
	for (size_t i = length - 1; i > 0; i--, code >>= 6)
		to[i] = (char)(0x80 | (code & 0x3f));
	to[0] = (char)(0xf00u >> length | code);    /* as many ones as bytes, then a zero */
	return length;
}

size_t xml_decode(char const **at, char const *end, enum xml_form form, char to[4])
{
	char const *text = *at;
	uint32_t    code;

	if (*text == '&' && form != XML_FORM_CDATA) {
		*at += xml_reference_length(text, end, &code);
		return xml_encode(code, to);
	}
	*at = text + 1;
	if (*text == '\r' && *at < end && **at == '\n')
		++*at;
	to[0] = *text == '\r' ? '\n' : *text;
	if (form == XML_FORM_ATTRIBUTE && xml_is_blank(*text))
		to[0] = ' ';
	return 1;
}
