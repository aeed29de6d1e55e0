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
	CONFIG_SESSIONS_MAX    = 1024,
	CONFIG_CAPS            = 100,
	CONFIG_CLOSE_PATIENCE  = 1000,   /* ms */
	CONFIG_YIELD_PATIENCE  = 1000,
	CONFIG_VERSION_SIZE    = 64,
	CONFIG_SPACE_MAX       = 64,     /* width and height of <affinity-space/> */
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
	struct config_rule const *rule;    /* that it is a target of */
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
	uint64_t        value;             /* RAM in bytes, whole pages; caps; or percent */
};

/* A rectangle of CPUs: <affinity-space/> (which begins at 0, 0) or <affinity/>. Width 0: none was set, all CPUs do. */
struct config_area {
	struct position at;
	uint32_t        x, y, width, height;
};

/* <restart/>: what a child is started again after, and how often. at.line 0: never. */
struct config_restart {
	struct position at;
	bool            on_fault, on_exit, on_hang;
	uint32_t        backoff_ms, backoff_max_ms;    /* before the first restart, doubled before each further one */
	uint32_t        limit, within_s;               /* so many restarts within that time, then it is given up */
};

/* <heartbeat/> of the root: how often children are asked whether they live. at.line 0: never. */
struct config_heartbeat {
	struct position at;
	uint32_t        rate_ms;
};

/* <report/>: what the state report says, beyond the names and states of the children. at.line 0: there is none. */
struct config_report {
	struct position at;
	uint32_t        delay_ms;                      /* at least between two reports */
	uint32_t        refresh_ms;                    /* at most between two; 0: only what changes is reported */
	uint32_t        buffer;                        /* bytes that one may have */
	bool            ids, requested, provided, child_ram, child_caps, init_ram, init_caps, cpu, pending, denied;
};

/* <alias/>: another name by which routes may call a child. */
struct config_alias {
	struct config_alias *next;
	struct position      at;
	char const          *name, *child;
};

struct config_start {
	struct config_start       *next;
	struct position            at;
	unsigned                   index;  /* in the order of the document, from 0 */
	char const                *name, *binary;
	char const                *version;              /* "" if it has none; another one means that it is to be started anew */
	char const                *configfile;           /* the ROM that is its configuration, or NULL */
	struct config_amount       ram, caps;
	struct config_amount       cpu;                  /* percent of the CPU that it is to have; 0: no share of its own */
	struct config_area         affinity;
	struct config_amount       ram_max, caps_max;    /* what it may have in all if it asks for more; as ram, caps: no more than that */
	unsigned                   sessions;
	uint32_t                   priority;             /* the highest of its threads, 1 to CONFIG_PRIORITY */
	uint32_t                   close_patience_ms;    /* of its clients with it; 0: endless */
	uint32_t                   yield_patience_ms;    /* of its parent, when that wants quota back */
	bool                       exit_propagates;
	unsigned                   heartbeat_missed;     /* it hangs when it has not answered so many; 0: it is not asked */
	struct config_restart      restart;
	struct config_service     *provides;
	struct config_route const *route;                /* its own, the default, or NULL */
	struct node                config;               /* its inline <config>; may not exist. Good as long as the document is there */
	char const                *config_text;          /* the same as a document of its own, as node_cut makes it; NULL: there is none */
	size_t                     config_size, config_raw;    /* of that; the element itself is the last config_raw bytes */
};

struct config {
	struct arena           arena;
	char                   file[CONFIG_FILE_SIZE];   /* what the user knows the document as */
	bool                   verbose;
	uint32_t               close_patience_ms, yield_patience_ms;
	unsigned               priority_levels;          /* into which the priorities of children are divided */
	struct config_area     space;                    /* <affinity-space/> */
	struct config_heartbeat heartbeat;
	struct config_report   report;
	struct config_alias   *aliases;
	struct position        parent_provides_at;       /* line 0: there is none */
	struct config_service *parent_provides;
	struct config_route   *default_route;            /* or NULL */
	struct config_start    outside;                  /* the parent as a client of the children: its route is <export>, or NULL */
	struct config_amount   default_ram, default_caps;
	struct config_start   *starts;
	unsigned               start_count;
	struct config_start  **by_name;                  /* open hashing of the starts; a power of two */
	size_t                 by_name_size;
	unsigned               dropped;                  /* starts and rules that could not be understood */
};

/* Takes messages about the document while it is decoded. `at` may be line 0. Keeps no pointer. */
struct config_reporter {
	void (*report)(struct config_reporter *reporter, bool is_error, struct position at, char const *text);
};

/*
 * Decodes the document with the root `root`, whose text may go afterwards. `config` has its arena set, all else zero.
 * OUT_OF_RAM: the arena gets no more memory; INVALID: the root is not <config>. On failure the config is empty but
 * still to be ended with arena_fini.
 */
MUST_CHECK enum status config_decode(struct config *config, struct node root, struct config_reporter *reporter);

/* The start of that name or with that alias, or NULL. */
struct config_start const *config_find_start(struct config const *config, char const *name);

/* The service in the list, or NULL. */
struct config_service const *config_find_service(struct config_service const *list, char const *name);
