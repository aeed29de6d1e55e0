/* SPDX-License-Identifier: MIT */
/*
 * Reading configurations and reports. A `struct node` is an element of a document that xml_index has checked: a value to
 * be passed around, of two pointers, good as long as the document and its array of nodes are.
 *
 * Nothing here fails on a document, and nobody needs to look for a missing element first: a node that does not exist
 * (node_child found none, say) has no name, no attributes, no children and no text, so every question has its default.
 *
 *	node_for_each(start, config, "start")
 *		quota.bytes = node_bytes(start, "ram", 128 << 10, 4096, UINT64_MAX);
 *
 * A bad value (no number, out of range) is somebody's mistake in a file: the default holds, and node_complain is told
 * the file, the line, the text and what would have been right. A string that is too long for its buffer is
 * also a status, as it is never cut. Values are decoded: references, line ends and white space as XML says.
 */
#pragma once

#include <base/status.h>
#include <base/types.h>
#include <base/xml.h>

struct node {
	char const            *text;    /* the document */
	struct xml_node const *at;      /* in the array; NULL: it does not exist */
};

enum { NODE_NAME_SIZE = XML_NAME_MAX + 1, NODE_FILE_SIZE = XML_FILE_MAX + 1 };

/* Told about each bad value: "config:12: <start ram="12Q">: expected ...". NULL, as at the start: nobody is. */
extern void (*node_complain)(char const *text);

/* --- Walking --- */

/* The root of a document for which xml_index was OK, and the one that does not exist. */
static inline struct node node_root(char const *text, struct xml_node const nodes[])
{
	return (struct node) { text, nodes };
}

static inline struct node node_none(void)
{
	return (struct node) { NULL, NULL };
}

static inline bool node_exists(struct node node)
{
	return node.at != NULL;
}

/* The first child, the next sibling, with this name or, for NULL, any; what the element around it is. */
struct node node_child(struct node node, char const *name);
struct node node_next(struct node node, char const *name);
struct node node_parent(struct node node);

/* Visits the children with this name, or all for NULL, in order, and declares `child`. */
#define node_for_each(child, parent, name) \
	for (struct node child = node_child(parent, name); node_exists(child); child = node_next(child, name))

bool node_is(struct node node, char const *name);

/* Copies the name into `name` and returns it; "" for a node that does not exist. */
char const *node_name(struct node node, char name[static NODE_NAME_SIZE]);

/* --- Attributes --- */

bool node_has_attribute(struct node node, char const *name);

/* Is the attribute there with exactly this value? */
bool node_attribute_is(struct node node, char const *name, char const *value);

/* A number in [min, max], decimal or hexadecimal after 0x. */
uint64_t node_u64(struct node node, char const *name, uint64_t otherwise, uint64_t min, uint64_t max);

/* A number in [min, max] that may be negative, decimal. */
int64_t node_i64(struct node node, char const *name, int64_t otherwise, int64_t min, int64_t max);

/* A size in bytes in [min, max], with an optional suffix K, M or G. */
uint64_t node_bytes(struct node node, char const *name, uint64_t otherwise, uint64_t min, uint64_t max);

/* "yes" or "true", "no" or "false". */
bool node_bool(struct node node, char const *name, bool otherwise);

/*
 * Copies the value, or `otherwise` if there is none. TOO_LONG: the value, with its terminator, does not fit `size`; `to`
 * then holds `otherwise`, which always fits.
 */
MUST_CHECK enum status node_string(struct node node, char const *name, char const *otherwise, char *to, size_t size);

/* One attribute as it is written: slices of the document, the value not decoded. */
struct node_attribute {
	char const *name, *value;
	size_t      name_size, value_size;
};

/* Goes to the next attribute, from *attribute = { NULL } to the first one; false: there is none. */
bool node_next_attribute(struct node node, struct node_attribute *attribute);

/* Decodes a value. TOO_LONG: it does not fit; XML_VALUE_MAX + 1 bytes always do. */
MUST_CHECK enum status node_attribute_value(struct node_attribute const *attribute, char *to, size_t size);

/* --- Text --- */

/* Copies the text directly in the element, without that of its children. TOO_LONG: `to` is then empty. */
MUST_CHECK enum status node_text(struct node node, char *to, size_t size);

/* How many bytes node_text needs, terminator included. */
size_t node_text_size(struct node node);

/* The element as it is written, with its tags; and what is between its tags. Slices of the document, not decoded. */
char const *node_raw(struct node node, size_t *size);
char const *node_content(struct node node, size_t *size);

/* --- Where it stands --- */

/* In the origin, from 1; the column in characters. 0 for a node that does not exist. */
unsigned node_line(struct node node);
unsigned node_column(struct node node);

/* Copies the name of the origin's file into `file` and returns it: "config" if the document names none. */
char const *node_file(struct node node, char file[static NODE_FILE_SIZE]);

/*
 * Makes the element a document of its own that says where it comes from: an <?origin?> instruction, as many blanks as keep
 * its column, and the element as it is written. `*needed` is the size of the document, known even if it does not fit.
 * TOO_LONG: it does not fit `size` (there is no terminator).
 */
MUST_CHECK enum status node_cut(struct node node, char *to, size_t size, size_t *needed);
