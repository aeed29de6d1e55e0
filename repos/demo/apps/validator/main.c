/* SPDX-License-Identifier: MIT */
/*
 * The validator: stands between whoever wishes for a configuration of init and the init that gets it. An ordinary program: it reads a file that
 * changes now and then, holds it against a RELAX NG schema with libxml2, and writes two others: the configuration, if it is right, and a verdict in any
 * case. Configurations of inits within it are held against the schema, too.
 *
 * What reaches libxml2 comes from outside: no network, no external entity, no document type; 64 KiB at most.
 */
#include "../dashboard/whole_file.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DOCUMENT_SIZE = 64 << 10, SCHEMA_SIZE = 128 << 10, ERRORS = 8, ERROR_TEXT = 240, LOOK_MS = 100, VERDICT_SIZE = 8 << 10 };

struct document {
	char   text[DOCUMENT_SIZE];
	size_t size;
};

struct verdict {
	unsigned count;                       /* of errors; more than ERRORS are only counted */
	unsigned lines[ERRORS];
	char     texts[ERRORS][ERROR_TEXT];
};

static void add_error(struct verdict *verdict, unsigned line, char const *text)
{
	size_t const length = strcspn(text, "\n");

	/* One thing that is wrong makes libxml2 complain about what is around it, too. */
	if (verdict->count && verdict->count <= ERRORS && verdict->lines[verdict->count - 1] == line &&
	    strncmp(verdict->texts[verdict->count - 1], text, length) == 0)
		return;
	if (verdict->count < ERRORS) {
		verdict->lines[verdict->count] = line;
		snprintf(verdict->texts[verdict->count], ERROR_TEXT, "%.*s", (int)(length < ERROR_TEXT ? length : ERROR_TEXT - 1), text);
	}
	verdict->count++;
}

static void handle_error(void *context, xmlErrorPtr error)
{
	add_error(context, (unsigned)(error->line > 0 ? error->line : 0), error->message ? error->message : "not valid");
}

/* --- Validation --- */

static void check_against(xmlRelaxNGPtr schema, xmlDocPtr document, struct verdict *verdict)
{
	xmlRelaxNGValidCtxtPtr const context = xmlRelaxNGNewValidCtxt(schema);
	int                          result  = -1;

	if (context) {
		xmlRelaxNGSetValidStructuredErrors(context, handle_error, verdict);
		result = xmlRelaxNGValidateDoc(context, document);
		xmlRelaxNGFreeValidCtxt(context);
	}
	if (result && !verdict->count)
		add_error(verdict, 0, "it could not be held against the schema");
}

static bool is_element(xmlNodePtr node, char const *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((char const *)node->name, name) == 0;
}

static xmlNodePtr find_child(xmlNodePtr node, char const *name)
{
	for (xmlNodePtr child = node->children; child; child = child->next) {
		if (is_element(child, name))
			return child;
	}
	return NULL;
}

/* Is it a <start> whose program is init? */
static bool starts_init(xmlNodePtr start)
{
	xmlNodePtr const binary = find_child(start, "binary");
	xmlChar *const   name   = binary ? xmlGetProp(binary, (xmlChar const *)"name") : xmlGetProp(start, (xmlChar const *)"binary");
	bool const       is     = name && strcmp((char const *)name, "init") == 0;

	xmlFree(name);
	return is;
}

/* The configurations of inits within, and within these; how deep that goes the parser has limited. */
static void check_inner(xmlRelaxNGPtr schema, xmlNodePtr config, struct verdict *verdict)
{
	for (xmlNodePtr start = config->children; start; start = start->next) {
		xmlNodePtr const inner    = is_element(start, "start") && starts_init(start) ? find_child(start, "config") : NULL;
		xmlDocPtr const  document = inner ? xmlNewDoc((xmlChar const *)"1.0") : NULL;

		if (!document)
			continue;
		xmlDocSetRootElement(document, xmlDocCopyNode(inner, document, 1));
		check_against(schema, document, verdict);
		xmlFreeDoc(document);
		check_inner(schema, inner, verdict);
	}
}

static void validate(xmlRelaxNGPtr schema, struct document const *wish, struct verdict *verdict)
{
	xmlParserCtxtPtr const parser = xmlNewParserCtxt();
	xmlDocPtr              document;

	if (!parser) {
		add_error(verdict, 0, "no memory to read it");
		return;
	}
	document = xmlCtxtReadMemory(parser, wish->text, (int)wish->size, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
	if (!document || !parser->wellFormed) {
		xmlErrorPtr const error = xmlCtxtGetLastError(parser);

		if (error)
			handle_error(verdict, error);
		else
			add_error(verdict, 0, "it is no XML");
	} else if (document->intSubset) {
		add_error(verdict, 1, "a document type is not allowed");
	} else {
		check_against(schema, document, verdict);
		check_inner(schema, xmlDocGetRootElement(document), verdict);
	}
	xmlFreeDoc(document);
	xmlFreeParserCtxt(parser);
}

/* --- Files --- */

static bool write_file(char const *path, char const *text, size_t size)
{
	bool const done = whole_file_write(path, text, size);

	if (!done)
		fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
	return done;
}

/* FNV-1a, by which the verdict says what it is about. */
static uint64_t hash_of(struct document const *document)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < document->size; i++)
		hash = (hash ^ (unsigned char)document->text[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static void write_verdict(char const *path, struct document const *wish, struct verdict const *verdict)
{
	static char         text[VERDICT_SIZE];
	unsigned const      shown = verdict->count < ERRORS ? verdict->count : ERRORS;
	int                 size;

	size = snprintf(text, sizeof(text), "<verdict hash=\"0x%llx\" valid=\"%s\" errors=\"%u\">\n", (unsigned long long)hash_of(wish), verdict->count ? "no" : "yes", verdict->count);
	for (unsigned i = 0; i < shown; i++) {
		xmlChar *const escaped = xmlEncodeSpecialChars(NULL, (xmlChar const *)verdict->texts[i]);

		if (escaped && size < (int)sizeof(text))
			size += snprintf(text + size, sizeof(text) - (size_t)size, "\t<error line=\"%u\" text=\"%.700s\"/>\n", verdict->lines[i], (char const *)escaped);
		xmlFree(escaped);
	}
	if (size < (int)sizeof(text))
		size += snprintf(text + size, sizeof(text) - (size_t)size, "</verdict>\n");
	if (size < (int)sizeof(text))
		(void)write_file(path, text, (size_t)size);
}

/* --- */

struct files { char const *schema, *initial, *wish, *config, *verdict; };

static xmlRelaxNGPtr read_schema(char const *path)
{
	static char             text[SCHEMA_SIZE];
	size_t                  size;
	xmlRelaxNGParserCtxtPtr parser = NULL;
	xmlRelaxNGPtr           schema = NULL;

	if (whole_file_read(path, text, sizeof(text), &size))
		parser = xmlRelaxNGNewMemParserCtxt(text, (int)size);
	if (parser) {
		schema = xmlRelaxNGParse(parser);
		xmlRelaxNGFreeParserCtxt(parser);
	}
	if (!schema)
		fprintf(stderr, "%s is no schema that can be used\n", path);
	return schema;
}

/* Decides about one document; what is right is passed on. */
static void decide(xmlRelaxNGPtr schema, struct files const *files, struct document const *wish)
{
	struct verdict verdict = { .count = 0 };

	validate(schema, wish, &verdict);
	if (verdict.count)
		printf("refused: line %u: %s (%u errors)\n", verdict.lines[0], verdict.texts[0], verdict.count);
	else if (!write_file(files->config, wish->text, wish->size))
		add_error(&verdict, 0, "it could not be passed on");
	else
		printf("passed on: %zu bytes\n", wish->size);
	fflush(stdout);
	write_verdict(files->verdict, wish, &verdict);
}

int main(int count, char **arguments)
{
	static struct document wish, seen;
	struct files           files;
	struct timespec const  pause = { .tv_nsec = LOOK_MS * 1000000L };
	xmlRelaxNGPtr          schema;

	if (count != 6) {
		fprintf(stderr, "usage: validator SCHEMA INITIAL WISH CONFIG VERDICT\n");
		return 2;
	}
	files = (struct files) { arguments[1], arguments[2], arguments[3], arguments[4], arguments[5] };
	schema = read_schema(files.schema);
	if (!schema)
		return 1;
	if (whole_file_read(files.initial, seen.text, sizeof(seen.text), &seen.size) && seen.size)
		decide(schema, &files, &seen);
	for (;;) {
		if (whole_file_read(files.wish, wish.text, sizeof(wish.text), &wish.size) && wish.size &&
		    (wish.size != seen.size || memcmp(wish.text, seen.text, wish.size) != 0)) {
			decide(schema, &files, &wish);
			seen = wish;
		}
		nanosleep(&pause, NULL);
	}
}
