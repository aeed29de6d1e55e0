/* SPDX-License-Identifier: MIT */
/*
 * rpcgen makes C headers from interface descriptions (doc/rpc.md is the language). One file a phase: lex.c cuts text into
 * tokens, parse.c reads declarations and resolves their names, check.c lays out messages and applies the limits, header.c
 * and calls.c write C. The first error ends the program, so no phase sees a broken input of another, and nothing is
 * written before the last check. Memory is never freed: the program ends soon.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { WORD = 8, REGISTER_WORDS = 4, MESSAGE_MAX = 1024, CAPS_MAX = 8, ARGS_MAX = 128, SERVICE_MAX = 31, COLUMNS_MAX = 120,
       SOURCE_MAX = 1 << 20 };

struct file {
	char const   *path;       /* to open and to report it */
	char const   *name;       /* as an import would name it */
	struct token *tokens;     /* ends with TOKEN_END */
	char const   *spdx, *doc; /* comments at its top, or NULL */
	bool          is_open;    /* while it is being parsed */
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
	bool           is_signed;
	unsigned       bound;       /* of a string or data */
	unsigned       count;       /* elements of an array, 0: it is none */
	struct decl   *decl;        /* of an enum or a struct */
	struct token  *target;      /* what a capability is for */
};

struct fields {
	struct item *first;
	unsigned     size, align, caps; /* set by check.c, as is what follows */
	bool         is_plain;          /* a few scalars, which fit registers */
};

/* What a declaration consists of: a field, a parameter, a value of an enum, a call or one of its errors. */
struct item {
	char const   *name, *doc, *tail;
	struct token *token;       /* the name */
	struct item  *next;
	uint64_t      value;       /* of an enum's value */
	/* field, parameter */
	struct type   type;
	struct token *init;        /* default, or NULL */
	bool          negative;    /* a minus stands before it */
	bool          is_param;    /* scalar parameters are words; set by check.c, as is what follows */
	unsigned      offset;      /* in its struct or message */
	unsigned      padding;     /* bytes unused behind it */
	/* call */
	struct fields in, out;
	struct item  *errors;
	bool          is_message;  /* not in register form */
};

enum decl_kind { DECL_CONST, DECL_ENUM, DECL_STRUCT, DECL_SESSION, DECL_OBJECT };

struct decl {
	enum decl_kind kind;
	char const    *name, *doc, *tail;
	struct token  *token;                 /* its name */
	struct token  *begin, *end;           /* all of it: [begin, end) */
	uint64_t       value;                 /* const */
	struct item   *items;                 /* values of an enum, calls of an interface */
	struct fields  fields;                /* struct; args of a session */
	char const    *service;               /* session */
	char const    *cost_ram, *cost_caps;  /* C expressions, or NULL */
	uint64_t       hash;                  /* set by check.c */
	unsigned       tag;                   /* high half of the labels of its calls */
	unsigned       visited;               /* by which run of the hash */
	struct decl   *next;
};

extern struct file *files;  /* the one given first */
extern struct decl *decls;  /* of all files, what is imported before what imports it */

/* Reports "file:line:column: reason", without a token "rpcgen: reason", and exits with 1. */
_Noreturn void fail(struct token const *token, char const *format, ...) __attribute__((format(printf, 2, 3)));

/* Zeroed. */
void *allocate(size_t size);

char *text_format(char const *format, ...) __attribute__((format(printf, 1, 2)));
char *text_upper(char const *text);
bool  text_is(char const *a, char const *b);

/* Is `word` in a list of words, each between blanks? */
bool text_lists(char const *list, char const *word);

/* The last two elements of a path, as an import would have them: "hello/hello.rpc". */
char const *text_import_name(char const *path);

/* Reads a file into tokens. `from`: what imports it, or NULL. */
struct file *lex(char const *path, char const *name, struct token const *from);

/* Reads a file and all that it imports from one of the `directories` (NULL-terminated). */
void parse(struct file *file, char const *const *directories);

struct decl *decl_find(char const *name);

/* Statuses, as text_lists takes them: what calls can list, and what each may end with anyway. */
extern char const statuses_listed[], statuses_implicit[];

/* Finds sizes, offsets and paddings of a struct or a message. */
void lay_out(struct fields *fields, bool is_message);

/* Checks and completes all interfaces. */
void check(void);

bool type_is_scalar(struct type const *type);

/* --- Writing --- */

extern FILE *output;

/* Writes whole lines; too long ones are broken behind a comma or before an operator. */
void emit(char const *format, ...) __attribute__((format(printf, 1, 2)));

/* A comment, or nothing for NULL. */
void emit_doc(char const *doc, char const *indent);

/* "RPC_ERROR(A) | RPC_ERROR(B)", "0" for none. */
char *error_set(struct item const *call);

/* The statement `failure` if the field, which is `c` in C, holds what it must not; nothing if it cannot. */
void emit_check(struct item const *field, char const *c, char const *failure);

/* The client's function for a call: "enum status hello_add(struct hello *self, int32_t a, int32_t b, int32_t *sum)". */
char *prototype(struct decl const *decl, struct item const *call);

void emit_header(struct file const *file);
void emit_client(struct decl const *decl);
void emit_server(struct decl const *decl);
