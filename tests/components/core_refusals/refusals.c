/* SPDX-License-Identifier: MIT */
/* The calls that core has to refuse; see refusals.h. */
#include "refusals.h"

#include <cpu/thread.h>

struct call {
	struct rpc_type const *type;
	struct rpc_call const *call;
	struct row const      *row;
	uint32_t               label;
};

static struct env         *env_of_all;
static struct thing const *things;
static struct books        before;
static unsigned            failures;

static struct cap find(char letter)
{
	unsigned i = 0;

	while (things[i].letter && things[i].letter != letter)
		i++;
	return things[i].cap;
}

static bool has(char const *letters, char letter)
{
	while (letters && *letters && *letters != letter)
		letters++;
	return letters && *letters;
}

/* A capability that is right at that place. */
static struct cap right_cap(struct row const *row, unsigned place)
{
	return row->right[place] ? find(row->right[place][0]) : CAP_NULL;
}

/* The call that would succeed, in the message. */
static void fill(struct call const *call)
{
	uint64_t *words = rpc_message();

	memset(words, 0, RPC_BYTES_MAX);
	memcpy(words, call->row->good, MIN(sizeof(call->row->good), call->call->in_words * 8UL));
	for (unsigned i = 0; i < call->call->in_caps; i++)
		rpc_send(i, right_cap(call->row, i));
}

/* What is in the message, as so many words and capabilities more than there should be. */
static enum status invoke(struct call const *call, struct cap target, int words, int caps)
{
	struct cap got[RPC_CAPS_MAX];
	uint64_t   request = rpc_request(call->label, (size_t)(call->call->in_words + words), (unsigned)(call->call->in_caps + caps), call->call->out_caps);

	return rpc_call_message(target, request, call->call->out_words, got);
}

/* Made with what is in the message, the call has to end so, and the books to be what they were. */
static enum status refused(struct call const *call, enum status status, enum status expected, char const *what, uint64_t detail)
{
	struct books now;

	if (status != expected) {
		failures++;
		log_error("%s.%s with %s %lx: %s, not %s", call->type->name, call->call->name, what, detail, status_name(status), status_name(expected));
		return STATUS_OK;
	}
	checks_passed++;
	TRY(books_read(env_of_all, &now));
	CHECK(books_equal(&before, &now));
	return STATUS_OK;
}

/* --- The kinds of bad input --- */

static enum status try_words(struct call const *call)
{
	struct row const *row = call->row;

	for (unsigned i = 0; i < row->wrong_count; i++) {
		struct wrong const *wrong = &row->wrong[i];
		uint64_t           *words = rpc_message();

		fill(call);
		for (unsigned w = 0; w < wrong->count; w++)
			words[wrong->first + w] = wrong->value;
		TRY(refused(call, invoke(call, find(row->target), 0, 0), wrong->expected, "a word of", wrong->value));
	}
	return STATUS_OK;
}

static enum status try_caps(struct call const *call)
{
	struct row const *row   = call->row;
	enum status const wrong = row->cap_status ? row->cap_status : STATUS_BAD_CAP;

	for (unsigned place = 0; place < call->call->in_caps; place++) {
		for (struct thing const *thing = things; thing->letter; thing++) {
			bool const is_foreign = place == 0 && has(row->foreign, thing->letter);

			if (has(row->right[place], thing->letter) && !is_foreign)
				continue;
			fill(call);
			rpc_send(place, thing->cap);
			TRY(refused(call, invoke(call, find(row->target), 0, 0), is_foreign ? row->foreign_status : wrong, "capability",
			            (uint64_t)thing->letter));
		}
	}
	return STATUS_OK;
}

static enum status try_lengths(struct call const *call)
{
	fill(call);
	TRY(refused(call, invoke(call, find(call->row->target), 1, 0), STATUS_PROTOCOL, "too many words", 1));
	fill(call);
	rpc_send(call->call->in_caps, find(call->row->target));
	TRY(refused(call, invoke(call, find(call->row->target), 0, 1), STATUS_PROTOCOL, "too many capabilities", 1));
	if (call->call->in_words) {
		fill(call);
		TRY(refused(call, invoke(call, find(call->row->target), -1, 0), STATUS_PROTOCOL, "too few words", 1));
	}
	if (call->call->in_caps) {
		fill(call);
		TRY(refused(call, invoke(call, find(call->row->target), 0, -1), STATUS_PROTOCOL, "too few capabilities", 1));
	}
	return STATUS_OK;
}

/* An object of each other kind, and one that has ended. */
static enum status try_targets(struct call const *call)
{
	for (struct thing const *thing = things; thing->letter; thing++) {
		if (!has("amkrpculoiwxyP", thing->letter) || thing->letter == call->row->target || (thing->letter == 'a' && call->row->target == 'A') ||
		    (thing->letter == 'u' && call->type->tag == THREAD_TAG))
			continue;
		fill(call);
		TRY(refused(call, invoke(call, thing->cap, 0, 0), STATUS_PROTOCOL, "target", (uint64_t)thing->letter));
	}
	fill(call);
	return refused(call, invoke(call, find(THING_DEAD), 0, 0), STATUS_PEER_GONE, "a dead target", 0);
}

/* --- All of them --- */

static struct row const *row_of(struct rpc_type const *type, char const *name)
{
	for (unsigned i = 0; i < refusals_count; i++) {
		if (refusals[i].type == type && string_equal(refusals[i].call, name))
			return &refusals[i];
	}
	return NULL;
}

static enum status try_call(struct rpc_type const *type, uint32_t op)
{
	struct call const call = { type, &type->calls[op], row_of(type, type->calls[op].name), (uint32_t)(type->tag << 16 | op) };

	if (!call.row)
		log_error("nothing is known of what %s.%s has to refuse; add a row to table.c", type->name, call.call->name);
	CHECK(call.row);
	TRY(try_words(&call));
	TRY(try_caps(&call));
	TRY(try_lengths(&call));
	return try_targets(&call);
}

/* An operation that the interface does not have. */
static enum status try_beyond(struct rpc_type const *type)
{
	static struct rpc_call const none = { .name = "(beyond the last)" };
	struct call const            call = { type, &none, row_of(type, type->calls[0].name), (uint32_t)(type->tag << 16 | type->call_count) };

	return refused(&call, invoke(&call, find(call.row->target), 0, 0), STATUS_PROTOCOL, "number", type->call_count);
}

enum status refusals_test(struct env *env, struct thing const *all)
{
	env_of_all = env;
	things = all;
	TRY(books_read(env, &before));
	for (unsigned i = 0; i < refusals_type_count; i++) {
		for (uint32_t op = 0; op < refusals_types[i]->call_count; op++)
			TRY(try_call(refusals_types[i], op));
		TRY(try_beyond(refusals_types[i]));
	}
	CHECK(!failures);
	log_info("%u calls were refused as they should be", checks_passed);
	return STATUS_OK;
}
