/* SPDX-License-Identifier: MIT */
/*
 * Requests for more quota. A child gets what it asks for, all of it, at once, if its start's ram_max and caps_max allow it and the own
 * account has it to spare; if only that has too little, the own parent is asked for the rest, and the child waits. Else nothing. The log says why. The
 * sandbox itself needs nothing once its children run, so whatever is left in its account can be given. All of it comes back with the child's account.
 */
#include "own.h"
#include <base/log.h>

static bool is_allowed(struct sandbox_child *child, struct quota now, bool is_ram, uint64_t asked)
{
	struct config_start const *start = child->start;
	struct refused_request     refused = { .is_ram = is_ram, .asked = asked, .has = is_ram ? now.ram : now.caps, .left = UINT64_MAX };
	uint64_t const             limit = is_ram ? start->ram_max.value : start->caps_max.value;

	if (refused.has <= limit && asked <= limit - refused.has)
		return true;
	deny_request(child, &refused);
	return false;
}

/* Core refused: the own account has too little, or the child's has no RAM for the frames of its caps. */
static void tell_refusal(struct sandbox_child *child, struct quota now, struct quota more, enum status status)
{
	struct account_state   own;
	struct refused_request ram  = { .is_ram = true, .asked = more.ram, .has = now.ram };
	struct refused_request caps = { .asked = more.caps, .has = now.caps };

	if (account_info(child->sandbox->env->account, &own) != STATUS_OK) {
		log_error("cannot give \"%s\" more: %s", child->start->name, status_name(status));
		return;
	}
	ram.left = own.ram_limit - own.ram_used;
	caps.left = own.caps_limit - own.caps_used;
	if (ram.left < more.ram)
		deny_request(child, &ram);
	if (caps.left < more.caps)
		deny_request(child, &caps);
	if (ram.left < more.ram || caps.left < more.caps)
		return;
	caps.frames = true;
	deny_request(child, &caps);
}

static void granted(struct sandbox_child *child, struct quota more)
{
	bool fits = quota_add(&child->given, more);

	assert(fits);
	child->wanted = (struct quota) { 0, 0 };
	if (child->sandbox->config.verbose)
		log_info("child \"%s\" was given %lu bytes of RAM and %lu caps more", child->start->name, more.ram, more.caps);
	sandbox_child_tell(child, NEWS_RESOURCE);
}

/* What `to` has beyond `from`. */
static uint64_t more_than(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

void grow_child(struct sandbox_child *child, struct quota more)
{
	struct quota const now = child->given;
	bool               fits;
	enum status        status;

	more.ram = quota_pages(more.ram);

	/* Both are looked at, so that both are told. */
	fits = is_allowed(child, now, true, more.ram);
	fits = is_allowed(child, now, false, more.caps) && fits;
	if (!fits)
		return;
	status = account_control_grow(child->child.control, more.ram, more.caps);
	if (status) {
		tell_refusal(child, now, more, status);
		child->wanted = more;
		child->is_wanted_above = false;
		sandbox_work_soon(child->sandbox);
		return;
	}
	granted(child, more);
}

/* --- What the own account has too little for --- */

static bool is_wanting(struct sandbox_child const *child)
{
	return child_runs(child) && (child->wanted.ram || child->wanted.caps);
}

void grow_ask_parent(struct sandbox *sandbox)
{
	struct account_state own;

	list_for_each (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		if (!is_wanting(child) || child->is_wanted_above || account_info(sandbox->env->account, &own) != STATUS_OK)
			continue;
		child->is_wanted_above = true;
		if (parent_resource_request(sandbox->env->parent, more_than(own.ram_limit - own.ram_used, child->wanted.ram),
		                            more_than(own.caps_limit - own.caps_used, child->wanted.caps)) != STATUS_OK)
			child->is_wanted_above = false;
	}
}

void grow_again(struct sandbox *sandbox)
{
	list_for_each (child, &sandbox->children, struct sandbox_child, of_sandbox) {
		struct quota const wanted = child->wanted;

		if (is_wanting(child) && account_control_grow(child->child.control, wanted.ram, wanted.caps) == STATUS_OK)
			granted(child, wanted);
	}
}

/* --- Another quota by a new configuration --- */

void grow_to_start(struct sandbox_child *child)
{
	struct quota const wanted = { child->start->ram.value, child->start->caps.value };
	struct quota const plus   = { more_than(child->given.ram, wanted.ram), more_than(child->given.caps, wanted.caps) };
	struct quota const minus  = { more_than(wanted.ram, child->given.ram), more_than(wanted.caps, child->given.caps) };
	enum status        status = account_control_grow(child->child.control, plus.ram, plus.caps);

	if (status == STATUS_OK) {
		child->given.ram += plus.ram;
		child->given.caps += plus.caps;
		if (plus.ram || plus.caps)
			sandbox_child_tell(child, NEWS_RESOURCE);
	} else {
		tell_refusal(child, child->given, plus, status);
	}
	yield_ask(child, minus);
}
