/* SPDX-License-Identifier: MIT */
/*
 * All interfaces as one XML document, for programs that have to do with interfaces that they were not built for. Each type is
 * spelled out where it is used, down to its bytes, so that a reader needs no tables; doc/rpc.md describes the format.
 */
#include "rpcdoc.h"

static FILE *document;

static void indent(unsigned depth)
{
	fprintf(document, "%.*s", (int)depth, "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t");
}

static void attribute(char const *name, char const *value)
{
	fprintf(document, " %s=\"", name);
	for (char const *c = value; *c; c++)
		if (*c == '&' || *c == '<' || *c == '"')
			fprintf(document, "&#%d;", *c);
		else
			fputc(*c, document);
	fputc('"', document);
}

static void number(char const *name, uint64_t value)
{
	fprintf(document, " %s=\"%llu\"", name, (unsigned long long)value);
}

static void write_type(struct type const *type)
{
	static char const *const kinds[] = { "integer", "bool", "status", "enum", "struct", "string", "bytes", "cap" };

	attribute("type", type->text);
	attribute("kind", kinds[type->kind]);
	if (type->is_signed)
		attribute("signed", "yes");
	if (type->bound)
		number("bound", type->bound);
	if (type->count)
		number("count", type->count);
}

/* A field or a parameter, with the values or fields of its type. `cap`: its place among the capabilities of the message. */
static void write_item(struct item const *item, unsigned depth, unsigned cap)
{
	struct type const *type = &item->type;
	struct decl const *decl = type->kind == TYPE_ENUM || type->kind == TYPE_STRUCT ? type->decl : NULL;

	indent(depth);
	fprintf(document, item->is_param ? "<param" : "<field");
	attribute("name", item->name);
	write_type(type);
	if (type->kind == TYPE_CAP) {
		number("cap", cap);
		attribute("object", type->target->text);
	} else {
		number(item->is_param ? "word" : "offset", item->is_param ? item->offset / WORD : item->offset);
		number("size", type->size);
	}
	if (item->init)
		attribute("default", text_format("%s%s", item->negative ? "-" : "", item->init->text));
	fprintf(document, decl ? ">\n" : "/>\n");
	if (!decl)
		return;
	for (struct item *value = decl->items; value; value = value->next) {
		indent(depth + 1);
		fprintf(document, "<value name=\"%s\" number=\"%llu\"/>\n", value->name, (unsigned long long)value->value);
	}
	for (struct item *field = decl->fields.first; field; field = field->next)
		write_item(field, depth + 1, 0);
	indent(depth);
	fprintf(document, item->is_param ? "</param>\n" : "</field>\n");
}

static void write_fields(char const *element, struct fields const *fields, unsigned depth)
{
	unsigned caps = 0;

	indent(depth);
	fprintf(document, "<%s size=\"%u\" words=\"%u\" caps=\"%u\"", element, fields->size, fields->size / WORD, fields->caps);
	fprintf(document, fields->first ? ">\n" : "/>\n");
	if (!fields->first)
		return;
	for (struct item *field = fields->first; field; field = field->next) {
		write_item(field, depth + 1, caps);
		caps += field->type.kind == TYPE_CAP;
	}
	indent(depth);
	fprintf(document, "</%s>\n", element);
}

static void write_call(struct item const *call, unsigned index, uint32_t tag)
{
	indent(2);
	fprintf(document, "<call number=\"%u\" label=\"0x%x\" name=\"%s\">\n", index, tag << 16 | index, call->name);
	write_fields("in", &call->in, 3);
	write_fields("out", &call->out, 3);
	for (struct item *error = call->errors; error; error = error->next) {
		indent(3);
		fprintf(document, "<error name=\"%s\"/>\n", error->name);
	}
	indent(2);
	fprintf(document, "</call>\n");
}

static void write_interface(struct decl const *decl)
{
	unsigned index = 0;

	indent(1);
	fprintf(document, "<interface name=\"%s\" kind=\"%s\"", decl->name, decl->service ? "session" : "object");
	if (decl->service)
		attribute("service", decl->service);
	fprintf(document, " hash=\"0x%016llx\" tag=\"0x%04x\"", (unsigned long long)decl->hash, decl->tag);
	attribute("file", decl->token->file->name);
	if (decl->cost_ram)
		attribute("cost", cost_of(decl));
	fprintf(document, ">\n");
	if (decl->service)
		write_fields("args", &decl->fields, 2);
	for (struct item *call = decl->items; call; call = call->next, index++)
		write_call(call, index, decl->tag);
	indent(1);
	fprintf(document, "</interface>\n");
}

void write_xml(FILE *to)
{
	document = to;
	fprintf(document, "<interfaces>\n");
	for (struct decl *decl = decls; decl; decl = decl->next)
		if (decl->kind >= DECL_SESSION)
			write_interface(decl);
	fprintf(document, "</interfaces>\n");
}
