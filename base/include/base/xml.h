/* SPDX-License-Identifier: MIT */
/*
 * XML, read in two steps. xml_index checks a whole document once and leaves a flat array of its elements, in the order of
 * their start tags; after that nothing can fail, and base/node.h walks the array and reads attributes and text straight
 * from the document. Nothing is allocated or changed: the document and the array are the caller's, stay where they are
 * and outlive every node. There is no recursion; time is linear in the size of the document.
 *
 * Accepted: UTF-8, the XML declaration, elements, attributes, the five entities, character references, comments, CDATA
 * sections; processing instructions are skipped, but for <?origin?> below. Rejected is what libxml2 rejects, and by design:
 * DOCTYPE, other encodings, names that are not ASCII or have two colons, and whatever exceeds the limits of enum xml_limits.
 * A namespace prefix is a part of the name and means nothing. tests/xml holds a document for each rule.
 *
 * **Origins.** Configurations travel: a run script holds init's, init's holds that of a nested init. Whoever cuts a document
 * out of another writes before it
 *
 *	<?origin run/hello.run 12?>
 *
 * which says that what follows the instruction directly is in line 12 of that file; from there on, lines and columns of
 * errors and nodes are those of the file, as long as no other such instruction follows. Columns count from the end
 * of the instruction, too, so that who cuts in mid-line pads with blanks: node_cut (base/node.h) does both.
 * Anything else behind the word `origin` than a file name, one blank and a line number makes it one more instruction to skip.
 */
#pragma once

#include <base/status.h>
#include <base/types.h>

enum xml_limits {
	XML_SIZE_MAX       = 1 << 20,    /* bytes of a document */
	XML_NODES_MAX      = 65535,      /* elements of a document */
	XML_DEPTH_MAX      = 32,         /* elements around each other */
	XML_NAME_MAX       = 63,         /* bytes of a name */
	XML_ATTRIBUTES_MAX = 128,        /* of one element */
	XML_VALUE_MAX      = 4095,       /* bytes of an attribute's value, decoded */
	XML_FILE_MAX       = 127,        /* bytes of the file name in an origin */
};

/* One element; offsets are in bytes from the start of the document. */
struct xml_node {
	uint32_t start, end;             /* from the first < of the element to behind the last > */
	uint32_t content, content_end;   /* what is between the tags; both are `end` in <a/> */
	uint32_t line;                   /* of `start`, in the origin */
	uint32_t origin;                 /* where the file name of the origin stands; 0: there is none */
	uint16_t next;                   /* how many elements ahead the next sibling is; 0: none */
	uint16_t parent;                 /* how many elements back the parent is; 0: this is the root */
	uint8_t  name_size;
	bool     has_child;              /* the first one is the next element */
	uint16_t reserved;
};

/* Why a document was rejected, and where. */
struct xml_error {
	unsigned line, column;           /* from 1, in characters; of the origin */
	char     file[XML_FILE_MAX + 1]; /* of the origin; empty: there is none */
	char     expected[96];           /* "</start>", "an attribute that is not there yet" */
	char     found[48];              /* "</config>", "the end of the document" */
};

/*
 * Checks the document `text` of `size` bytes, which needs no terminator, and fills nodes[0 .. *count). On failure *error
 * is filled and the array holds rubbish; on OK *error is as it was.
 * INVALID: not well-formed. UNSUPPORTED: DOCTYPE, another encoding, such a name. TOO_LONG: beyond a limit or `max`.
 */
MUST_CHECK enum status xml_index(char const *text, size_t size, struct xml_node nodes[], size_t max, size_t *count,
                                 struct xml_error *error);

/* How many nodes xml_index can need for this text, well-formed or not. Never less than needed, at most XML_NODES_MAX. */
size_t xml_nodes_needed(char const *text, size_t size);

/* "run/hello.run:12:7: expected </start>, found </config>"; `size` is best 384. Returns `to`. */
char const *xml_error_text(struct xml_error const *error, char *to, size_t size);
