/* SPDX-License-Identifier: MIT */
/*
 * The configuration as init understands it: one document, decoded and checked once, never changed afterwards. Everything
 * is in one arena, keeps its position in the file that the user wrote, and lives until config_fini. Pure: no session,
 * no RPC, so that the checker on the host reads a configuration with the same code.
 *
 * A mistake never makes the whole document void: what cannot be understood is dropped with a message that names
 * line and column and what was expected, a <start> that cannot work drops itself, and all else holds.
 */
#pragma once

#include <base/format.h>
#include <base/node.h>
#include <base/status.h>
#include <base/types.h>
#include "arena.h"
#include "label.h"

enum {
	CONFIG_SESSIONS        = 16,     /* session slots of a child */
	CONFIG_SESSIONS_MAX    = 256,
	CONFIG_CAPS            = 100,
	CONFIG_CLOSE_PATIENCE  = 1000,   /* ms */
	CONFIG_PRIORITY        = 32,     /* the highest of all children's threads; the top-level init is above them */
	CONFIG_STARTS_MAX      = 4095,
	CONFIG_FILE_SIZE       = NODE_FILE_SIZE,    /* of the origin's name, with the terminator */
	SERVICE_NAME_SIZE      = 32,
};

/* In the file of the configuration, counted from 1; line 0: nowhere, as for a default that init chose. */
struct position {
	uint32_t line, column;
};

enum target_kind { TARGET_PARENT, TARGET_CHILD, TARGET_ANY_CHILD, TARGET_LOCAL };

/* <parent/> <child name=""/> <any-child/> <local/> */
struct config_target {
	struct config_target *next;
	struct position       at;
	enum target_kind      kind;
	char const           *child;       /* TARGET_CHILD */
	struct label_rewrite  rewrite;
};

/* <service name="" label=""> or <any-service> with its targets in order */
struct config_rule {
	struct config_rule   *next;
	struct position       at;
	char const           *service;     /* NULL: any */
	struct label_pattern  label;
	struct config_target *targets;
};

/* <route> or <default-route> */
struct config_route {
	struct position      at;
	struct config_rule  *rules;
	bool                 is_default;
};

/* <service name=""/> in <parent-provides> or <provides> */
struct config_service {
	struct config_service *next;
	struct position        at;
	char const            *name;
};

/* An amount, and where it was set: <start>, <resource>, <default>, or nowhere. */
struct config_amount {
	struct position at;
	uint64_t        value;             /* RAM in bytes, whole pages; or caps */
};

struct config_start {
	struct config_start       *next;
	struct position            at;
	unsigned                   index;  /* in the order of the document, from 0 */
	char const                *name, *binary;
	struct config_amount       ram, caps;
	struct config_amount       ram_max, caps_max;    /* what it may have in all if it asks for more; as ram, caps: no more than that */
	unsigned                   sessions;
	uint32_t                   priority;             /* the highest of its threads, 1 to CONFIG_PRIORITY */
	uint32_t                   close_patience_ms;    /* of its clients with it; 0: endless */
	bool                       exit_propagates;
	struct config_service     *provides;
	struct config_route const *route;                /* its own, the default, or NULL */
	struct node                config;               /* its inline <config>; may not exist */
};

struct config {
	struct arena           arena;
	char                   file[CONFIG_FILE_SIZE];   /* what the user knows the document as */
	bool                   verbose;
	uint32_t               close_patience_ms;
	struct position        parent_provides_at;       /* line 0: there is none */
	struct config_service *parent_provides;
	struct config_route   *default_route;            /* or NULL */
	struct config_start    outside;                  /* the parent as a client of the children: its route is <export>, or NULL */
	struct config_amount   default_ram, default_caps;
	struct config_start   *starts;
	unsigned               start_count;
	unsigned               dropped;                  /* starts and rules that could not be understood */
};

/* Takes messages about the document while it is decoded. `at` may be line 0. Keeps no pointer. */
struct config_reporter {
	void (*report)(struct config_reporter *reporter, bool is_error, struct position at, char const *text);
};

/*
 * Decodes the document with the root `root`, whose text must outlive the config. `config` has its arena and file set, all else zero.
 * OUT_OF_RAM: the arena gets no more memory; INVALID: the root is not <config>. On failure the config is empty but
 * still to be ended with arena_fini.
 */
MUST_CHECK enum status config_decode(struct config *config, struct node root, struct config_reporter *reporter);

/* The start of that name, or NULL. */
struct config_start const *config_find_start(struct config const *config, char const *name);

/* The service in the list, or NULL. */
struct config_service const *config_find_service(struct config_service const *list, char const *name);
