/* SPDX-License-Identifier: MIT */
/* Events from the difference of two states; see history.h. */
#include "history.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char const *event_kind_name(enum event_kind kind)
{
	static char const *const names[EVENT_KINDS] = {
		[EVENT_DONATION] = "donation", [EVENT_UPGRADE] = "upgrade", [EVENT_REFUND] = "refund", [EVENT_QUOTA] = "quota", [EVENT_DENIAL] = "denial",
		[EVENT_FAULT] = "fault", [EVENT_RESTART] = "restart", [EVENT_START] = "start", [EVENT_END] = "end", [EVENT_ACTION] = "action",
	};

	return names[kind];
}

char const *bytes_text(uint64_t bytes, char to[static 32])
{
	static char const *const units[] = { "B", "KiB", "MiB", "GiB" };
	unsigned unit = 0;

	while (bytes && bytes % 1024 == 0 && unit < 3) {
		bytes /= 1024;
		unit++;
	}
	snprintf(to, 32, "%llu %s", (unsigned long long)bytes, units[unit]);
	return to;
}

static bool is_trade(enum event_kind kind) { return kind <= EVENT_REFUND; }

static struct event *add(struct history *history, uint64_t time_ms, enum event_kind kind, char const *subject)
{
	struct event *event = is_trade(kind) ? &history->trade[history->trades++ % HISTORY_TRADES] : &history->other[history->news++ % HISTORY_NEWS];

	*event = (struct event) { .number = ++history->last, .time_ms = time_ms, .kind = kind };
	snprintf(event->subject, sizeof(event->subject), "%s", subject);
	return event;
}

void history_add(struct history *history, uint64_t time_ms, enum event_kind kind, char const *subject, char const *text, ...)
{
	struct event *event = add(history, time_ms, kind, subject);
	va_list       arguments;

	va_start(arguments, text);
	vsnprintf(event->text, sizeof(event->text), text, arguments);
	va_end(arguments);
}

static struct event const *later(struct event const *events, unsigned count, uint64_t number, struct event const *best)
{
	for (unsigned i = 0; i < count; i++) {
		if (events[i].number > number && (!best || events[i].number < best->number))
			best = &events[i];
	}
	return best;
}

struct event const *history_next(struct history const *history, uint64_t number)
{
	return later(history->other, HISTORY_NEWS, number, later(history->trade, HISTORY_TRADES, number, NULL));
}

/* --- Comparing --- */

struct comparison {
	struct history     *history;
	struct state const *before, *after;
	uint64_t            time_ms;
};

static bool is(char const *a, char const *b) { return strcmp(a, b) == 0; }

static void compare_life(struct comparison const *compare, struct component const *old, struct component const *new)
{
	bool const died = !is(old->state, new->state) && !new->has_account && *new->ended;

	if (died || new->restarts > old->restarts)
		history_add(compare->history, compare->time_ms, is(new->ended, "FAULTED") || is(new->ended, "HUNG") ? EVENT_FAULT : EVENT_END, new->path,
		            is(new->ended, "FAULTED") ? "faulted: it is ended, the others go on" : is(new->ended, "HUNG") ? "hung: it is ended, the others go on" :
		            is(new->ended, "EXITED") ? "exited" : "was ended");
	if (new->restarts > old->restarts)
		history_add(compare->history, compare->time_ms, EVENT_RESTART, new->path, "is started again (%llu times so far)", (unsigned long long)new->restarts);
	else if (!old->has_account && new->has_account)
		history_add(compare->history, compare->time_ms, EVENT_RESTART, new->path, "runs again");
	else if (!is(old->version, new->version))
		history_add(compare->history, compare->time_ms, EVENT_RESTART, new->path, "is started anew as version %s", new->version);
	if (is(new->state, "GIVEN_UP") && !is(old->state, "GIVEN_UP"))
		history_add(compare->history, compare->time_ms, EVENT_END, new->path, "is given up");
}

static void compare_quota(struct comparison const *compare, struct component const *old, struct component const *new)
{
	char text[32], limit[32];

	if (!old->has_account || !new->has_account || old->ram.limit == new->ram.limit)
		return;
	bytes_text(new->ram.limit, limit);
	if (new->ram.limit > old->ram.limit)
		history_add(compare->history, compare->time_ms, EVENT_QUOTA, new->path, "was given %s more: %s", bytes_text(new->ram.limit - old->ram.limit, text), limit);
	else
		history_add(compare->history, compare->time_ms, EVENT_QUOTA, new->path, "gave %s back: %s", bytes_text(old->ram.limit - new->ram.limit, text), limit);
}

static void compare_components(struct comparison const *compare)
{
	struct state const *before = compare->before, *after = compare->after;

	for (unsigned i = 0; i < after->component_count; i++) {
		struct component const *new   = &after->components[i];
		int const               index = state_find(before, new->path);

		if (index == NO_COMPONENT) {
			char limit[32];

			if (new->has_account)
				history_add(compare->history, compare->time_ms, EVENT_START, new->path, "is there, with %s", bytes_text(new->ram.limit, limit));
			else
				history_add(compare->history, compare->time_ms, EVENT_START, new->path, "is to be started");
			continue;
		}
		compare_life(compare, &before->components[index], new);
		compare_quota(compare, &before->components[index], new);
	}
	for (unsigned i = 0; i < before->component_count; i++) {
		if (state_find(after, before->components[i].path) == NO_COMPONENT)
			history_add(compare->history, compare->time_ms, EVENT_END, before->components[i].path, "is gone; all that it had is back");
	}
}

static char const *path_of(struct state const *state, int component)
{
	return component == NO_COMPONENT ? "?" : *state->components[component].path ? state->components[component].path : "init";
}

/* The same session in the other state; NULL: it is not there. Numbers are per init, and never used twice soon. */
static struct trade const *same_session(struct state const *state, struct trade const *session, struct state const *other)
{
	for (unsigned i = 0; i < other->session_count; i++) {
		struct trade const *candidate = &other->sessions[i];

		if (candidate->id == session->id && is(path_of(other, candidate->reporter), path_of(state, session->reporter)) &&
		    is(path_of(other, candidate->client), path_of(state, session->client)) && is(candidate->service, session->service))
			return candidate;
	}
	return NULL;
}

static void compare_sessions(struct comparison const *compare)
{
	struct state const *before = compare->before, *after = compare->after;
	char                text[32];

	for (unsigned i = 0; i < after->session_count; i++) {
		struct trade const *new    = &after->sessions[i], *old = same_session(after, new, before);
		char const           *client = path_of(after, new->client), *server = path_of(after, new->server);

		if (!old)
			history_add(compare->history, compare->time_ms, EVENT_DONATION, client, "donates %s and %llu caps to %s for %s", bytes_text(new->ram, text),
			            (unsigned long long)new->caps, server, new->service);
		else if (new->ram > old->ram)
			history_add(compare->history, compare->time_ms, EVENT_UPGRADE, client, "adds %s for %s at %s", bytes_text(new->ram - old->ram, text), new->service, server);
	}
	for (unsigned i = 0; i < before->session_count; i++) {
		struct trade const *old = &before->sessions[i];

		if (!same_session(before, old, after))
			history_add(compare->history, compare->time_ms, EVENT_REFUND, path_of(before, old->client), "gets %s and %llu caps back from %s for %s",
			            bytes_text(old->ram, text), (unsigned long long)old->caps, path_of(before, old->server), old->service);
	}
}

/* Denials are numbered by the init that explains them; one that has been started anew counts from the beginning. */
static void compare_denials(struct comparison const *compare)
{
	struct state const *before = compare->before, *after = compare->after;

	for (unsigned i = 0; i < after->denial_count; i++) {
		struct denial const *denial = &after->denials[i];
		char const          *path   = after->components[denial->component].path;
		int const            index  = state_find(before, path);
		uint64_t             known  = index == NO_COMPONENT ? 0 : before->components[index].denials;
		struct event        *event;

		if (known > after->components[denial->component].denials)
			known = 0;
		if (denial->number <= known)
			continue;
		event = add(compare->history, compare->time_ms, EVENT_DENIAL, path);
		snprintf(event->text, sizeof(event->text), "%.319s", denial->what);
		snprintf(event->more, sizeof(event->more), "%.300s; %.300s", denial->where, denial->fix);
	}
}

void history_compare(struct history *history, struct state const *before, struct state const *after, uint64_t time_ms)
{
	struct comparison const compare = { history, before, after, time_ms };

	compare_components(&compare);
	compare_sessions(&compare);
	compare_denials(&compare);
}
