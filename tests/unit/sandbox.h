/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the configuration share: a document given as text, decoded into memory of the host, and the messages
 * that this made, one a line: "3:7: error: text".
 */
#pragma once

#include "unit.h"
#include "init/sandbox/config.h"
#include <base/string.h>

struct unit_config {
	struct config          config;
	struct config_reporter reporter;
	struct xml_node        nodes[400];
	char                   messages[4096];
	unsigned               errors, warnings;
	long                   chunks_left;     /* that the arena still gets */
	unsigned               chunks_held;
};

static void *unit_acquire(struct arena *arena, size_t size)
{
	struct unit_config *unit = container_of(arena, struct unit_config, config.arena);

	if (!unit->chunks_left)
		return NULL;
	unit->chunks_left--;
	unit->chunks_held++;
	return malloc(size);
}

static void unit_release(struct arena *arena, void *chunk, size_t size)
{
	container_of(arena, struct unit_config, config.arena)->chunks_held--;
	free(chunk);
}

static void unit_report(struct config_reporter *reporter, bool is_error, struct position at, char const *text)
{
	struct unit_config *unit = container_of(reporter, struct unit_config, reporter);
	size_t              used = strlen(unit->messages);

	snprintf(unit->messages + used, sizeof(unit->messages) - used, "%u:%u: %s: %s\n", at.line, at.column, is_error ? "error" : "warning", text);
	if (is_error)
		unit->errors++;
	else
		unit->warnings++;
}

/* Decodes `text`, which is well-formed and stays; `unit` is big: make it static. End with unit_config_fini. */
static inline enum status unit_config_decode(struct unit_config *unit, char const *text, long chunks)
{
	struct xml_error error;
	size_t           count;

	memset(unit, 0, sizeof(*unit));
	unit->reporter.report = unit_report;
	unit->config.arena.acquire = unit_acquire;
	unit->config.arena.release = unit_release;
	unit->chunks_left = chunks;
	ck_assert_int_eq(xml_index(text, strlen(text), unit->nodes, ARRAY_SIZE(unit->nodes), &count, &error), STATUS_OK);
	return config_decode(&unit->config, node_root(text, unit->nodes), &unit->reporter);
}

static inline void unit_config_fini(struct unit_config *unit)
{
	arena_fini(&unit->config.arena);
	ck_assert_uint_eq(unit->chunks_held, 0);
}

/* Decodes a text that gives no message. */
static inline struct config const *unit_config_good(struct unit_config *unit, char const *text)
{
	enum status status = unit_config_decode(unit, text, -1);

	ck_assert_msg(status == STATUS_OK && !unit->messages[0], "%s", unit->messages);
	return &unit->config;
}
