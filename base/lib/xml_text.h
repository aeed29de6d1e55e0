/* SPDX-License-Identifier: MIT */
/*
 * The small change of XML, shared by the indexer, the nodes and the writer: characters, names, references. The functions
 * that look at text take the place and the end of what may be read, and return a length in bytes, 0 for "none here".
 */
#pragma once

#include <base/types.h>

static inline bool xml_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline bool xml_is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}

static inline bool xml_is_name_byte(char c)
{
	return xml_is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static inline size_t xml_blanks_length(char const *at, char const *end)
{
	char const *start = at;

	while (at < end && xml_is_blank(*at))
		at++;
	return (size_t)(at - start);
}

/* May this code point stand in a document at all? */
bool xml_is_char(uint32_t code);

/* A character in valid UTF-8 that may stand in a document. */
size_t xml_char_length(char const *at, char const *end);

size_t xml_name_length(char const *at, char const *end);

/* A reference like &lt; or &#x20AC; to a character that may stand in a document. */
size_t xml_reference_length(char const *at, char const *end, uint32_t *code);

/* Writes a code point as UTF-8; 1 to 4 bytes. */
size_t xml_encode(uint32_t code, char to[4]);

/* How text is written down: what is white space, line end or reference in it. */
enum xml_form { XML_FORM_ATTRIBUTE, XML_FORM_TEXT, XML_FORM_CDATA };

/*
 * Decodes the next piece of checked text at *at, which moves on behind it, into `to`; returns how many bytes it is. Line
 * ends become one line feed, white space in an attribute becomes blanks, references what they stand for.
 */
size_t xml_decode(char const **at, char const *end, enum xml_form form, char to[4]);
