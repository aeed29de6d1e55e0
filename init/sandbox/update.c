/* SPDX-License-Identifier: MIT */
/* Comparing two decoded starts, element by element. */
#include "update.h"
#include <base/string.h>

/* Two texts, each of which may be missing. */
static bool same(char const *a, char const *b)
{
	return a && b ? string_equal(a, b) : a == b;
}

static bool same_label(struct label_pattern const *a, struct label_pattern const *b)
{
	return same(a->whole, b->whole) && same(a->prefix, b->prefix) && same(a->suffix, b->suffix) && same(a->last, b->last) &&
	       same(a->unscoped, b->unscoped);
}

static bool same_target(struct config_target const *a, struct config_target const *b)
{
	return a->kind == b->kind && same(a->child, b->child) && same(a->rewrite.whole, b->rewrite.whole) &&
	       same(a->rewrite.identity, b->rewrite.identity) && same(a->rewrite.resource, b->rewrite.resource) && same(a->rewrite.prepend, b->rewrite.prepend);
}

static bool same_rule(struct config_rule const *a, struct config_rule const *b)
{
	struct config_target const *from = a->targets, *to = b->targets;

	if (!same(a->service, b->service) || !same_label(&a->label, &b->label))
		return false;
	while (from && to && same_target(from, to))
		from = from->next, to = to->next;
	return !from && !to;
}

static bool same_route(struct config_route const *a, struct config_route const *b)
{
	struct config_rule const *from = a ? a->rules : NULL, *to = b ? b->rules : NULL;

	while (from && to && same_rule(from, to))
		from = from->next, to = to->next;
	return !from && !to;
}

static bool same_services(struct config_service const *a, struct config_service const *b)
{
	while (a && b && string_equal(a->name, b->name))
		a = a->next, b = b->next;
	return !a && !b;
}

static bool same_area(struct config_area const *a, struct config_area const *b)
{
	return a->x == b->x && a->y == b->y && a->width == b->width && a->height == b->height;
}

static bool same_env(struct config_start const *a, struct config_start const *b)
{
	return a->priority == b->priority && a->sessions == b->sessions && a->cpu.value == b->cpu.value && same_area(&a->affinity, &b->affinity) &&
	       same(a->configfile, b->configfile) && !a->config_text == !b->config_text;
}

static bool same_quota(struct config_start const *a, struct config_start const *b)
{
	return a->ram.value == b->ram.value && a->caps.value == b->caps.value && a->ram_max.value == b->ram_max.value &&
	       a->caps_max.value == b->caps_max.value;
}

static bool same_config(struct config_start const *a, struct config_start const *b)
{
	if (!a->config_text || !b->config_text)
		return a->config_text == b->config_text;
	return a->config_raw == b->config_raw &&
	       !memcmp(a->config_text + a->config_size - a->config_raw, b->config_text + b->config_size - b->config_raw, a->config_raw);
}

static bool same_policy(struct config_start const *a, struct config_start const *b)
{
	struct config_restart const *from = &a->restart, *to = &b->restart;

	return a->close_patience_ms == b->close_patience_ms && a->yield_patience_ms == b->yield_patience_ms &&
	       a->exit_propagates == b->exit_propagates && a->heartbeat_missed == b->heartbeat_missed && !from->at.line == !to->at.line &&
	       from->on_fault == to->on_fault && from->on_exit == to->on_exit && from->on_hang == to->on_hang && from->backoff_ms == to->backoff_ms &&
	       from->backoff_max_ms == to->backoff_max_ms && from->limit == to->limit && from->within_s == to->within_s;
}

unsigned update_diff(struct config_start const *before, struct config_start const *now)
{
	unsigned changes = 0;

	changes |= string_equal(before->binary, now->binary) ? 0 : UPDATE_BINARY;
	changes |= string_equal(before->version, now->version) ? 0 : UPDATE_VERSION;
	changes |= same_env(before, now) ? 0 : UPDATE_ENV;
	changes |= same_quota(before, now) ? 0 : UPDATE_QUOTA;
	changes |= same_route(before->route, now->route) ? 0 : UPDATE_ROUTE;
	changes |= same_config(before, now) ? 0 : UPDATE_CONFIG;
	changes |= same_services(before->provides, now->provides) ? 0 : UPDATE_PROVIDES;
	changes |= same_policy(before, now) ? 0 : UPDATE_POLICY;
	return changes;
}

char const *update_text(unsigned changes, char text[static UPDATE_TEXT_SIZE])
{
	static char const *const names[UPDATE_CHANGES] = {
		"binary", "version", "environment", "quota", "route", "config", "provides", "policy",
	};
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < UPDATE_CHANGES; i++) {
		if (!(changes >> i & 1))
			continue;
		format_cut(text + used, UPDATE_TEXT_SIZE - used, "%s%s", used ? ", " : "", names[i]);
		used = strlen(text);
	}
	return text;
}
