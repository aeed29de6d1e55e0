/* SPDX-License-Identifier: MIT */
/*
 * Where the indexer stands. One pass goes from the first byte to the last; `at` is the place. Each xml_check_* function
 * stands at the beginning of one construct, checks it and leaves `at` behind it, or fails, and the first failure is the
 * answer: xml_fail fills the error from the place and from what stands there.
 *
 * Line numbers are only computed where they are needed, at elements and errors, by counting on from the last such place:
 * `line` and `line_start` are right for position `counted`, and move on with it in xml_count_lines.
 *
 * xml_scan.c has the small steps, xml_prolog.c comments, instructions and the declaration, xml.c tags and the document.
 */
#pragma once

#include <base/format.h>
#include <base/string.h>
#include <base/xml.h>
#include "xml_text.h"

struct xml_scan {
	char const       *text, *end, *at;
	char const       *counted, *line_start;
	uint32_t          line;
	char const       *origin;                     /* the file name in the origin in force, or NULL */
	size_t            origin_size;
	struct xml_node  *nodes;
	size_t            count, max;
	unsigned          depth;                      /* how many elements are open */
	bool              root_seen;
	uint16_t          open[XML_DEPTH_MAX];
	uint16_t          last[XML_DEPTH_MAX];        /* the latest child of open[i]; open[i] itself: it has none */
	char const       *attributes[XML_ATTRIBUTES_MAX];    /* names in the start tag that is being checked */
	uint8_t           attribute_sizes[XML_ATTRIBUTES_MAX];
	struct xml_error *error;
};

/* Moves `line` on to that of `to`, which is not before `counted`. */
void xml_count_lines(struct xml_scan *scan, char const *to);

/* Fills the error: at `at`, this is expected. Returns `status`. */
enum status xml_fail(struct xml_scan *scan, enum status status, char const *at, char const *expected, ...) FORMAT_CHECKED(4, 5);

/* Does `text` stand at the place? */
bool xml_sees(struct xml_scan const *scan, char const *text);

static inline bool xml_sees_byte(struct xml_scan const *scan, char byte)
{
	return scan->at < scan->end && *scan->at == byte;
}

/* Steps over `text`, over any blanks; false: none are there. */
bool xml_skip(struct xml_scan *scan, char const *text);
bool xml_skip_blanks(struct xml_scan *scan);

/* A name of `*size` bytes; `what` is said if it is none. */
MUST_CHECK enum status xml_check_name(struct xml_scan *scan, char const *what, size_t *size);

/* One character that may stand in a document; one reference, to `*code`; all characters up to `mark`, and that. */
MUST_CHECK enum status xml_check_char(struct xml_scan *scan);
MUST_CHECK enum status xml_check_reference(struct xml_scan *scan, uint32_t *code);
MUST_CHECK enum status xml_check_until(struct xml_scan *scan, char const *mark);

/* At <!-- , at <? , at <?xml and a blank. */
MUST_CHECK enum status xml_check_comment(struct xml_scan *scan);
MUST_CHECK enum status xml_check_instruction(struct xml_scan *scan);
MUST_CHECK enum status xml_check_declaration(struct xml_scan *scan);
