/* SPDX-License-Identifier: MIT */
/*
 * The header of one file: constants, enums, structs and their checks, then for each interface its numbers, messages and
 * tables. calls.c writes the functions.
 */
#include "rpcgen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void emit_line(char const *line, size_t length)
{
	unsigned    columns = 0;
	char const *cut = NULL;
	bool        quoted = false;

	for (char const *c = line; c < line + length; c++) {
		columns += *c == '\t' ? 8 : 1;
		quoted ^= *c == '"';
		if (columns > LINE_MAX_COLUMNS && cut) {
			fprintf(output, "%.*s\n", (int)(cut - line), line);
			while (*line == '\t')
				fputc(*line++, output);
			fputs("\t\t", output);
			fprintf(output, "%.*s\n", (int)(length - (size_t)(cut + 1 - line)), cut + 1);
			return;
		}
		if (!quoted && c[0] == ',' && c[1] == ' ')
			cut = c + 1;
		else if (!quoted && c[0] == ' ' && c[1] == '&' && c[2] == '&')
			cut = c;
	}
	fprintf(output, "%.*s\n", (int)length, line);
}

void emit(char const *format, ...)
{
	va_list arguments;
	char   *text, *line, *end;

	va_start(arguments, format);
	text = text_vformat(format, arguments);
	va_end(arguments);
	for (line = text; (end = strchr(line, '\n')); line = end + 1)
		emit_line(line, (size_t)(end - line));
}

void emit_doc(char const *doc, char const *indent)
{
	char const *end;

	if (!doc)
		return;
	if (!strchr(doc, '\n')) {
		emit("%s/* %s */\n", indent, doc);
		return;
	}
	emit("%s/*\n", indent);
	for (; (end = strchr(doc, '\n')); doc = end + 1)
		emit("%s *%s%.*s\n", indent, end > doc ? " " : "", (int)(end - doc), doc);
	emit("%s * %s\n%s */\n", indent, doc, indent);
}

static char const *tail_of(char const *tail)
{
	return tail ? text_format(" /* %s */", tail) : "";
}

static void emit_const(struct decl const *decl)
{
	emit_doc(decl->doc, "");
	emit("#define %s %s%s\n", decl->name, text_format(decl->value > INT32_MAX ? "UINT64_C(0x%llx)" : "%llu", (unsigned long long)decl->value),
	     tail_of(decl->tail));
}

static void emit_enum(struct decl const *decl)
{
	char const *upper = text_upper(decl->name), *valid = "", *names = "";
	uint64_t    next  = 0;
	bool        dense = true, plain = true;

	for (struct enumerator *item = decl->enumerators; item; next = item->value + 1, item = item->next) {
		char const *number = item->value == next ? "" : text_format(" = %llu", (unsigned long long)item->value);

		plain &= !item->tail && (!item->doc || item->doc == decl->doc);
		dense &= item->value == next;
		names = text_format("%s%s%s_%s%s", names, *names ? ", " : "", upper, item->name, number);
		valid = text_format("%s%svalue == %s_%s", valid, *valid ? " || " : "", upper, item->name);
		if (dense && !item->next)
			valid = text_format("value <= %s_%s", upper, item->name);
	}
	emit("\n");
	emit_doc(decl->doc, "");
	emit(plain ? "enum %s { %s };\n" : "enum %s {\n", decl->name, names);
	next = 0;
	for (struct enumerator *item = decl->enumerators; item && !plain; next = item->value + 1, item = item->next) {
		emit_doc(item->doc != decl->doc ? item->doc : NULL, "\t");
		emit("\t%s_%s%s,%s\n", upper, item->name, item->value == next ? "" : text_format(" = %llu", (unsigned long long)item->value),
		     tail_of(item->tail));
	}
	emit("%sstatic inline bool %s_valid(uint64_t value) { return %s; }\n", plain ? "" : "};\n", decl->name, valid);
}

/* --- Structs --- */

/* What stands behind the type: name and dimensions. Scalars of a message are words. */
static char *declarator(struct field const *field)
{
	struct type const *type = &field->type;
	char *text = text_format("%s", field->name);

	if (type->count)
		text = text_format("%s[%u]", text, type->count);
	return type->kind == TYPE_STRING ? text_format("%s[%u]", text, type->bound) : text;
}

static char const *member_type(struct field const *field, bool is_message)
{
	struct type const *type = &field->type;
	unsigned           pad  = type->size - 4 - type->bound;

	if (type->kind == TYPE_BYTES)
		return text_format("struct { uint32_t size; uint8_t data[%u]%s; }", type->bound, pad ? text_format(", padding[%u]", pad) : "");
	return is_message && type_is_scalar(type) ? "uint64_t" : type->c;
}

static void emit_members(struct fields const *fields, bool is_message)
{
	int width = 0, length, padding = 0;

	for (struct field *field = fields->first; field; field = field->next) {
		length = field->type.kind == TYPE_CAP ? 0 : (int)strlen(member_type(field, is_message));
		if (field->type.kind != TYPE_BYTES && length > width)
			width = length;
		if (field->padding && !type_is_scalar(&field->type) && width < 7)
			width = 7;
	}
	for (struct field *field = fields->first; field; field = field->next) {
		if (field->type.kind == TYPE_CAP)
			continue;
		emit_doc(is_message ? NULL : field->doc, "\t");
		emit("\t%-*s %s;%s\n", width, member_type(field, is_message), declarator(field), tail_of(is_message ? NULL : field->tail));
		if (field->padding && !(is_message && type_is_scalar(&field->type)))
			emit("\t%-*s padding%d[%u];\n", width, "uint8_t", padding++, field->padding);
	}
}

/* A struct and the proof that the compiler sees it as check.c does. */
static void emit_struct(char const *name, struct fields const *fields, bool is_message)
{
	struct field const *first = fields->first;
	char const         *assertion = text_format("sizeof(struct %s) == %u", name, fields->size);

	while (first && first->type.kind == TYPE_CAP)
		first = first->next;
	emit("struct %s {\n", name);
	emit_members(fields, is_message);
	emit("};\n");
	for (struct field const *field = first ? first->next : NULL; field; field = field->next)
		if (field->type.kind != TYPE_CAP)
			assertion = text_format("%s && offsetof(struct %s, %s) == %u", assertion, name, field->name, field->offset);
	emit("static_assert(%s, \"layout\");\n", assertion);
}

static bool has_checks(struct fields const *fields);

/* The C condition under which one value is what it must not be, or NULL when it can be anything. */
static char const *invalid(struct field const *field, char const *c)
{
	switch (field->type.kind) {
	case TYPE_BOOL:
		return text_format(field->is_param && !field->type.count ? "%s > 1" : "!rpc_are_bools(&%s, 1)", c);
	case TYPE_STATUS:
		return text_format("!rpc_is_status(%s)", c);
	case TYPE_ENUM:
		return text_format("!%s_valid(%s)", field->type.decl->name, c);
	case TYPE_STRUCT:
		return has_checks(&field->type.decl->fields) ? text_format("!%s_valid(&%s)", field->type.decl->name, c) : NULL;
	case TYPE_STRING:
		return text_format("!rpc_is_string(%s, sizeof(%s))", c, c);
	case TYPE_BYTES:
		return text_format("%s.size > %u", c, field->type.bound);
	default:
		return NULL;
	}
}

static bool has_checks(struct fields const *fields)
{
	for (struct field *field = fields->first; field; field = field->next)
		if (invalid(field, ""))
			return true;
	return false;
}

void emit_check(struct field const *field, char const *c, char const *indent, char const *failure)
{
	char const *element   = field->type.count ? text_format("%s[i]", c) : c;
	char const *condition = invalid(field, element);

	if (!condition)
		return;
	if (field->type.count) {
		emit("%sfor (size_t i = 0; i < %u; i++)\n", indent, field->type.count);
		indent = text_format("%s\t", indent);
	}
	emit("%sif (%s)\n%s\t%s;\n", indent, condition, indent, failure);
}

/* X_valid() for a struct, if there is anything to check. */
static void emit_valid(char const *name, struct fields const *fields, bool is_args)
{
	if (!has_checks(fields))
		return;
	if (is_args)
		emit("\nstatic inline bool %s_valid(void const *args)\n{\n\tstruct %s const *value = args;\n\n", name, name);
	else
		emit("\nstatic inline bool %s_valid(struct %s const *value)\n{\n", name, name);
	for (struct field *field = fields->first; field; field = field->next)
		emit_check(field, text_format("value->%s", field->name), "\t", "return false");
	emit("\treturn true;\n}\n");
}

/* --- Interfaces --- */

char *signature(struct fields const *fields)
{
	char *text = text_format("%s", "");

	for (struct field *field = fields->first; field; field = field->next)
		text = text_format("%s%s%s %s", text, *text ? ", " : "", field->type.text, field->name);
	return text;
}

char *error_set(struct call const *call)
{
	char *text = text_format("%s", call->errors ? "" : "0");

	for (struct enumerator *item = call->errors; item; item = item->next)
		text = text_format("%s%sRPC_ERROR(%s)", text, *text ? " | " : "", item->name);
	return text;
}

static void emit_numbers(struct decl const *decl)
{
	char const *upper = text_upper(decl->name), *names = "";
	unsigned    count = 0;

	for (struct call *call = decl->calls; call; call = call->next, count++)
		names = text_format("%s%s%s_OP_%s%s", names, count ? ", " : "", upper, text_upper(call->name),
		                    count ? "" : text_format(" = %s_TAG << 16", upper));
	emit("#define %s_HASH UINT64_C(0x%016llx)\n", upper, (unsigned long long)decl->hash);
	emit("enum { %s_TAG = 0x%04x, %s_OPS = %u };\nenum %s_op { %s };\n", upper, decl->tag, upper, count, decl->name, names);
}

static void emit_args(struct decl const *decl)
{
	emit("\n");
	emit_struct(text_format("%s_args", decl->name), &decl->fields, false);
	emit_valid(text_format("%s_args", decl->name), &decl->fields, true);
	emit("static struct %s_args const %s_args_default = {\n", decl->name, decl->name);
	for (struct field *field = decl->fields.first; field; field = field->next) {
		struct token const *value = field->value;
		char const         *prefix = field->type.kind == TYPE_STATUS ? "STATUS_" : "", *format = "%s%s";

		if (!value)
			continue;
		if (value->kind == TOKEN_STRING)
			format = "%s\"%s\"";
		else if (value->kind == TOKEN_NUMBER)
			prefix = field->negative ? "-" : "", format = value->number > INT32_MAX ? "%sUINT64_C(%s)" : format;
		else if (field->type.kind == TYPE_ENUM)
			prefix = text_format("%s_", text_upper(field->type.decl->name));
		emit("\t.%s = %s,\n", field->name, text_format(format, prefix, value->text));
	}
	emit("};\n");
}

static void emit_tables(struct decl const *decl)
{
	char const *args = decl->has_args ? text_format(".args_size = sizeof(struct %s_args), .args_default = &%s_args_default", decl->name, decl->name) : NULL;

	emit("\nstatic struct rpc_call const %s_calls[%s_OPS] = {\n", decl->name, text_upper(decl->name));
	for (struct call *call = decl->calls; call; call = call->next)
		emit("\t{ \"%s\", \"%s\", \"%s\", %s, %u, %u, %u, %u },\n", call->name, signature(&call->in), signature(&call->out), error_set(call),
		     call->in.size / WORD, call->out.size / WORD, call->in.caps, call->out.caps);
	emit("};\n");
	if (decl->cost_ram) {
		emit("\nstatic inline struct rpc_cost %s_cost(void const *%s)\n{\n", decl->name, decl->has_args ? "arguments" : "args");
		if (decl->has_args)
			emit("\tstruct %s_args const *args = arguments;\n\n", decl->name);
		emit("\treturn (struct rpc_cost) { .ram = %s, .caps = %s };\n}\n", decl->cost_ram, decl->cost_caps);
	}
	emit("\nstatic struct rpc_type const %s_type = {\n", decl->name);
	emit("\t.name = \"%s\", .hash = %s_HASH, .tag = %s_TAG,\n", decl->service ? decl->service : decl->name, text_upper(decl->name), text_upper(decl->name));
	emit("\t.calls = %s_calls, .call_count = %s_OPS,\n", decl->name, text_upper(decl->name));
	if (args)
		emit("\t%s,\n", args);
	if (has_checks(&decl->fields))
		emit("\t.args_valid = %s_args_valid,\n", decl->name);
	if (decl->cost_ram)
		emit("\t.cost = %s_cost,\n", decl->name);
	emit("};\n");
}

static void emit_interface(struct decl const *decl)
{
	emit("\n/* --- %s %s --- */\n\n", decl->service ? "Session" : "Object", decl->name);
	emit_doc(decl->doc != decl->token->file->doc ? decl->doc : NULL, "");
	emit_numbers(decl);
	if (decl->has_args)
		emit_args(decl);
	for (struct call *call = decl->calls; call; call = call->next) {
		if (!call->is_message)
			continue;
		if (call->in.size || call->out.size)
			emit("\n");
		if (call->in.size)
			emit_struct(text_format("%s_%s_in", decl->name, call->name), &call->in, true);
		if (call->out.size)
			emit_struct(text_format("%s_%s_out", decl->name, call->name), &call->out, true);
	}
	emit_tables(decl);
	emit("\n#ifndef RPC_CORE\n");
	emit_client(decl);
	emit("#endif\n");
	emit_server(decl);
}

void emit_header(struct file const *file)
{
	bool has_session = false;

	emit_doc(file->spdx, "");
	emit("/* Made by rpcgen from %s: change that file. */\n#pragma once\n\n#include <base/rpc.h>\n", file->name);
	for (struct token *token = file->tokens; text_is(token->text, "import"); token += 3)
		emit("#include <%.*s.h>\n", (int)strlen(token[1].text) - 4, token[1].text);
	for (struct decl *decl = decls; decl; decl = decl->next)
		has_session |= decl->kind == DECL_SESSION && decl->token->file == file;
	if (has_session)
		emit("#ifndef RPC_CORE /* core makes sessions of its own */\n#include <base/connection.h>\n#include <base/service.h>\n#endif\n");
	emit("\n");
	emit_doc(file->doc, "");
	for (struct decl *decl = decls; decl; decl = decl->next) {
		if (decl->token->file != file)
			continue;
		if (decl->kind == DECL_CONST)
			emit_const(decl);
		else if (decl->kind == DECL_ENUM)
			emit_enum(decl);
		else if (decl->kind == DECL_STRUCT) {
			emit("\n");
			emit_doc(decl->doc, "");
			emit_struct(decl->name, &decl->fields, false);
			emit_valid(decl->name, &decl->fields, false);
		}
	}
	emit("\n#ifndef RPC_CORE\n");
	for (struct decl *decl = decls; decl; decl = decl->next)
		if (decl->kind == DECL_OBJECT && decl->token->file == file)
			emit("struct %s { struct cap cap; };\n", decl->name);
	emit("#endif\n");
	for (struct decl *decl = decls; decl; decl = decl->next)
		if (decl->kind >= DECL_SESSION && decl->token->file == file)
			emit_interface(decl);
}
