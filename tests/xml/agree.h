/* SPDX-License-Identifier: MIT */
/*
 * Do our parser and libxml2 agree on a document: is it well-formed for both or for neither, and do they see the same elements, attributes
 * and text? For the unit test, which mutates documents, and for libFuzzer. Included once in a program.
 */
#pragma once

#include <base/node.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGREE_NODES = 4096 };

static struct xml_node nodes[AGREE_NODES];

static xmlDoc *parse_theirs(char const *text, size_t size)
{
	return xmlReadMemory(text, (int)size, "document.xml", NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

static enum status parse_ours(char const *text, size_t size, struct xml_error *error)
{
	size_t count;

	return xml_index(text, size, nodes, AGREE_NODES, &count, error);
}

/* --- Comparing trees --- */

static bool same_name(struct node ours, xmlNode *theirs)
{
	char name[NODE_NAME_SIZE], full[200];

	snprintf(full, sizeof(full), "%s%s%s", theirs->ns && theirs->ns->prefix ? (char const *)theirs->ns->prefix : "",
	         theirs->ns && theirs->ns->prefix ? ":" : "", (char const *)theirs->name);
	return strcmp(node_name(ours, name), full) == 0;
}

/* Namespace declarations are plain attributes for us; libxml2 keeps them apart, and leaves out those that it finds bad. */
static bool is_declaration(struct node_attribute const *attribute)
{
	return attribute->name_size >= 5 && strncmp(attribute->name, "xmlns", 5) == 0 && (attribute->name_size == 5 || attribute->name[5] == ':');
}

static bool same_attribute(struct node_attribute const *ours, xmlDoc *doc, xmlAttr *theirs)
{
	char     name[200], value[XML_VALUE_MAX + 1];
	xmlChar *content;
	bool     same;

	snprintf(name, sizeof(name), "%s%s%s", theirs->ns && theirs->ns->prefix ? (char const *)theirs->ns->prefix : "",
	         theirs->ns && theirs->ns->prefix ? ":" : "", (char const *)theirs->name);
	if (strlen(name) != ours->name_size || memcmp(name, ours->name, ours->name_size) != 0)
		return false;
	if (node_attribute_value(ours, value, sizeof(value)) != STATUS_OK)
		return false;
	content = xmlNodeListGetString(doc, theirs->children, 1);
	same = strcmp(content ? (char const *)content : "", value) == 0;
	xmlFree(content);
	return same;
}

static bool same_attributes(struct node ours, xmlNode *theirs)
{
	struct node_attribute attribute = { .name = NULL };
	xmlAttr              *property = theirs->properties;

	while (node_next_attribute(ours, &attribute)) {
		if (property && same_attribute(&attribute, theirs->doc, property))
			property = property->next;
		else if (!is_declaration(&attribute))
			return false;
	}
	return !property;
}

static bool same_text(struct node ours, xmlNode *theirs)
{
	size_t size = node_text_size(ours), used = 0;
	char  *text = malloc(size);
	bool   same = node_text(ours, text, size) == STATUS_OK;

	for (xmlNode *child = theirs->children; child && same; child = child->next) {
		size_t length = child->content ? strlen((char const *)child->content) : 0;
		if (child->type != XML_TEXT_NODE && child->type != XML_CDATA_SECTION_NODE)
			continue;
		same = used + length < size && memcmp(text + used, child->content, length) == 0;
		used += length;
	}
	same = same && used == size - 1;
	free(text);
	return same;
}

static xmlNode *element_from(xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

/* Walks both trees in step; at most as deep as XML_DEPTH_MAX. */
static bool same_tree(struct node ours, xmlNode *theirs)
{
	struct node child = node_child(ours, NULL);
	xmlNode    *their_child = element_from(theirs->children);

	if (!same_name(ours, theirs) || !same_attributes(ours, theirs) || !same_text(ours, theirs))
		return false;
	for (; node_exists(child) && their_child; child = node_next(child, NULL), their_child = element_from(their_child->next)) {
		if (!same_tree(child, their_child))
			return false;
	}
	return !node_exists(child) && !their_child;
}

/* --- What may differ --- */

/* What libxml2 lets pass although XML does not; each is in tests/xml/design, too. */
static bool is_lenience(struct xml_error const *error)
{
	if (strcmp(error->found, "byte 0x00") == 0)
		return true;    /* takes a zero byte behind the root for the end */
	if (strstr(error->expected, "does not have yet") && strncmp(error->found, "\"xmlns", 6) == 0)
		return true;    /* drops declarations of namespaces that are wrong before it looks for doubles */
	return strstr(error->expected, "XML declaration") && strcmp(error->found, "\"standalone\"") == 0;    /* needs no blank before it */
}

/* Do both agree on this document, or is there a reason why not? */
static bool agree(char const *text, size_t size)
{
	struct xml_error error;
	xmlDoc          *doc = parse_theirs(text, size);
	enum status      status = parse_ours(text, size, &error);
	bool             fine;

	if (!status)
		fine = doc && same_tree(node_root(text, nodes), xmlDocGetRootElement(doc));
	else
		fine = !doc || status == STATUS_UNSUPPORTED || status == STATUS_TOO_LONG || is_lenience(&error);
	xmlFreeDoc(doc);
	return fine;
}
