/* SPDX-License-Identifier: MIT */
/*
 * IRQ sessions: one interrupt line, or message, each. The kernel's object for it stands at the session's places behind the gate; the kernel knows
 * which lines there are, are its own, or have a session already.
 */
#pragma once

#include <core/account.h>
#include <irq/irq.h>

enum { IRQ_LINE = 1 };    /* place of the kernel's object */

struct irq {
	struct record record;        /* state: enum irq_kind */
	uint64_t      address, data; /* of a message */
	uint64_t      reserved[2];
};

enum irq_kind { IRQ_KIND_LINE, IRQ_KIND_MESSAGE };

static_assert(sizeof(struct irq) <= PLACES_IRQ * GRANULE, "what it is charged");

/* DENIED: the label does not grant it; a line in the log says so. */
MUST_CHECK enum status irq_check(struct irq_args const *args, char const *label);

/* What irq_check allowed. DENIED: the line is the kernel's own, or has a session; a line in the log says so. NOT_FOUND: there is no such line. OUT_OF_CAPS. */
MUST_CHECK enum status irq_create(struct account *payer, struct irq_args const *args, char const *label, struct irq **irq);

/* The line is masked, and can be asked for again. */
void irq_destroy(struct irq *irq);

extern struct irq_ops const irq_operations;
