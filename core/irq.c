/* SPDX-License-Identifier: MIT */
/* IRQ sessions; see irq.h. */
#include <core/irq.h>

#include <core/claims.h>
#include <core/core.h>
#include <core/grant.h>
#include <core/signal.h>

static uint64_t const flags_of_mode[] = {
	[IRQ_MODE_BUS_DEFAULT] = IRQ_BUS, [IRQ_MODE_EDGE_HIGH] = 0, [IRQ_MODE_EDGE_LOW] = IRQ_LOW, [IRQ_MODE_LEVEL_HIGH] = IRQ_LEVEL,
	[IRQ_MODE_LEVEL_LOW] = IRQ_LEVEL | IRQ_LOW,
};

enum status irq_check(struct irq_args const *args, char const *label)
{
	bool message = args->mode == IRQ_MODE_MESSAGE;
	enum grant_kind kind = message ? GRANT_MSI : GRANT_IRQ;
	uint32_t number = message ? 0 : args->number;
	char what[48];

	if (grant_holds(label, kind, number, number))
		return STATUS_OK;
	format_cut(what, sizeof(what), message ? "an interrupt by message" : "interrupt line %u", args->number);
	return claims_deny(label, what, grant_advice(label, kind, number, number));
}

static enum status create_object(struct irq *irq, struct irq_args const *args)
{
	struct paddr place = place_address(&irq->record, IRQ_LINE);

	if (args->mode != IRQ_MODE_MESSAGE)
		return kernel_irq_create(place, args->number, flags_of_mode[args->mode]);
	irq->record.state = IRQ_KIND_MESSAGE;
	return kernel_msi_create(place, &irq->address, &irq->data);
}

enum status irq_create(struct account *payer, struct irq_args const *args, char const *label, struct irq **irq)
{
	char what[48];
	enum status status;

	RPC_TRY(object_create(payer, PLACES_IRQ, 0, RECORD_IRQ, irq));
	status = create_object(*irq, args);
	if (status != STATUS_OK) {
		object_destroy(&(*irq)->record, 0);
		if (status == STATUS_NOT_FOUND)
			return status;
		format_cut(what, sizeof(what), args->mode == IRQ_MODE_MESSAGE ? "an interrupt by message" : "interrupt line %u", args->number);
		return claims_deny(label, what,
		                   status == STATUS_DENIED ? "the kernel's own" : status == STATUS_BUSY ? "another session has it" : "no vector is left");
	}
	kernel_gate_create(place_address(&(*irq)->record, 0), core_thread, badge_of(&(*irq)->record, 0));
	return STATUS_OK;
}

void irq_destroy(struct irq *irq)
{
	kernel_destroy(place_address(&irq->record, IRQ_LINE));
	kernel_destroy(place_address(&irq->record, 0));
	object_destroy(&irq->record, 0);
}

static enum status bind(struct irq const *irq, struct rpc_cap const *handler, enum irq_binding what)
{
	struct signal *signal = NULL;

	if (handler->kind != GOT_NULL)
		RPC_TRY(cap_object(handler, RECORD_SIGNAL, &signal));
	kernel_irq_bind(place_address(&irq->record, IRQ_LINE), signal ? place_address(&signal->record, 0) : (struct paddr) { 0 }, what);
	return STATUS_OK;
}

static enum status op_bind(struct irq_session *self, struct rpc_cap const *handler, struct cap *line)
{
	struct irq *irq = (struct irq *)self;

	RPC_TRY(bind(irq, handler, IRQ_BIND_SIGNAL));
	*line = cap_of(&irq->record, IRQ_LINE);
	return STATUS_OK;
}

static enum status op_storm_handler(struct irq_session *self, struct rpc_cap const *handler)
{
	return bind((struct irq *)self, handler, IRQ_BIND_STORM);
}

static enum status op_message(struct irq_session *self, uint64_t *address, uint64_t *data)
{
	struct irq *irq = (struct irq *)self;

	if (irq->record.state != IRQ_KIND_MESSAGE)
		return STATUS_UNSUPPORTED;
	*address = irq->address;
	*data = irq->data;
	return STATUS_OK;
}

struct irq_ops const irq_operations = { .bind = op_bind, .message = op_message, .storm_handler = op_storm_handler };
