/* SPDX-License-Identifier: MIT */
/*
 * Recursive descent over the tokens, one function for each rule of the grammar in doc/rpc.md. Names are resolved on the
 * way: types and constants must be known before they are used, only capabilities may name objects that come later.
 */
#include "rpcgen.h"

#include <ctype.h>
#include <string.h>

struct file *files;
struct decl *decls;

static struct file **files_end = &files;
static struct decl **decls_end = &decls;
static struct token *at;

enum style { LOWER, UPPER };

/* --- Tokens --- */

static bool is_next(char const *text)
{
	return (at->kind == TOKEN_NAME || at->kind == TOKEN_PUNCTUATION) && text_is(at->text, text);
}

static bool accept(char const *text)
{
	if (!is_next(text))
		return false;
	at++;
	return true;
}

static _Noreturn void fail_expected(char const *what)
{
	char const *quote = at->kind == TOKEN_END ? "" : at->kind == TOKEN_STRING ? "\"" : "`";

	fail(at, "expected %s, found %s%s%s", what, quote, at->text, quote);
}

static struct token *expect(char const *text)
{
	if (!is_next(text))
		fail_expected(text_format("`%s`", text));
	return at++;
}

static struct token *expect_kind(enum token_kind kind, char const *what)
{
	if (at->kind != kind)
		fail_expected(what);
	return at++;
}

static struct token *expect_name(enum style style, char const *what)
{
	struct token *token = expect_kind(TOKEN_NAME, what);

	for (char const *c = token->text; *c; c++)
		if (style == LOWER ? isupper((unsigned char)*c) : islower((unsigned char)*c))
			fail(token, "%s is written in %s case: `%s`", what, style == LOWER ? "lower" : "upper", token->text);
	if (token->text[0] == '_')
		fail(token, "`%s`: a name starts with a letter", token->text);
	return token;
}

struct decl *decl_find(char const *name)
{
	for (struct decl *decl = decls; decl; decl = decl->next)
		if (text_is(decl->name, name))
			return decl;
	return NULL;
}

/* A number or the name of a constant. */
static uint64_t expect_number(char const *what)
{
	struct decl *decl;

	if (at->kind == TOKEN_NUMBER)
		return at++->number;
	if (at->kind != TOKEN_NAME)
		fail_expected(what);
	decl = decl_find(at->text);
	if (!decl || decl->kind != DECL_CONST)
		fail(at, "`%s` is no constant", at->text);
	at++;
	return decl->value;
}

static uint64_t expect_range(char const *what, uint64_t min, uint64_t max)
{
	struct token *token = at;
	uint64_t      value = expect_number(what);

	if (value < min || value > max)
		fail(token, "%s must be %llu to %llu", what, (unsigned long long)min, (unsigned long long)max);
	return value;
}

/* --- Types and fields --- */

static struct { char const *name, *c; unsigned size; bool is_signed; } const integers[] = {
	{ "u8", "uint8_t", 1, false }, { "u16", "uint16_t", 2, false }, { "u32", "uint32_t", 4, false }, { "u64", "uint64_t", 8, false },
	{ "i8", "int8_t", 1, true },   { "i16", "int16_t", 2, true },   { "i32", "int32_t", 4, true },   { "i64", "int64_t", 8, true },
};

static bool parse_builtin(struct token const *token, struct type *type)
{
	type->text = token->text;
	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++)
		if (text_is(token->text, integers[i].name)) {
			type->kind = TYPE_INTEGER;
			type->c = integers[i].c;
			type->size = type->align = integers[i].size;
			type->is_signed = integers[i].is_signed;
			return true;
		}
	if (text_is(token->text, "bool")) {
		*type = (struct type) { .kind = TYPE_BOOL, .text = "bool", .c = "bool", .size = 1, .align = 1 };
		return true;
	}
	if (text_is(token->text, "status")) {
		*type = (struct type) { .kind = TYPE_STATUS, .text = "status", .c = "enum status", .size = 4, .align = 4 };
		return true;
	}
	return false;
}

/* string<N> and bytes<N>, behind the first word. */
static void parse_bounded(struct token const *token, struct type *type)
{
	bool is_string = text_is(token->text, "string");

	expect("<");
	type->bound = (unsigned)expect_range(is_string ? "the size of a string" : "the size of data", is_string ? 2 : 1, MESSAGE_MAX);
	expect(">");
	type->kind  = is_string ? TYPE_STRING : TYPE_BYTES;
	type->text  = text_format("%s<%u>", token->text, type->bound);
	type->c     = is_string ? "char" : "uint8_t";
	type->align = is_string ? 1 : 4;
	type->size  = is_string ? type->bound : (4 + type->bound + WORD - 1) / WORD * WORD;
}

static void parse_named_type(struct token const *token, struct type *type)
{
	struct decl *decl = decl_find(token->text);

	if (!decl)
		fail(token, "unknown type `%s`", token->text);
	if (decl->kind == DECL_SESSION || decl->kind == DECL_OBJECT)
		fail(token, "`%s` is an interface: pass a capability, `cap %s`", decl->name, decl->name);
	if (decl->kind == DECL_CONST)
		fail(token, "`%s` is a constant, not a type", decl->name);
	type->text = decl->name;
	type->decl = decl;
	type->kind = decl->kind == DECL_ENUM ? TYPE_ENUM : TYPE_STRUCT;
	type->c    = text_format("%s %s", decl->kind == DECL_ENUM ? "enum" : "struct", decl->name);
	/* Size and alignment of a struct become known in check.c. */
	type->size = type->align = 4;
}

static struct type parse_type(void)
{
	struct token *token = expect_kind(TOKEN_NAME, "a type");
	struct type   type  = { .text = token->text };

	if (text_is(token->text, "cap")) {
		type.kind   = TYPE_CAP;
		type.target = expect_name(LOWER, "the name of an object");
		type.text   = text_format("cap %s", type.target->text);
	} else if (text_is(token->text, "string") || text_is(token->text, "bytes")) {
		parse_bounded(token, &type);
	} else if (!parse_builtin(token, &type)) {
		parse_named_type(token, &type);
	}
	if (is_next("[")) {
		if (type.kind == TYPE_CAP || type.kind == TYPE_BYTES)
			fail(at, "no arrays of %s", type.kind == TYPE_CAP ? "capabilities" : "data");
		at++;
		type.count = (unsigned)expect_range("the number of elements", 1, MESSAGE_MAX);
		expect("]");
		type.text = text_format("%s[%u]", type.text, type.count);
	}
	return type;
}

static char const *const reserved[] = {
	"auto", "bool", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "false", "float",
	"for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct",
	"switch", "true", "typedef", "union", "unsigned", "void", "volatile", "while", "asm", "typeof", "offsetof", "static_assert",
	/* of generated functions */
	"self", "rpc", "ops", "in", "out", "w", "i", "got", "taken", "given", NULL
};

static struct field *parse_field(struct field const *before)
{
	struct field *field = allocate(sizeof(*field));

	field->doc   = at->doc;
	field->type  = parse_type();
	field->token = expect_name(LOWER, "a name");
	field->name  = field->token->text;
	for (size_t i = 0; reserved[i]; i++)
		if (text_is(field->name, reserved[i]))
			fail(field->token, "`%s` has a meaning in the generated C, take another name", field->name);
	for (; before; before = before->next)
		if (text_is(before->name, field->name))
			fail(field->token, "there is a `%s` already", field->name);
	return field;
}

static void parse_default(struct field *field)
{
	field->negative = accept("-");
	if (at->kind != TOKEN_NUMBER && (field->negative || (at->kind != TOKEN_STRING && at->kind != TOKEN_NAME)))
		fail_expected(field->negative ? "a number" : "a number, a string or a name");
	field->value = at++;
}

/* The braces of a struct or of args. */
static struct field *parse_fields(bool defaults)
{
	struct field *first = NULL, **end = &first;

	expect("{");
	if (is_next("}"))
		fail(at, "at least one field");
	while (!accept("}")) {
		struct field *field = parse_field(first);

		if (field->type.kind == TYPE_CAP)
			fail(field->token, "capabilities are parameters of calls only");
		if (is_next("=") && !defaults)
			fail(at, "only args have defaults");
		if (accept("="))
			parse_default(field);
		field->tail = expect(";")->tail;
		*end = field;
		end = &field->next;
	}
	return first;
}

/* --- Declarations --- */

static struct decl *declare(enum decl_kind kind, struct token *begin, struct token *name)
{
	struct decl *decl = allocate(sizeof(*decl)), *before = decl_find(name->text);

	if (before)
		fail(name, "`%s` is declared already, in %s:%u", name->text, before->token->file->path, before->token->line);
	decl->kind  = kind;
	decl->begin = begin;
	decl->doc   = begin->doc;
	decl->token = name;
	decl->name  = name->text;
	return decl;
}

/* From here on it can be used. */
static void complete(struct decl *decl)
{
	decl->end = at;
	*decls_end = decl;
	decls_end = &decl->next;
}

static void parse_const(struct token *begin)
{
	struct decl *decl = declare(DECL_CONST, begin, expect_name(UPPER, "a constant"));

	expect("=");
	decl->value = expect_number("a number");
	decl->tail = expect(";")->tail;
	complete(decl);
}

static void parse_enum(struct token *begin)
{
	struct decl        *decl  = declare(DECL_ENUM, begin, expect_name(LOWER, "the name of an enum"));
	struct enumerator **end   = &decl->enumerators;
	uint64_t            value = 0;

	expect("{");
	do {
		struct enumerator *item = allocate(sizeof(*item));

		if (decl->enumerators && is_next("}"))
			break;
		item->doc   = at->doc;
		item->token = expect_name(UPPER, "a value of an enum");
		item->name  = item->token->text;
		if (accept("="))
			value = expect_range("a value of an enum", 0, INT32_MAX);
		for (struct enumerator *other = decl->enumerators; other; other = other->next)
			if (text_is(other->name, item->name) || other->value == value)
				fail(item->token, "`%s` is %s", item->name, text_is(other->name, item->name) ? "there already" :
				     text_format("the same as `%s`", other->name));
		if (value > INT32_MAX)
			fail(item->token, "`%s` is larger than 2147483647", item->name);
		item->value = value++;
		item->tail  = is_next(",") ? at->tail : at[-1].tail;
		*end = item;
		end = &item->next;
	} while (accept(","));
	expect("}");
	complete(decl);
}

static void parse_struct(struct token *begin)
{
	struct decl *decl = declare(DECL_STRUCT, begin, expect_name(LOWER, "the name of a struct"));

	decl->fields.first = parse_fields(false);
	complete(decl);
}

static char const *parse_sum(struct decl const *decl);

static char const *parse_term(struct decl const *decl)
{
	struct field *field = decl->fields.first;
	char const   *factor = NULL, *sum;
	struct token *token;

	if (accept("pages")) {
		expect("(");
		sum = parse_sum(decl);
		expect(")");
		return text_format("rpc_pages(%s)", sum);
	}
	if (at->kind == TOKEN_NUMBER) {
		factor = text_format("%llu", (unsigned long long)at++->number);
		if (!accept("*"))
			return factor;
	}
	token = expect_name(LOWER, "a number, an argument or pages()");
	while (field && !text_is(field->name, token->text))
		field = field->next;
	if (!field)
		fail(token, "`%s` is none of the args", token->text);
	if (field->type.kind != TYPE_INTEGER || field->type.is_signed || field->type.count)
		fail(token, "`%s` is no unsigned integer", token->text);
	return factor ? text_format("rpc_times(%s, args->%s)", factor, field->name) : text_format("args->%s", field->name);
}

/* A sum in C that saturates, because the arguments can be anything. */
static char const *parse_sum(struct decl const *decl)
{
	char const *sum = parse_term(decl);

	while (accept("+"))
		sum = text_format("rpc_plus(%s, %s)", sum, parse_term(decl));
	return sum;
}

static void parse_cost(struct decl *decl)
{
	expect("{");
	expect("ram");
	expect("=");
	decl->cost_ram = parse_sum(decl);
	expect(";");
	expect("caps");
	expect("=");
	decl->cost_caps = parse_sum(decl);
	expect(";");
	expect("}");
}

static struct field *parse_params(struct field const *others)
{
	struct field *first = NULL, **end = &first;

	expect("(");
	if (accept(")"))
		return NULL;
	do {
		*end = parse_field(first);
		for (struct field const *other = others; other; other = other->next)
			if (text_is(other->name, (*end)->name))
				fail((*end)->token, "there is a `%s` already", other->name);
		end = &(*end)->next;
	} while (accept(","));
	expect(")");
	return first;
}

static struct enumerator *parse_errors(void)
{
	struct enumerator *first = NULL, **end = &first;

	expect("(");
	do {
		struct enumerator *item = allocate(sizeof(*item));

		item->token = expect_name(UPPER, "a status");
		item->name = item->token->text;
		if (!status_is_known(item->name))
			fail(item->token, "unknown status `%s`", item->name);
		if (status_is_implicit(item->name))
			fail(item->token, "every call may end with %s, it is not listed", item->name);
		for (struct enumerator *other = first; other; other = other->next)
			if (text_is(other->name, item->name))
				fail(item->token, "`%s` is there already", item->name);
		*end = item;
		end = &item->next;
	} while (accept(","));
	expect(")");
	return first;
}

static struct call *parse_call(struct decl const *decl)
{
	struct call *call = allocate(sizeof(*call));

	call->doc   = at->doc;
	expect("call");
	call->token = expect_name(LOWER, "the name of a call");
	call->name  = call->token->text;
	for (struct call const *other = decl->calls; other; other = other->next)
		if (text_is(other->name, call->name))
			fail(call->token, "there is a call `%s` already", call->name);
	call->in.first = parse_params(NULL);
	if (accept("->")) {
		if (is_next("(") && text_is(at[1].text, ")"))
			fail(at + 1, "at least one result; without any there is no `->`");
		call->out.first = parse_params(call->in.first);
	}
	if (accept("errors"))
		call->errors = parse_errors();
	expect(";");
	return call;
}

static void parse_interface(enum decl_kind kind, struct token *begin)
{
	struct decl  *decl = declare(kind, begin, expect_name(LOWER, "the name of an interface"));
	struct call **end  = &decl->calls;
	struct token *service = at;

	if (kind == DECL_SESSION) {
		decl->service = expect_kind(TOKEN_STRING, "the name of the service, in quotes")->text;
		if (!decl->service[0] || strlen(decl->service) > SERVICE_NAME_MAX)
			fail(service, "the name of a service has 1 to %d characters", SERVICE_NAME_MAX);
	}
	expect("{");
	if (is_next("args") || is_next("cost")) {
		if (kind != DECL_SESSION)
			fail(at, "only sessions have `%s`", at->text);
		decl->has_args = accept("args");
		if (decl->has_args)
			decl->fields.first = parse_fields(true);
		if (accept("cost"))
			parse_cost(decl);
	}
	if (is_next("}"))
		fail(at, "at least one call");
	while (!is_next("}")) {
		*end = parse_call(decl);
		end = &(*end)->next;
	}
	expect("}");
	complete(decl);
}

/* --- Files --- */

static struct file *find_import(struct token const *token, char const *const *directories)
{
	for (struct file *file = files; file; file = file->next)
		if (text_is(file->name, token->text))
			return file;
	for (; *directories; directories++) {
		char *path = text_format("%s/%s", *directories, token->text);
		FILE *file = fopen(path, "rb");

		if (file) {
			fclose(file);
			return lex(path, token->text, token);
		}
	}
	fail(token, "there is no \"%s\" in the directories given with -I", token->text);
}

static void parse_import(char const *const *directories)
{
	struct token *token  = expect_kind(TOKEN_STRING, "the path of a file, in quotes"), *after;
	size_t        length = strlen(token->text);
	struct file  *file;

	if (length < 5 || !text_is(token->text + length - 4, ".rpc"))
		fail(token, "\"%s\" does not end with .rpc", token->text);
	expect(";");
	file = find_import(token, directories);
	if (file->tokens && !file->parsed && file->is_open)
		fail(token, "\"%s\" imports itself in the end", token->text);
	after = at;
	if (!file->parsed)
		parse(file, directories);
	at = after;
}

void parse(struct file *file, char const *const *directories)
{
	*files_end = file;
	files_end = &file->next;
	file->is_open = true;
	at = file->tokens;
	while (at->kind != TOKEN_END) {
		struct token *begin = at;

		if (accept("import"))
			parse_import(directories);
		else if (accept("const"))
			parse_const(begin);
		else if (accept("enum"))
			parse_enum(begin);
		else if (accept("struct"))
			parse_struct(begin);
		else if (accept("session"))
			parse_interface(DECL_SESSION, begin);
		else if (accept("object"))
			parse_interface(DECL_OBJECT, begin);
		else
			fail_expected("import, const, enum, struct, session or object");
	}
	file->parsed = true;
}
