/* SPDX-License-Identifier: MIT */
/*
 * What can be said about declarations only when all are known: sizes and offsets, limits, the objects that capabilities
 * are for, defaults, hashes, and that no two generated names are the same.
 */
#include "rpcgen.h"

#include <string.h>

/* Lays out a struct (natural alignment), or a message (each parameter at the start of a word). */
static void lay_out(struct fields *fields, bool is_message)
{
	struct field *last = NULL;
	unsigned      at = 0;

	fields->align = is_message ? WORD : 1;
	for (struct field *field = fields->first; field; field = field->next) {
		struct type *type = &field->type;

		field->is_param = is_message;
		if (type->kind == TYPE_CAP) {
			fields->caps++;
			continue;
		}
		if (type->kind == TYPE_STRUCT) {
			type->size = type->decl->fields.size;
			type->align = type->decl->fields.align;
		}
		field->offset = (at + (is_message ? WORD : type->align) - 1) & -(is_message ? WORD : type->align);
		if (last)
			last->padding = field->offset - at;
		at = field->offset + (is_message && type_is_scalar(type) ? WORD : type->size * (type->count ? type->count : 1));
		fields->align = type->align > fields->align ? type->align : fields->align;
		if (at > MESSAGE_MAX)
			fail(field->token, "with `%s` this is %u bytes long, at most %d are possible", field->name, at, MESSAGE_MAX);
		last = field;
	}
	fields->size = (at + fields->align - 1) & -fields->align;
	if (last)
		last->padding = fields->size - at;
}

bool type_is_scalar(struct type const *type)
{
	return type->kind <= TYPE_ENUM && !type->count;
}

static void check_params(struct fields *params)
{
	lay_out(params, true);
	for (struct field *field = params->first; field; field = field->next) {
		struct token *target = field->type.target;
		struct decl  *object = target ? decl_find(target->text) : NULL;

		if (!target || text_is(target->text, "any") || text_is(target->text, "signal_context"))
			continue;
		if (!object)
			fail(target, "there is no object `%s`", target->text);
		if (object->kind != DECL_OBJECT)
			fail(target, "`%s` is no object%s", target->text, object->kind == DECL_SESSION ? ": a session is opened, not passed" : "");
	}
	for (struct field *field = params->first; field && params->caps > CAPS_MAX; field = field->next)
		if (!field->next)
			fail(field->token, "%u capabilities, at most %d are possible", params->caps, CAPS_MAX);
}

static bool is_register_form(struct fields const *params)
{
	for (struct field *field = params->first; field; field = field->next)
		if (!type_is_scalar(&field->type))
			return false;
	return params->size <= REGISTER_WORDS * WORD;
}

static void check_default(struct field const *field)
{
	struct type const  *type  = &field->type;
	struct token const *value = field->value;
	unsigned            bits  = type->size * 8 - (type->is_signed ? 1 : 0);
	uint64_t            limit = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - !field->negative;
	struct enumerator  *item  = type->kind == TYPE_ENUM ? type->decl->enumerators : NULL;

	while (item && !text_is(item->name, value->text))
		item = item->next;
	if (type->count || type->kind == TYPE_STRUCT || type->kind == TYPE_BYTES)
		fail(value, "`%s` cannot have a default", type->text);
	if (type->kind == TYPE_INTEGER && (value->kind != TOKEN_NUMBER || (field->negative && !type->is_signed) || value->number > limit))
		fail(value, "`%s%s` is no `%s`", field->negative ? "-" : "", value->text, type->text);
	if (type->kind == TYPE_STRING && value->kind != TOKEN_STRING)
		fail(value, "`%s` is no string", value->text);
	if (type->kind == TYPE_STRING && strlen(value->text) >= type->bound)
		fail(value, "\"%s\" does not fit `%s` with its terminator", value->text, type->text);
	if (type->kind == TYPE_ENUM && (value->kind != TOKEN_NAME || !item))
		fail(value, "`%s` is no value of `%s`", value->text, type->text);
	if (type->kind == TYPE_BOOL && !text_is(value->text, "true") && !text_is(value->text, "false"))
		fail(value, "a bool is true or false");
	if (type->kind == TYPE_STATUS && (value->kind != TOKEN_NAME || !status_is_known(value->text)))
		fail(value, "unknown status `%s`", value->text);
}

/* --- Hash --- */

static unsigned hash_run;

/* FNV-1a over the tokens; the name of a type or a constant stands for its declaration, the first time that it occurs. */
static uint64_t hash_tokens(uint64_t hash, struct token const *begin, struct token const *end)
{
	for (struct token const *token = begin; token < end; token++) {
		struct decl *decl = token->kind == TOKEN_NAME ? decl_find(token->text) : NULL;

		for (char const *c = token->text;; c++) {
			hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
			if (!*c)
				break;
		}
		if (decl && decl->kind <= DECL_STRUCT && decl->visited != hash_run) {
			decl->visited = hash_run;
			hash = hash_tokens(hash, decl->begin, decl->end);
		}
	}
	return hash;
}

/* --- Generated names --- */

static struct claim { char const *name; struct token *token; struct claim *next; } *claims;

static void claim(struct token *token, char const *name)
{
	struct claim *claim = allocate(sizeof(*claim));

	for (struct claim *other = claims; other; other = other->next)
		if (text_is(other->name, name))
			fail(token, "`%s` makes the C name `%s`, as does `%s` in %s:%u", token->text, name, other->token->text,
			     other->token->file->path, other->token->line);
	*claim = (struct claim) { name, token, claims };
	claims = claim;
}

static void claim_names(struct decl *decl)
{
	static char const *const tags[]      = { "%s_args", "%s_ops", "%s_session", "%s_object", "%s_service", "%s_op", NULL };
	static char const *const functions[] = { "%s_open()", "%s_close()", "%s_upgrade()", "%s_reopen()", "%s_provide()", "%s_init()",
	                                         "%s_handle()", "%s_dispatch()", "%s_type()", "%s_calls()", NULL };
	static char const *const constants[] = { "%s_TAG", "%s_HASH", "%s_OPS", NULL };
	char const *upper = text_upper(decl->name);

	claim(decl->token, decl->name);
	for (struct enumerator *item = decl->enumerators; item; item = item->next)
		claim(item->token, text_format("%s_%s", upper, item->name));
	if (decl->kind < DECL_SESSION)
		return;
	for (int i = 0; tags[i]; i++)
		claim(decl->token, text_format(tags[i], decl->name));
	for (int i = 0; functions[i]; i++)
		claim(decl->token, text_format(functions[i], decl->name));
	for (int i = 0; constants[i]; i++)
		claim(decl->token, text_format(constants[i], upper));
	for (struct call *call = decl->calls; call; call = call->next) {
		claim(call->token, text_format("%s_%s()", decl->name, call->name));
		claim(call->token, text_format("%s_OP_%s", upper, text_upper(call->name)));
		claim(call->token, text_format("%s_%s_in", decl->name, call->name));
		claim(call->token, text_format("%s_%s_out", decl->name, call->name));
	}
}

static void check_interface(struct decl *decl)
{
	lay_out(&decl->fields, false);
	if (decl->fields.size > ARGS_MAX)
		fail(decl->token, "the args of `%s` are %u bytes long, at most %d are possible", decl->name, decl->fields.size, ARGS_MAX);
	for (struct field *field = decl->fields.first; field; field = field->next)
		if (field->value)
			check_default(field);
	for (struct call *call = decl->calls; call; call = call->next) {
		check_params(&call->in);
		check_params(&call->out);
		call->is_message = !is_register_form(&call->in) || !is_register_form(&call->out);
	}
	hash_run++;
	decl->hash = hash_tokens(UINT64_C(0xcbf29ce484222325), decl->begin, decl->end);
	decl->tag = (uint32_t)(decl->hash & 0x7fff) ? (uint32_t)(decl->hash & 0x7fff) : 1;
}

void check(void)
{
	for (struct decl *decl = decls; decl; decl = decl->next) {
		claim_names(decl);
		if (decl->kind == DECL_STRUCT)
			lay_out(&decl->fields, false);
		else if (decl->kind >= DECL_SESSION)
			check_interface(decl);
	}
}
