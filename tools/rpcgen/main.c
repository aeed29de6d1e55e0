/* SPDX-License-Identifier: MIT */
/*
 * rpcgen [-I DIRECTORY]... [-d DEPFILE] INPUT OUTPUT: makes the header of one interface file.
 */
#define _GNU_SOURCE
#include "rpcgen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

FILE *output;

_Noreturn void fail(struct token const *token, char const *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (token)
		fprintf(stderr, "%s:%u:%u: ", token->file->path, token->line, token->column);
	else
		fprintf(stderr, "rpcgen: ");
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	exit(1);
}

void *allocate(size_t size)
{
	void *block = calloc(1, size);

	if (!block)
		fail(NULL, "out of memory");
	return block;
}

char *text_format(char const *format, ...)
{
	va_list arguments;
	char   *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		fail(NULL, "out of memory");
	va_end(arguments);
	return text;
}

char *text_upper(char const *text)
{
	char *upper = text_format("%s", text);

	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return upper;
}

bool text_is(char const *a, char const *b)
{
	return strcmp(a, b) == 0;
}

bool text_lists(char const *list, char const *word)
{
	return strstr(list, text_format(" %s ", word)) != NULL;
}

static void close_output(char const *path)
{
	if (ferror(output) | fclose(output))
		fail(NULL, "cannot write %s", path);
}

static void open_output(char const *path)
{
	output = fopen(path, "w");
	if (!output)
		fail(NULL, "cannot write %s", path);
}

/* The last two elements of a path, as an import would have them: "hello/hello.rpc". */
static char const *import_name(char const *path)
{
	char const *name = path + strlen(path);

	for (int slashes = 0; name > path; name--)
		if (name[-1] == '/' && ++slashes == 2)
			break;
	return name;
}

static void write_dependencies(char const *path, char const *target)
{
	open_output(path);
	fprintf(output, "%s:", target);
	for (struct file *file = files; file; file = file->next)
		fprintf(output, " %s", file->path);
	fprintf(output, "\n");
	for (struct file *file = files->next; file; file = file->next)
		fprintf(output, "%s:\n", file->path);
	close_output(path);
}

int main(int argc, char **argv)
{
	char const **directories = allocate(((size_t)argc + 1) * sizeof(*directories)), *dependencies = NULL;
	int          i, count = 0;

	for (i = 1; i + 2 < argc && argv[i][0] == '-'; i += 2) {
		if (text_is(argv[i], "-I"))
			directories[count++] = argv[i + 1];
		else if (text_is(argv[i], "-d"))
			dependencies = argv[i + 1];
		else
			break;
	}
	if (i + 2 != argc)
		fail(NULL, "usage: rpcgen [-I DIRECTORY]... [-d DEPFILE] INPUT OUTPUT");
	parse(lex(argv[i], import_name(argv[i]), NULL), directories);
	check();
	open_output(argv[i + 1]);
	emit_header(files);
	close_output(argv[i + 1]);
	if (dependencies)
		write_dependencies(dependencies, argv[i + 1]);
	return 0;
}
