/* SPDX-License-Identifier: MIT */
/*
 * Capabilities in messages. The receiver's UTCB names a slot for each that may come (`window`); what is in such a slot is
 * dropped. A gate that the receiver's own protection domain serves arrives as its badge and takes no slot: this
 * is how servers recognise their own objects; only from core, which has just made it, it arrives as a capability.
 * Whatever cannot be sent any more arrives as a null capability. A reply fills only as many windows as its caller expects: what is in the
 * others, say, what came with the request that the caller serves itself, is none of the server's business.
 */
#include <kernel/ipc.h>

/* The slot behind a send word, if it may be sent now. */
static struct slot *sendable(struct thread *from, uint64_t word)
{
	struct slot *slot = pd_slot(from->pd, word & ~(uint64_t)(SLOT_SIZE - 1));
	return slot && slot->state == SLOT_LIVE && !slot_is_dead(slot) && slot->rights & RIGHT_COPY ? slot : NULL;
}

static bool sends_object(struct thread const *from, uint64_t word) { return from->pd->is_core && word & SEND_OBJECT; }

enum status transfer_check(struct thread *t, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t word = t->utcb->send[i];
		if (!word || sends_object(t, word) || sendable(t, word))
			continue;
		struct slot *slot = pd_slot(t->pd, word & ~(uint64_t)(SLOT_SIZE - 1));
		if (!slot || !slot_is_dead(slot))
			return STATUS_BAD_CAP;
	}
	return STATUS_OK;
}

static bool is_own_gate(struct thread const *to, struct object *object, uint64_t *badge)
{
	if (object->type != OBJECT_GATE)
		return false;

	struct gate *gate = container_of(object, struct gate, object);
	if (gate->thread->pd != to->pd)
		return false;
	*badge = gate->badge;
	return true;
}

/* Sends one; returns what the receiver got. */
static enum got_kind transfer_one(struct thread *from, struct thread *to, uint64_t word, unsigned index)
{
	struct slot *source = NULL;
	struct object *object;

	if (sends_object(from, word)) {
		object = object_any(word & ~(uint64_t)(GRANULE - 1));
		if (!object || object->dead || !object_root(object))
			return GOT_NULL;
	} else {
		source = word ? sendable(from, word) : NULL;
		if (!source)
			return GOT_NULL;
		object = slot_object(source);
	}
	/* What core sends by address is new to the receiver, its own gates included: it asked for the capability. */
	if (source && is_own_gate(to, object, &to->utcb->got[index].badge))
		return source->rights & RIGHT_USE ? GOT_OWN : GOT_NULL; /* a badge is believed: it is for who may use the gate */

	struct slot *target = pd_slot(to->pd, to->utcb->window[index]);
	if (!target)
		return GOT_MISSING;
	if (target == source)
		return GOT_SLOT;
	slot_drop(target);
	if (!source)
		slot_install(target, object_root(object), object, RIGHTS_ALL);
	else if (word & SEND_MOVE)
		slot_move(source, target);
	else
		slot_copy(source, target, RIGHTS_ALL);
	return GOT_SLOT;
}

void transfer_caps(struct thread *from, struct thread *to, unsigned count)
{
	unsigned offered = to->state == THREAD_CALLING ? from->offered : UTCB_CAPS; /* a reply, or a call */

	for (unsigned i = 0; i < count; i++)
		to->utcb->got[i].kind = i < offered ? transfer_one(from, to, from->utcb->send[i], i) : GOT_MISSING;
}

enum status transfer_check_windows(struct thread *t, unsigned expect)
{
	for (unsigned i = 0; i < expect; i++)
		if (!pd_slot(t->pd, t->utcb->window[i]))
			return STATUS_OUT_OF_CAPS;
	return STATUS_OK;
}

enum status transfer_fast(struct thread *from, struct thread *to, uint64_t header)
{
	unsigned caps = header >> 16 & 0xf, expect = header >> 20 & 0xf;
	bool calls = (header & 0xff) == SYS_CALL;

	if (caps > UTCB_CAPS || expect > UTCB_CAPS)
		return STATUS_INVALID;
	if (calls && (transfer_check_windows(from, expect) || transfer_check(from, caps)))
		return STATUS_INVALID;
	transfer_caps(from, to, caps);
	if (calls)
		to->offered = expect;
	return STATUS_OK;
}
