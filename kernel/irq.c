/* SPDX-License-Identifier: MIT */
/* IRQ objects, one for each vector from VECTOR_IRQ up. A vector is a hint: an unexpected one is counted as spurious and dropped. */
#include <kernel/irq.h>

#include <kernel/ipc.h>
#include <kernel/cpu.h>
#include <kernel/pd.h>
#include <kernel/sched.h>
#include <kernel/x86_64/apic.h>
#include <kernel/x86_64/clock.h>

#define NO_LINE UINT32_MAX

/* Messages that may come before one is acknowledged; when more do, they are let in once in so much time. */
enum { STORM_MESSAGES = 64, STORM_REST_NS = 1000000 };

static struct irq *irq_of[VECTOR_IRQ_END - VECTOR_IRQ];
static bool        blocked;    /* messages are, at CPU 0, which gets all interrupts of devices */

static void mask(struct irq const *irq, bool masked)
{
	if (irq->gsi != NO_LINE)
		ioapic_mask(irq->gsi, masked);
}

/* A vector that no object has: for a line the highest, for a message the lowest one. BUSY: one has the line. */
static enum status find_vector(uint64_t gsi, unsigned *vector)
{
	*vector = 0;
	for (unsigned i = ARRAY_SIZE(irq_of); i--;) {
		if (irq_of[i] && irq_of[i]->gsi == gsi && gsi != NO_LINE)
			return STATUS_BUSY;
		if (!irq_of[i] && (gsi == NO_LINE || !*vector))
			*vector = VECTOR_IRQ + i;
	}
	return *vector ? STATUS_OK : STATUS_OVERFLOW;
}

enum status irq_create(struct frame *regs)
{
	bool line = regs->rdx != IRQ_MSI;
	uint64_t gsi = line ? regs->rsi : NO_LINE;
	struct object *object;
	unsigned vector;

	if (line ? regs->rdx >= IRQ_MSI : regs->rsi)
		return STATUS_INVALID;
	if (line && gsi >= NO_LINE)
		return STATUS_NOT_FOUND;

	enum status status = find_vector(gsi, &vector);
	if (!status && line)
		status = ioapic_route(gsi, vector, regs->rdx);
	if (!status)
		status = object_create(regs->rdi, IRQ_GRANULES, OBJECT_IRQ, &object);
	if (status)
		return status;
	struct irq *irq = container_of(object, struct irq, object);
	irq->gsi = gsi;
	irq->vector = vector;
	irq->level = line && ioapic_is_level(gsi);
	irq_of[vector - VECTOR_IRQ] = irq;
	if (!line) {
		struct msi message = apic_msi(vector);
		regs->rdi = message.address;
		regs->rsi = message.data;
	}
	return STATUS_OK;
}

enum status irq_bind(uint64_t irq_phys, struct signal *signal, bool bind, bool storm)
{
	struct object *object = object_at(irq_phys, OBJECT_IRQ);

	if (!object || (bind && !signal))
		return STATUS_INVALID;
	struct irq *irq = container_of(object, struct irq, object);
	struct slot *slot = storm ? &irq->storm : &irq->signal;
	slot_drop(slot);
	if (bind)
		slot_install(slot, &signal->root, &signal->object, RIGHT_USE);
	if (storm)
		return STATUS_OK;
	irq->waits = irq->again = false;
	irq->burst = 0;
	mask(irq, !bind);
	return STATUS_OK;
}

static bool is_live(struct slot const *slot)
{
	return slot->state == SLOT_LIVE && !slot_is_dead(slot);
}

static bool is_bound(struct irq const *irq)
{
	return is_live(&irq->signal);
}

static void submit(struct slot const *slot)
{
	signal_submit(container_of(slot_object(slot), struct signal, object));
}

enum status irq_ack(struct pd *pd, uint64_t selector)
{
	enum status status;
	struct object *object = pd_lookup(pd, selector, OBJECT_IRQ, &status);

	if (!object)
		return status;
	struct irq *irq = container_of(object, struct irq, object);
	if (!is_bound(irq))
		return STATUS_OK;
	irq->waits = irq->again;
	irq->again = false;
	irq->burst = 0;
	if (irq->level || irq->waits)
		mask(irq, false);
	if (irq->waits)
		submit(&irq->signal);
	return STATUS_OK;
}

enum status irq_destroy(struct object *object)
{
	struct irq *irq = container_of(object, struct irq, object);

	if (irq_of[irq->vector - VECTOR_IRQ] == irq) { /* the first slice: later the vector may be another's */
		mask(irq, true);
		irq_of[irq->vector - VECTOR_IRQ] = NULL;
	}
	slot_drop(&irq->signal);
	slot_drop(&irq->storm);
	return slot_sweep(&irq->root, SWEEP_SLOTS);
}

/* A message has come that the driver has not got to yet. */
static void count_message(struct irq *irq)
{
	if (irq->burst < STORM_MESSAGES) {
		irq->burst++;
		if (irq->burst < STORM_MESSAGES)
			return;
		if (is_live(&irq->storm))
			submit(&irq->storm);
	}
	blocked = true;
	apic_block(irq->vector);
	sched_tick_at(clock_ticks() + clock_ns_to_ticks(STORM_REST_NS));
}

void irq_rest_is_over(void)
{
	if (!blocked || this_cpu.number)
		return;
	blocked = false;
	apic_unblock();
}

void irq_handle(unsigned vector)
{
	struct irq *irq = irq_of[vector - VECTOR_IRQ];
	bool tell;

	if (!irq)
		return;
	tell = is_bound(irq) && !irq->waits;
	if (irq->level || !tell)
		mask(irq, true);
	if (irq->waits && irq->gsi == NO_LINE)
		count_message(irq);
	irq->again = irq->waits;
	irq->waits = !irq->level;
	if (tell)
		submit(&irq->signal);
}
