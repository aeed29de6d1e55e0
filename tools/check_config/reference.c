/* SPDX-License-Identifier: MIT */
/* The schema as a page for people: each element with its documentation, its attributes, and what may stand in it. */
#include "check.h"
#include <base/string.h>

enum { DEPTH_MAX = 12 };

static FILE       *page;
static struct node grammar;

static struct node define_of(char const *name)
{
	node_for_each (define, grammar, "define") {
		if (node_attribute_is(define, "name", name))
			return define;
	}
	return node_none();
}

/* --- Text --- */

static void put_escaped(char const *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '<' || text[i] == '&')
			fprintf(page, "&#%d;", text[i]);
		else
			fputc(text[i], page);
	}
}

/* Makes code of what is between backquotes. */
static void put_text(char const *text)
{
	bool is_code = false;

	while (*text) {
		char const  *end  = string_find(text, '`');
		size_t const size = end ? (size_t)(end - text) : strlen(text);

		put_escaped(text, size);
		text += size + (end != NULL);
		if (end)
			fputs((is_code = !is_code) ? "<code>" : "</code>", page);
	}
}

/* What is said in an element. */
static char const *said_in(struct node node)
{
	size_t const size = node_text_size(node);
	char        *text = check_alloc(size);

	return node_text(node, text, size) == STATUS_OK ? text : "";
}

static void put_documentation(struct node node)
{
	put_text(said_in(node_child(node, "a:documentation")));
}

/* --- Attributes --- */

/* What a value may be: the documentation of its type, or its words. */
static void put_type(struct node node, unsigned depth)
{
	char const *separator = "";

	node_for_each (child, node, NULL) {
		if (node_is(child, "ref")) {
			put_documentation(define_of(text_attribute(child, "name")));
		} else if (node_is(child, "value")) {
			char text[64];

			if (node_text(child, text, sizeof(text)) == STATUS_OK)
				fprintf(page, "%s<code>%s</code>", separator, text);
			separator = " or ";
		} else if (node_is(child, "text")) {
			fputs("text", page);
		} else if (node_is(child, "choice") && depth < DEPTH_MAX) {
			put_type(child, depth + 1);
		}
	}
}

static void put_row(struct node attribute, char const *name, bool is_required, struct node documentation)
{
	fprintf(page, "<tr><td><code>%s</code>%s</td><td>", name, is_required ? "<br/>required" : "");
	put_type(attribute, 0);
	fputs("</td><td>", page);
	put_text(said_in(documentation));
	fputs("</td></tr>\n", page);
}

/* One that has no name itself has a choice of them, each with its documentation behind it. */
static void put_attribute(struct node attribute, bool is_required)
{
	char const       *name          = text_attribute(attribute, "name");
	struct node const documentation = node_child(attribute, "a:documentation");

	if (name && node_exists(documentation))
		put_row(attribute, name, is_required, documentation);
	if (name)
		return;
	node_for_each (child, node_child(attribute, "choice"), NULL) {
		if (node_is(child, "name"))
			name = said_in(child);
		else if (name && node_is(child, "a:documentation"))
			put_row(attribute, name, is_required, child);
	}
}

/* Visits what is in an element, through groups and named parts without an element of their own. */
struct visit {
	void (*attribute)(struct node attribute, bool is_required);
	void (*element)(char const *define, char const *name);
};

static void walk(struct node node, struct visit const *visit, bool is_required, unsigned depth)
{
	if (depth == DEPTH_MAX)
		return;
	node_for_each (child, node, NULL) {
		bool const  is_ref = node_is(child, "ref");
		struct node define = is_ref ? define_of(text_attribute(child, "name")) : node_none(), element = node_child(define, "element");

		if (node_is(child, "attribute") && visit->attribute)
			visit->attribute(child, is_required);
		else if (is_ref && node_exists(element) && visit->element && node_has_attribute(element, "name"))
			visit->element(text_attribute(child, "name"), text_attribute(element, "name"));
		else if (is_ref && !node_exists(element))
			walk(define, visit, is_required, depth + 1);
		else if (node_is(child, "optional") || node_is(child, "choice") || node_is(child, "zeroOrMore") || node_is(child, "oneOrMore") || node_is(child, "group"))
			walk(child, visit, is_required && !node_is(child, "optional") && !node_is(child, "zeroOrMore"), depth + 1);
	}
}

static unsigned attribute_count, link_count;

static void count_attribute(struct node attribute, bool is_required)
{
	attribute_count++;
}

static void put_link(char const *define, char const *name)
{
	fprintf(page, "%s <a href=\"#%s\">&lt;%s&gt;</a>", link_count++ ? "" : "<p>In it:", define, name);
}

/* --- The page --- */

static void put_element(char const *define, struct node element)
{
	fprintf(page, "<h2 id=\"%s\">&lt;%s&gt;</h2>\n<p>", define, text_attribute(element, "name"));
	put_documentation(element);
	fputs("</p>\n", page);
	attribute_count = 0;
	walk(element, &(struct visit) { .attribute = count_attribute }, true, 0);
	if (attribute_count) {
		fputs("<table><tr><th>attribute</th><th>value</th><th></th></tr>\n", page);
		walk(element, &(struct visit) { .attribute = put_attribute }, true, 0);
		fputs("</table>\n", page);
	}
	link_count = 0;
	walk(element, &(struct visit) { .element = put_link }, true, 0);
	fputs(link_count ? "</p>\n" : "", page);
}

void reference_write(FILE *to, char const *schema)
{
	struct source   *source = source_read(schema);
	struct xml_error error;
	char             text[384];

	if (!source)
		fail("cannot read the schema, %s", schema);
	if (!source_index(source, &error))
		fail("schema: %s", xml_error_text(&error, text, sizeof(text)));
	page = to;
	grammar = source->root;
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><title>The configuration of init</title>\n"
	      "<style>body { font-family: sans-serif; max-width: 60em; margin: 2em auto; } table { border-collapse: collapse; } "
	      "td, th { border: 1px solid #bbb; padding: .3em .6em; text-align: left; vertical-align: top; }</style></head><body>\n<h1>The configuration of init</h1>\n<p>", page);
	put_documentation(grammar);
	fputs("</p>\n<p><a href=\"index.html\">All interfaces</a></p>\n", page);
	node_for_each (define, grammar, "define") {
		struct node element = node_child(define, "element");

		if (node_has_attribute(element, "name"))
			put_element(text_attribute(define, "name"), element);
	}
	fputs("</body></html>\n", page);
}
