/* SPDX-License-Identifier: MIT */
/* Signal contexts and gates for others; see signal.h. The operations are in account_ops.c. */
#include <core/signal.h>

#include <core/account.h>
#include <core/core.h>
#include <core/thread.h>

enum status signal_ref_set(struct signal_ref *ref, struct rpc_cap const *cap)
{
	struct signal *signal = NULL;

	if (cap->kind != GOT_NULL)
		RPC_TRY(cap_object(cap, RECORD_SIGNAL, &signal));
	signal_ref_clear(ref);
	ref->signal = signal;
	if (signal)
		list_append(&signal->refs, &ref->of_signal);
	return STATUS_OK;
}

void signal_ref_clear(struct signal_ref *ref)
{
	if (!ref->signal)
		return;
	list_remove(&ref->of_signal);
	ref->signal = NULL;
}

void signal_ref_submit(struct signal_ref const *ref)
{
	if (ref->signal)
		kernel_signal_submit(place_address(&ref->signal->record, 0));
}

void signal_destroy(struct signal *signal)
{
	while (!list_is_empty(&signal->refs))
		signal_ref_clear(list_first_object(&signal->refs, struct signal_ref, of_signal));
	kernel_destroy(place_address(&signal->record, 0));
	list_remove(&signal->of_thread);
	object_destroy(&signal->record, 0);
}

void gate_destroy(struct gate *gate)
{
	kernel_destroy(place_address(&gate->record, 0));
	list_remove(&gate->of_thread);
	object_destroy(&gate->record, 0);
}

enum status signal_create(struct account *payer, struct thread *receiver, uint64_t badge, struct signal **signal)
{
	RPC_TRY(object_create(payer, PLACES_SIGNAL, 0, RECORD_SIGNAL, signal));
	list_init(&(*signal)->refs);
	list_append(&receiver->signals, &(*signal)->of_thread);
	kernel_signal_create(place_address(&(*signal)->record, 0), thread_object(receiver), badge);
	return STATUS_OK;
}

enum status gate_create(struct account *payer, struct thread *server, uint64_t badge, struct gate **gate)
{
	RPC_TRY(object_create(payer, PLACES_GATE, 0, RECORD_GATE, gate));
	list_append(&server->gates, &(*gate)->of_thread);
	kernel_gate_create(place_address(&(*gate)->record, 0), thread_object(server), badge);
	return STATUS_OK;
}
