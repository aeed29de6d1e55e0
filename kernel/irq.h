/* SPDX-License-Identifier: MIT */
/*
 * Interrupts as signals. An IRQ object names one source, a line or a message (MSI), and, through an embedded slot, the signal context that it submits.
 *
 * A level-triggered line is masked from the interrupt until the driver acknowledges; if the device still asks then, it interrupts again. An edge
 * that comes while a line is masked is lost, so an edge-triggered one is masked only when a second edge comes before the
 * acknowledgement, which then submits once more. Either way there are at most two interrupts for each acknowledgement, and no request is lost.
 * A message cannot be masked: further ones are taken and forgotten, for the acknowledgement submits once more anyway.
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
	uint32_t       spare0[4];
	struct slot    signal;       /* LIVE: bound */
	struct slot    root;
	uint64_t       spare1[4];
};

static_assert(sizeof(struct irq) == IRQ_GRANULES * GRANULE, "places that core pays for");

/* See SYS_IRQ_CREATE; arguments and results are core's registers. INVALID: bad flags or place. OVERFLOW: all vectors are in use. */
enum status irq_create(struct frame *regs);

/* Unmasks with a signal context, masks without. INVALID: no such IRQ, or (bind) no such context. */
enum status irq_bind(uint64_t irq_phys, struct signal *signal, bool bind);

/* The driver has dealt with the device. */
enum status irq_ack(struct pd *pd, uint64_t selector);

enum status irq_destroy(struct object *object);

/* An interrupt has come, which is ended at the controller after this. */
void irq_handle(unsigned vector);
