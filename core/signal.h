/* SPDX-License-Identifier: MIT */
/*
 * Signal contexts and gates that core makes for others, and core's own references to signal contexts. Whoever in core may
 * submit one later holds a struct signal_ref, which is emptied when the context ends.
 */
#pragma once

#include <core/record.h>

struct thread;

struct signal {
	struct record    record;
	struct list_link of_thread;    /* the receiver's signals */
	struct list      refs;         /* of struct signal_ref by of_signal */
};

struct gate {
	struct record    record;
	struct list_link of_thread;    /* the server's gates */
	uint64_t         reserved[2];
};

static_assert(sizeof(struct signal) == GRANULE && sizeof(struct gate) == GRANULE, "one cap each");

struct signal_ref {
	struct list_link of_signal;
	struct signal   *signal;       /* NULL: none, or it has ended */
};

/* From now on `ref` stands for the context behind `cap`; null: for none. BAD_CAP: it is something else, and nothing changes. */
MUST_CHECK enum status signal_ref_set(struct signal_ref *ref, struct rpc_cap const *cap);
void signal_ref_clear(struct signal_ref *ref);
void signal_ref_submit(struct signal_ref const *ref);

/* The object's end; its account is credited. Bound: the references core has, one for each object that its holder told. */
void signal_destroy(struct signal *signal);
void gate_destroy(struct gate *gate);

/* A context that delivers to `receiver`, which is bound. OUT_OF_CAPS. */
MUST_CHECK enum status signal_create(struct account *payer, struct thread *receiver, uint64_t badge, struct signal **signal);
MUST_CHECK enum status gate_create(struct account *payer, struct thread *server, uint64_t badge, struct gate **gate);
