/* SPDX-License-Identifier: MIT */
/* The configurations of components that are no init, against what their manifests say that they read. */
#include "check.h"
#include <base/string.h>
#include <init/sandbox/document.h>

static void tell(struct child const *child, struct position at, char const *text, char const *fix, char const *meant)
{
	struct problem *problem = problem_add(SEVERITY_ERROR, child->level->config.file, at, "[%s] %s", child->level->label, text);

	problem_more(problem, "to mend it: %s (%s:%u)", fix, child->manifest->file, child->manifest->at.line);
	if (meant)
		problem_more(problem, "did you mean \"%s\"?", meant);
}

static struct node described(struct node manifest, char const *kind, char const *name)
{
	node_for_each (child, manifest, kind) {
		if (node_attribute_is(child, "name", name))
			return child;
	}
	return node_none();
}

/* The names of all that the manifest describes there, and the one that is meant by `wanted`. */
static char const *names_of(struct node manifest, char const *kind, char const *wanted, char const **meant)
{
	char const *names = "";

	*meant = NULL;
	node_for_each (child, manifest, kind) {
		char const *name = text_attribute(child, "name");

		names = text_of("%s%s%s", names, *names ? ", " : "", name);
		if (text_is_meant(wanted, name, *meant))
			*meant = name;
	}
	return *names ? names : "nothing";
}

/* --- Values --- */

static bool is_word(char const *value, char const *words)
{
	size_t const size = strlen(value);

	for (char const *at = words; at && *at; at += *at == ' ') {
		char const  *end    = string_find(at, ' ');
		size_t const length = end ? (size_t)(end - at) : strlen(at);

		if (length == size && memcmp(at, value, size) == 0)
			return true;
		at += length;
	}
	return false;
}

static bool is_number(char const *value, bool is_bytes, uint64_t min, uint64_t max)
{
	uint64_t number;

	if ((is_bytes ? string_parse_bytes : string_parse_u64)(value, strlen(value), &number) != STATUS_OK)
		return false;
	return number >= min && number <= max;
}

/* What it expects, if the value is not that; else NULL. */
static char const *wanted_of(struct node attribute, char const *value)
{
	char const    *type = text_attribute(attribute, "type");
	uint64_t const min = node_bytes(attribute, "min", 0, 0, UINT64_MAX), max = node_bytes(attribute, "max", UINT64_MAX, 0, UINT64_MAX);
	char const    *range = node_has_attribute(attribute, "max") ? text_of(" from %lu to %lu", min, max) : min ? text_of(" of at least %lu", min) : "";

	if (!type)
		return NULL;
	if (string_equal(type, "string"))
		return strlen(value) > max ? text_of("a text of at most %lu bytes", max) : NULL;
	if (string_equal(type, "bool"))
		return is_word(value, "yes no true false") ? NULL : "yes or no";
	if (string_equal(type, "enum"))
		return is_word(value, text_attribute(attribute, "values")) ? NULL : text_of("one of %s", text_attribute(attribute, "values"));
	if (string_equal(type, "i64")) {
		value += *value == '-';
		return is_number(value, false, 0, (uint64_t)INT64_MAX) ? NULL : "a number";
	}
	if (string_equal(type, "size"))
		return is_number(value, true, min, max) ? NULL : text_of("a size%s", range);
	return is_number(value, false, min, max) ? NULL : text_of("a number%s", range);
}

/* --- Elements --- */

static void check_attributes(struct child const *child, struct node element, struct node manifest)
{
	struct node_attribute attribute = { .name = NULL };
	char                  name_of_element[NODE_NAME_SIZE];

	node_name(element, name_of_element);
	while (node_next_attribute(element, &attribute)) {
		char const *name = text_of("%.*s", (int)attribute.name_size, attribute.name), *value = text_attribute(element, name), *meant, *names, *wanted;
		struct node known = described(manifest, "attribute", name);

		if (!node_exists(known)) {
			names = names_of(manifest, "attribute", name, &meant);
			tell(child, document_attribute_place(element, name),
			     text_of("\"%s\" knows no attribute \"%s\" in its <%s>", child->start->binary, name, name_of_element), text_of("it reads %s", names), meant);
			continue;
		}
		wanted = wanted_of(known, value);
		if (wanted)
			tell(child, document_attribute_place(element, name),
			     text_of("<%s %s=\"%.40s\"> of \"%s\": expected %s", name_of_element, name, value, child->start->name, wanted), "correct it", NULL);
	}
	node_for_each (known, manifest, "attribute") {
		char const *name = text_attribute(known, "name");

		if (node_bool(known, "required", false) && !node_has_attribute(element, name))
			tell(child, document_place(element), text_of("\"%s\" needs %s=\"...\" in its <%s>", child->start->binary, name, name_of_element), "add it", NULL);
	}
}

/* At most as deep as XML_DEPTH_MAX. */
static void check_element(struct child const *child, struct node element, struct node manifest)
{
	check_attributes(child, element, manifest);
	node_for_each (inner, element, NULL) {
		char        name[NODE_NAME_SIZE];
		struct node known = described(manifest, "element", node_name(inner, name));
		char const *meant, *names;

		if (!node_exists(known)) {
			names = names_of(manifest, "element", name, &meant);
			tell(child, document_place(inner), text_of("\"%s\" knows no element <%s> in its configuration", child->start->binary, name),
			     text_of("it reads %s", names), meant);
		} else if (!node_has_attribute(known, "language")) {
			check_element(child, inner, known);
		}
	}
}

void values_check(void)
{
	for (struct level *level = levels; level; level = level->next) {
		for (unsigned i = 0; i < level->config.start_count; i++) {
			struct child const *child = &level->children[i];

			if (child->manifest && !child->manifest->is_init && node_exists(child->start->config) && node_exists(child->manifest->config))
				check_element(child, child->start->config, child->manifest->config);
		}
	}
}
