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

/* Joins up to three texts; the separator stands between the first and the rest if neither is empty. */
static enum status join(char to[static LABEL_SIZE], char const *identity, char const *prepend, char const *resource)
{
	bool        both   = identity[0] && (prepend[0] || resource[0]);
	enum status status = string_copy(to, LABEL_SIZE, identity);

	if (status == STATUS_OK && both)
		status = string_append(to, LABEL_SIZE, LABEL_SEPARATOR);
	if (status == STATUS_OK)
		status = string_append(to, LABEL_SIZE, prepend);
	if (status == STATUS_OK)
		status = string_append(to, LABEL_SIZE, resource);
	if (status != STATUS_OK)
		to[0] = '\0';
	return status;
}

enum status label_prefix(char to[static LABEL_SIZE], char const *name, char const *label)
{
	return join(to, name, "", label);
}

enum status label_rewrite(char to[static LABEL_SIZE], struct label_rewrite const *rewrite, char const *label)
{
	char        identity[LABEL_SIZE];
	char const *last = label_last(label);
	size_t      size = last == label ? 0 : (size_t)(last - label) - (sizeof(LABEL_SEPARATOR) - 1);
	enum status status;

	if (rewrite->whole)
		return join(to, "", "", rewrite->whole);
	status = string_copy_slice(identity, sizeof(identity), label, size);
	if (status != STATUS_OK) {
		to[0] = '\0';
		return status;
	}
	return join(to, rewrite->identity ? rewrite->identity : identity, rewrite->prepend ? rewrite->prepend : "",
	            rewrite->resource ? rewrite->resource : last);
}
