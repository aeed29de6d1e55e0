/* SPDX-License-Identifier: MIT */
/*
 * Text into tokens. A comment is kept with the token that it is about: `tail` of the token before it on the same line, else
 * `doc` of the token that follows on the same or the next line. Columns count characters, a tab is one.
 */
#include "rpcgen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct lexer {
	struct file  *file;
	char const   *at;
	unsigned      line, column;
	char const   *doc;        /* the last comment that is no tail */
	unsigned      doc_line;   /* where it ended */
	struct token *tokens;
	size_t        count, room;
};

static struct token here(struct lexer *lexer)
{
	return (struct token) { .file = lexer->file, .line = lexer->line, .column = lexer->column };
}

static char next(struct lexer *lexer)
{
	char c = *lexer->at++;

	if (c == '\n') {
		lexer->line++;
		lexer->column = 1;
	} else if (((unsigned char)c & 0xc0) != 0x80) {
		lexer->column++;
	}
	return c;
}

static char *slice(char const *begin, char const *end)
{
	return text_format("%.*s", (int)(end - begin), begin);
}

/* The text of a comment without its frame: what stands between the slashes, line by line without leading stars. */
static char *comment_text(char const *begin, char const *end)
{
	char *text = allocate((size_t)(end - begin) + 1), *to = text;

	while (begin < end) {
		while (begin < end && (*begin == ' ' || *begin == '\t'))
			begin++;
		if (to > text && begin < end && *begin == '*')
			begin++;
		if (begin < end && *begin == ' ')
			begin++;
		while (begin < end && *begin != '\n')
			*to++ = *begin++;
		while (to > text && (to[-1] == ' ' || to[-1] == '\t'))
			to--;
		if (begin < end && to > text)
			*to++ = '\n';
		begin += begin < end;
	}
	while (to > text && isspace((unsigned char)to[-1]))
		to--;
	*to = 0;
	return text;
}

static void comment(struct lexer *lexer)
{
	struct token  start = here(lexer);
	struct token *last  = lexer->count ? &lexer->tokens[lexer->count - 1] : NULL;
	char const   *begin = lexer->at + 2;
	char         *text;

	next(lexer);
	if (*lexer->at == '/')
		fail(&start, "a comment is written /* like this */");
	for (next(lexer); strncmp(lexer->at, "*/", 2) != 0; next(lexer))
		if (!*lexer->at)
			fail(&start, "this comment has no end");
	text = comment_text(begin, lexer->at);
	next(lexer);
	next(lexer);
	if (start.line == 1 && strstr(text, "SPDX-License-Identifier:")) {
		lexer->file->spdx = text;
	} else if (last && last->line == start.line) {
		last->tail = text;
	} else {
		lexer->doc = text;
		lexer->doc_line = lexer->line;
		if (!last && !lexer->file->doc)
			lexer->file->doc = text;
	}
}

static struct token *add(struct lexer *lexer, struct token token)
{
	if (lexer->count == lexer->room) {
		struct token *more = allocate((lexer->room = lexer->room * 2 + 64) * sizeof(*more));

		if (lexer->count)
			memcpy(more, lexer->tokens, lexer->count * sizeof(*more));
		lexer->tokens = more;
	}
	if (lexer->doc && lexer->doc_line + 1 >= token.line)
		token.doc = lexer->doc;
	lexer->doc = NULL;
	lexer->tokens[lexer->count] = token;
	return &lexer->tokens[lexer->count++];
}

static void number(struct lexer *lexer, struct token token)
{
	char const *begin = lexer->at;
	unsigned    base  = strncmp(begin, "0x", 2) == 0 ? 16 : 10;

	token.kind = TOKEN_NUMBER;
	while (isalnum((unsigned char)*lexer->at) || *lexer->at == '_')
		next(lexer);
	token.text = slice(begin, lexer->at);
	if (base == 10 && begin[0] == '0' && token.text[1])
		fail(&token, "`%s`: a number does not start with 0, but for 0x", token.text);
	if (base == 16 && !token.text[2])
		fail(&token, "`0x` without digits");
	for (char const *c = token.text + (base == 16 ? 2 : 0); *c; c++) {
		unsigned digit = isdigit((unsigned char)*c) ? (unsigned)(*c - '0') : (unsigned)(tolower((unsigned char)*c) - 'a' + 10);

		if (*c == '_' || digit >= base)
			fail(&token, "`%s` is no number", token.text);
		if (__builtin_mul_overflow(token.number, base, &token.number) || __builtin_add_overflow(token.number, digit, &token.number))
			fail(&token, "`%s` does not fit 64 bits", token.text);
	}
	add(lexer, token);
}

static void string(struct lexer *lexer, struct token token)
{
	char const *begin = lexer->at + 1;

	token.kind = TOKEN_STRING;
	for (next(lexer); *lexer->at != '"'; next(lexer)) {
		struct token place = here(lexer);

		if (!*lexer->at || *lexer->at == '\n')
			fail(&token, "this string has no end on its line");
		if (*lexer->at == '\\' || !isprint((unsigned char)*lexer->at))
			fail(&place, "a string consists of printable ASCII characters without \\");
	}
	token.text = slice(begin, lexer->at);
	next(lexer);
	add(lexer, token);
}

static void name(struct lexer *lexer, struct token token)
{
	char const *begin = lexer->at;

	token.kind = TOKEN_NAME;
	while (isalnum((unsigned char)*lexer->at) || *lexer->at == '_')
		next(lexer);
	token.text = slice(begin, lexer->at);
	add(lexer, token);
}

static void punctuation(struct lexer *lexer, struct token token)
{
	bool arrow = strncmp(lexer->at, "->", 2) == 0;

	token.kind = TOKEN_PUNCTUATION;
	if (!strchr("{}()<>[];,=*+-", *lexer->at)) {
		if (isprint((unsigned char)*lexer->at))
			fail(&token, "unexpected character `%c`", *lexer->at);
		fail(&token, "unexpected byte 0x%02x", (unsigned char)*lexer->at);
	}
	token.text = slice(lexer->at, lexer->at + 1 + arrow);
	for (int i = 0; i <= arrow; i++)
		next(lexer);
	add(lexer, token);
}

static char *read_all(char const *path, struct token const *from)
{
	FILE  *input = fopen(path, "rb");
	char  *text  = allocate(SOURCE_MAX + 1);
	size_t size;

	if (!input && from)
		fail(from, "cannot open %s", path);
	if (!input)
		fail_plain("cannot open %s", path);
	size = fread(text, 1, SOURCE_MAX, input);
	if (ferror(input) || !feof(input))
		fail_plain("cannot read %s%s", path, ferror(input) ? "" : ": it is larger than 1 MiB");
	fclose(input);
	text[size] = 0;
	if (strlen(text) != size)
		fail_plain("%s: not a text, it contains a zero byte", path);
	return text;
}

struct file *lex(char const *path, char const *file_name, struct token const *from)
{
	struct file *file  = allocate(sizeof(*file));
	struct lexer lexer = { .file = file, .line = 1, .column = 1, .at = read_all(path, from) };

	file->path = path;
	file->name = file_name;
	while (*lexer.at) {
		if (isspace((unsigned char)*lexer.at))
			next(&lexer);
		else if (lexer.at[0] == '/' && (lexer.at[1] == '*' || lexer.at[1] == '/'))
			comment(&lexer);
		else if (isdigit((unsigned char)*lexer.at))
			number(&lexer, here(&lexer));
		else if (*lexer.at == '"')
			string(&lexer, here(&lexer));
		else if (isalpha((unsigned char)*lexer.at) || *lexer.at == '_')
			name(&lexer, here(&lexer));
		else
			punctuation(&lexer, here(&lexer));
	}
	add(&lexer, here(&lexer))->text = "the end of the file";
	file->tokens = lexer.tokens;
	return file;
}
