/* SPDX-License-Identifier: MIT */
/*
 * Labels of sessions. A label says who asks and for what: each parent puts its child's name before what the child said,
 * `init -> net -> telnet`. Only what a parent wrote is vouched for, so rights hang on prefixes; the last element names a
 * resource, like a ROM module. Text only: nothing here knows of sessions. Labels are never cut: TOO_LONG.
 */
#pragma once

#include <base/status.h>
#include <base/types.h>

#define LABEL_SEPARATOR " -> "

enum { LABEL_SIZE = 256, CHILD_NAME_SIZE = 64 };    /* both with the terminator */

/* What a route wants of a label; NULL: anything. All that is there must hold. */
struct label_pattern {
	char const *whole, *prefix, *suffix, *last;
	char const *unscoped;     /* the label with the client's name before it; of a client's binary, the name of that alone */
};

/* What a target of a route puts in the place of a label or its parts; NULL: nothing. */
struct label_rewrite {
	char const *whole;        /* the whole label; then the others are NULL */
	char const *identity;     /* all elements but the last */
	char const *resource;     /* the last element */
	char const *prepend;      /* put before the text of the last element */
};

/* May a child go by this name? Not empty, too long, or able to pass for a part of a longer label. */
bool label_is_name(char const *name);

/* The last element; all of the label if it has but one. Points into `label`. */
char const *label_last(char const *label);

/* But for `unscoped`. */
bool label_matches(struct label_pattern const *pattern, char const *label);

/* Is `label` of the client `name` the label `unscoped`? Without a name, the label alone is compared. */
bool label_is_unscoped(char const *unscoped, char const *name, char const *label);

/* Joins: `name -> label`, or `name` alone if the label is empty. TOO_LONG: `to` is then empty. */
MUST_CHECK enum status label_prefix(char to[static LABEL_SIZE], char const *name, char const *label);

/* Does it change nothing? */
bool label_is_kept(struct label_rewrite const *rewrite);

/*
 * Writes what becomes of `label` to `to`, which is another buffer. An identity put before an empty resource, or the other way round, stands without separator.
 * TOO_LONG: `to` is then empty.
 */
MUST_CHECK enum status label_rewrite(char to[static LABEL_SIZE], struct label_rewrite const *rewrite, char const *label);
