/* SPDX-License-Identifier: MIT */
/* Memory, text and files. */
#include "check.h"
#include <base/assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void assert_failed(char const *file, unsigned line, char const *text)
{
	fprintf(stderr, "%s:%u: assertion failed: %s\n", file, line, text);
	abort();
}

/* --- Memory --- */

struct block {
	struct block *next;
	max_align_t   memory[];
};

static struct block *blocks, *kept;

void *check_alloc(size_t size)
{
	struct block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		fail("no memory");
	block->next = blocks;
	blocks = block;
	return block->memory;
}

void check_keep(void)
{
	report_forget();
	kept = blocks;
}

void check_forget(void)
{
	levels_forget();
	report_forget();
	schema_forget();
	cycles_forget();
	while (blocks != kept) {
		struct block *next = blocks->next;

		free(blocks);
		blocks = next;
	}
}

char *text_of_list(char const *format, va_list arguments)
{
	va_list again;
	char   *text;
	int     size;

	va_copy(again, arguments);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0)
		fail("no memory");
	text = check_alloc((size_t)size + 1);
	vsnprintf(text, (size_t)size + 1, format, arguments);
	return text;
}

char *text_of(char const *format, ...)
{
	va_list arguments;
	char   *text;

	va_start(arguments, format);
	text = text_of_list(format, arguments);
	va_end(arguments);
	return text;
}

char const *text_attribute(struct node node, char const *name)
{
	char        text[XML_VALUE_MAX + 1];
	enum status status;

	if (!node_has_attribute(node, name))
		return NULL;
	status = node_string(node, name, "", text, sizeof(text));
	assert(status == STATUS_OK);
	return text_of("%s", text);
}

/* --- Names that are meant --- */

enum { NAME_MAX_HERE = 64 };

/* How many letters are to be changed, left out, put in, or swapped with their neighbour. */
static unsigned distance(char const *a, char const *b)
{
	unsigned     row[3][NAME_MAX_HERE + 1];
	size_t const a_size = strlen(a), b_size = strlen(b);

	if (a_size > NAME_MAX_HERE || b_size > NAME_MAX_HERE)
		return NAME_MAX_HERE;
	for (unsigned j = 0; j <= b_size; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= a_size; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = i;
		for (unsigned j = 1; j <= b_size; j++) {
			unsigned const change = last[j - 1] + (a[i - 1] != b[j - 1]);

			now[j] = MIN(last[j], now[j - 1]) + 1;
			now[j] = MIN(now[j], change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = MIN(now[j], before[j - 2] + 1);
		}
	}
	return row[a_size % 3][b_size];
}

bool text_is_meant(char const *wanted, char const *name, char const *best)
{
	unsigned const far = distance(wanted, name), limit = strlen(wanted) < 6 ? 1 : 2;
	bool const     same_but_case = strcasecmp(wanted, name) == 0;

	if (strcmp(wanted, name) == 0 || (far > limit && !same_but_case))
		return false;
	return !best || far < distance(wanted, best);
}

/* --- Files --- */

struct source *source_of(char const *path, char const *text, size_t size)
{
	struct source *source;

	NEW(source);
	source->path = text_of("%s", path);
	source->text = check_alloc(size + 1);
	memcpy(source->text, text, size);
	source->size = size;
	return source;
}

struct source *source_read(char const *path)
{
	static char    text[XML_SIZE_MAX + 1];
	FILE          *file = fopen(path, "rb");
	struct source *source;

	if (!file)
		return NULL;
	source = source_of(path, text, fread(text, 1, sizeof(text), file));
	fclose(file);
	return source;
}

char const *source_file(struct source const *source, struct node node)
{
	char file[NODE_FILE_SIZE];

	node_file(node, file);
	return node.at->origin ? text_of("%s", file) : source->path;
}

bool source_index(struct source *source, struct xml_error *error)
{
	size_t const max = xml_nodes_needed(source->text, source->size);

	source->nodes = check_alloc((max + 1) * sizeof(*source->nodes));
	if (xml_index(source->text, source->size, source->nodes, max, &source->count, error) != STATUS_OK)
		return false;
	source->root = node_root(source->text, source->nodes);
	return true;
}
