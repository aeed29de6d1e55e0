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
 * **What stays.** All memory of the sandbox itself is taken in sandbox_init: the configuration, an array of children, and the slots of
 * its capability table that they will need. Between then and sandbox_fini its own account changes only by what
 * children are given, which comes back to the byte when they end.
 */
#pragma once

#include <base/child.h>
#include <base/env.h>
#include <base/node.h>
#include "config.h"
#include "quota.h"
#include "session.h"

struct explanation;
struct sandbox;

enum child_state {
	CHILD_WAITING,     /* not started */
	CHILD_ALIVE,
	CHILD_EXITED,      /* it said so */
	CHILD_FAULTED,     /* its main thread faulted, or ended without a word */
	CHILD_HUNG,        /* ended because it did not agree to the end of a session in time */
	CHILD_STOPPED,     /* ended by sandbox_stop */
	CHILD_GIVEN_UP,    /* could not be started */
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

enum { SANDBOX_DENIALS = 8 };

struct sandbox_child {
	struct sandbox            *sandbox;
	struct config_start const *start;
	enum child_state           state;
	enum child_state           ends_as;        /* what it becomes; CHILD_ALIVE: it is not to end */
	uint32_t                   exit_value;
	struct child               child;
	struct parent_object       parent;         /* the child's calls arrive here */
	struct handler             exited;         /* its main thread faulted or exited */
	struct handler             refused;        /* its account refused something for the first time */
	struct signal_context      refusal;
	struct signal_context      news_signal;    /* the child's own; null: not yet */
	uint32_t                   news;           /* bits that it has not read */

	/* As a client: memory in an account of its own. */
	struct account_control     slots_control;
	struct account             slots_account;
	struct dataspace           slots_memory;
	struct session_slot       *slots;          /* start->sessions of them; NULL: none */
	unsigned                   slots_used;
	struct rpc_object          config_object;  /* its ROM "config", if that is inline */
	struct cap                 config_gate;
	struct dataspace           config_memory;
	size_t                     config_size;

	/* As a server. */
	struct list                sessions;       /* of struct session_slot by of_server, in the order of their opening */
	struct sandbox_service    *services;
	unsigned                   service_count;
	uint64_t                   served;         /* as a client: when a request of it was last fetched, in requests */

	struct quota               granted;        /* on request, beyond what its start says */
	struct sandbox_denial      denials[SANDBOX_DENIALS];
	uint32_t                   denials_more;   /* that found no room there */
};

struct sandbox {
	struct env            *env;
	struct config          config;
	struct config_reporter reporter;
	struct child_platform  platform;
	struct sandbox_child  *children;           /* config.start_count of them */
	unsigned               child_count;
	struct news_handler    news;               /* sessions at the own parent */
	struct handler         work;               /* what cannot be done within a child's call */
	struct handler         patience;           /* the end of the patience with some server */
	struct sandbox_child   outside;            /* the own parent as a client: of exported services */
	struct list            exports;            /* of struct export by of_sandbox: sessions of clients outside */
	uint64_t               requests;           /* fetched by servers in all */
	unsigned               owed;               /* sessions to whose end a server has not agreed, where patience has an end */

	/* Called when a child exits whose start says exit="propagate"; it may end the component. NULL: nobody cares. */
	void                 (*child_exited)(struct sandbox *sandbox, uint32_t value);
};

/*
 * Decodes `root`, whose document stays, and makes everything ready; nothing runs yet. What is wrong with the configuration goes to
 * the log. INVALID: it is no configuration. OUT_OF_RAM, OUT_OF_CAPS. On error nothing is left. `sandbox` is zeroed but for child_exited.
 */
MUST_CHECK enum status sandbox_init(struct sandbox *sandbox, struct env *env, struct node root);

/* Starts all children, in the order of the configuration. One that cannot be started is logged and given up. */
void sandbox_start(struct sandbox *sandbox);

/* Ends all children, at once, and with them all sessions between them. */
void sandbox_stop(struct sandbox *sandbox);

/* Does nothing run, and has every server elsewhere agreed to the end of the sessions that the children had? News tell when that changes. */
bool sandbox_is_quiet(struct sandbox const *sandbox);

/* Gives everything back; it is quiet. */
void sandbox_fini(struct sandbox *sandbox);

/* How many children are in that state. */
unsigned sandbox_count(struct sandbox const *sandbox, enum child_state state);
