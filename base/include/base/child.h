/* SPDX-License-Identifier: MIT */
/*
 * Child: starting and ending a component, with core's sessions alone. What the parent does is always the same: it splits an
 * account off its own, opens PD, RM and CPU sessions on that account, makes the main thread, attaches the platform page and a
 * stack, installs the five well-known capabilities and starts the thread at the loader. Everything that the child then
 * needs (its binary, its configuration, LOG) it asks its parent for. So no parent ever parses an ELF file, and nothing of
 * a child is paid by its parent but the quota that it gets and the caps of that one account.
 *
 * Everything is paid from the child's own account, so ending a child is: destroy the account, forget the three sessions.
 *
 * Policy (which session requests are granted) is the caller's: it serves the gate `object` as the child's `parent`.
 */
#pragma once

#include <base/env.h>
#include <rom/rom.h>

enum { CPU_PERIOD_DEFAULT_US = 100000 };

/* The platform page, one for all children: the parent's own ROM "platform_page". */
struct child_platform {
	struct rom       rom;
	struct dataspace page;
};

MUST_CHECK enum status child_platform_open(struct child_platform *platform, struct env *env);
void child_platform_close(struct child_platform *platform);

struct child_args {
	char const                  *name;         /* label of its account and of its sessions at core, at most 63 bytes */
	uint64_t                     ram, caps;    /* of its account, bytes (whole pages) and caps */
	size_t                       stack_bytes;  /* of the main thread; 0: STACK_DEFAULT, at most STACK_SIZE_MAX */
	uint32_t                     priority;     /* highest of its threads, 0 to 63 */
	uint32_t                     affinity;     /* bit n: its threads can be on CPU n, the main thread is on the lowest; 0: on any */
	uint32_t                     cpu_share;    /* 0: nothing bounds it; or what it gets of this component's share, as cpu.give_share says */
	uint32_t                     cpu_period_us;/* of the share; 0: CPU_PERIOD_DEFAULT_US */
	bool                         idle_time;    /* its main thread goes on in idle time when its share is used up */
	struct child_platform const *platform;
	struct ep                   *ep;           /* whose thread serves `parent` */
	struct rpc_object           *parent;       /* the gate's badge: what the child's calls to its parent go to */
	struct handler              *exited;       /* runs at `ep` when the main thread faults or exits; NULL: never */
};

struct child {
	struct env            *env;
	struct ep             *ep;
	struct account_control control;    /* of its account */
	struct account         account;    /* its use: what slot 2 of the child holds; `pay` for sessions opened for it */
	struct pd              pd;
	struct rm              rm;
	struct cpu             cpu;
	struct thread          main_thread;
	struct dataspace       stack;
	struct cap             gate;       /* where the child finds its parent */
	struct signal_context  exited;
};

/*
 * Starts a child; it runs on return. OUT_OF_RAM, OUT_OF_CAPS: the caller's account has too little to give, or `ram`, `caps`
 * do not suffice for what every child needs. On error nothing is left. Context: the caller's main thread; calls core only.
 */
MUST_CHECK enum status child_start(struct child *child, struct env *env, struct child_args const *args);

/*
 * Ends a child, in whatever state: its threads stop, and all that was paid from its account is gone. The sessions that it
 * had elsewhere are its parent's to close, before or after. A child that child_start did not complete, or a zeroed one, is fine.
 */
void child_stop(struct child *child);
