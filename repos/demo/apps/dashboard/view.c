/* SPDX-License-Identifier: MIT */
/* JSON; see view.h. */
#include "view.h"
#include "load.h"
#include <inttypes.h>

static void put_field(struct text *text, char const *name, char const *value)
{
	text_format(text, ",\"%s\":", name);
	text_json(text, value);
}

static void put_number(struct text *text, char const *name, uint64_t value)
{
	text_format(text, ",\"%s\":%" PRIu64, name, value);
}

static void put_amount(struct text *text, char const *name, struct amount const *amount, uint64_t donated)
{
	text_format(text, ",\"%s\":{\"limit\":%" PRIu64 ",\"used\":%" PRIu64 ",\"own\":%" PRIu64 ",\"slots\":%" PRIu64 ",\"donated\":%" PRIu64 ",\"avail\":%" PRIu64 "}",
	            name, amount->limit, amount->used, amount->used - amount->lent, amount->slots, donated, amount->avail);
}

/* What those below it use of its share who have none of their own. */
static uint64_t cpu_shared(struct state const *state, int index)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < state->component_count; i++) {
		struct component const *child = &state->components[i];

		if (child->parent == index && child->has_account && !child->cpu_share)
			sum += child->cpu_used + cpu_shared(state, (int)i);
	}
	return sum;
}

/* In parts of which 10,000 are one CPU all the time. */
static void put_cpu(struct text *text, struct state const *state, unsigned index)
{
	struct component const *component = &state->components[index];
	uint64_t const          limit     = component->cpu_share * (LOAD_PARTS / 100), given = state_cpu_given(state, (int)index) * (LOAD_PARTS / 100);
	uint64_t const          shared    = cpu_shared(state, (int)index), used = given + shared + component->cpu_used;

	text_format(text, ",\"cpu\":{\"limit\":%" PRIu64 ",\"own\":%" PRIu64 ",\"given\":%" PRIu64 ",\"shared\":%" PRIu64 ",\"avail\":%" PRIu64 ",\"known\":%s}",
	            limit, component->cpu_used, given, shared, limit > used ? limit - used : 0, component->cpu_is_known ? "true" : "false");
}

static void put_component(struct text *text, struct state const *state, unsigned index)
{
	struct component const *component = &state->components[index];
	struct amount_sum const donated   = state_donated(state, (int)index);

	text_format(text, "%s{\"parent\":%d", index ? "," : "", component->parent);
	put_field(text, "path", component->path);
	put_field(text, "name", component->name);
	put_field(text, "binary", component->binary);
	put_field(text, "version", component->version);
	put_field(text, "state", component->state);
	put_field(text, "ended", component->ended);
	put_number(text, "restarts", component->restarts);
	text_format(text, ",\"init\":%s", component->reports ? "true" : "false");
	if (component->has_account) {
		put_amount(text, "ram", &component->ram, donated.ram);
		put_amount(text, "caps", &component->caps, donated.caps);
		put_cpu(text, state, index);
	}
	text_put(text, "}");
}

static void put_session(struct text *text, struct trade const *session, bool is_first)
{
	text_format(text, "%s{\"client\":%d,\"server\":%d", is_first ? "" : ",", session->client, session->server);
	put_field(text, "service", session->service);
	put_field(text, "label", session->label);
	put_field(text, "state", session->state);
	put_number(text, "ram", session->ram);
	put_number(text, "caps", session->caps);
	text_put(text, "}");
}

static void put_machine(struct text *text, struct view const *view)
{
	struct state const     *state = view->state;
	struct amount_sum const sum   = state_sum(state);

	text_format(text, ",\"machine\":{\"ram\":%" PRIu64 ",\"caps\":%" PRIu64 ",\"core_caps\":%" PRIu64 ",\"sum_ram\":%" PRIu64 ",\"sum_caps\":%" PRIu64 ",\"adds_up\":%s,\"ranges\":[",
	            state->machine_ram, state->machine_caps, state->core_caps, sum.ram, sum.caps, view->adds_up ? "true" : "false");
	for (unsigned i = 0; i < state->range_count; i++) {
		text_format(text, "%s{\"ram\":%" PRIu64, i ? "," : "", state->ranges[i].ram);
		put_field(text, "what", state->ranges[i].what);
		put_field(text, "name", state->ranges[i].name);
		text_put(text, "}");
	}
	text_put(text, "]}");
}

static void put_verdict(struct text *text, struct verdict const *verdict)
{
	text_format(text, ",\"verdict\":{\"pending\":%s,\"there\":%s,\"valid\":%s", verdict->is_pending ? "true" : "false", verdict->is_there ? "true" : "false",
	            verdict->is_valid ? "true" : "false");
	put_number(text, "number", verdict->number);
	text_put(text, ",\"errors\":[");
	for (unsigned i = 0; i < verdict->error_count; i++) {
		text_format(text, "%s{\"line\":%u", i ? "," : "", verdict->errors[i].line);
		put_field(text, "text", verdict->errors[i].text);
		text_put(text, "}");
	}
	text_put(text, "]}");
}

void view_state(struct text *text, struct view const *view)
{
	struct state const *state = view->state;

	text_format(text, "{\"time_ms\":%" PRIu64, state->components[0].time_ms);
	put_number(text, "last", view->history->last);
	put_number(text, "left_out", state->left_out);
	put_field(text, "world", view->world);
	put_machine(text, view);
	text_put(text, ",\"components\":[");
	for (unsigned i = 0; i < state->component_count; i++)
		put_component(text, state, i);
	text_put(text, "],\"sessions\":[");
	for (unsigned i = 0; i < state->session_count; i++)
		put_session(text, &state->sessions[i], !i);
	text_put(text, "],\"removed\":[");
	for (unsigned i = 0; i < view->removed_count; i++) {
		text_put(text, i ? "," : "");
		text_json(text, view->removed[i]);
	}
	text_put(text, "]");
	put_verdict(text, view->verdict);
	text_put(text, "}");
}

void view_events(struct text *text, struct history const *history, uint64_t after)
{
	bool is_first = true;

	text_format(text, "{\"last\":%" PRIu64 ",\"events\":[", history->last);
	for (struct event const *event = history_next(history, after); event; event = history_next(history, event->number)) {
		text_format(text, "%s{\"number\":%" PRIu64, is_first ? "" : ",", event->number);
		put_number(text, "time_ms", event->time_ms);
		put_field(text, "kind", event_kind_name(event->kind));
		put_field(text, "subject", event->subject);
		put_field(text, "text", event->text);
		put_field(text, "more", event->more);
		text_put(text, "}");
		is_first = false;
	}
	text_put(text, "]}");
}
