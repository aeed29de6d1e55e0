/* SPDX-License-Identifier: MIT */
/* Changes of a configuration; see edit.h. */
#include "edit.h"
#include <base/string.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char const *why(struct edit *edit, char const *text, ...) __attribute__((format(printf, 2, 3)));

static char const *why(struct edit *edit, char const *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	vsnprintf(edit->why, sizeof(edit->why), text, arguments);
	va_end(arguments);
	return edit->why;
}

/* Reads the text anew. It was XML, and stays XML by what is done to it here; only limits can be exceeded. */
static char const *look(struct edit *edit)
{
	struct xml_error error;
	size_t           count;
	char             text[320];

	if (xml_index(edit->text, edit->size, edit->nodes, EDIT_NODES, &count, &error) == STATUS_OK)
		return NULL;
	return why(edit, "%s", xml_error_text(&error, text, sizeof(text)));
}

char const *edit_set(struct edit *edit, char const *text, size_t size)
{
	struct xml_error error;
	size_t           count;
	char             place[320];

	if (size > EDIT_SIZE)
		return why(edit, "the configuration has %zu bytes; %d are the most", size, EDIT_SIZE);
	if (xml_index(text, size, edit->nodes, EDIT_NODES, &count, &error) != STATUS_OK)
		return why(edit, "%s", xml_error_text(&error, place, sizeof(place)));
	memcpy(edit->text, text, size);
	edit->size = size;
	return NULL;
}

/* --- Finding --- */

static struct node root(struct edit *edit)
{
	return node_root(edit->text, edit->nodes);
}

/* Below a <config>, the <start> of that name; the rest of the path goes on in its own <config>. */
static struct node find_start(struct edit *edit, char const *path)
{
	struct node config = root(edit), found = node_none();

	if (edit->size && !look(edit)) {
		while (*path) {
			size_t const length = strcspn(path, "/");
			char         name[64];

			found = node_none();
			if (string_copy_slice(name, sizeof(name), path, length) != STATUS_OK)
				break;
			node_for_each (start, config, "start") {
				if (node_attribute_is(start, "name", name))
					found = start;
			}
			path += length + (path[length] == '/');
			config = node_child(found, "config");
		}
	}
	return found;
}

bool edit_has(struct edit *edit, char const *path)
{
	return node_exists(find_start(edit, path));
}

/* The value of an attribute, as it is written; NULL: it has none. */
static char const *find_value(struct node node, char const *name, size_t *size)
{
	struct node_attribute attribute = { NULL };

	while (node_next_attribute(node, &attribute)) {
		if (string_equal_slice(attribute.name, attribute.name_size, name)) {
			*size = attribute.value_size;
			return attribute.value;
		}
	}
	return NULL;
}

/* --- Changing --- */

/* Puts `text` in the place of `size` bytes at `at`. */
static char const *splice(struct edit *edit, size_t at, size_t size, char const *text, size_t text_size)
{
	if (edit->size - size + text_size > EDIT_SIZE)
		return why(edit, "the configuration would have more than %d bytes", EDIT_SIZE);
	memmove(edit->text + at + text_size, edit->text + at + size, edit->size - at - size);
	memcpy(edit->text + at, text, text_size);
	edit->size += text_size - size;
	return NULL;
}

static char const *set_attribute(struct edit *edit, struct node node, char const *name, char const *value)
{
	char        text[128], tag[NODE_NAME_SIZE];
	size_t      size;
	char const *at = find_value(node, name, &size);

	if (at)
		return splice(edit, (size_t)(at - edit->text), size, value, strlen(value));
	snprintf(text, sizeof(text), " %s=\"%s\"", name, value);
	return splice(edit, node.at->start + 1 + strlen(node_name(node, tag)), 0, text, strlen(text));
}

static void write_size(uint64_t bytes, char to[static 32])
{
	if (bytes % (1 << 20) == 0)
		snprintf(to, 32, "%lluM", (unsigned long long)bytes >> 20);
	else if (bytes % 1024 == 0)
		snprintf(to, 32, "%lluK", (unsigned long long)bytes >> 10);
	else
		snprintf(to, 32, "%llu", (unsigned long long)bytes);
}

static struct node ram_resource(struct node start)
{
	node_for_each (resource, start, "resource") {
		if (node_attribute_is(resource, "name", "RAM"))
			return resource;
	}
	return node_none();
}

static uint64_t ram_of(struct node start, uint64_t otherwise)
{
	struct node const resource = ram_resource(start);

	return node_exists(resource) ? node_bytes(resource, "quantum", otherwise, 0, UINT64_MAX) : node_bytes(start, "ram", otherwise, 0, UINT64_MAX);
}

static char const *set_ram(struct edit *edit, char const *path, uint64_t bytes)
{
	struct node const start = find_start(edit, path), resource = ram_resource(start);
	char              text[32];

	write_size(bytes, text);
	return node_exists(resource) ? set_attribute(edit, resource, "quantum", text) : set_attribute(edit, start, "ram", text);
}

static char const *no_start(struct edit *edit, char const *path)
{
	return why(edit, "the configuration has no <start> \"%.160s\"", path);
}

char const *edit_give(struct edit *edit, char const *from, uint64_t ram_from, char const *to, uint64_t ram_to, uint64_t bytes)
{
	struct node const giver = find_start(edit, from);
	char const       *error;

	if (!node_exists(giver))
		return no_start(edit, from);
	ram_from = ram_of(giver, ram_from);
	if (!edit_has(edit, to))
		return no_start(edit, to);
	ram_to = ram_of(find_start(edit, to), ram_to);
	if (bytes >= ram_from)
		return why(edit, "\"%.160s\" has only %llu bytes", from, (unsigned long long)ram_from);
	error = set_ram(edit, from, ram_from - bytes);
	if (!error) {
		error = set_ram(edit, to, ram_to + bytes);
		if (error)
			(void)set_ram(edit, from, ram_from);
	}
	return error;
}

char const *edit_restart(struct edit *edit, char const *path)
{
	struct node const start = find_start(edit, path);
	char              version[32];

	if (!node_exists(start))
		return no_start(edit, path);
	snprintf(version, sizeof(version), "%u", ++edit->versions);
	if (node_attribute_is(start, "version", version))
		snprintf(version, sizeof(version), "%u", ++edit->versions);
	return set_attribute(edit, start, "version", version);
}

static struct removed *find_removed(struct edit *edit, char const *path)
{
	for (unsigned i = 0; i < edit->removed_count; i++) {
		if (string_equal(edit->removed[i].path, path))
			return &edit->removed[i];
	}
	return NULL;
}

static void forget(struct edit *edit, struct removed *removed)
{
	free(removed->text);
	*removed = edit->removed[--edit->removed_count];
}

char const *edit_kill(struct edit *edit, char const *path)
{
	struct node const start = find_start(edit, path);
	struct removed   *removed;
	size_t            size;
	char const       *raw;

	if (!node_exists(start))
		return no_start(edit, path);
	if (find_removed(edit, path))
		forget(edit, find_removed(edit, path));
	if (edit->removed_count == EDIT_REMOVED)
		forget(edit, &edit->removed[0]);
	raw = node_raw(start, &size);
	removed = &edit->removed[edit->removed_count];
	*removed = (struct removed) { .text = malloc(size), .size = size };
	if (!removed->text || string_copy(removed->path, sizeof(removed->path), path) != STATUS_OK) {
		free(removed->text);
		return why(edit, "there is no memory to keep \"%.160s\" in", path);
	}
	memcpy(removed->text, raw, size);
	edit->removed_count++;
	return splice(edit, (size_t)(raw - edit->text), size, "", 0);
}

/* Puts a <start> at the end of the configuration of `path`. */
static char const *append(struct edit *edit, char const *path, char const *text, size_t size)
{
	struct node const config = *path ? node_child(find_start(edit, path), "config") : look(edit) ? node_none() : root(edit);
	size_t            at;

	if (!node_exists(config) || config.at->content == config.at->content_end)
		return why(edit, "\"%.160s\" has no <config> to add something to", path);
	at = config.at->content_end;
	/* Before the line of the end tag, if that has one of its own. */
	while (at > config.at->content && (edit->text[at - 1] == ' ' || edit->text[at - 1] == '\t'))
		at--;
	return splice(edit, at, 0, text, size);
}

char const *edit_revive(struct edit *edit, char const *path)
{
	struct removed *removed = find_removed(edit, path);
	char const     *slash   = strrchr(path, '/'), *error;
	char            parent[EDIT_PATH];

	if (!removed)
		return why(edit, "\"%.160s\" was not killed here", path);
	if (edit_has(edit, path))
		return why(edit, "\"%.160s\" is there", path);
	if (string_copy_slice(parent, sizeof(parent), path, slash ? (size_t)(slash - path) : 0) != STATUS_OK)
		return no_start(edit, path);
	error = append(edit, parent, removed->text, removed->size);
	if (!error)
		error = append(edit, parent, "\n", 1);
	if (!error)
		forget(edit, removed);
	return error;
}

char const *edit_add_greedy(struct edit *edit, char const *path)
{
	char text[256], at[EDIT_PATH + 16];

	for (unsigned i = 1; i < 10; i++) {
		snprintf(at, sizeof(at), "%s%sgreedy%u", path, *path ? "/" : "", i);
		if (edit_has(edit, at))
			continue;
		snprintf(text, sizeof(text), "\t\t<start name=\"greedy%u\" binary=\"greedy\" ram=\"1M\" ram_max=\"3M\" caps=\"140\"> <config bite=\"512K\"/> </start>\n", i);
		return append(edit, path, text, strlen(text));
	}
	return why(edit, "nine greedy clients are enough");
}
