/* SPDX-License-Identifier: MIT */
/*
 * Interfaces, as rpcdoc lists them for programs: which service each is, its hash, and what a session costs, which is a sum of
 * numbers, multiples of arguments, and pages().
 */
#include "check.h"
#include <stdlib.h>
#include <string.h>

static struct interface *interfaces;

void interfaces_read(char const *path)
{
	struct source    *source = source_read(path);
	struct interface **end = &interfaces;
	struct xml_error  error;
	char              text[384];

	if (!source)
		fail("cannot read the interfaces, %s", path);
	if (!source_index(source, &error))
		fail("interfaces: %s", xml_error_text(&error, text, sizeof(text)));
	node_for_each (node, source->root, "interface") {
		struct interface *interface;

		if (!node_attribute_is(node, "kind", "session"))
			continue;
		NEW(interface);
		*interface = (struct interface) {
			.node = node, .name = text_attribute(node, "name"), .service = text_attribute(node, "service"), .cost = text_attribute(node, "cost"),
			.hash = node_u64(node, "hash", 0, 0, UINT64_MAX),
		};
		*end = interface;
		end = &interface->next;
	}
}

struct interface const *interface_find(char const *service, char const *name)
{
	for (struct interface const *interface = interfaces; interface; interface = interface->next) {
		if (strcmp(interface->service, service) == 0 && (!name || strcmp(interface->name, name) == 0))
			return interface;
	}
	return NULL;
}

/* --- Costs: "ram = pages(size + 16 * reserved) + 4096; caps = 3;" --- */

struct cost_reader {
	char const                     *at;
	struct interface const         *interface;
	struct manifest_argument const *arguments;
};

static bool accept(struct cost_reader *reader, char const *word)
{
	reader->at += strspn(reader->at, " ");
	if (strncmp(reader->at, word, strlen(word)) != 0)
		return false;
	reader->at += strlen(word);
	return true;
}

static uint64_t argument(struct cost_reader *reader)
{
	size_t const size = strcspn(reader->at, " +;)*");
	char const  *name = text_of("%.*s", (int)size, reader->at);

	reader->at += size;
	for (struct manifest_argument const *given = reader->arguments; given; given = given->next) {
		if (given->name && strcmp(given->name, name) == 0)
			return given->value;
	}
	node_for_each (field, node_child(reader->interface->node, "args"), "field") {
		if (node_attribute_is(field, "name", name))
			return node_u64(field, "default", 0, 0, UINT64_MAX);
	}
	return 0;
}

static uint64_t number(struct cost_reader *reader)
{
	char    *end;
	uint64_t value = strtoull(reader->at, &end, 0);

	reader->at = end;
	return value;
}

static uint64_t term(struct cost_reader *reader)
{
	uint64_t factor;

	reader->at += strspn(reader->at, " ");
	if (*reader->at < '0' || *reader->at > '9')
		return argument(reader);
	factor = number(reader);
	if (!accept(reader, "*"))
		return factor;
	reader->at += strspn(reader->at, " ");
	return factor * argument(reader);
}

/* A sum up to the end, or the `)` or `;` that ends it; pages() is nested at most as deep as its text. */
static uint64_t sum(struct cost_reader *reader)
{
	uint64_t total = 0;

	do {
		if (accept(reader, "pages(")) {
			total += quota_pages(sum(reader));
			(void)accept(reader, ")");
		} else {
			total += term(reader);
		}
	} while (accept(reader, "+"));
	return total;
}

struct quota interface_cost(struct interface const *interface, struct manifest_argument const *arguments)
{
	struct quota       cost   = { 0, 0 };
	struct cost_reader reader = { .interface = interface, .arguments = arguments };

	if (!interface || !interface->cost)
		return cost;
	reader.at = interface->cost;
	if (accept(&reader, "ram") && accept(&reader, "="))
		cost.ram = sum(&reader);
	if (accept(&reader, ";") && accept(&reader, "caps") && accept(&reader, "="))
		cost.caps = sum(&reader);
	return cost;
}
