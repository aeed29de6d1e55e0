/* SPDX-License-Identifier: MIT */
/*
 * The schema, init/config.rng, as libxml2 checks it. libxml2 has no columns and knows nothing of origins, so what it complains about is
 * found again in our own index of the same document: the n-th element of the one is the n-th of the other. Where init's reader
 * has something to say about the same line, that is told, as it names what it expected.
 */
#include "check.h"
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <string.h>

static xmlRelaxNG *schema;

/* One document that is checked. */
struct checked {
	struct source const *source;
	size_t               first;        /* the node of ours that their root is */
};

static struct violation {
	struct violation *next;
	char const       *file, *text;
	struct position   at;
} *violations;

/* What libxml2 has of the document at hand: it gives it back even if the check ends within. */
static xmlRelaxNGValidCtxt *context;
static xmlDoc              *document;

static void ignore(void *nobody, xmlError *error)
{
}

void schema_load(char const *path)
{
	xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewParserCtxt(path);

	schema = parser ? xmlRelaxNGParse(parser) : NULL;
	if (!schema)
		fail("cannot read the schema, %s", path);
	xmlRelaxNGFreeParserCtxt(parser);
}

/* The element behind `node` in the order of their start tags; NULL: it was the last. */
static xmlNode *next_element(xmlNode *node)
{
	xmlNode *next = xmlFirstElementChild(node);

	while (!next && node && node->type == XML_ELEMENT_NODE) {
		next = xmlNextElementSibling(node);
		node = node->parent;
	}
	return next;
}

static void note(void *checked_, xmlError *error)
{
	struct checked const *checked = checked_;
	struct violation    **end = &violations, *violation;
	xmlNode              *wanted = error->node;
	size_t                index = checked->first;
	struct node           node;

	if (!wanted || !error->message)
		return;
	for (xmlNode *at = xmlDocGetRootElement(wanted->doc); at && at != wanted; at = next_element(at))
		index++;
	if (index >= checked->source->count)
		index = checked->first;
	node = (struct node) { checked->source->text, &checked->source->nodes[index] };
	NEW(violation);
	*violation = (struct violation) {
		.file = source_file(checked->source, node), .at = { node_line(node), node_column(node) },
		.text = text_of("%.*s", (int)strcspn(error->message, "\n"), error->message),
	};
	while (*end)
		end = &(*end)->next;
	*end = violation;
}

static void give_back(void)
{
	if (context)
		xmlRelaxNGFreeValidCtxt(context);
	xmlFreeDoc(document);
	context = NULL;
	document = NULL;
}

void schema_forget(void)
{
	give_back();
	violations = NULL;
}

void schema_check(struct source const *source, struct node config)
{
	struct checked checked = { source, (size_t)(config.at - source->nodes) };
	char const    *text;
	size_t         size;

	if (source->is_valid)
		return;
	xmlSetStructuredErrorFunc(NULL, ignore);
	text = node_raw(config, &size);
	document = xmlReadMemory(text, (int)size, source->path, "UTF-8", XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!document) {
		problem_add(SEVERITY_ERROR, source->path, (struct position) { node_line(config), node_column(config) }, "libxml2 does not take this for XML");
		return;
	}
	context = xmlRelaxNGNewValidCtxt(schema);
	if (!context)
		fail("no memory");
	xmlRelaxNGSetValidStructuredErrors(context, note, &checked);
	(void)xmlRelaxNGValidateDoc(context, document);
	give_back();
}

void schema_report(void)
{
	for (struct violation const *violation = violations; violation; violation = violation->next) {
		if (!problem_is_at(violation->file, violation->at.line))
			problem_add(SEVERITY_ERROR, violation->file, violation->at, "schema: %s", violation->text);
	}
}
