/* SPDX-License-Identifier: MIT */
/* IRQ objects, one for each vector from VECTOR_IRQ up. A vector is a hint: an unexpected one is counted as spurious and dropped. */
#include <kernel/irq.h>

#include <kernel/ipc.h>
#include <kernel/pd.h>
#include <kernel/x86_64/apic.h>

static struct irq *irq_of[VECTOR_IRQ_END - VECTOR_IRQ];

enum status irq_create(uint64_t place, uint64_t source, uint64_t flags)
{
	struct object *object;
	unsigned free = ARRAY_SIZE(irq_of);
	enum status status;

	if (flags >= 2 * IRQ_BUS)
		return STATUS_INVALID;
	if (source > UINT32_MAX)
		return STATUS_NOT_FOUND;
	for (unsigned i = ARRAY_SIZE(irq_of); i--;) {
		if (irq_of[i] && irq_of[i]->gsi == source)
			return STATUS_BUSY;
		if (!irq_of[i])
			free = i;
	}
	if (free == ARRAY_SIZE(irq_of))
		return STATUS_OVERFLOW;
	status = ioapic_route(source, VECTOR_IRQ + free, flags);
	if (!status)
		status = object_create(place, IRQ_GRANULES, OBJECT_IRQ, &object);
	if (status)
		return status;
	struct irq *irq = container_of(object, struct irq, object);
	irq->gsi = source;
	irq->vector = VECTOR_IRQ + free;
	irq->level = ioapic_is_level(source);
	irq_of[free] = irq;
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
	ioapic_mask(irq->gsi, !bind);
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
		ioapic_mask(irq->gsi, false);
	if (irq->waits)
		submit(irq);
	return STATUS_OK;
}

enum status irq_destroy(struct object *object)
{
	struct irq *irq = container_of(object, struct irq, object);

	if (irq_of[irq->vector - VECTOR_IRQ] == irq) { /* the first slice: later the vector may be another's */
		ioapic_mask(irq->gsi, true);
		irq_of[irq->vector - VECTOR_IRQ] = NULL;
	}
	slot_drop(&irq->signal);
	return slot_sweep(&irq->root, SWEEP_SLOTS);
}

void irq_handle(unsigned vector)
{
	struct irq *irq = irq_of[vector - VECTOR_IRQ];
	bool tell = irq && is_bound(irq) && !irq->waits;

	if (irq && (irq->level || !tell))
		ioapic_mask(irq->gsi, true);
	apic_eoi();
	if (!irq)
		return;
	irq->again = irq->waits;
	irq->waits = !irq->level;
	if (tell)
		submit(irq);
}
