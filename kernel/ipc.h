/* SPDX-License-Identifier: MIT */
/*
 * Synchronous IPC, signals and faults as messages. All functions work on the state of threads; none of them switches:
 * sched_dispatch does, at the end of each kernel entry.
 */
#pragma once

#include <kernel/cpu.h>

/* A fault at the end of a chain of calls makes it longer, and a fault of the pager once more. */
#define FAULT_DEPTH_MAX (CHAIN_DEPTH_MAX + 2)

/* The blocking calls and submit, of the current thread `t`, whose registers hold the arguments. */
void ipc_call(struct thread *t);
void ipc_reply_wait(struct thread *t);
void ipc_wait(struct thread *t);

/* QUEUED -> CALLING: hands the call of `t` to its receptive partner. */
void ipc_deliver_call(struct thread *t);

/* Hands the first submitted signal to a receptive thread. Returns false if none is left. */
bool ipc_deliver_signal(struct thread *t);

/* Hands a receptive thread what its own SC is in the run queue for: the first signal, or the best caller if one is from another CPU. */
void ipc_deliver_next(struct thread *t);

void signal_submit(struct signal *signal);

/* Takes it out of its thread's list, if it is in it. */
void signal_unlink(struct signal *signal);

/* A fault or exception of `t` (vector and error in its frame) becomes a call to its pager or handler. */
void ipc_fault(struct thread *t, uint64_t address);

/* Ends whatever `t` waits for; the blocking call returns `status`. */
void ipc_abort_wait(struct thread *t, enum status status);

/* The deadline of `t` has passed: its wait ends, or the next one will. */
void ipc_late(struct thread *t);

/* The server `t` will not answer: its caller gets `status`. */
void ipc_abort_caller(struct thread *t, enum status status);

/* Callers of `t` that queue for it get PEER_GONE, up to `max`. AGAIN: there may be more. */
enum status ipc_abort_waiters(struct thread *t, unsigned max);

/* Copies `count` capabilities that `from` sends into the windows of `to`. */
void transfer_caps(struct thread *from, struct thread *to, unsigned count);

/*
 * The fast path's capabilities: `from` calls (or replies to) `to` with this header. Checks first; not OK: nothing has happened,
 * and the C path finds out why.
 */
enum status transfer_fast(struct thread *from, struct thread *to, uint64_t header);

/* OUT_OF_CAPS if one of the `expect` slots that `t` waits with is not there. */
enum status transfer_check_windows(struct thread *t, unsigned expect);

/* OK if all `count` capabilities that `t` wants to send can be sent; BAD_CAP. */
enum status transfer_check(struct thread *t, unsigned count);
