/* SPDX-License-Identifier: MIT */
/* What of libxml2 is built: the parser and the tree, RELAX NG and what that stands on; nothing that reaches for a network, a file or another process. */
#pragma once

#include <libxml/xmlexports.h>

#define LIBXML_DOTTED_VERSION "2.9.14"
#define LIBXML_VERSION        20914
#define LIBXML_VERSION_STRING "20914"
#define LIBXML_VERSION_EXTRA  ""
#define LIBXML_TEST_VERSION   xmlCheckVersion(LIBXML_VERSION);

#define WITHOUT_TRIO
#define LIBXML_TREE_ENABLED
#define LIBXML_OUTPUT_ENABLED
#define LIBXML_PATTERN_ENABLED
#define LIBXML_UNICODE_ENABLED
#define LIBXML_REGEXP_ENABLED
#define LIBXML_AUTOMATA_ENABLED
#define LIBXML_SCHEMAS_ENABLED

#define ATTRIBUTE_UNUSED             __attribute__((unused))
#define LIBXML_ATTR_ALLOC_SIZE(x)    __attribute__((alloc_size(x)))
#define LIBXML_ATTR_FORMAT(fmt, args) __attribute__((__format__(__printf__, fmt, args)))

XMLPUBFUN void XMLCALL xmlCheckVersion(int version);
