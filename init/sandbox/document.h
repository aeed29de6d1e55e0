/* SPDX-License-Identifier: MIT */
/*
 * Reading the elements of a configuration strictly: what an element may hold is a table, values are read whole or not at
 * all, and everything that is wrong is reported with line and column and what was expected.
 */
#pragma once

#include "config.h"

/* What an element may have: names, each list ended with NULL. A NULL list: anything goes. */
struct element {
	char const *const *attributes, *const *children;
};

struct document {
	struct arena           *arena;
	struct config_reporter *reporter;
	bool                    out_of_memory;
};

struct position document_place(struct node node);

/* Where an attribute stands; the element's place if it has none of that name. */
struct position document_attribute_place(struct node node, char const *name);

void document_error(struct document *document, struct position at, char const *text, ...) FORMAT_CHECKED(3, 4);
void document_warning(struct document *document, struct position at, char const *text, ...) FORMAT_CHECKED(3, 4);

/* Warns about every attribute and child that the table does not name. */
void document_check(struct document *document, struct node node, struct element const *element);

/*
 * A string of less than `size` bytes, in the arena; NULL if there is no such attribute. False: it is too long, which was
 * reported, or there is no memory.
 */
MUST_CHECK bool document_string(struct document *document, struct node node, char const *name, size_t size, char const **value);

/* The same for one that must be there and not be empty. */
MUST_CHECK bool document_name(struct document *document, struct node node, char const *name, size_t size, char const **value);

/* A number in [min, max]. *value stays if there is no such attribute. False: reported. */
struct document_range {
	bool     is_bytes;      /* a size with K, M or G */
	bool     is_percent;    /* perhaps with a % behind it */
	bool     is_level;      /* perhaps with a - before it, which means nothing */
	uint64_t min, max;
};
MUST_CHECK bool document_number(struct document *document, struct node node, char const *name, struct document_range range, uint64_t *value);

/* yes, true, no or false; *value stays if there is no such attribute. False: reported. */
MUST_CHECK bool document_bool(struct document *document, struct node node, char const *name, bool *value);
