/* SPDX-License-Identifier: MIT */
/*
 * Taking over another configuration while the children run. Everything that can fail for lack of memory is done before (load.c); then:
 * children that have gone, and those that have changed in what is fixed at their start, are ended; sessions whose route leads elsewhere are lost;
 * quota is taken and given; texts of configurations are changed; what is to run is started. Who has not changed, and whose
 * sessions lead where they led, notices nothing.
 */
#include "own.h"
#include "update.h"
#include <base/cap_alloc.h>
#include <base/log.h>
#include <base/string.h>

/* What came of it, for the log. */
struct tally {
	unsigned started, stopped, restarted, changed, lost;
};

/* --- Sessions --- */

static void lose_local(struct session_slot *slot)
{
	state_rom_close(slot->client);
	cap_release(slot->session);
	slot->session = CAP_NULL;
	session_set_state(slot, SLOT_LOST);
	sandbox_child_tell(slot->client, NEWS_SESSION);
}

static void revoke(struct session_slot *slot)
{
	if (slot->kind == SESSION_TO_CHILD && list_is_linked(&slot->of_server))
		serve_revoke(slot);
	else if (slot->kind == SESSION_TO_PARENT)
		forward_revoke(slot);
	else if (slot->kind == SESSION_LOCAL && slot->state == SLOT_OPEN)
		lose_local(slot);
}

static bool is_where(struct session_slot const *slot, struct sandbox const *sandbox, struct route_result const *result)
{
	if (slot->kind == SESSION_TO_CHILD)
		return result->server && sandbox->by_start[result->server->index] == slot->server;
	return !result->server && (slot->kind == SESSION_TO_PARENT) == (result->target->kind == TARGET_PARENT);
}

/* Finds the way of a session anew; `before` is what its provider was told. True: it led elsewhere. */
static bool reroute(struct sandbox *sandbox, struct session_slot *slot, char const *before)
{
	struct route_request const request = slot_request(slot);
	struct route_result        result;
	enum route_verdict const   verdict = route_resolve(&sandbox->config, &request, &result, NULL);
	bool const                 found   = verdict == ROUTE_FOUND;

	slot->target = found ? result.target : NULL;
	if (found && is_where(slot, sandbox, &result) && string_equal(before, result.label))
		return false;
	revoke(slot);
	return true;
}

/* The session has a way: one that init itself chose has none. */
static bool has_route(struct session_slot const *slot)
{
	return slot->state != SLOT_FREE && slot->target;
}

/* --- Children --- */

/* The sessions of a client, before and after: labels are compared, so the old ones are made with the old configuration. */
static unsigned reroute_all(struct sandbox *sandbox, struct load *old, struct sandbox_child *client, struct config_start const *before)
{
	char     label[LABEL_SIZE];
	unsigned lost = 0;

	for (unsigned i = 0; client->slots && i < client->slot_count; i++) {
		struct session_slot *slot    = &client->slots[i];
		struct route_request request = { before, slot->service, slot->label, slot->is_binary };

		if (!has_route(slot))
			continue;
		if (!session_is_clients(slot)) {
			slot->target = NULL;
			continue;
		}
		if (route_label(&old->config, &request, slot->target, label) != STATUS_OK)
			label[0] = '\0';
		lost += reroute(sandbox, slot, label);
	}
	return lost;
}

static void tell_change(struct sandbox_child const *child, unsigned changes)
{
	char text[UPDATE_TEXT_SIZE];

	log_info("child \"%s\": %s changed%s", child->name, update_text(changes, text), changes & UPDATE_RESTART && child_runs(child) ? ": it is started anew" : "");
	if (changes & UPDATE_PROVIDES && !(changes & UPDATE_RESTART) && child_runs(child))
		log_info("child \"%s\": what it is now said to provide counts from its next start on, unless it has yet to announce it", child->name);
}

static void apply_to_running(struct sandbox_child *child, unsigned changes)
{
	enum status status = STATUS_OK;

	if (changes & UPDATE_QUOTA)
		grow_to_start(child);
	if (changes & UPDATE_CONFIG)
		status = config_rom_change(child);
	if (status == STATUS_OK)
		return;
	log_error("cannot give \"%s\" its new configuration: %s: it is started anew", child->name, status_name(status));
	sandbox_child_end(child, CHILD_WAITING);
}

/* One child of the configuration, which was in the one before, too. */
static void apply_to_child(struct sandbox_child *child, unsigned changes, struct tally *tally)
{
	if (!changes)
		return;
	tell_change(child, changes);
	tally->changed++;
	if (child_runs(child) && changes & UPDATE_RESTART) {
		tally->restarted++;
		sandbox_child_end(child, CHILD_WAITING);
	} else if (child_runs(child)) {
		apply_to_running(child, changes);
	} else if (child->state != CHILD_BACKOFF && changes & ~(unsigned)UPDATE_POLICY) {
		/* What had ended, or could not be started, gets another chance. */
		tally->started++;
		child->state = CHILD_WAITING;
		child->restarts.count = 0;
	}
}

static void remove_child(struct sandbox_child *child, struct tally *tally)
{
	log_info("child \"%s\" is in the configuration no more", child->name);
	tally->stopped++;
	if (child_runs(child))
		sandbox_child_end(child, CHILD_STOPPING);
	else
		sandbox_child_leave(child);
}

/* --- The whole --- */

/* What a child was in the configuration before. */
struct former {
	struct sandbox_child      *child;
	struct config_start const *start;
	unsigned                   changes;
	bool                       is_new;
};

static struct config_start const *former_start(struct sandbox_child const *child)
{
	return child->start == &child->removed ? NULL : child->start;
}

/* One entry for each start of the new configuration; the memory is the new configuration's. */
static enum status compare(struct load *load, struct former **made)
{
	struct former *formers = arena_alloc(&load->config.arena, load->config.start_count * sizeof(*formers));

	if (!formers)
		return STATUS_OUT_OF_RAM;
	for (struct config_start const *start = load->config.starts; start; start = start->next) {
		struct former *former = &formers[start->index];

		former->child = load->by_start[start->index];
		former->is_new = former->child->start == start || !former_start(former->child);
		former->start = former->is_new ? start : former->child->start;
		former->changes = former->is_new ? 0 : update_diff(former->start, start);
	}
	*made = formers;
	return STATUS_OK;
}

/* Those of the old configuration that the new one does not have. */
static void remove_missing(struct sandbox *sandbox, struct load *load, struct tally *tally)
{
	list_for_each_safe (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		struct config_start const *now = config_find_start(&load->config, child->name);

		if (child->start == &child->removed || (now && string_equal(now->name, child->name)))
			continue;
		remove_child(child, tally);
		sandbox_child_forget(child);
	}
}

static void apply(struct sandbox *sandbox, struct load *load, struct former *formers, struct tally *tally)
{
	struct load    old   = { .config = sandbox->config };
	unsigned const count = load->config.start_count;

	remove_missing(sandbox, load, tally);
	load_commit(sandbox, load);
	for (unsigned i = 0; i < count; i++) {
		if (formers[i].is_new) {
			formers[i].child->state = CHILD_WAITING;
			tally->started++;
		} else {
			apply_to_child(formers[i].child, formers[i].changes, tally);
		}
	}
	for (unsigned i = 0; i < count; i++)
		tally->lost += reroute_all(sandbox, &old, formers[i].child, formers[i].start);
	export_reroute(sandbox);
	arena_fini(&old.config.arena);
}

enum status sandbox_update(struct sandbox *sandbox, struct node root)
{
	struct tally   tally = { .started = 0 };
	struct load    load;
	struct former *formers;

	RPC_TRY(load_config(sandbox, &load, root));
	if (compare(&load, &formers) != STATUS_OK) {
		load_drop(sandbox, &load);
		return STATUS_OUT_OF_RAM;
	}
	apply(sandbox, &load, formers, &tally);
	log_info("configuration applied: %u started, %u stopped, %u restarted, %u changed in all, %u sessions lost", tally.started, tally.stopped,
	         tally.restarted, tally.changed, tally.lost);
	sandbox->updates++;
	heartbeat_start(sandbox);
	report_start(sandbox);
	report_soon(sandbox);
	sandbox_work_soon(sandbox);
	return STATUS_OK;
}
