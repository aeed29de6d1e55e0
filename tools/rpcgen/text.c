/* SPDX-License-Identifier: MIT */
/*
 * Text, memory and errors.
 */
#define _GNU_SOURCE
#include "rpcgen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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

char const *text_import_name(char const *path)
{
	char const *name = path + strlen(path);

	for (int slashes = 0; name > path; name--)
		if (name[-1] == '/' && ++slashes == 2)
			break;
	return name;
}
