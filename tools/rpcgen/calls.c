/* SPDX-License-Identifier: MIT */
/*
 * The functions of an interface: client calls, the table of operations, and the dispatcher.
 */
#include "rpcgen.h"

/* One parameter as C declares it. */
static char *declare(struct item const *param, bool is_in, bool is_server)
{
	struct type const *type = &param->type;
	char const        *name = param->name, *constant = is_in ? " const" : "";

	if (type->kind == TYPE_CAP && is_server)
		return text_format(is_in ? "struct rpc_cap const *%s" : "struct cap *%s", name);
	if (type->kind == TYPE_CAP)
		return text_format("struct %s %s%s", text_is(type->target->text, "any") ? "cap" : type->target->text, is_in ? "" : "*", name);
	if (type->kind == TYPE_STRING && type->count)
		return text_format("char%s %s[static %u][%u]", constant, name, type->count, type->bound);
	if (type->kind == TYPE_STRING)
		return is_in ? text_format("char const *%s", name) : text_format("char %s[static %u]", name, type->bound);
	if (type->kind == TYPE_BYTES)
		return is_in ? text_format("void const *%s, size_t %s_size", name, name) :
		               text_format("uint8_t %s[static %u], size_t *%s_size", name, type->bound, name);
	if (type->count)
		return text_format("%s%s %s[static %u]", type->c, constant, name, type->count);
	if (type->kind == TYPE_STRUCT)
		return text_format("%s%s *%s", type->c, constant, name);
	return text_format("%s %s%s", type->c, is_in ? "" : "*", name);
}

static char *declare_all(struct item const *call, bool is_server)
{
	char *text = text_format("%s", "");

	for (struct item *param = call->in.first; param; param = param->next)
		text = text_format("%s, %s", text, declare(param, true, is_server));
	for (struct item *param = call->out.first; param; param = param->next)
		text = text_format("%s, %s", text, declare(param, false, is_server));
	return text;
}

/* The value of a scalar as a word, and back. */
static char *to_word(struct type const *type, char const *c)
{
	return type->is_signed ? text_format("(u%s)%s", type->c, c) : text_format("%s", c);
}

static char *from_word(struct type const *type, char const *c)
{
	return text_is(type->c, "uint64_t") ? text_format("%s", c) : text_format("(%s)%s", type->c, c);
}

static char *words(struct fields const *fields)
{
	char *text = text_format("%s", "");

	for (struct item *param = fields->first; param; param = param->next)
		text = text_format("%s%s%s", text, *text ? ", " : "", to_word(&param->type, param->name));
	return *text ? text : text_format("0");
}

/* --- Client --- */

/* Checks all results, then takes them: in register form out of w, else out of the message. */
static void emit_results(struct item const *call)
{
	char const *failure = call->out.caps ? text_format("return rpc_reject(got, %u)", call->out.caps) : "return STATUS_PROTOCOL";
	unsigned    at = 0, word = 0, caps = 0;

	for (struct item *param = call->out.first; param; param = param->next)
		emit_check(param, call->is_message ? text_format("out->%s", param->name) : text_format("w[%u]", word++), failure);
	for (struct item *param = call->out.first; param; param = param->next) {
		struct type const *type = &param->type;
		char const        *name = param->name;

		if (type->kind == TYPE_CAP)
			emit(text_is(type->target->text, "any") ? "\t*%s = got[%u];\n" : "\t%s->cap = got[%u];\n", name, caps++);
		else if (type_is_scalar(type))
			emit("\t*%s = %s;\n", name, from_word(type, call->is_message ? text_format("out->%s", name) : text_format("w[%u]", at++)));
		else if (type->kind == TYPE_BYTES)
			emit("\trpc_move(%s, out->%s.data, out->%s.size);\n\t*%s_size = out->%s.size;\n", name, name, name, name, name);
		else if (type->kind == TYPE_STRING || type->count)
			emit("\trpc_move(%s, out->%s, sizeof(out->%s));\n", name, name, name);
		else
			emit("\t*%s = out->%s;\n", name, name);
	}
}

static void emit_pack(struct item const *call)
{
	unsigned caps = 0, padding = 0;

	for (struct item *param = call->in.first; param; param = param->next) {
		struct type const *type = &param->type;
		char const        *name = param->name;

		if (type->kind == TYPE_CAP)
			emit("\trpc_send(%u, %s%s);\n", caps++, name, text_is(type->target->text, "any") ? "" : ".cap");
		else if (type_is_scalar(type))
			emit("\tin->%s = %s;\n", name, to_word(type, name));
		else if (type->kind == TYPE_STRING && !type->count)
			emit("\tRPC_TRY(rpc_pack_string(in->%s, sizeof(in->%s), %s));\n", name, name, name);
		else if (type->kind == TYPE_BYTES)
			emit("\tRPC_TRY(rpc_pack_bytes(&in->%s, sizeof(in->%s), %u, %s, %s_size));\n", name, name, type->bound, name, name);
		else if (type->count)
			emit("\trpc_move(in->%s, %s, sizeof(in->%s));\n", name, name, name);
		else
			emit("\tin->%s = *%s;\n", name, name);
		if (param->padding)
			emit("\trpc_clear(in->padding%u, sizeof(in->padding%u));\n", padding, padding), padding++;
	}
}

static void emit_call(char const *n, char const *target, struct item const *call)
{
	char const *op = text_upper(text_format("%s_op_%s", n, call->name));
	unsigned    in = call->in.size / WORD, out = call->out.size / WORD;

	if (!call->is_message) {
		emit("\tuint64_t w[RPC_WORDS] = { %s };\n\n", words(&call->in));
		emit("\tRPC_TRY(rpc_call_words(%s, %s, w, %u, %u));\n", target, op, in, out);
	} else {
		if (in)
			emit("\tstruct %s_%s_in *in = rpc_message();\n", n, call->name);
		if (out)
			emit("\tstruct %s_%s_out const *out = rpc_message();\n", n, call->name);
		if (call->out.caps)
			emit("\tstruct cap got[%u];\n", call->out.caps);
		emit(in || call->out.first ? "\n" : "");
		emit_pack(call);
		emit("\tRPC_TRY(rpc_call_message(%s, rpc_request(%s, %u, %u, %u), %u, %s));\n", target, op, in, call->in.caps, call->out.caps, out,
		     call->out.caps ? "got" : "NULL");
	}
	emit_results(call);
	emit("\treturn STATUS_OK;\n}\n");
}

char *prototype(struct decl const *decl, struct item const *call)
{
	return text_format("enum status %s_%s(struct %s %sself%s)", decl->name, call->name, decl->name, decl->service ? "*" : "",
	                   declare_all(call, false));
}

void emit_client(struct decl const *decl)
{
	char const *n = decl->name;

	emit("\n#ifndef RPC_CORE\n/* Client side. */\n");
	if (decl->service)
		emit("RPC_CONNECTION%s(%s)\n", decl->fields.first ? "" : "_PLAIN", n);
	for (struct item *call = decl->items; call; call = call->next) {
		emit("\n");
		emit_doc(call->doc, "");
		emit("static inline MUST_CHECK %s\n{\n", prototype(decl, call));
		emit_call(n, decl->service ? "self->connection.cap" : "self.cap", call);
	}
	emit("#endif\n");
}

/* --- Server --- */

/* What the dispatcher passes to the operation. */
static char *arguments(struct fields const *params, bool is_in, bool is_message)
{
	unsigned at = 0, caps = 0;
	char    *text = text_format("%s", "");

	for (struct item *param = params->first; param; param = param->next) {
		struct type const *type  = &param->type;
		char const        *value = text_format("%s.%s", is_in ? "in" : "out", param->name);

		if (type->kind == TYPE_CAP)
			value = text_format("&%s[%u]", is_in ? "taken" : "given", caps++);
		else if (type_is_scalar(type) && is_in)
			value = from_word(type, is_message ? value : text_format("rpc->w[%u]", at++));
		else if (type_is_scalar(type))
			value = text_format("&%s", param->name);
		else if (type->kind == TYPE_BYTES)
			value = is_in ? text_format("%s.data, %s.size", value, value) : text_format("%s.data, &%s_size", value, param->name);
		else if (type->kind == TYPE_STRUCT && !type->count)
			value = text_format("&%s", value);
		text = text_format("%s, %s", text, value);
	}
	return text;
}

static void emit_locals(char const *n, struct item const *call)
{
	if (call->is_message && call->in.size)
		emit("\tstruct %s_%s_in in;\n", n, call->name);
	if (call->is_message && call->out.size)
		emit("\tstruct %s_%s_out out = {};\n", n, call->name);
	if (call->in.caps)
		emit("\tstruct rpc_cap taken[%u];\n", call->in.caps);
	if (call->out.caps)
		emit("\tstruct cap given[%u] = {};\n", call->out.caps);
	for (struct item *param = call->out.first; param; param = param->next)
		if (type_is_scalar(&param->type))
			emit("\t%s %s = 0;\n", param->type.c, param->name);
		else if (param->type.kind == TYPE_BYTES)
			emit("\tsize_t %s_size = 0;\n", param->name);
	if (call->out.first || (call->is_message && call->in.first))
		emit("\n");
}

/* The answer in message form. */
static void emit_answer(struct item const *call)
{
	for (struct item *param = call->out.first; param; param = param->next)
		if (type_is_scalar(&param->type))
			emit("\tout.%s = %s;\n", param->name, to_word(&param->type, param->name));
		else if (param->type.kind == TYPE_BYTES)
			emit("\tif (%s_size > %u)\n\t\treturn STATUS_INTERNAL;\n\tout.%s.size = (uint32_t)%s_size;\n", param->name, param->type.bound,
			     param->name, param->name);
	emit("\treturn rpc_answer(rpc, %s, %u, %s, %u);\n}\n", call->out.size ? "&out" : "NULL", call->out.size / WORD,
	     call->out.caps ? "given" : "NULL", call->out.caps);
}

/* The part of the dispatcher for one call. */
static void emit_handler(char const *n, char const *self, struct item const *call)
{
	unsigned at = 0, in = call->in.size / WORD;

	emit("\n%s enum status %s_handle_%s(struct %s_ops const *ops, %s *self, struct rpc *rpc)\n{\n", call->is_message ? "RPC_APART" : "RPC_INLINE",
	     n, call->name, n, self);
	emit_locals(n, call);
	emit("\tif (!rpc_has(rpc, %u, %u))\n\t\treturn STATUS_PROTOCOL;\n", in, call->in.caps);
	if (call->is_message && in)
		emit("\trpc_copy(rpc, &in, %u);\n", in);
	for (struct item *param = call->in.first; param; param = param->next)
		emit_check(param, call->is_message ? text_format("in.%s", param->name) : text_format("rpc->w[%u]", at++), "return STATUS_PROTOCOL");
	if (call->in.caps)
		emit("\tRPC_TRY(rpc_take_caps(rpc, taken, %u));\n", call->in.caps);
	emit("\tRPC_TRY(rpc_listed(%s, ops->%s(self%s%s)));\n", error_set(call), call->name, arguments(&call->in, true, call->is_message),
	     arguments(&call->out, false, call->is_message));
	if (call->is_message)
		emit_answer(call);
	else
		emit("\treturn rpc_answer_words(rpc, %u, (uint64_t[RPC_WORDS]) { %s });\n}\n", call->out.size / WORD, words(&call->out));
}

void emit_server(struct decl const *decl)
{
	char const *n = decl->name, *self = text_format("struct %s_%s", n, decl->service ? "session" : "object");

	emit("\n/* Server side. */\n%s;\n\nstruct %s_ops {\n", self, n);
	for (struct item *call = decl->items; call; call = call->next) {
		emit_doc(call->doc, "\t");
		emit("\tenum status (*%s)(%s *self%s);\n", call->name, self, declare_all(call, true));
	}
	emit("};\n");
	for (struct item *call = decl->items; call; call = call->next)
		emit_handler(n, self, call);
	emit("\n/* Checks a request, runs its operation and makes the answer. */\n");
	emit("static inline enum status %s_dispatch(struct %s_ops const *ops, %s *self, struct rpc *rpc)\n{\n", n, n, self);
	emit("\tswitch (rpc_label(rpc)) {\n");
	for (struct item *call = decl->items; call; call = call->next)
		emit("\tcase %s_OP_%s: return %s_handle_%s(ops, self, rpc);\n", text_upper(n), text_upper(call->name), n, call->name);
	emit("\tdefault: return STATUS_PROTOCOL;\n\t}\n}\n\n#ifndef RPC_CORE\n");
	emit("%s(%s)\n#endif\n", !decl->service ? "RPC_OBJECT" : decl->fields.first ? "RPC_SERVICE" : "RPC_SERVICE_PLAIN", n);
}
