/* SPDX-License-Identifier: MIT */
/*
 * Components that wait for each other: a server answers when it is constructed, so two that open sessions at each other while they
 * construct themselves never begin. A walk in depth over who opens a session at whom then.
 */
#include "check.h"
#include <base/string.h>

enum { DEPTH_MAX = 4096 };

static struct child const *way[DEPTH_MAX];
static unsigned            depth;

/* Children from whom no way leads into a cycle. */
static struct finished {
	struct finished    *next;
	struct child const *child;
} *finished;

static bool is_finished(struct child const *child)
{
	for (struct finished const *known = finished; known; known = known->next) {
		if (known->child == child)
			return true;
	}
	return false;
}

static char const *service_between(struct child const *client, struct child const *server)
{
	for (struct request const *request = client->requests; request; request = request->next) {
		if (request->path.end == PATH_CHILD && request->path.server == server && request->declared && !request->declared->is_late)
			return request->path.service;
	}
	return "";
}

static void tell(unsigned from)
{
	struct child const *first   = way[from];
	struct problem     *problem = problem_add(SEVERITY_ERROR, first->level->config.file, first->start->at,
	                                          "[%s] \"%s\" waits for itself: a cycle of sessions that are opened in construct", first->level->label, first->start->name);

	for (unsigned i = from; i < depth; i++) {
		struct child const *client = way[i], *server = i + 1 < depth ? way[i + 1] : first;

		problem_more(problem, "\"%s\" (%s:%u) opens %s at \"%s\"", child_label(client), client->level->config.file, client->start->at.line,
		             service_between(client, server), child_label(server));
	}
	problem_more(problem, "to mend it: have one of them open its session later, and say so in its manifest (late=\"yes\"), or route it to another");
}

static void walk(struct child const *child)
{
	if (is_finished(child))
		return;
	for (unsigned i = 0; i < depth; i++) {
		if (way[i] == child) {
			tell(i);
			return;
		}
	}
	if (depth == DEPTH_MAX)
		return;
	way[depth++] = child;
	for (struct request const *request = child->requests; request; request = request->next) {
		if (request->path.end == PATH_CHILD && request->declared && !request->declared->is_late && !request->declared->is_optional)
			walk(request->path.server);
	}
	depth--;

	struct finished *known;

	NEW(known);
	*known = (struct finished) { finished, child };
	finished = known;
}

void cycles_check(void)
{
	for (struct level *level = levels; level; level = level->next) {
		for (unsigned i = 0; i < level->config.start_count; i++)
			walk(&level->children[i]);
	}
}

void cycles_forget(void)
{
	depth = 0;
	finished = NULL;
}
