/* SPDX-License-Identifier: MIT */
/*
 * Requests for more quota. A child gets what it asks for, all of it, at once, if its start's ram_max and caps_max allow it and the own
 * account has it to spare; else nothing, and the log says why. The sandbox itself needs nothing once its children run, so
 * whatever is left in its account can be given. All of it comes back with the child's account.
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
		return;
	}
	fits = quota_add(&child->given, more);
	assert(fits);
	if (child->sandbox->config.verbose)
		log_info("child \"%s\" was given %lu bytes of RAM and %lu caps more", child->start->name, more.ram, more.caps);
	sandbox_child_tell(child, NEWS_RESOURCE);
}

/* --- Another quota by a new configuration --- */

static uint64_t more(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

void grow_to_start(struct sandbox_child *child)
{
	struct quota const wanted = { child->start->ram.value, child->start->caps.value };
	struct quota const plus   = { more(child->given.ram, wanted.ram), more(child->given.caps, wanted.caps) };
	struct quota const minus  = { more(wanted.ram, child->given.ram), more(wanted.caps, child->given.caps) };
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
