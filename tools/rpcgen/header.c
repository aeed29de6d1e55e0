/* SPDX-License-Identifier: MIT */
/*
 * The header of one file: constants, enums, structs and their checks, then for each interface its numbers, messages and
 * tables. calls.c writes the functions.
 */
#define _GNU_SOURCE
#include "rpcgen.h"

#include <string.h>

FILE *output;

/* Breaks a line that is too long at the last blank behind a comma or before an operator, where there is one. */
static void emit_line(char const *line, char const *end)
{
	unsigned    columns = 0, indent = (unsigned)strspn(line, "\t") + 2;
	char const *cut     = NULL;
	bool        quoted  = false;

	for (char const *c = line; c < end; c++) {
		columns += *c == '\t' ? 8 : 1;
		quoted ^= *c == '"';
		if (columns > COLUMNS_MAX && cut) {
			fprintf(output, "%.*s\n%.*s", (int)(cut - line), line, (int)indent, "\t\t\t\t\t\t");
			c = line = cut + 1;
			columns = indent * 8 + 1;
			cut = NULL;
			quoted = *c == '"';
		} else if (!quoted && c > line && *c == ' ' && (c[-1] == ',' || strncmp(c, " || ", 4) == 0)) {
			cut = c;
		}
	}
	fprintf(output, "%.*s\n", (int)(end - line), line);
}

void emit(char const *format, ...)
{
	va_list arguments;
	char   *line, *end;

	va_start(arguments, format);
	if (vasprintf(&line, format, arguments) < 0)
		fail(NULL, "out of memory");
	va_end(arguments);
	for (; (end = strchr(line, '\n')); line = end + 1)
		emit_line(line, end);
}

void emit_doc(char const *doc, char const *indent)
{
	char const *end;

	if (doc && !strchr(doc, '\n')) {
		emit("%s/* %s */\n", indent, doc);
	} else if (doc) {
		emit("%s/*\n", indent);
		for (; (end = strchr(doc, '\n')); doc = end + 1)
			emit("%s *%s%.*s\n", indent, end > doc ? " " : "", (int)(end - doc), doc);
		emit("%s * %s\n%s */\n", indent, doc, indent);
	}
}

static char const *tail_of(char const *tail)
{
	return tail ? text_format(" /* %s */", tail) : "";
}

static void emit_enum(struct decl const *decl)
{
	char const *upper = text_upper(decl->name), *names = "", *lines = "", *valid = "";
	uint64_t    next  = 0;
	bool        is_dense = true, is_plain = true;

	for (struct item *value = decl->items; value; next = value->value + 1, value = value->next) {
		char const *doc  = value->doc && value->doc != decl->doc ? text_format("\t/* %s */\n", value->doc) : "";
		char const *name = text_format("%s_%s", upper, value->name);

		valid = text_format("%s%svalue == %s", valid, *valid ? " || " : "", name);
		if (value->value != next)
			name = text_format("%s = %llu", name, (unsigned long long)value->value);
		names = text_format("%s%s%s", names, *names ? ", " : "", name);
		lines = text_format("%s%s\t%s,%s\n", lines, doc, name, tail_of(value->tail));
		is_plain &= !value->tail && !*doc;
		is_dense &= value->value == next;
	}
	emit(is_plain ? "enum %s { %s };\n" : "enum %s {\n%s};\n", decl->name, is_plain ? names : lines);
	valid = is_dense ? text_format("value <= %llu", (unsigned long long)next - 1) : valid;
	emit("static inline bool %s_valid(uint64_t value)\n{\n\treturn %s;\n}\n", decl->name, valid);
}

/* --- Structs --- */

static char const *member_type(struct item const *field)
{
	struct type const *type = &field->type;
	unsigned           pad  = type->size - 4 - type->bound;

	if (type->kind == TYPE_BYTES)
		return text_format("struct { uint32_t size; uint8_t data[%u]%s; }", type->bound, pad ? text_format(", padding[%u]", pad) : "");
	return field->is_param && type_is_scalar(type) ? "uint64_t" : type->c;
}

/* A struct, and the proof that the compiler sees it as check.c does: there is no room for padding but where it is named. */
static void emit_struct(char const *name, struct fields const *fields)
{
	int                width = 0, padding = 0;
	struct item const *last  = NULL;

	if (!fields->size)
		return;
	for (struct item *field = fields->first; field; field = field->next)
		if (field->type.kind != TYPE_CAP && field->type.kind != TYPE_BYTES && (int)strlen(member_type(field)) > width)
			width = (int)strlen(member_type(field));
	emit("struct %s {\n", name);
	for (struct item *field = fields->first; field; field = field->next) {
		char const *count = field->type.count ? text_format("[%u]", field->type.count) : "";
		char const *bound = field->type.kind == TYPE_STRING ? text_format("[%u]", field->type.bound) : "";

		if (field->type.kind == TYPE_CAP)
			continue;
		last = field;
		if (!field->is_param)
			emit_doc(field->doc, "\t");
		emit("\t%-*s %s%s%s;%s\n", width, member_type(field), field->name, count, bound, tail_of(field->tail));
		if (field->padding)
			emit("\t%-*s padding%d[%u];\n", width, "uint8_t", padding++, field->padding);
	}
	emit("};\nstatic_assert(sizeof(struct %s) == %u%s, \"layout\");\n", name, fields->size,
	     last->offset ? text_format(" && offsetof(struct %s, %s) == %u", name, last->name, last->offset) : "");
}

static bool has_checks(struct fields const *fields);

/* The C condition under which one value is what it must not be, or NULL when it can be anything. */
static char const *invalid(struct item const *field, char const *c)
{
	switch (field->type.kind) {
	case TYPE_BOOL:
		return text_format(field->is_param && !field->type.count ? "%s > 1" : "!rpc_is_bool(&%s)", c);
	case TYPE_STATUS: return text_format("!rpc_is_status(%s)", c);
	case TYPE_ENUM: return text_format("!%s_valid(%s)", field->type.decl->name, c);
	case TYPE_STRUCT:
		return has_checks(&field->type.decl->fields) ? text_format("!%s_valid(&%s)", field->type.decl->name, c) : NULL;
	case TYPE_STRING: return text_format("!rpc_is_string(%s, sizeof(%s))", c, c);
	case TYPE_BYTES: return text_format("%s.size > %u", c, field->type.bound);
	default: return NULL;
	}
}

static bool has_checks(struct fields const *fields)
{
	struct item *field = fields->first;

	while (field && !invalid(field, ""))
		field = field->next;
	return field != NULL;
}

void emit_check(struct item const *field, char const *c, char const *failure)
{
	bool        is_array  = field->type.count;
	char const *condition = invalid(field, is_array ? text_format("%s[i]", c) : c);

	if (condition && is_array)
		emit("\tfor (size_t i = 0; i < %u; i++)\n\t\tif (%s)\n\t\t\t%s;\n", field->type.count, condition, failure);
	else if (condition)
		emit("\tif (%s)\n\t\t%s;\n", condition, failure);
}

/* X_valid() for a struct, if there is anything to check. */
static void emit_valid(char const *name, struct fields const *fields, char const *start)
{
	if (!has_checks(fields))
		return;
	emit(start, name, name);
	for (struct item *field = fields->first; field; field = field->next)
		emit_check(field, text_format("value->%s", field->name), "return false");
	emit("\treturn true;\n}\n");
}

/* --- Interfaces --- */

char *error_set(struct item const *call)
{
	char *text = text_format("%s", call->errors ? "" : "0");

	for (struct item *error = call->errors; error; error = error->next)
		text = text_format("%s%sRPC_ERROR(%s)", text, *text ? " | " : "", error->name);
	return text;
}

static char *signature(struct fields const *fields)
{
	char *text = text_format("%s", "");

	for (struct item *field = fields->first; field; field = field->next)
		text = text_format("%s%s%s %s", text, *text ? ", " : "", field->type.text, field->name);
	return text;
}

static void emit_numbers(struct decl const *decl)
{
	char const *upper = text_upper(decl->name), *names = "";
	unsigned    count = 0;

	for (struct item *call = decl->items; call; call = call->next, count++)
		names = text_format("%s%s%s_OP_%s%s", names, count ? ", " : "", upper, text_upper(call->name),
		                    count ? "" : text_format(" = %s_TAG << 16", upper));
	emit("#define %s_HASH UINT64_C(0x%016llx)\n", upper, (unsigned long long)decl->hash);
	emit("enum { %s_TAG = 0x%04x, %s_OPS = %u };\nenum %s_op { %s };\n", upper, decl->tag, upper, count, decl->name, names);
}

static void emit_args(char const *n, struct fields const *args)
{
	emit("\n");
	emit_struct(text_format("%s_args", n), args);
	emit_valid(n, args, "\nstatic inline bool %s_args_valid(void const *args)\n{\n\tstruct %s_args const *value = args;\n\n");
	emit("\nstatic struct %s_args const %s_args_default = {\n", n, n);
	for (struct item *field = args->first; field; field = field->next) {
		char const *prefix = field->negative ? "-" : field->type.kind == TYPE_STATUS ? "STATUS_" : "", *quote = "";

		if (!field->init)
			continue;
		if (field->type.kind == TYPE_STRING)
			quote = "\"";
		if (field->type.kind == TYPE_ENUM)
			prefix = text_format("%s_", text_upper(field->type.decl->name));
		emit("\t.%s = %s%s%s%s%s,\n", field->name, prefix, quote, field->init->text, quote, field->init->number > INT32_MAX ? "u" : "");
	}
	emit("};\n");
}

static void emit_tables(char const *n, struct decl const *decl)
{
	char const *upper = text_upper(n);

	emit("\nstatic struct rpc_call const %s_calls[%s_OPS] = {\n", n, upper);
	for (struct item *call = decl->items; call; call = call->next)
		emit("\t{ \"%s\", \"%s\", \"%s\", %s, %u, %u, %u, %u },\n", call->name, signature(&call->in), signature(&call->out), error_set(call),
		     call->in.size / WORD, call->out.size / WORD, call->in.caps, call->out.caps);
	emit("};\n");
	if (decl->cost_ram) {
		emit("\nstatic inline struct rpc_cost %s_cost(void const *arguments)\n{\n", n);
		if (strstr(decl->cost_ram, "args->") || strstr(decl->cost_caps, "args->"))
			emit("\tstruct %s_args const *args = arguments;\n\n", n);
		emit("\treturn (struct rpc_cost) { .ram = %s, .caps = %s };\n}\n", decl->cost_ram, decl->cost_caps);
	}
	emit("\nstatic struct rpc_type const %s_type = {\n", n);
	emit("\t.name = \"%s\", .hash = %s_HASH, .tag = %s_TAG,\n", decl->service ? decl->service : n, upper, upper);
	emit("\t.calls = %s_calls, .call_count = %s_OPS,\n", n, upper);
	if (decl->fields.first)
		emit("\t.args_size = sizeof(struct %s_args), .args_default = &%s_args_default,\n", n, n);
	emit("%s%s};\n", has_checks(&decl->fields) ? text_format("\t.args_valid = %s_args_valid,\n", n) : "",
	     decl->cost_ram ? text_format("\t.cost = %s_cost,\n", n) : "");
}

static void emit_interface(struct decl const *decl)
{
	emit("\n/* --- %s %s --- */\n\n", decl->service ? "Session" : "Object", decl->name);
	if (decl->doc != decl->token->file->doc)
		emit_doc(decl->doc, "");
	emit_numbers(decl);
	if (decl->fields.first)
		emit_args(decl->name, &decl->fields);
	for (struct item *call = decl->items; call; call = call->next) {
		if (call->is_message && (call->in.size || call->out.size))
			emit("\n");
		if (call->is_message) {
			emit_struct(text_format("%s_%s_in", decl->name, call->name), &call->in);
			emit_struct(text_format("%s_%s_out", decl->name, call->name), &call->out);
		}
	}
	emit_tables(decl->name, decl);
	emit_client(decl);
	emit_server(decl);
}

static void emit_type(struct decl const *decl)
{
	if (decl->doc || decl->kind != DECL_CONST)
		emit("\n");
	emit_doc(decl->doc, "");
	if (decl->kind == DECL_CONST)
		emit("#define %s %s%s%s\n", decl->name, decl->token[2].text, decl->token[2].number > INT32_MAX ? "u" : "", tail_of(decl->tail));
	if (decl->kind == DECL_ENUM)
		emit_enum(decl);
	if (decl->kind == DECL_STRUCT) {
		emit_struct(decl->name, &decl->fields);
		emit_valid(decl->name, &decl->fields, "\nstatic inline bool %s_valid(struct %s const *value)\n{\n");
	}
}

void emit_header(struct file const *file)
{
	char const *objects = "";
	bool        has_session = false;

	emit_doc(file->spdx, "");
	emit("/* Made by rpcgen from %s: change that file. */\n#pragma once\n\n#include <base/rpc.h>\n", file->name);
	for (struct token *token = file->tokens; token->kind != TOKEN_END; token++)
		if (text_is(token->text, "import") && token[1].kind == TOKEN_STRING)
			emit("#include <%.*s.h>\n", (int)strlen(token[1].text) - 4, token[1].text);
	for (struct decl *decl = decls; decl; decl = decl->next) {
		has_session |= decl->kind == DECL_SESSION && decl->token->file == file;
		if (decl->kind == DECL_OBJECT && decl->token->file == file)
			objects = text_format("%sstruct %s { struct cap cap; };\n", objects, decl->name);
	}
	if (has_session)
		emit("#ifndef RPC_CORE /* core makes sessions of its own */\n#include <base/rpc_session.h>\n#endif\n");
	if (file->doc)
		emit("\n");
	emit_doc(file->doc, "");
	for (struct decl *decl = decls; decl; decl = decl->next)
		if (decl->token->file == file && decl->kind <= DECL_STRUCT)
			emit_type(decl);
	if (*objects)
		emit("\n#ifndef RPC_CORE\n%s#endif\n", objects);
	for (struct decl *decl = decls; decl; decl = decl->next)
		if (decl->kind >= DECL_SESSION && decl->token->file == file)
			emit_interface(decl);
}
