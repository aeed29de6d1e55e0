/* SPDX-License-Identifier: MIT */
/*
 * The functions of an interface: client calls, the table of operations, the dispatcher, and what ties them to connections
 * and services.
 */
#include "rpcgen.h"

/* One parameter as C declares it. */
static char *declare(struct field const *field, bool is_in, bool is_server)
{
	struct type const *type   = &field->type;
	char const        *name   = field->name, *constant = is_in ? " const" : "";
	unsigned           length = type->count ? type->count : type->bound;

	if (type->kind == TYPE_CAP && is_server)
		return text_format(is_in ? "struct rpc_cap const *%s" : "struct cap *%s", name);
	if (type->kind == TYPE_CAP)
		return text_format("struct %s %s%s", text_is(type->target->text, "any") ? "cap" : type->target->text, is_in ? "" : "*", name);
	if (type->kind == TYPE_STRING && type->count)
		return text_format("char%s %s[static %u][%u]", constant, name, type->count, type->bound);
	if (type->kind == TYPE_STRING && is_in)
		return text_format("char const *%s", name);
	if (type->kind == TYPE_BYTES && is_in)
		return text_format("void const *%s, size_t %s_size", name, name);
	if (type->kind == TYPE_BYTES)
		return text_format("uint8_t %s[static %u], size_t *%s_size", name, length, name);
	if (type->count || type->kind == TYPE_STRING)
		return text_format("%s%s %s[static %u]", type->c, constant, name, length);
	if (type->kind == TYPE_STRUCT)
		return text_format("%s%s *%s", type->c, constant, name);
	return text_format("%s %s%s", type->c, is_in ? "" : "*", name);
}

static char *parameters(struct call const *call, bool is_server)
{
	char *text = text_format("%s", "");

	for (struct field *field = call->in.first; field; field = field->next)
		text = text_format("%s, %s", text, declare(field, true, is_server));
	for (struct field *field = call->out.first; field; field = field->next)
		text = text_format("%s, %s", text, declare(field, false, is_server));
	return text;
}

/* The value of a scalar as a word, and back. */
static char *to_word(struct type const *type, char const *c)
{
	return text_format(type->is_signed ? "(uint%u_t)%s" : "%.0u%s", type->is_signed ? type->size * 8 : 0, c);
}

static char *from_word(struct type const *type, char const *c)
{
	return text_is(type->c, "uint64_t") ? text_format("%s", c) : text_format("(%s)%s", type->c, c);
}

static char *words(struct fields const *fields)
{
	char *text = text_format("%s", fields->first ? " " : " 0 ");

	for (struct field *field = fields->first; field; field = field->next)
		text = text_format("%s%s%s", text, to_word(&field->type, field->name), field->next ? ", " : " ");
	return text;
}

/* --- Client --- */

static void emit_register_call(char const *target, char const *op, struct call const *call)
{
	unsigned at = 0;

	emit("\tuint64_t w[RPC_WORDS] = {%s};\n\n", words(&call->in));
	emit("\tRPC_TRY(rpc_call_words(%s, %s, w, %u, %u));\n", target, op, call->in.size / WORD, call->out.size / WORD);
	for (struct field *field = call->out.first; field; field = field->next)
		emit_check(field, text_format("w[%u]", at++), "\t", "return STATUS_PROTOCOL");
	at = 0;
	for (struct field *field = call->out.first; field; field = field->next)
		emit("\t*%s = %s;\n", field->name, from_word(&field->type, text_format("w[%u]", at++)));
	emit("\treturn STATUS_OK;\n}\n");
}

static void emit_pack(struct field const *field, unsigned *caps, unsigned *padding)
{
	struct type const *type = &field->type;
	char const        *name = field->name;

	if (type->kind == TYPE_CAP)
		emit("\trpc_send(%u, %s%s);\n", (*caps)++, name, text_is(type->target->text, "any") ? "" : ".cap");
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
	if (field->padding && !type_is_scalar(type) && type->kind != TYPE_CAP)
		emit("\trpc_clear(in->padding%u, sizeof(in->padding%u));\n", *padding, *padding), ++*padding;
}

static void emit_unpack(struct field const *field, unsigned *caps)
{
	struct type const *type = &field->type;
	char const        *name = field->name;

	if (type->kind == TYPE_CAP)
		emit(text_is(type->target->text, "any") ? "\t*%s = got[%u];\n" : "\t%s->cap = got[%u];\n", name, (*caps)++);
	else if (type_is_scalar(type))
		emit("\t*%s = %s;\n", name, from_word(type, text_format("out->%s", name)));
	else if (type->kind == TYPE_BYTES)
		emit("\trpc_move(%s, out->%s.data, out->%s.size);\n\t*%s_size = out->%s.size;\n", name, name, name, name, name);
	else if (type->kind == TYPE_STRING || type->count)
		emit("\trpc_move(%s, out->%s, sizeof(out->%s));\n", name, name, name);
	else
		emit("\t*%s = out->%s;\n", name, name);
}

static void emit_message_call(char const *target, char const *op, char const *prefix, struct call const *call)
{
	unsigned    send = 0, got = 0, padding = 0, expect = call->out.caps;
	char const *failure = expect ? text_format("return rpc_reject(got, %u)", expect) : "return STATUS_PROTOCOL";

	if (call->in.size)
		emit("\tstruct %s_in *in = rpc_message();\n", prefix);
	if (call->out.size)
		emit("\tstruct %s_out const *out = rpc_message();\n", prefix);
	if (expect)
		emit("\tstruct cap got[%u];\n", expect);
	if (call->in.size || call->out.size || expect)
		emit("\n");
	for (struct field *field = call->in.first; field; field = field->next)
		emit_pack(field, &send, &padding);
	emit("\tRPC_TRY(rpc_call_message(%s, rpc_request(%s, %u, %u, %u), %u, %s));\n", target, op, call->in.size / WORD, call->in.caps, expect,
	     call->out.size / WORD, expect ? "got" : "NULL");
	for (struct field *field = call->out.first; field; field = field->next)
		emit_check(field, text_format("out->%s", field->name), "\t", failure);
	for (struct field *field = call->out.first; field; field = field->next)
		emit_unpack(field, &got);
	emit("\treturn STATUS_OK;\n}\n");
}

static void emit_connection(struct decl const *decl)
{
	char const *n = decl->name, *args = decl->has_args ? text_format(", struct %s_args const *args", n) : "";
	char const *value = decl->has_args ? text_format("args ? args : &%s_args_default", n) : "NULL";

	emit("struct %s { struct connection connection; };\n", n);
	emit("\n/* Opens a session; the label tells the server what for. %sbase/connection.h has the errors. */\n",
	     decl->has_args ? "args: NULL for the defaults. " : "");
	emit("static inline MUST_CHECK enum status %s_open(struct %s *self, struct env *env, char const *label%s)\n{\n", n, n, args);
	emit("\treturn connection_open(&self->connection, env, &%s_type, label, %s);\n}\n", n, value);
	emit("\n/* Opens it again after it was LOST. */\n");
	emit("static inline MUST_CHECK enum status %s_reopen(struct %s *self, char const *label%s)\n{\n", n, n, args);
	emit("\treturn connection_reopen(&self->connection, &%s_type, label, %s);\n}\n", n, value);
	emit("\n/* Adds to the donation, after OUT_OF_RAM or OUT_OF_CAPS of a call. */\n");
	emit("static inline MUST_CHECK enum status %s_upgrade(struct %s *self, uint64_t ram, uint64_t caps)\n{\n", n, n);
	emit("\treturn connection_upgrade(&self->connection, ram, caps);\n}\n");
	emit("\n/* Ends the session; never waits. */\n");
	emit("static inline void %s_close(struct %s *self)\n{\n\tconnection_close(&self->connection);\n}\n", n, n);
}

void emit_client(struct decl const *decl)
{
	char const *self = decl->service ? text_format("struct %s *self", decl->name) : text_format("struct %s self", decl->name);
	char const *target = decl->service ? "self->connection.cap" : "self.cap";

	emit("/* Client side. */\n");
	if (decl->service)
		emit_connection(decl);
	for (struct call *call = decl->calls; call; call = call->next) {
		char const *prefix = text_format("%s_%s", decl->name, call->name);
		char const *op     = text_format("%s_op_%s", decl->name, call->name);

		emit("\n");
		emit_doc(call->doc, "");
		emit("static inline MUST_CHECK enum status %s(%s%s)\n{\n", prefix, self, parameters(call, false));
		if (call->is_message)
			emit_message_call(target, text_upper(op), prefix, call);
		else
			emit_register_call(target, text_upper(op), call);
	}
}

/* --- Server --- */

/* What the dispatcher passes to the operation for one parameter. */
static char *argument(struct field const *field, bool is_in, bool is_message, unsigned *at, unsigned *caps)
{
	struct type const *type   = &field->type;
	char const        *access = text_format(is_in ? "in.%s" : "out.%s", field->name);

	if (type->kind == TYPE_CAP)
		return text_format(is_in ? "&taken[%u]" : "&given[%u]", (*caps)++);
	if (type_is_scalar(type) && !is_in)
		return text_format("&%s", field->name);
	if (type_is_scalar(type))
		return from_word(type, is_message ? access : text_format("rpc->w[%u]", (*at)++));
	if (type->kind == TYPE_BYTES)
		return is_in ? text_format("%s.data, %s.size", access, access) : text_format("%s.data, &%s_size", access, field->name);
	return text_format("%s%s", type->kind == TYPE_STRUCT && !type->count ? "&" : "", access);
}

static char *arguments(struct call const *call)
{
	unsigned at = 0, in_caps = 0, out_caps = 0;
	char    *text = text_format("%s", "");

	for (struct field *field = call->in.first; field; field = field->next)
		text = text_format("%s, %s", text, argument(field, true, call->is_message, &at, &in_caps));
	for (struct field *field = call->out.first; field; field = field->next)
		text = text_format("%s, %s", text, argument(field, false, call->is_message, &at, &out_caps));
	return text;
}

static void emit_locals(struct call const *call, char const *prefix)
{
	if (call->is_message && call->in.size)
		emit("\t\tstruct %s_in in;\n", prefix);
	if (call->is_message && call->out.size)
		emit("\t\tstruct %s_out out = {};\n", prefix);
	if (call->in.caps)
		emit("\t\tstruct rpc_cap taken[%u];\n", call->in.caps);
	if (call->out.caps)
		emit("\t\tstruct cap given[%u] = {};\n", call->out.caps);
	for (struct field *field = call->out.first; field; field = field->next)
		if (type_is_scalar(&field->type))
			emit("\t\t%s %s = %s;\n", field->type.c, field->name, field->type.kind == TYPE_BOOL ? "false" :
			     field->type.kind == TYPE_ENUM || field->type.kind == TYPE_STATUS ? text_format("(%s)0", field->type.c) : "0");
		else if (field->type.kind == TYPE_BYTES)
			emit("\t\tsize_t %s_size = 0;\n", field->name);
	if (call->out.first || call->in.caps || (call->is_message && call->in.size))
		emit("\n");
}

static void emit_results(struct call const *call)
{
	for (struct field *field = call->out.first; field; field = field->next)
		if (type_is_scalar(&field->type))
			emit("\t\tout.%s = %s;\n", field->name, to_word(&field->type, field->name));
		else if (field->type.kind == TYPE_BYTES)
			emit("\t\tif (%s_size > %u)\n\t\t\treturn STATUS_INTERNAL;\n\t\tout.%s.size = (uint32_t)%s_size;\n", field->name, field->type.bound,
			     field->name, field->name);
	emit("\t\treturn rpc_answer(rpc, %s, %u, %s, %u);\n\t}\n", call->out.size ? "&out" : "NULL", call->out.size / WORD,
	     call->out.caps ? "given" : "NULL", call->out.caps);
}

static void emit_case(struct decl const *decl, struct call const *call)
{
	char const *prefix = text_format("%s_%s", decl->name, call->name);
	unsigned    at = 0;

	emit("\tcase %s: {\n", text_upper(text_format("%s_op_%s", decl->name, call->name)));
	emit_locals(call, prefix);
	emit("\t\tif (!rpc_has(rpc, %u, %u))\n\t\t\treturn STATUS_PROTOCOL;\n", call->in.size / WORD, call->in.caps);
	if (call->is_message && call->in.size)
		emit("\t\trpc_copy(rpc, &in, %u);\n", call->in.size / WORD);
	for (struct field *field = call->in.first; field; field = field->next)
		if (field->type.kind != TYPE_CAP)
			emit_check(field, call->is_message ? text_format("in.%s", field->name) : text_format("rpc->w[%u]", at++), "\t\t",
			           "return STATUS_PROTOCOL");
	if (call->in.caps)
		emit("\t\tRPC_TRY(rpc_take_caps(rpc, taken, %u));\n", call->in.caps);
	emit("\t\tRPC_TRY(rpc_listed(%s, ops->%s(self%s)));\n", error_set(call), call->name, arguments(call));
	if (call->is_message)
		emit_results(call);
	else
		emit("\t\treturn rpc_answer_words(rpc, %u, (uint64_t[RPC_WORDS]) {%s});\n\t}\n", call->out.size / WORD, words(&call->out));
}

static void emit_service(char const *n, bool has_args)
{
	char const *args = has_args ? text_format(", struct %s_args const *", n) : "";

	emit("\n/* What a server fills in: ops and session_size (of its own struct, which starts with struct %s_session); the\n", n);
	emit(" * others are optional. open: not OK refuses the session. close: what came from the session's account goes by itself. */\n");
	emit("struct %s_service {\n\tstruct %s_ops ops;\n\tsize_t session_size;\n", n, n);
	emit("\tenum status (*open)(struct %s_session *%s);\n\tvoid (*close)(struct %s_session *);\n\tstruct service service;\n};\n", n, args, n);
	emit("\nstatic inline enum status %s_session_dispatch(struct rpc_object *object, struct rpc *rpc)\n{\n", n);
	emit("\treturn %s_dispatch(object->ops, container_of(object, struct %s_session, session.object), rpc);\n}\n", n, n);
	emit("\nstatic inline enum status %s_session_open(struct session *session, void const *args)\n{\n", n);
	emit("\tstruct %s_service *service = container_of(session->service, struct %s_service, service);\n\n", n, n);
	emit("\treturn service->open ? service->open(container_of(session, struct %s_session, session)%s) : STATUS_OK;\n}\n", n, has_args ? ", args" : "");
	emit("\nstatic inline void %s_session_close(struct session *session)\n{\n", n);
	emit("\tstruct %s_service *service = container_of(session->service, struct %s_service, service);\n\n", n, n);
	emit("\tif (service->close)\n\t\tservice->close(container_of(session, struct %s_session, session));\n}\n", n);
	emit("\n/* Announces the service to the parent; `service` stays. */\n");
	emit("static inline MUST_CHECK enum status %s_provide(struct %s_service *service, struct env *env)\n{\n", n, n);
	emit("\tservice->service = (struct service) {\n\t\t.type = &%s_type, .ops = &service->ops, .session_size = service->session_size,\n", n);
	emit("\t\t.dispatch = %s_session_dispatch, .open = %s_session_open, .close = %s_session_close,\n\t};\n", n, n, n);
	emit("\treturn service_provide(&service->service, env);\n}\n");
}

static void emit_object(char const *n)
{
	emit("\nstatic inline enum status %s_handle(struct rpc_object *object, struct rpc *rpc)\n{\n", n);
	emit("\treturn %s_dispatch(object->ops, container_of(object, struct %s_object, object), rpc);\n}\n", n, n);
	emit("\n/* Makes `self` what a gate's badge can point to: ep_gate(..., &self->object, ...). */\n");
	emit("static inline void %s_init(struct %s_object *self, struct %s_ops const *ops)\n{\n", n, n, n);
	emit("\tself->object = (struct rpc_object) { .dispatch = %s_handle, .ops = ops };\n}\n", n);
}

void emit_server(struct decl const *decl)
{
	char const *n = decl->name, *self = text_format("struct %s_%s", n, decl->service ? "session" : "object");

	emit("\n/* Server side. */\n%s;\n\nstruct %s_ops {\n", self, n);
	for (struct call *call = decl->calls; call; call = call->next) {
		emit_doc(call->doc, "\t");
		emit("\tenum status (*%s)(%s *self%s);\n", call->name, self, parameters(call, true));
	}
	emit("};\n\n/* Checks a request, runs its operation and makes the answer: a pure function but for the operation. */\n");
	emit("static inline enum status %s_dispatch(struct %s_ops const *ops, %s *self, struct rpc *rpc)\n{\n", n, n, self);
	emit("\tswitch (rpc_label(rpc)) {\n");
	for (struct call *call = decl->calls; call; call = call->next)
		emit_case(decl, call);
	emit("\t}\n\treturn STATUS_PROTOCOL;\n}\n\n#ifndef RPC_CORE\n");
	emit("%s { struct %s; };\n", self, decl->service ? "session session" : "rpc_object object");
	if (decl->service)
		emit_service(n, decl->has_args);
	else
		emit_object(n);
	emit("#endif\n");
}
