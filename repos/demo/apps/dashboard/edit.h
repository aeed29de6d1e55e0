/* SPDX-License-Identifier: MIT */
/*
 * The buttons, as changes of a configuration of init: the text of the user is kept but for the few bytes that a button is about. A path names a <start>, and
 * for nested inits those in its inline <config>: "alpha/ann".
 *
 * Functions return NULL, or why there is no such change, in words for the user; the text is then as it was.
 */
#pragma once

#include <base/node.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EDIT_SIZE = 48 << 10, EDIT_NODES = 2048, EDIT_PATH = 160, EDIT_REMOVED = 16 };

/* A <start> that was killed, to be put back. text: allocated. */
struct removed {
	char   path[EDIT_PATH];
	char  *text;
	size_t size;
};

struct edit {
	char            text[EDIT_SIZE];    /* no terminator */
	size_t          size;
	struct xml_node nodes[EDIT_NODES];
	struct removed  removed[EDIT_REMOVED];
	unsigned        removed_count;
	unsigned        versions;           /* so many times was something started anew */
	char            why[384];
};

/* Takes another text over. Not XML: an error with its place. */
char const *edit_set(struct edit *edit, char const *text, size_t size);

/* Moves RAM from the quota of one to that of another. `ram_from`, `ram_to`: what they have, if the text leaves it to <default>. */
char const *edit_give(struct edit *edit, char const *from, uint64_t ram_from, char const *to, uint64_t ram_to, uint64_t bytes);

/* Gives it another version, by which init starts it anew. */
char const *edit_restart(struct edit *edit, char const *path);

/* Takes it out, and puts it back. */
char const *edit_kill(struct edit *edit, char const *path);
char const *edit_revive(struct edit *edit, char const *path);

/* Adds a greedy client to the subsystem `path`; "": at the top. */
char const *edit_add_greedy(struct edit *edit, char const *path);

/* Is it in the text? */
bool edit_has(struct edit *edit, char const *path);
