/* SPDX-License-Identifier: MIT */
/*
 * Environment: what a component has from the start. The parent installed five capabilities (well-known slots), behind which
 * are the parent itself, the component's account, protection domain, region map and CPU session; base adds an
 * entrypoint, a heap and a LOG session. Functions take the narrowest part of it that they need. There is one in a component.
 *
 * News: a parent never calls its children, it submits one signal, and base reads what is new. The handlers registered
 * with env_on_news run on the main entrypoint; sessions and requests to services are base's own business.
 */
#pragma once

#include <account/account.h>
#include <cap_session/cap_session.h>
#include <cpu/cpu.h>
#include <log/log.h>
#include <parent/parent.h>
#include <pd/pd.h>
#include <ram/ram.h>
#include <rm/rm.h>
#include <signal/signal.h>

#include <base/ep.h>
#include <base/heap.h>

struct node;

struct news_handler {
	uint32_t         bits;      /* NEWS_ constants of parent.rpc that it wants */
	void           (*handle)(struct news_handler *handler, uint32_t bits);
	struct list_link of_env;
};

struct env {
	struct parent         parent;
	struct account        account;
	struct pd             pd;
	struct rm             rm;
	struct cpu            cpu;
	struct ram            ram;            /* three more doors to the account */
	struct cap_session    cap_session;
	struct signal         signal;
	struct thread         main_thread;
	struct ep             ep;             /* on the main thread */
	struct heap           heap;           /* on the component's account */

	/* base's own */
	struct handler        news;           /* of the parent */
	struct signal_context news_context;
	uint32_t              news_pending;   /* read while waiting for something else, not yet handled */
	struct list           news_handlers;  /* of struct news_handler by of_env */
	struct list           services;       /* of struct service by of_env */
	struct list           connections;    /* of struct connection by of_env: those that want to know when they are LOST */
	struct env_config    *config;
};

/*
 * The component's configuration, the root element of its ROM "config". It is opened at the first call; a component
 * without one, or with one that is no XML (which is logged), sees an empty <config/>. Valid until env_config_update.
 */
struct node env_config(struct env *env);

/* `handler` runs on the main entrypoint when there is a new configuration; it calls env_config_update. OUT_OF_CAPS, OUT_OF_RAM. */
MUST_CHECK enum status env_on_config(struct env *env, struct handler *handler);

/* Takes over a new configuration. One that is malformed is logged, and the old one stays: then `*changed` is false. */
MUST_CHECK enum status env_config_update(struct env *env, bool *changed);

/* `handler` runs on the main entrypoint for its news; register before the main loop runs, once. */
void env_on_news(struct env *env, struct news_handler *handler);

/*
 * Asks the parent for more quota and waits until it was granted. TIMEOUT: not until `deadline_ns` (absolute; 0: no
 * deadline). Context: main thread.
 */
MUST_CHECK enum status env_request(struct env *env, uint64_t ram_bytes, uint64_t caps, uint64_t deadline_ns);

/* Ends the component; 0 is success. Does not return; the result only lets one write `return env_exit(env, 0)`. */
enum status env_exit(struct env *env, uint32_t value);

/* Waits for news of at least one of `bits` and takes those out; other news stay for the loop. TIMEOUT, CANCELLED. Context: main thread. */
MUST_CHECK enum status env_wait_news(struct env *env, uint32_t bits, uint64_t deadline_ns);
