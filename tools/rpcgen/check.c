/* SPDX-License-Identifier: MIT */
/*
 * Sizes and offsets; and what can be said about interfaces only when all declarations are known: limits, the objects that
 * capabilities are for, defaults and hashes.
 */
#include "rpcgen.h"

#include "../../kernel/abi/status.h"

#include <string.h>

char const statuses_listed[] = " PENDING DENIED INVALID OVERFLOW NOT_FOUND EXISTS VERSION UNSUPPORTED NEEDS BUSY PEER_FAULT TIMEOUT LOST ";
char const statuses_implicit[] = " OK AGAIN TOO_LONG PROTOCOL OUT_OF_RAM OUT_OF_CAPS NO_TABLE BAD_CAP PEER_GONE NO_REPLY CANCELLED DEADLOCK"
                                 " TOO_DEEP INTERNAL ";
_Static_assert(STATUS_COUNT == 27, "kernel/abi/status.h has changed: so must these lists");

/* --- Layout --- */

bool type_is_scalar(struct type const *type)
{
	return type->kind <= TYPE_ENUM && !type->count;
}

/* Natural alignment in a struct; in a message each parameter is at the start of a word, and a scalar takes a whole one. */
void lay_out(struct fields *fields, bool is_message)
{
	struct item *before = NULL;
	unsigned     at = 0;

	fields->align = is_message ? WORD : 1;
	fields->is_plain = true;
	for (struct item *field = fields->first; field; field = field->next) {
		struct type const *type  = &field->type;
		unsigned           align = is_message ? WORD : type->align;
		unsigned           size  = is_message && type_is_scalar(type) ? WORD : type->size * (type->count ? type->count : 1);

		field->is_param = is_message;
		fields->is_plain &= type_is_scalar(type);
		if (type->kind == TYPE_CAP) {
			fields->caps++;
			continue;
		}
		field->offset = (at + align - 1) & -align;
		if (before)
			before->padding = field->offset - at;
		at = field->offset + size;
		if (align > fields->align)
			fields->align = align;
		if (at > MESSAGE_MAX)
			fail(field->token, "with `%s` this is %u bytes long, at most %d are possible", field->name, at, MESSAGE_MAX);
		before = field;
	}
	fields->size = (at + fields->align - 1) & -fields->align;
	fields->is_plain &= at <= REGISTER_WORDS * WORD;
	if (before)
		before->padding = fields->size - at;
}

static void check_params(struct fields *params)
{
	lay_out(params, true);
	if (params->caps > CAPS_MAX)
		fail(params->first->token, "%u capabilities, at most %d are possible", params->caps, CAPS_MAX);
	for (struct item *param = params->first; param; param = param->next) {
		struct token *target = param->type.target;
		struct decl  *object = target ? decl_find(target->text) : NULL;

		if (!target || text_lists(" any signal_context ", target->text))
			continue;
		if (!object)
			fail(target, "there is no object `%s`", target->text);
		if (object->kind != DECL_OBJECT)
			fail(target, "`%s` is no object%s", target->text, object->service ? ": a session is opened, not passed" : "");
	}
}

static bool is_default_possible(struct item const *field, struct token const *init)
{
	struct type const *type  = &field->type;
	unsigned           bits  = type->size * 8 - type->is_signed;
	uint64_t           limit = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - !field->negative;
	struct item       *value = type->kind == TYPE_ENUM ? type->decl->items : NULL;

	while (value && !text_is(value->name, init->text))
		value = value->next;
	if (type->count || (field->negative && !type->is_signed))
		return false;
	switch (type->kind) {
	case TYPE_INTEGER: return init->kind == TOKEN_NUMBER && init->number <= limit;
	case TYPE_STRING:  return init->kind == TOKEN_STRING && strlen(init->text) < type->bound;
	case TYPE_ENUM:    return init->kind == TOKEN_NAME && value;
	case TYPE_BOOL:    return init->kind == TOKEN_NAME && text_lists(" true false ", init->text);
	case TYPE_STATUS:  return text_lists(statuses_listed, init->text) || text_lists(statuses_implicit, init->text);
	default:           return false;
	}
}

/* FNV-1a over the tokens; the name of a type or a constant stands for its declaration as well, the first time that it occurs. */
static uint64_t hash_tokens(uint64_t hash, struct token const *begin, struct token const *end, unsigned run)
{
	for (struct token const *token = begin; token < end; token++) {
		struct decl *decl = token->kind == TOKEN_NAME ? decl_find(token->text) : NULL;

		for (size_t i = 0; i <= strlen(token->text); i++)
			hash = (hash ^ (unsigned char)token->text[i]) * UINT64_C(0x100000001b3);
		if (decl && decl->kind <= DECL_STRUCT && decl->visited != run) {
			decl->visited = run;
			hash = hash_tokens(hash, decl->begin, decl->end, run);
		}
	}
	return hash;
}

static void check_interface(struct decl *decl)
{
	static unsigned run;

	lay_out(&decl->fields, false);
	if (decl->fields.size > ARGS_MAX)
		fail(decl->token, "the args of `%s` are %u bytes long, at most %d are possible", decl->name, decl->fields.size, ARGS_MAX);
	for (struct item *field = decl->fields.first; field; field = field->next)
		if (field->init && !is_default_possible(field, field->init))
			fail(field->init, "`%s%s` is no value for `%s`", field->negative ? "-" : "", field->init->text, field->type.text);
	for (struct item *call = decl->items; call; call = call->next) {
		check_params(&call->in);
		check_params(&call->out);
		call->is_message = !call->in.is_plain || !call->out.is_plain;
	}
	decl->hash = hash_tokens(UINT64_C(0xcbf29ce484222325), decl->begin, decl->end, ++run);
	decl->tag = decl->hash & 0x7fff ? decl->hash & 0x7fff : 1;
}

void check(void)
{
	for (struct decl *decl = decls; decl; decl = decl->next)
		if (decl->kind >= DECL_SESSION)
			check_interface(decl);
}
