/* SPDX-License-Identifier: MIT */
/*
 * Interrupts as signals. An IRQ object names one source, a line or a message (MSI), and, through an embedded slot, the signal context that it submits.
 *
 * A level-triggered line is masked from the interrupt until the driver acknowledges; if the device still asks then, it interrupts again. An edge
 * that comes while a line is masked is lost, so an edge-triggered one is masked only when a second edge comes before the
 * acknowledgement, which then submits once more. Either way there are at most two interrupts for each acknowledgement, and no request is lost.
 * A message cannot be masked: further ones are taken and forgotten, for the acknowledgement submits once more anyway. If too many come, it is a
 * storm: its storm signal is submitted, for who can turn the device off, and from then on the CPU lets one in for each STORM_REST_NS. Messages have
 * the lowest vectors, lines the highest, so that a storm delays no line, and other messages for no longer than that.
 */
#pragma once

#include <kernel/thread.h>

struct irq {
	struct object  object;
	uint32_t       gsi;          /* or NO_LINE */
	uint32_t       vector;
	bool           level;
	bool           waits;        /* edge: not acknowledged yet */
	bool           again;        /* edge: came another time since, and is masked */
	uint32_t       burst;        /* messages since the last acknowledgement, STORM_MESSAGES at most */
	uint32_t       spare[3];
	struct slot    signal;       /* LIVE: bound */
	struct slot    root;
	struct slot    storm;        /* LIVE: whom a storm of messages is told */
};

static_assert(sizeof(struct irq) == IRQ_GRANULES * GRANULE, "places that core pays for");

/* See SYS_IRQ_CREATE; arguments and results are core's registers. INVALID: bad flags or place. OVERFLOW: all vectors are in use. */
enum status irq_create(struct frame *regs);

/* Unmasks with a signal context, masks without; or, with `storm`, says who hears of storms. INVALID: no such IRQ, or (bind) no such context. */
enum status irq_bind(uint64_t irq_phys, struct signal *signal, bool bind, bool storm);

/* The driver has dealt with the device. */
enum status irq_ack(struct pd *pd, uint64_t selector);

enum status irq_destroy(struct object *object);

/* An interrupt has come, which is ended at the controller after this. */
void irq_handle(unsigned vector);

/* The timer has interrupted: what storms is let in again. */
void irq_rest_is_over(void);
