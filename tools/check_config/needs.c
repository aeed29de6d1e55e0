/* SPDX-License-Identifier: MIT */
/*
 * Quotas: does what each child is given suffice for its start, its sessions and its own use; and do the children of each init fit
 * into what it has, from the machine down.
 */
#include "check.h"
#include <base/cost.h>
#include <base/string.h>

enum { CORE_PREFIX = sizeof("init -> ") - 1 };

/* --- Sessions --- */

static struct quota cost_of(struct request const *request)
{
	struct path const             *path = &request->path;
	struct manifest_service const *declared = request->declared;
	struct quota                   cost = cost_of_session(path->service, path->label ? strlen(path->label) + CORE_PREFIX : 0);
	struct quota                   more = { 0, 0 };

	if (path->end == PATH_INIT)
		return more;
	if (declared) {
		more = interface_cost(interface_find(path->service, declared->interface), declared->arguments);
		more.ram = quota_pages(more.ram + declared->extra.ram);
		more.caps += declared->extra.caps;
	}
	return (struct quota) { cost.ram + more.ram + path->through.ram, cost.caps + more.caps + path->through.caps };
}

/* Does the client pay for it, beyond what its start costs? */
static bool is_paid(struct request const *request)
{
	return request->path.end != PATH_DENIED && (request->declared || request->is_config);
}

/* --- One child --- */

static void tell(struct child const *child, struct position at, struct explanation const *explanation)
{
	char const     *file    = child->level->config.file, *label = child->level->label;
	struct problem *problem = problem_add(SEVERITY_ERROR, file, at.line ? at : child->start->at, "[%s] %s", label, explanation->what);

	if (explanation->where[0])
		problem_more(problem, "[%s] %s", label, explanation->where);
	problem_more(problem, "[%s] %s", label, explanation->fix);
}

static void tell_session(struct child const *child, struct request const *request, struct quota left)
{
	static struct explanation  explanation;
	struct hop const          *hop    = &request->path.hops[0];
	bool const                 is_ram = request->cost.ram > left.ram;
	struct config_start const *start  = child->start;
	struct denial const        denial = {
		.kind = is_ram ? DENIAL_RAM : DENIAL_CAPS, .config = &child->level->config, .client = start, .service = request->path.service,
		.label = request->label, .rule = hop->result.rule, .target = hop->result.target, .server = hop->result.server,
		.need = is_ram ? request->cost.ram : request->cost.caps, .have = is_ram ? left.ram : left.caps,
	};

	explain_denial(&explanation, &denial);
	tell(child, is_ram ? start->ram.at : start->caps.at, &explanation);
}

/* The account when all is opened and used, or false: it has not sufficed, which was told. */
static bool spend(struct child *child, struct quota *left)
{
	static struct explanation  explanation;
	struct config const       *config = &child->level->config;
	struct config_start const *start  = child->start;
	struct quota const         own    = child->manifest->own;

	for (struct request *request = child->requests; request; request = request->next) {
		for (unsigned i = 0; is_paid(request) && i < request->count; i++) {
			request->cost = cost_of(request);
			if (!quota_take(left, request->cost)) {
				tell_session(child, request, *left);
				return false;
			}
		}
	}
	if (own.ram > left->ram) {
		explain_quota(&explanation, config, start, true, own.ram, start->ram.value, start->ram.value - left->ram);
		tell(child, start->ram.at, &explanation);
	} else if (own.caps > left->caps) {
		explain_quota(&explanation, config, start, false, own.caps, start->caps.value, start->caps.value - left->caps);
		tell(child, start->caps.at, &explanation);
	}
	return quota_take(left, own);
}

static size_t config_size(struct child const *child)
{
	size_t needed = 0;

	if (node_exists(child->start->config))
		(void)!node_cut(child->start->config, NULL, 0, &needed);
	return needed;
}

/* What an init uses for each child, beyond the quota that it gives it. */
static struct quota each_of(struct manifest const *init)
{
	return (struct quota) { init ? init->each.ram : 0, COST_ACCOUNT_CAPS + (init ? init->each.caps : 0) };
}

/* What it needs in all, whatever it was given. */
static struct quota need_of(struct child const *child)
{
	struct cost_image image;
	char const       *defect;
	struct quota      need;

	(void)machine_image(child->start->binary, &image, &defect);
	need = cost_of_start(child->start, config_size(child), &image);
	for (struct request const *request = child->requests; request; request = request->next) {
		struct quota const cost = cost_of(request);

		for (unsigned i = 0; is_paid(request) && i < request->count; i++)
			(void)!quota_add(&need, cost);
	}
	if (child->manifest)
		(void)!quota_add(&need, child->manifest->own);
	for (unsigned i = 0; child->inside && i < child->inside->config.start_count; i++) {
		struct config_start const *start = child->inside->children[i].start;

		(void)!quota_add(&need, each_of(child->manifest));
		(void)!quota_add(&need, (struct quota) { start->ram.value, start->caps.value });
	}
	return need;
}

/* What is left of its quota for its own children; false: there is too little, which was told. */
static bool check_child(struct child *child, struct quota *left)
{
	static struct explanation  explanation;
	struct config_start const *start = child->start;
	struct cost_image          image;
	struct quota               fixed;
	char const                *defect;

	*left = (struct quota) { start->ram.value, start->caps.value };
	(void)machine_image(start->binary, &image, &defect);
	child->need = need_of(child);
	fixed = cost_of_start(start, config_size(child), &image);
	if (!quota_take(left, fixed)) {
		explain_start(&explanation, &child->level->config, start, &fixed);
		tell(child, left->ram < fixed.ram ? start->ram.at : start->caps.at, &explanation);
		return false;
	}
	if (!child->manifest)
		return true;
	if (!spend(child, left))
		return false;
	proved();
	return true;
}

/* --- A level --- */

/* Children start in the order of the document; each takes its quota off what the init has left. */
static void check_level(struct level *level, struct quota left)
{
	static struct explanation    explanation;
	struct manifest const *const init = level->of ? level->of->manifest : manifest_find(machine.init);
	struct quota const           each = each_of(init);
	bool                         fits = true;

	for (unsigned i = 0; i < level->config.start_count; i++) {
		struct child *child = &level->children[i];
		struct quota  need  = { child->start->ram.value, child->start->caps.value };

		if (!quota_add(&need, each) || !quota_take(&left, need)) {
			fits = false;
			explain_no_room(&explanation, &level->config, child->start, need.ram > left.ram, need.ram > left.ram ? left.ram : left.caps);
			tell(child, need.ram > left.ram ? child->start->ram.at : child->start->caps.at, &explanation);
		}
	}
	if (fits)
		proved();
}

void quotas_check(void)
{
	struct manifest const *init = manifest_find(machine.init);
	struct quota           left = machine_quota();

	if (init && !quota_take(&left, init->own))
		left = (struct quota) { 0, 0 };
	check_level(levels, left);
	for (struct level *level = levels; level; level = level->next) {
		for (unsigned i = 0; i < level->config.start_count; i++) {
			struct child *child = &level->children[i];

			if (check_child(child, &left) && child->inside)
				check_level(child->inside, left);
		}
	}
}

void needs_print(FILE *to)
{
	for (struct level *level = levels; level; level = level->next) {
		for (unsigned i = 0; i < level->config.start_count; i++) {
			struct child const *child = &level->children[i];

			fprintf(to, "%s: %s %lu %lu of %lu %lu\n", child_label(child), child->start->binary, child->need.ram, child->need.caps,
			        child->start->ram.value, child->start->caps.value);
		}
	}
}
