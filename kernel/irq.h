/* SPDX-License-Identifier: MIT */
/*
 * Interrupts as signals. An IRQ object names one source and, through an embedded slot, the signal context that it submits.
 * The source is masked from the interrupt until the driver acknowledges.
 */
#pragma once

#include <kernel/thread.h>

struct irq {
	struct object  object;
	uint32_t       gsi;
	uint32_t       vector;
	uint32_t       spare0[5];
	struct slot    signal;       /* LIVE: bound */
	struct slot    root;
	uint64_t       spare1[4];
};

static_assert(sizeof(struct irq) == IRQ_GRANULES * GRANULE, "places that core pays for");

/* See SYS_IRQ_CREATE: `source` is a global system interrupt. INVALID: bad flags or place. OVERFLOW: all vectors are in use. */
enum status irq_create(uint64_t place, uint64_t source, uint64_t flags);

/* Unmasks with a signal context, masks without. INVALID: no such IRQ, or (bind) no such context. */
enum status irq_bind(uint64_t irq_phys, struct signal *signal, bool bind);

/* The driver has dealt with the device. */
enum status irq_ack(struct pd *pd, uint64_t selector);

enum status irq_destroy(struct object *object);
void        irq_handle(unsigned vector);
