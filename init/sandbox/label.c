/* SPDX-License-Identifier: MIT */
/* Labels of sessions: matching, joining and rewriting of plain text in buffers of a fixed size. */
#include "label.h"
#include <base/string.h>

bool label_is_name(char const *name)
{
	size_t length = strlen(name);

	return length > 0 && length < CHILD_NAME_SIZE && !string_find_text(name, "->") && name[0] != ' ' && name[length - 1] != ' ';
}

char const *label_last(char const *label)
{
	char const *last = label;

	for (char const *next; (next = string_find_text(last, LABEL_SEPARATOR)); )
		last = next + sizeof(LABEL_SEPARATOR) - 1;
	return last;
}

bool label_matches(struct label_pattern const *pattern, char const *label)
{
	return (!pattern->whole  || string_equal(pattern->whole, label)) &&
	       (!pattern->prefix || string_starts_with(label, pattern->prefix)) &&
	       (!pattern->suffix || string_ends_with(label, pattern->suffix)) &&
	       (!pattern->last   || string_equal(pattern->last, label_last(label)));
}

bool label_is_unscoped(char const *unscoped, char const *name, char const *label)
{
	size_t const length = strlen(name);

	if (!length)
		return string_equal(unscoped, label);
	if (!string_starts_with(unscoped, name))
		return false;
	if (!*label)
		return !unscoped[length];
	return string_starts_with(unscoped + length, LABEL_SEPARATOR) && string_equal(unscoped + length + sizeof(LABEL_SEPARATOR) - 1, label);
}

/* A piece of text and its length. */
struct piece {
	char const *text;
	size_t      size;
};

static struct piece piece(char const *text)
{
	return (struct piece) { text, strlen(text) };
}

/* Joins three texts; the separator stands between the first and the rest if neither is empty. */
static enum status join(char to[static LABEL_SIZE], struct piece identity, struct piece prepend, struct piece resource)
{
	bool         both = identity.size && (prepend.size || resource.size);
	struct piece pieces[] = { identity, { LABEL_SEPARATOR, both ? sizeof(LABEL_SEPARATOR) - 1 : 0 }, prepend, resource };
	size_t       used = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(pieces); i++) {
		if (pieces[i].size >= LABEL_SIZE - used) {
			to[0] = '\0';
			return STATUS_TOO_LONG;
		}
		memcpy(to + used, pieces[i].text, pieces[i].size);
		used += pieces[i].size;
	}
	to[used] = '\0';
	return STATUS_OK;
}

enum status label_prefix(char to[static LABEL_SIZE], char const *name, char const *label)
{
	return join(to, piece(name), piece(""), piece(label));
}

bool label_is_kept(struct label_rewrite const *rewrite)
{
	return !rewrite->whole && !rewrite->identity && !rewrite->resource && !rewrite->prepend;
}

enum status label_rewrite(char to[static LABEL_SIZE], struct label_rewrite const *rewrite, char const *label)
{
	char const  *last     = label_last(label);
	struct piece identity = { label, last == label ? 0 : (size_t)(last - label) - (sizeof(LABEL_SEPARATOR) - 1) };

	if (rewrite->whole)
		return join(to, piece(""), piece(""), piece(rewrite->whole));
	return join(to, rewrite->identity ? piece(rewrite->identity) : identity, piece(rewrite->prepend ? rewrite->prepend : ""),
	            piece(rewrite->resource ? rewrite->resource : last));
}
