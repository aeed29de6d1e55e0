/* SPDX-License-Identifier: MIT */
/*
 * Service: the server's side of sessions. A generated `struct X_service` wraps it; X_provide announces it to the parent.
 * From then on base fetches requests as the news come, makes the sessions and ends them:
 *
 *   open   The session's state, `session_size` zeroed bytes, is made from the session account that the client's donation
 *          became: a RAM dataspace, attached on that account, and a gate. Then `open` runs. A donation that is too small
 *          is answered NEEDS, arguments of the wrong form PROTOCOL; no memory of the server is ever used for a session.
 *   close  `close` runs, then all of it is dropped: what was allocated from the session account goes with it.
 *
 * A server keeps nothing of its own for a session, so clients cannot exhaust it.
 *
 * An `open` that depends on others returns PENDING; session_decide says later what came of it. If the client leaves before that, `close` runs.
 *
 * A relay opens a session for each of its own, on the client's account (connection_ask): what the client donates beyond the relay's own need is for that
 * one. So its answer to a donation that is too small is what was offered and its own need, and `open` may refuse with NEEDS itself.
 */
#pragma once

#include <base/heap.h>
#include <base/rpc.h>
#include <base/tree.h>

struct env;
struct account;
struct service;

/* Embedded at the beginning of every X_session, which is at the beginning of the server's own struct for it. */
struct session {
	struct rpc_object object;
	struct service   *service;
	struct tree_node  of_service;    /* its key is the id */
	struct cap        account;       /* what the session may spend */
	struct cap        gate;
	struct heap       heap;          /* on the session account; this struct lives in its first chunk */
	struct list       kept;          /* of struct session_kept by of_session */
	char const       *label;         /* as the parent vouches for it: "init -> client -> its own word" */
	uint64_t          ram, caps;     /* donated at the open */
	uint32_t          affinity;
	struct rpc_cost   needs;         /* in all; set by who refuses it with NEEDS */
	enum status       outcome;       /* of session_decide */
	bool              is_ending;     /* by session_end */
	struct list_link  of_decided;    /* from then on until the parent is told */
};

struct service {
	struct rpc_type const *type;
	void const            *ops;
	size_t                 session_size;     /* of the server's own struct */
	enum status          (*dispatch)(struct rpc_object *, struct rpc *);
	enum status          (*open)(struct session *, void const *args);    /* NULL: nothing to do. Not OK: refused, but PENDING: undecided */
	void                 (*close)(struct session *);                     /* NULL: nothing to do */
	bool                   is_relay;

	struct env            *env;
	struct tree            sessions;         /* of struct session by of_service */
	struct list_link       of_env;
};

/* Asserts that each operation of the interface has its function; logs which one has none. */
void service_require_ops(struct rpc_type const *type, void const *ops);

/* Announces the service. EXISTS: announced before. INVALID: the parent's configuration does not name it. `service` stays. */
MUST_CHECK enum status service_provide(struct service *service, struct env *env);

/* The memory of a session, paid by its client. It ends with the session. */
static inline struct heap *session_heap(struct session *session) { return &session->heap; }

/* What the parent says about the client, for decisions about resources, never about rights: see the policy of the parent. */
static inline char const *session_label(struct session const *session) { return session->label; }

/* The session's account, to allocate buffers from (ram_alloc) and to attach them with. It ends with the session. */
struct account session_account(struct session const *session);

/* What came of an `open` that returned PENDING: OK, or why the session is refused. Then it ends by itself, without `close`. Once. */
void session_decide(struct session *session, enum status outcome);

/* Ends an open session, soon: its client sees it LOST. `close` runs then. One that is not open yet, or ending anyway, stays as it is. */
void session_end(struct session *session);

/* Keeps a capability that came with a request until the session ends; the record is on the client's account. BAD_CAP: null. */
MUST_CHECK enum status session_keep(struct session *session, struct rpc_cap const *cap, struct cap *kept);

/* Ends what session_keep kept, early. */
void session_drop(struct session *session, struct cap kept);

/* Visits the sessions in the order of their ids; the body may not end one. */
#define service_for_each_session(session, service) tree_for_each (session, &(service)->sessions, struct session, of_service)
