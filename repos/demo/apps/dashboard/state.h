/* SPDX-License-Identifier: MIT */
/*
 * What the components do, as the state reports of one or more inits tell it (init/README.md, "The state report"), in one tree. The top-level init is component 0;
 * a nested init is a component as its parent sees it, and the one around its children as it reports itself.
 *
 * Reports are written at different moments, so together they may contradict each other: state_settle says whether they fit, to the byte.
 */
#pragma once

#include <base/node.h>
#include <stdbool.h>
#include <stdint.h>

enum { STATE_COMPONENTS = 64, STATE_SESSIONS = 256, STATE_DENIALS = 16, STATE_PATH = 160, STATE_NAME = 64, STATE_RANGES = 64, STATE_TEXT = 512 };

/* RAM in bytes, or caps. used = own + lent; lent = the limits of children + slots + what sessions have. */
struct amount {
	uint64_t limit, used, avail, lent, slots;
};

enum { NO_COMPONENT = -1 };

struct component {
	char          path[STATE_PATH];        /* "world/alpha/ann"; "" for the top-level init */
	char          name[STATE_NAME], binary[STATE_NAME], version[STATE_NAME];
	char          state[16], ended[16];    /* as init calls them; ended: how its last life did, or "" */
	int           parent;                  /* index, or NO_COMPONENT */
	bool          has_account;             /* it runs, so that ram and caps are known */
	bool          reports;                 /* it is an init whose report was read */
	struct amount ram, caps;
	uint64_t      restarts, exit_value;
	uint64_t      cpu_ns, cpu_ms;          /* the time that its threads had, and when it was that much; one that was started anew begins at 0 */
	uint64_t      cpu_share, cpu_given;    /* percent of one CPU that it has, 0: no share of its own; of an init, what it has given on */
	uint64_t      cpu_used;                /* load.h: parts of one CPU that its threads used lately, */
	bool          cpu_is_known;            /* if it has run for long enough to say */
	uint64_t      time_ms, denials;        /* of its report: when it was made, denials in all */
};

/* A session between two components, and what was donated for it. */
struct trade {
	int      client, server;               /* indices; server: NO_COMPONENT once it is gone */
	int      reporter;                     /* index of the init that routed it, */
	uint64_t id;                           /* and its number there */
	char     service[32], label[96], state[16];
	uint64_t ram, caps;                    /* donated */
};

struct denial {
	int      component;                    /* the init that denied */
	uint64_t number;                       /* from 1, among those of that init */
	char     what[STATE_TEXT], where[STATE_TEXT], fix[STATE_TEXT];
};

/* RAM that is not init's: firmware, kernel, boot modules, core. */
struct range {
	char     what[48], name[32];
	uint64_t ram;
};

struct state {
	unsigned         component_count, session_count, denial_count, range_count;
	unsigned         left_out;             /* components, sessions, denials that found no room */
	struct component components[STATE_COMPONENTS];
	struct trade   sessions[STATE_SESSIONS];
	struct denial    denials[STATE_DENIALS * 4];
	struct range     ranges[STATE_RANGES];
	uint64_t         machine_ram, machine_caps, core_caps;
	bool             has_machine;
};

void state_init(struct state *state);

/* The ROM "machine" (core/machine_rom.c). */
void state_add_machine(struct state *state, struct node root);

/* The report of the init at `path`; those of the inits around it come first. False: there is no such component. */
bool state_add_report(struct state *state, char const *path, struct node root);

/* The component of that path; NO_COMPONENT: there is none. */
int state_find(struct state const *state, char const *path);

/*
 * Finds who really has each session: a nested init passes on those of its children, as their labels tell. Then adds up. True: what each component has
 * lent is what its children, slots and sessions have, to the byte and cap, and all together is the machine.
 */
bool state_settle(struct state *state);

/* What its children have of its share of CPU time, in percent of one CPU. */
uint64_t state_cpu_given(struct state const *state, int component);

/* What its sessions have been given, as their client. */
struct amount_sum { uint64_t ram, caps; };
struct amount_sum state_donated(struct state const *state, int component);

/* All lines of the ledger: ranges, and of each component what it uses itself, its slots, its donations and what it has left. */
struct amount_sum state_sum(struct state const *state);
