/* SPDX-License-Identifier: MIT */
/*
 * Text into tokens. A comment is kept with the token that it is about: `tail` of the token before it on the same line, else
 * `doc` of the token that follows on the same or the next line. Columns count characters, a tab is one.
 */
#include "rpcgen.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char const   *at;
static struct token  place;             /* of `at`, and what all tokens of this file have in common */
static struct token *tokens, *last;     /* of this file; the one read last, or NULL */
static char const   *doc;               /* the last comment that is no tail, until a token takes it */
static unsigned      doc_line;          /* where it ended */

static void next(void)
{
	place.column += ((unsigned char)*at & 0xc0) != 0x80;
	if (*at++ == '\n') {
		place.line++;
		place.column = 1;
	}
}

static bool is_word(void)
{
	return isalnum((unsigned char)*at) || *at == '_';
}

/* The text of a comment without its frame: line by line, without leading stars and blanks. */
static char *comment_text(char const *begin, char const *end)
{
	char *text = allocate((size_t)(end - begin) + 1), *to = text;

	for (char const *first = begin; begin < end; begin += begin < end) {
		begin += strspn(begin, " \t");
		if (begin < end && *begin == '*' && memchr(first, '\n', (size_t)(begin - first)))
			begin++;
		begin += begin < end && *begin == ' ';
		while (begin < end && *begin != '\n')
			*to++ = *begin++;
		while (to > text && (to[-1] == ' ' || to[-1] == '\t'))
			to--;
		if (begin < end && to > text)
			*to++ = '\n';
	}
	while (to > text && isspace((unsigned char)to[-1]))
		to--;
	*to = 0;
	return text;
}

static void comment(void)
{
	struct token start = place;
	char const  *begin = at + 2;
	char        *text;

	next();
	for (next(); strncmp(at, "*/", 2) != 0; next())
		if (!*at || strncmp(at, "/*", 2) == 0)
			fail(&start, *at ? "there is another comment within this one" : "this comment has no end");
	text = comment_text(begin, at);
	next();
	next();
	if (start.line == 1 && strstr(text, "SPDX-License-Identifier:")) {
		place.file->spdx = text;
	} else if (last && last->line == start.line) {
		last->tail = text;
	} else {
		doc = text;
		doc_line = place.line;
		if (!last && !place.file->doc)
			place.file->doc = text;
	}
}

static uint64_t number(struct token const *token)
{
	char    *end;
	uint64_t value;

	errno = 0;
	value = strtoull(token->text, &end, 0);
	if (token->text[0] == '0' && token->text[1] && token->text[1] != 'x')
		fail(token, "`%s`: a number does not start with 0, but for 0x", token->text);
	if (*end)
		fail(token, "`%s` is no number", token->text);
	if (errno)
		fail(token, "`%s` does not fit 64 bits", token->text);
	return value;
}

static void string(void)
{
	struct token start = place;

	for (next(); *at != '"'; next()) {
		if (!*at || *at == '\n')
			fail(&start, "this string has no end on its line");
		if (*at == '\\' || !isprint((unsigned char)*at))
			fail(&place, "a string consists of printable ASCII characters without \\");
	}
	next();
}

static void token(void)
{
	struct token token  = place;
	char const  *begin  = at;
	size_t       quotes = *at == '"';

	if (doc && doc_line + 1 >= place.line)
		token.doc = doc;
	doc = NULL;
	if (is_word()) {
		token.kind = isdigit((unsigned char)*at) ? TOKEN_NUMBER : TOKEN_NAME;
		while (is_word())
			next();
	} else if (quotes) {
		token.kind = TOKEN_STRING;
		string();
	} else {
		token.kind = TOKEN_PUNCTUATION;
		if (!strchr("{}()<>[];,=*+-", *at))
			fail(&token, isprint((unsigned char)*at) ? "unexpected character `%c`" : "unexpected byte 0x%02x", (unsigned char)*at);
		for (int length = strncmp(at, "->", 2) == 0 ? 2 : 1; length; length--)
			next();
	}
	token.text = text_format("%.*s", (int)((size_t)(at - begin) - 2 * quotes), begin + quotes);
	if (token.kind == TOKEN_NUMBER)
		token.number = number(&token);
	last = last ? last + 1 : tokens;
	*last = token;
}

static char const *read_all(char const *path, struct token const *from)
{
	FILE  *input = fopen(path, "rb");
	char  *text  = allocate(SOURCE_MAX + 1);
	size_t size  = input ? fread(text, 1, SOURCE_MAX, input) : 0;

	if (!input || ferror(input))
		fail(from, "cannot read %s", path);
	if (!feof(input) || strlen(text) != size)
		fail(from, "%s is no text of less than 1 MiB", path);
	fclose(input);
	return text;
}

struct file *lex(char const *path, char const *name, struct token const *from)
{
	struct file *file = allocate(sizeof(*file));

	*file = (struct file) { .path = path, .name = name };
	at = read_all(path, from);
	place = (struct token) { .file = file, .line = 1, .column = 1 };
	tokens = allocate((strlen(at) + 1) * sizeof(*tokens));
	last = NULL, doc = NULL;
	while (*at) {
		if (isspace((unsigned char)*at))
			next();
		else if (strncmp(at, "/*", 2) == 0)
			comment();
		else
			token();
	}
	place.text = "the end of the file";
	tokens[last ? last + 1 - tokens : 0] = place;
	file->tokens = tokens;
	return file;
}
