/* SPDX-License-Identifier: MIT */
/*
 * Writing XML into a buffer that never grows: reports, and configurations for children.
 *
 *	xml_write_init(&writer, buffer, sizeof(buffer));
 *	xml_begin(&writer, "state");
 *	xml_attr_u64(&writer, "children", count);
 *	xml_end(&writer);
 *	TRY(xml_finish(&writer, &size));
 *
 * The steps return nothing: they go on when the buffer is full and only count, so that xml_finish tells how large it has to
 * be; there is no half document. What is written is what xml_index accepts: all text is escaped, and bytes that cannot stand in
 * a document (control characters, what is not UTF-8) become U+FFFD. Elements are indented by tabs, but from its first text
 * on, no white space is added to an element. Names, and calls in the right order, are the program's own affair and asserted.
 */
#pragma once

#include <base/format.h>
#include <base/status.h>
#include <base/types.h>
#include <base/xml.h>

struct xml_writer {
	char       *to;
	size_t      size, used;              /* used: what would have been written into a buffer without end */
	enum status status;                  /* the first limit of xml_index that was exceeded */
	unsigned    depth;
	bool        tag_open;                /* a start tag still lacks its > */
	bool        root_seen;
	uint64_t    mixed;                   /* bit n: the element at depth n has text, so no white space is added to it */
	char const *open[XML_DEPTH_MAX];     /* the names of elements that have not ended */
};

void xml_write_init(struct xml_writer *writer, char *to, size_t size);

/* Opens and closes an element. `name` stays where it is until its xml_end. */
void xml_begin(struct xml_writer *writer, char const *name);
void xml_end(struct xml_writer *writer);

/* Attributes of the element that has just begun; each name once. */
void xml_attr(struct xml_writer *writer, char const *name, char const *value);
void xml_attr_u64(struct xml_writer *writer, char const *name, uint64_t value);
void xml_attr_bool(struct xml_writer *writer, char const *name, bool value);    /* "yes", "no" */

/* At most 255 bytes, else xml_finish says TOO_LONG. */
void xml_attr_format(struct xml_writer *writer, char const *name, char const *text, ...) FORMAT_CHECKED(3, 4);

/* Text in the open element; several calls in a row make one text. */
void xml_text(struct xml_writer *writer, char const *text);
void xml_text_slice(struct xml_writer *writer, char const *text, size_t size);

/* Elements, comments and text as they are, taken from a document that xml_index has accepted; nothing is escaped. */
void xml_raw(struct xml_writer *writer, char const *text, size_t size);

/*
 * Ends the document, all of whose elements have ended. `*size` is its size (it has no terminator).
 * OVERFLOW: the buffer is too small, `*size` would do, and the buffer holds nothing of use. TOO_LONG: a value is longer
 * than XML_VALUE_MAX or the whole than XML_SIZE_MAX: no buffer would do.
 */
MUST_CHECK enum status xml_finish(struct xml_writer *writer, size_t *size);
