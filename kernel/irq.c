/* SPDX-License-Identifier: MIT */
/* IRQ objects, one for each vector from VECTOR_IRQ up. A vector is a hint: an unexpected one is counted as spurious and dropped. */
#include <kernel/irq.h>

#include <kernel/ipc.h>
#include <kernel/pd.h>
#include <kernel/x86_64/apic.h>

#define NO_LINE UINT32_MAX

static struct irq *irq_of[VECTOR_IRQ_END - VECTOR_IRQ];

static void mask(struct irq const *irq, bool masked)
{
	if (irq->gsi != NO_LINE)
		ioapic_mask(irq->gsi, masked);
}

/* A vector that no object has. BUSY: one has the line. */
static enum status find_vector(uint64_t gsi, unsigned *vector)
{
	*vector = 0;
	for (unsigned i = ARRAY_SIZE(irq_of); i--;) {
		if (irq_of[i] && irq_of[i]->gsi == gsi && gsi != NO_LINE)
			return STATUS_BUSY;
		if (!irq_of[i])
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

enum status irq_bind(uint64_t irq_phys, struct signal *signal, bool bind)
{
	struct object *object = object_at(irq_phys, OBJECT_IRQ);

	if (!object || (bind && !signal))
		return STATUS_INVALID;
	struct irq *irq = container_of(object, struct irq, object);
	slot_drop(&irq->signal);
	if (bind)
		slot_install(&irq->signal, &signal->root, &signal->object, RIGHT_USE);
	irq->waits = irq->again = false;
	mask(irq, !bind);
	return STATUS_OK;
}

static bool is_bound(struct irq const *irq)
{
	return irq->signal.state == SLOT_LIVE && !slot_is_dead(&irq->signal);
}

static void submit(struct irq *irq)
{
	signal_submit(container_of(slot_object(&irq->signal), struct signal, object));
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
	if (irq->level || irq->waits)
		mask(irq, false);
	if (irq->waits)
		submit(irq);
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
	return slot_sweep(&irq->root, SWEEP_SLOTS);
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
	irq->again = irq->waits;
	irq->waits = !irq->level;
	if (tell)
		submit(irq);
}
