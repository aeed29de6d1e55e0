/* SPDX-License-Identifier: MIT */
/*
 * The sandbox: a tree of children made from a configuration, as a library that any component may use. init is a hundred lines around it.
 *
 * A child is a component in its own protection domain with its own account. It talks to its parent, the sandbox, through
 * one gate, and asks for sessions there. The sandbox finds the provider by the child's route (route.h) and either passes
 * the request to its own parent, or queues it for the sibling that provides the service, or serves it itself (the ROM "config").
 *
 * **Who pays.** Nothing that a child asks for is paid by the sandbox. A request to the parent names the child's account
 * (`pay`), from which whoever is the common parent of client and server splits the session's account; here, that
 * is the sandbox for siblings. Slots for sessions (session.h) and the text of an inline configuration are in an account that is split off the
 * child's when it starts, and that outlives the child's own for as long as a server has not agreed to the end of a session.
 *
 * **Nobody is waited for.** The sandbox calls core and its own parent, never a child and nothing that came from one: an
 * account that a child names as payer is passed to core as an argument. Requests lie in their slots until the server
 * fetches them; news go down as signals. A server that keeps quiet about a close is ended when the patience with it is over.
 *
 * **Exports.** What the configuration exports is announced to the own parent once a child has announced it. A request from there is queued for
 * the child like that of a sibling; what is to be remembered about it is in memory from the session's own account (export.c). A component whose
 * sandbox exports services provides none itself.
 *
 * **What changes.** sandbox_update takes over another configuration while the children run: who is not concerned notices nothing (apply.c).
 * A child goes by its name; its struct lives from the configuration that first names it until it is in none, has ended, and its
 * last session is over.
 *
 * **What stays.** All memory of the sandbox itself is taken in sandbox_init and sandbox_update: the configuration, the children, and the slots of
 * the capability table that they will need. Otherwise its own account changes only by what
 * children are given, which comes back to the byte when they end.
 */
#pragma once

#include <base/attached.h>
#include <base/child.h>
#include <base/env.h>
#include <base/node.h>
#include <base/reporter.h>
#include "config.h"
#include "quota.h"
#include "restart.h"
#include "session.h"

struct explanation;
struct sandbox;

/* The name of a service: one for all who have it, and as long as the sandbox is there. */
struct sandbox_name {
	struct list_link of_sandbox;
	char             text[SERVICE_NAME_SIZE];
};

enum child_state {
	CHILD_WAITING,     /* not started, or about to be */
	CHILD_STARTING,    /* its thread runs; it has not set itself up */
	CHILD_ALIVE,
	CHILD_EXITED,      /* it said so */
	CHILD_FAULTED,     /* its main thread faulted, or ended without a word */
	CHILD_HUNG,        /* ended because it did not agree to the end of a session in time, or gave no sign of life */
	CHILD_BACKOFF,     /* ended; it is started anew when its time has come and its sessions are over */
	CHILD_GIVEN_UP,    /* could not be started, or ended too often */
	CHILD_STOPPING,    /* ended by sandbox_stop, or because the configuration has it no more */
	CHILD_STATES
};

/* A service of a child, from the configuration, and what the child said about it. */
struct sandbox_service {
	char const *name;
	uint64_t    hash;
	bool        announced;
	bool        exported;         /* announced to the own parent, with this hash */
};

/* A denial that was logged, so that its repetitions are only counted. */
struct sandbox_denial {
	char        service[SERVICE_NAME_SIZE];
	uint32_t    line;
	uint16_t    kind;
	uint32_t    count;
};

enum { SANDBOX_DENIALS = 8, SANDBOX_EXPLANATIONS = 16 };

/* The state report: made anew when somebody wants it and something has changed, at most once in a while (report.c). */
struct sandbox_report {
	struct handler   due;
	struct reporter  reporter;         /* if <report> is there */
	uint64_t         last_ns;          /* when it was made */
	bool             is_refresh;       /* `due` is armed though nothing is new */
	unsigned         readers;          /* of the ROM "state" */
	unsigned         complaints;       /* about too small a buffer */
};

struct sandbox_child {
	struct sandbox            *sandbox;
	struct list_link           of_sandbox;
	struct config_start const *start;          /* in the configuration in force, or `removed` */
	struct config_start        removed;        /* what is still needed once the configuration has it no more */
	char                       name[CHILD_NAME_SIZE];
	unsigned                   number;         /* in the ids of its sessions; nobody else has it */
	enum child_state           state;
	enum child_state           ends_as;        /* what it becomes; CHILD_ALIVE: it is not to end */
	enum child_state           ended_as;       /* how its last life ended; CHILD_WAITING: it is the first */
	struct restart_history     restarts;
	struct handler             again;          /* the end of its back-off */
	uint32_t                   exit_value;
	struct child               child;
	struct parent_object       parent;         /* the child's calls arrive here */
	struct handler             exited;         /* its main thread faulted or exited */
	struct handler             refused;        /* its account refused something for the first time */
	struct signal_context      refusal;
	struct signal_context      news_signal;    /* the child's own; null: not yet */
	uint32_t                   news;           /* bits that it has not read */
	unsigned                   beats_owed;     /* heartbeats that it has not answered */

	/* As a client: memory in an account of its own. */
	struct account_control     slots_control;
	struct account             slots_account;
	struct dataspace           slots_memory;
	struct session_slot       *slots;          /* slot_count of them; NULL: none */
	unsigned                   slot_count, slots_used;
	unsigned                   slots_from;     /* the slots below are all in use */
	struct rpc_object          config_object;  /* its ROM "config", if that is inline */
	struct cap                 config_gate;    /* while config_sessions are open */
	unsigned                   config_sessions;
	struct dataspace           config_memory, config_next;     /* what it has, and what it will have when it asks; null: nothing new */
	size_t                     config_size, config_next_size;
	struct signal_context      config_changed; /* the child's own; null: it does not want to know */

	/* Its ROM "state", if it is led to <local/>. */
	struct rpc_object          state_object;
	struct cap                 state_gate;     /* null: it has none */
	struct attached_ram        state_memory;
	size_t                     state_size;
	bool                       state_is_newer;
	struct signal_context      state_changed;  /* the child's own; null: it does not want to know */

	/* As a server. */
	struct list                sessions;       /* of struct session_slot by of_server: see serve.c */
	struct sandbox_service    *services;       /* NULL: it provides none */
	unsigned                   service_count;
	uint64_t                   served;         /* as a client: when a request of it was last fetched, in requests */

	struct quota               given;          /* what its account has */
	struct quota               wanted;         /* what it has asked for, and waits for; nothing: none */
	bool                       is_wanted_above;    /* the own parent has been asked for it */
	struct quota               demand;         /* what it is to give back of that */
	struct handler             yield_over;     /* the end of the patience with that */
	struct sandbox_denial      denials[SANDBOX_DENIALS];
	uint32_t                   denials_more;   /* that found no room there */
};

struct sandbox {
	struct env            *env;
	struct config          config;
	struct child_platform  platform;
	struct list            children;           /* of struct sandbox_child by of_sandbox: those of the configuration, and those that have yet to go */
	struct sandbox_child **by_start;           /* the child of each start, by its index; in the configuration's arena */
	struct list            names;              /* of struct sandbox_name by of_sandbox: services that a configuration has ever named */
	struct news_handler    news;               /* sessions at the own parent */
	struct handler         work;               /* what cannot be done within a child's call */
	struct handler         patience;           /* the end of the patience with some server */
	struct handler         heartbeat;          /* the next one */
	struct sandbox_report  report;
	struct explanation    *explanations;       /* the last denials, SANDBOX_EXPLANATIONS of them; NULL: nobody wants to know */
	unsigned               explained;          /* so many in all */
	struct sandbox_child   outside;            /* the own parent as a client: of exported services */
	struct list            exports;            /* of struct export by of_sandbox: sessions of clients outside */
	uint64_t               requests;           /* fetched by servers in all */
	bool                   is_started;
	uint32_t               cpus;               /* bit n: the component itself may be on CPU n */
	unsigned               updates;            /* configurations that were taken over after the first */
	bool                   is_settling;        /* pay_work has something to do */
	unsigned               owed;               /* sessions to whose end a server has not agreed, where patience has an end */

	/* Called when a child exits whose start says exit="propagate"; it may end the component. NULL: nobody cares. */
	void                 (*child_exited)(struct sandbox *sandbox, uint32_t value);
};

/*
 * Decodes `root`, whose document need not stay, and makes everything ready; nothing runs yet. What is wrong with the configuration goes to
 * the log. INVALID: it is no configuration. OUT_OF_RAM, OUT_OF_CAPS. On error nothing is left. `sandbox` is zeroed but for child_exited.
 */
MUST_CHECK enum status sandbox_init(struct sandbox *sandbox, struct env *env, struct node root);

/*
 * Takes another configuration over, which need not stay: children that it does not concern go on with their sessions. What was done, and what cannot be
 * done to a running child, is logged. INVALID, OUT_OF_RAM: the old one is still in force.
 */
MUST_CHECK enum status sandbox_update(struct sandbox *sandbox, struct node root);

/* Starts all children, in the order of the configuration. One that cannot be started is logged and given up. */
void sandbox_start(struct sandbox *sandbox);

/* Ends all children, at once, and with them all sessions between them. */
void sandbox_stop(struct sandbox *sandbox);

/* Does nothing run, and has every server elsewhere agreed to the end of the sessions that the children had? News tell when that changes. */
bool sandbox_is_quiet(struct sandbox const *sandbox);

/* Gives everything back; it is quiet. */
void sandbox_fini(struct sandbox *sandbox);

/* How many children are in that state; how many run. */
unsigned sandbox_count(struct sandbox const *sandbox, enum child_state state);
unsigned sandbox_running(struct sandbox const *sandbox);
