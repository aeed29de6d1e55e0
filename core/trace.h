/* SPDX-License-Identifier: MIT */
/*
 * TRACE sessions. A trace has a number with the kernel as long as it has a ring, which is a dataspace of the session's account. Threads join it when they are
 * bound to a domain below its label, and leave with their end or its. So nothing is ever searched but the few traces that there are.
 */
#pragma once

#include <core/account.h>
#include <core/dataspace.h>
#include <trace/trace.h>

struct thread;
struct pd;

struct trace {
	struct record     record;
	struct list_link  of_traces;    /* linked: it has a ring */
	struct dataspace *ring;
	struct list       threads;      /* of struct thread by of_trace */
	struct list_link *cursor;       /* what next() tells of; NULL: the end */
	uint32_t          number;
	uint32_t          label_size;
	char              label[];
};

/* Places that a TRACE session with a label of so many bytes takes. */
unsigned trace_places(size_t label_size);

/* OUT_OF_CAPS. */
MUST_CHECK enum status trace_create(struct account *payer, struct label const *label, struct trace **trace);

/* AGAIN: a slice is done. */
MUST_CHECK enum status trace_destroy(struct trace *trace);

/* A thread gets its domain, or ends. */
void trace_thread_bound(struct thread *thread, struct pd const *pd);
void trace_thread_ends(struct thread *thread);

/* The memory is about to be somebody else's. */
void trace_dataspace_ends(struct dataspace const *dataspace);

extern struct trace_ops const trace_operations;
