/* SPDX-License-Identifier: MIT */
/*
 * rpcgen makes C headers from interface descriptions (doc/rpc.md is the language). One file a phase: lex.c cuts text into
 * tokens, parse.c reads declarations and resolves their names, check.c lays out messages and applies the limits, header.c
 * and calls.c write C. The first error ends the program, so no phase sees a broken input of
 * another, and nothing is written before the last check. Memory is never freed: the program ends soon.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	WORD = 8, REGISTER_WORDS = 4, MESSAGE_MAX = 1024, CAPS_MAX = 8, ARGS_MAX = 128, SERVICE_NAME_MAX = 31, LINE_MAX_COLUMNS = 120,
	SOURCE_MAX = 1 << 20,
};

struct file {
	char const   *path;       /* to open and to report it */
	char const   *name;       /* as an import would name it */
	struct token *tokens;     /* ends with TOKEN_END */
	char const   *spdx, *doc; /* comments at its top, or NULL */
	bool          is_open, parsed;
	struct file  *next;
};

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_PUNCTUATION };

struct token {
	enum token_kind kind;
	char const     *text;       /* a string's without its quotes */
	uint64_t        number;
	struct file    *file;
	unsigned        line, column;
	char const     *doc, *tail; /* text of the comment right above, and of the one behind it on its line, or NULL */
};

enum type_kind { TYPE_INTEGER, TYPE_BOOL, TYPE_STATUS, TYPE_ENUM, TYPE_STRUCT, TYPE_STRING, TYPE_BYTES, TYPE_CAP };

struct type {
	enum type_kind kind;
	char const    *text;        /* in the language: "string<32>" */
	char const    *c;           /* in C, without dimensions: "char" */
	unsigned       size, align; /* of one element, in a struct */
	unsigned       bound;       /* of a string or data */
	unsigned       count;       /* elements of an array, 0: it is none */
	bool           is_signed;
	struct decl   *decl;        /* of an enum or a struct */
	struct token  *target;      /* what a capability is for */
};

struct field {
	char const   *name;
	struct type   type;
	char const   *doc, *tail;
	struct token *token;
	struct token *value;        /* default, or NULL */
	bool          negative;     /* a minus stands before it */
	bool          is_param;     /* of a call, where scalars are words */
	unsigned      offset;       /* in its struct or message, set by check.c */
	unsigned      padding;      /* bytes unused behind it */
	struct field *next;
};

struct fields {
	struct field *first;
	unsigned      size, align, caps; /* set by check.c */
};

struct enumerator {
	char const        *name;
	uint64_t           value;
	char const        *doc, *tail;
	struct token      *token;
	struct enumerator *next;
};

struct call {
	char const        *name, *doc;
	struct token      *token;
	struct fields      in, out;
	struct enumerator *errors;
	bool               is_message; /* not in register form */
	struct call       *next;
};

enum decl_kind { DECL_CONST, DECL_ENUM, DECL_STRUCT, DECL_SESSION, DECL_OBJECT };

struct decl {
	enum decl_kind     kind;
	char const        *name, *doc;
	struct token      *token;              /* its name */
	struct token      *begin, *end;        /* all of it: [begin, end) */
	uint64_t           value;              /* const */
	char const        *tail;               /* const: comment behind it */
	struct enumerator *enumerators;        /* enum */
	struct fields      fields;             /* struct; args of a session */
	bool               has_args;
	char const        *service;            /* session */
	char const        *cost_ram, *cost_caps; /* C expressions, or NULL */
	struct call       *calls;
	uint64_t           hash;
	uint32_t           tag;
	unsigned           visited;            /* by which run of the hash */
	struct decl       *next;
};

extern struct file *files;  /* the one given first */
extern struct decl *decls;  /* of all files, in order */

/* Reports "file:line:column: reason" and exits with 1. */
_Noreturn void fail(struct token const *token, char const *format, ...) __attribute__((format(printf, 2, 3)));

/* Reports without a place. */
_Noreturn void fail_plain(char const *format, ...) __attribute__((format(printf, 1, 2)));

void *allocate(size_t size);
char *text_format(char const *format, ...) __attribute__((format(printf, 1, 2)));
char *text_vformat(char const *format, va_list arguments);
char *text_upper(char const *text);
bool  text_is(char const *a, char const *b);

/* Reads a file into tokens. `from`: what imports it, or NULL. */
struct file *lex(char const *path, char const *name, struct token const *from);

/* Reads a file and all that it imports from one of the `directories` (NULL-terminated). */
void parse(struct file *file, char const *const *directories);

struct decl *decl_find(char const *name);
bool         status_is_known(char const *name);
bool         status_is_implicit(char const *name);

/* Checks and completes all declarations. */
void check(void);

bool type_is_scalar(struct type const *type);

/* --- Writing --- */

extern FILE *output;

/* Writes; lines that become too long are broken behind a comma or before an &&. A newline must end what is written. */
void emit(char const *format, ...) __attribute__((format(printf, 1, 2)));

/* A comment, or nothing for NULL. */
void emit_doc(char const *doc, char const *indent);

/* The signature of parameters in the language. */
char *signature(struct fields const *fields);

/* "RPC_ERROR(A) | RPC_ERROR(B)", "0" for none. */
char *error_set(struct call const *call);

/* The statement `failure` if the field, which is `c` in C, holds what it must not; nothing if it cannot. */
void emit_check(struct field const *field, char const *c, char const *indent, char const *failure);

void emit_header(struct file const *file);
void emit_client(struct decl const *decl);
void emit_server(struct decl const *decl);
