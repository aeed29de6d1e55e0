/* SPDX-License-Identifier: MIT */
/*
 * Recursive descent over the tokens, one function for each rule of the grammar in doc/rpc.md. Names are resolved on the
 * way: types and constants must be known before they are used, only capabilities may name objects that come later.
 */
#include "rpcgen.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

struct file *files;
struct decl *decls;

static struct token *at;

/* What no name can be, in C or as it stands in generated functions; and what no declaration can be called besides. */
static char const reserved[] =
	" auto break case char const continue default do double else enum extern false float for goto if inline int long register"
	" restrict return short signed sizeof static struct switch true typedef union unsigned void volatile while asm typeof bool"
	" self rpc ops in out w i got taken given ";
static char const reserved_types[] =
	" u8 u16 u32 u64 i8 i16 i32 i64 string bytes cap any status signal_context env session service connection utcb ";

/* With the name of their interface before them, these are other things than calls. */
static char const reserved_calls[] =
	" open close reopen upgrade provide init dispatch type calls cost args_valid args_default ";

/* --- Tokens --- */

static bool is_next(char const *text)
{
	return (at->kind == TOKEN_NAME || at->kind == TOKEN_PUNCTUATION) && text_is(at->text, text);
}

static bool accept(char const *text)
{
	return is_next(text) ? at++, true : false;
}

static _Noreturn void fail_expected(char const *what)
{
	fail(at, at->kind == TOKEN_END ? "expected %s, found %s" : "expected %s, found `%s`", what, at->text);
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

static struct token *expect_name(bool is_upper, char const *what)
{
	struct token *token = expect_kind(TOKEN_NAME, what);

	for (char const *c = token->text; *c; c++)
		if (is_upper ? islower((unsigned char)*c) : isupper((unsigned char)*c))
			fail(token, "%s is written in %s case: `%s`", what, is_upper ? "upper" : "lower", token->text);
	if (token->text[0] == '_')
		fail(token, "`%s`: a name starts with a letter", token->text);
	if (text_lists(reserved, token->text) || strncmp(token->text, "padding", 7) == 0)
		fail(token, "`%s` has a meaning of its own in C, take another name", token->text);
	return token;
}

struct decl *decl_find(char const *name)
{
	struct decl *decl = decls;

	while (decl && !text_is(decl->name, name))
		decl = decl->next;
	return decl;
}

/* A number or the name of a constant. */
static uint64_t expect_number(char const *what, uint64_t min, uint64_t max)
{
	struct decl *decl  = at->kind == TOKEN_NAME ? decl_find(at->text) : NULL;
	uint64_t     value = decl ? decl->value : at->number;

	if (at->kind != TOKEN_NUMBER && at->kind != TOKEN_NAME)
		fail_expected(what);
	if (at->kind == TOKEN_NAME && (!decl || decl->kind != DECL_CONST))
		fail(at, "`%s` is no constant", at->text);
	if (value < min || value > max)
		fail(at, "%s must be %llu to %llu", what, (unsigned long long)min, (unsigned long long)max);
	at++;
	return value;
}

static struct item *append(struct item **list, struct token *name, char const *doc)
{
	for (; *list; list = &(*list)->next)
		if (text_is((*list)->name, name->text))
			fail(name, "there is a `%s` already", name->text);
	*list = allocate(sizeof(**list));
	**list = (struct item) { .name = name->text, .token = name, .doc = doc };
	return *list;
}

/* --- Types and fields --- */

static struct type const builtins[] = {
	{ TYPE_INTEGER, "u8", "uint8_t", 1, 1, .is_signed = false },   { TYPE_INTEGER, "i8", "int8_t", 1, 1, .is_signed = true },
	{ TYPE_INTEGER, "u16", "uint16_t", 2, 2, .is_signed = false }, { TYPE_INTEGER, "i16", "int16_t", 2, 2, .is_signed = true },
	{ TYPE_INTEGER, "u32", "uint32_t", 4, 4, .is_signed = false }, { TYPE_INTEGER, "i32", "int32_t", 4, 4, .is_signed = true },
	{ TYPE_INTEGER, "u64", "uint64_t", 8, 8, .is_signed = false }, { TYPE_INTEGER, "i64", "int64_t", 8, 8, .is_signed = true },
	{ TYPE_BOOL, "bool", "bool", 1, 1, .is_signed = false },       { TYPE_STATUS, "status", "enum status", 4, 4, .is_signed = false },
};

static struct type parse_bounded(bool is_string)
{
	unsigned bound;

	expect("<");
	bound = (unsigned)expect_number(is_string ? "the size of a string" : "the size of data", is_string ? 2 : 1, MESSAGE_MAX);
	expect(">");
	if (is_string)
		return (struct type) { TYPE_STRING, text_format("string<%u>", bound), "char", bound, 1, .bound = bound };
	return (struct type) { TYPE_BYTES, text_format("bytes<%u>", bound), "uint8_t", (4 + bound + WORD - 1) / WORD * WORD, 4, .bound = bound };
}

static struct type parse_element(void)
{
	struct token *token = expect_kind(TOKEN_NAME, "a type"), *target;
	struct decl  *decl  = decl_find(token->text);

	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		if (text_is(builtins[i].text, token->text))
			return builtins[i];
	if (text_is(token->text, "string") || text_is(token->text, "bytes"))
		return parse_bounded(text_is(token->text, "string"));
	if (text_is(token->text, "cap")) {
		target = expect_name(false, "the name of an object");
		return (struct type) { TYPE_CAP, text_format("cap %s", target->text), .target = target };
	}
	if (decl && decl->kind == DECL_ENUM)
		return (struct type) { TYPE_ENUM, decl->name, text_format("enum %s", decl->name), 4, 4, .decl = decl };
	if (decl && decl->kind == DECL_STRUCT)
		return (struct type) { TYPE_STRUCT, decl->name, text_format("struct %s", decl->name), decl->fields.size, decl->fields.align,
		                       .decl = decl };
	fail(token, decl && decl->kind != DECL_CONST ? "`%s` is an interface: pass a `cap %s`" : "unknown type `%s`", token->text, token->text);
}

static struct type parse_type(void)
{
	struct type type = parse_element();

	if (is_next("[") && (type.kind == TYPE_CAP || type.kind == TYPE_BYTES))
		fail(at, "no arrays of %s", type.kind == TYPE_CAP ? "capabilities" : "data");
	if (accept("[")) {
		type.count = (unsigned)expect_number("the number of elements", 1, MESSAGE_MAX);
		expect("]");
		type.text = text_format("%s[%u]", type.text, type.count);
	}
	return type;
}

static struct item *parse_field(struct item **list)
{
	char const  *doc   = at->doc;
	struct type  type  = parse_type();
	struct item *field = append(list, expect_name(false, "a name"), doc);

	field->type = type;
	return field;
}

/* The braces of a struct or of args. */
static void parse_fields(struct item **list, bool is_args)
{
	struct item *field;

	expect("{");
	do {
		field = parse_field(list);
		if (field->type.kind == TYPE_CAP)
			fail(field->token, "capabilities are parameters of calls only");
		if (is_next("=") && !is_args)
			fail(at, "only args have defaults");
		if (accept("=")) {
			field->negative = accept("-");
			if (at->kind == TOKEN_END || at->kind == TOKEN_PUNCTUATION)
				fail_expected("a number, a string or a name");
			field->init = at++;
		}
		field->tail = expect(";")->tail;
	} while (!is_next("}"));
	field->tail = field->tail ? field->tail : at->tail;
	at++;
}

/* --- Declarations --- */

static void parse_const(struct decl *decl)
{
	expect("=");
	decl->value = expect_number("a number", 0, UINT64_MAX);
	decl->tail = expect(";")->tail;
}

static void parse_struct(struct decl *decl)
{
	parse_fields(&decl->fields.first, false);
	lay_out(&decl->fields, false);
}

static void parse_enum(struct decl *decl)
{
	uint64_t value = 0;

	expect("{");
	do {
		char const  *doc = at->doc;
		struct item *item;

		if (decl->items && is_next("}"))
			break;
		item = append(&decl->items, expect_name(true, "a value of an enum"), doc);
		if (accept("="))
			value = expect_number("a value of an enum", 0, INT32_MAX);
		if (value > INT32_MAX)
			fail(item->token, "`%s` is larger than %d", item->name, INT32_MAX);
		for (struct item *other = decl->items; other != item; other = other->next)
			if (other->value == value)
				fail(item->token, "`%s` is the same as `%s`", item->name, other->name);
		item->value = value++;
		item->tail = (is_next(",") ? at : at - 1)->tail;
	} while (accept(","));
	expect("}");
}

/* A sum in C that saturates, because the arguments can be anything. */
static char const *parse_sum(struct item const *args)
{
	char const        *factor = NULL, *sum;
	struct item const *arg = args;
	struct token      *token;

	if (accept("pages")) {
		expect("(");
		sum = text_format("rpc_pages(%s)", parse_sum(args));
		expect(")");
	} else if (at->kind == TOKEN_NUMBER && !text_is(at[1].text, "*")) {
		sum = text_format("%s", at++->text);
	} else {
		if (at->kind == TOKEN_NUMBER)
			factor = at++->text, at++;
		token = expect_name(false, "a number, an argument or pages()");
		while (arg && !text_is(arg->name, token->text))
			arg = arg->next;
		if (!arg)
			fail(token, "`%s` is none of the args", token->text);
		if (arg->type.kind != TYPE_INTEGER || arg->type.is_signed || arg->type.count)
			fail(token, "`%s` is no unsigned integer", token->text);
		sum = text_format(factor ? "rpc_times(args->%s, %s)" : "args->%s", token->text, factor);
	}
	return accept("+") ? text_format("rpc_plus(%s, %s)", sum, parse_sum(args)) : sum;
}

static char const *parse_cost(char const *what, struct item const *args)
{
	char const *sum;

	expect(what);
	expect("=");
	sum = parse_sum(args);
	expect(";");
	return sum;
}

static void parse_params(struct item **list, struct item const *others)
{
	do {
		struct item *param = parse_field(list);

		for (struct item const *other = others; other; other = other->next)
			if (text_is(other->name, param->name))
				fail(param->token, "there is a `%s` already", other->name);
	} while (accept(","));
	expect(")");
}

static void parse_call(struct item **calls)
{
	char const  *doc = at->doc;
	struct item *call;

	expect("call");
	call = append(calls, expect_name(false, "the name of a call"), doc);
	if (text_lists(reserved_calls, call->name) || strncmp(call->name, "handle_", 7) == 0)
		fail(call->token, "`%s` has a meaning of its own, take another name", call->name);
	expect("(");
	if (!accept(")"))
		parse_params(&call->in.first, NULL);
	if (accept("->")) {
		expect("(");
		parse_params(&call->out.first, call->in.first);
	}
	if (accept("errors")) {
		expect("(");
		do {
			struct item *error = append(&call->errors, expect_name(true, "a status"), NULL);

			if (text_lists(statuses_implicit, error->name))
				fail(error->token, "every call may end with %s, it is not listed", error->name);
			if (!text_lists(statuses_listed, error->name))
				fail(error->token, "unknown status `%s`", error->name);
		} while (accept(","));
		expect(")");
	}
	expect(";");
}

static void parse_interface(struct decl *decl)
{
	struct token *service = at;

	if (decl->kind == DECL_SESSION) {
		decl->service = expect_kind(TOKEN_STRING, "the name of the service, in quotes")->text;
		if (!decl->service[0] || strlen(decl->service) > SERVICE_MAX)
			fail(service, "the name of a service has 1 to %d characters", SERVICE_MAX);
	}
	expect("{");
	if ((is_next("args") || is_next("cost")) && decl->kind != DECL_SESSION)
		fail(at, "only sessions have `%s`", at->text);
	if (accept("args"))
		parse_fields(&decl->fields.first, true);
	if (accept("cost")) {
		expect("{");
		decl->cost_ram = parse_cost("ram", decl->fields.first);
		decl->cost_caps = parse_cost("caps", decl->fields.first);
		expect("}");
	}
	do
		parse_call(&decl->items);
	while (!accept("}"));
}

static struct { char const *word, *what; void (*parse)(struct decl *); } const kinds[] = {
	[DECL_CONST]   = { "const", "a constant", parse_const },
	[DECL_ENUM]    = { "enum", "the name of an enum", parse_enum },
	[DECL_STRUCT]  = { "struct", "the name of a struct", parse_struct },
	[DECL_SESSION] = { "session", "the name of an interface", parse_interface },
	[DECL_OBJECT]  = { "object", "the name of an interface", parse_interface },
};

/* It can be used from its end on. */
static void parse_decl(void)
{
	static struct decl **end  = &decls;
	struct decl         *decl = allocate(sizeof(*decl)), *before;
	struct token        *name;

	*decl = (struct decl) { .begin = at, .doc = at->doc };
	while (decl->kind <= DECL_OBJECT && !accept(kinds[decl->kind].word))
		decl->kind++;
	if (decl->kind > DECL_OBJECT)
		fail_expected("import, const, enum, struct, session or object");
	name = expect_name(decl->kind == DECL_CONST, kinds[decl->kind].what);
	before = decl_find(name->text);
	if (text_lists(reserved_types, name->text))
		fail(name, "`%s` has a meaning of its own, take another name", name->text);
	if (before)
		fail(name, "`%s` is declared already, in %s:%u", name->text, before->token->file->path, before->token->line);
	decl->token = name;
	decl->name = name->text;
	kinds[decl->kind].parse(decl);
	decl->end = at;
	*end = decl;
	end = &decl->next;
}

/* --- Files --- */

static void parse_import(char const *const *directories)
{
	char const *const *directory = directories;
	struct token      *token     = expect_kind(TOKEN_STRING, "the path of a file, in quotes"), *after;
	size_t             length    = strlen(token->text);
	struct file       *file      = files;
	char              *path;

	if (length < 5 || !text_is(token->text + length - 4, ".rpc"))
		fail(token, "\"%s\" does not end with .rpc", token->text);
	expect(";");
	after = at;
	while (file && !text_is(file->name, token->text))
		file = file->next;
	for (; !file && *directory; directory++) {
		path = text_format("%s/%s", *directory, token->text);
		if (access(path, R_OK) == 0)
			parse(file = lex(path, token->text, token), directories);
	}
	if (!file)
		fail(token, "there is no \"%s\" in the directories given with -I", token->text);
	if (file->is_open)
		fail(token, "\"%s\" imports itself in the end", token->text);
	at = after;
}

void parse(struct file *file, char const *const *directories)
{
	static struct file **end = &files;

	*end = file;
	end = &file->next;
	file->is_open = true;
	for (at = file->tokens; at->kind != TOKEN_END;) {
		if (accept("import"))
			parse_import(directories);
		else
			parse_decl();
	}
	file->is_open = false;
}
