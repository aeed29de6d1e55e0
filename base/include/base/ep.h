/* SPDX-License-Identifier: MIT */
/*
 * Entrypoint: the event loop of a thread. Calls to the gates it serves, signals and timeouts arrive at one place, one after
 * the other; nothing else ever runs concurrently on that thread. A component has one on its main thread (env->ep), and
 * may have more on threads of its own.
 *
 * Badges are addresses: that of a struct rpc_object for a gate, that of a struct handler for a signal context. So both stay
 * where they are until the gate or context is freed; after that, the kernel delivers no badge of it any more.
 */
#pragma once

#include <base/cap.h>
#include <base/status.h>
#include <base/tree.h>

struct account;
struct rpc_object;

/*
 * Embed it. `handle` is called by the entrypoint's loop: for a signal with the number of submissions since the last time
 * (> 0), for a timeout with 1. It decides about errors itself; it may block in calls, but then nobody else is served.
 */
struct handler {
	void           (*handle)(struct handler *handler, uint64_t count);
	struct tree_node of_timeouts;    /* while armed; the key is the deadline */
	bool             armed;
};

struct ep {
	struct cap  thread;      /* whose loop it is */
	struct cap  payer;       /* the account that pays for signal contexts */
	struct tree timeouts;    /* of struct handler by of_timeouts */
	uint64_t    deadline;    /* of the thread, in the kernel: at the key of the first timeout or before; 0: it has none */
	unsigned    special;     /* enum ep_special; 0: wait plainly for whatever comes */
};

enum ep_special { EP_TIMEOUT = 1 /* the first one may be due, or the kernel may have to know of it */, EP_STOP = 2 };

/* The kernel has no deadline for the thread any more. For base. */
static inline void ep_deadline_over(struct ep *ep)
{
	ep->deadline = 0;
	ep->special |= EP_TIMEOUT;
}

/* Makes `ep` the entrypoint of the running thread, which `thread` names. Reserves its receive window: 8 slots. */
MUST_CHECK enum status ep_init(struct ep *ep, struct cap thread, struct cap payer);

/* Gives the receive window back; the loop does not run. */
void ep_fini(struct ep *ep);

/* Serves until a handler or operation calls ep_stop; the present event is finished first. Context: the ep's thread. */
void ep_run(struct ep *ep);
void ep_stop(struct ep *ep);

/* A signal context whose submissions run `handler`; costs the ep's payer 1 cap. End it with ep_signal_end. */
MUST_CHECK enum status ep_signal(struct ep *ep, struct handler *handler, struct signal_context *context);
void ep_signal_end(struct ep *ep, struct signal_context context);

/* Runs `handler` once, at `at_ns` (time_now_ns) or soon after; replaces a time set before. Context: the ep's thread. */
void ep_timeout(struct ep *ep, struct handler *handler, uint64_t at_ns);
void ep_timeout_cancel(struct ep *ep, struct handler *handler);

/* A gate that is served by `object`'s dispatcher; costs `payer` 1 cap. End it with ep_gate_end before the object ends. */
MUST_CHECK enum status ep_gate(struct ep *ep, struct account payer, struct rpc_object *object, struct cap *gate);
void ep_gate_end(struct account payer, struct cap gate);
