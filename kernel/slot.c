/* SPDX-License-Identifier: MIT */
/* The derivation tree; slot.h explains its shape. Every function but the two sliced ones is free of loops. */
#include <kernel/slot.h>

static uint32_t     link_to(struct slot *slot) { return virt_to_phys(slot) / SLOT_SIZE; }
static struct slot *slot_at(uint32_t link)     { return phys_to_virt((uint64_t)link * SLOT_SIZE); }

/* Appends a slot to the children of `parent`. */
static void adopt(struct slot *parent, struct slot *child)
{
	child->next = link_to(parent);
	child->last_child = 1;
	if (parent->last) {
		struct slot *last = slot_at(parent->last);
		last->next = link_to(child);
		last->last_child = 0;
		child->prev = parent->last;
		child->first_child = 0;
	} else {
		parent->first = link_to(child);
		child->prev = link_to(parent);
		child->first_child = 1;
	}
	parent->last = link_to(child);
}

/* Makes the neighbours of `slot` (siblings, or the parent at the ends) name `first` and `last` instead of it. */
static void replace(struct slot const *slot, uint32_t first, uint32_t last)
{
	if (slot->first_child)
		slot_at(slot->prev)->first = first;
	else
		slot_at(slot->prev)->next = first;
	if (slot->last_child)
		slot_at(slot->next)->last = last;
	else
		slot_at(slot->next)->prev = last;
}

/* Takes a slot out of its tree; its children take its place among its siblings. */
static void unlink_slot(struct slot *slot)
{
	if (slot->first) {
		struct slot *first = slot_at(slot->first), *last = slot_at(slot->last);
		replace(slot, slot->first, slot->last);
		first->prev = slot->prev;
		first->first_child = slot->first_child;
		last->next = slot->next;
		last->last_child = slot->last_child;
		return;
	}
	if (slot->first_child && slot->last_child) {
		struct slot *parent = slot_at(slot->prev);
		parent->first = parent->last = 0;
		return;
	}
	replace(slot, slot->next, slot->prev);
	if (slot->first_child)
		slot_at(slot->next)->first_child = 1;
	if (slot->last_child)
		slot_at(slot->prev)->last_child = 1;
}

void slot_install(struct slot *slot, struct slot *root, struct object *object, unsigned rights)
{
	assert(slot->state == SLOT_EMPTY && !object->dead);
	*slot = (struct slot) {
		.word = (uint64_t)object | (object->type == OBJECT_GATE && rights & RIGHT_USE), .state = SLOT_LIVE, .rights = rights,
	};
	adopt(root, slot);
}

void slot_copy(struct slot *from, struct slot *to, unsigned mask)
{
	assert(from->state == SLOT_LIVE);
	slot_install(to, from, slot_object(from), from->rights & mask);
}

void slot_move(struct slot *from, struct slot *to)
{
	assert(to->state == SLOT_EMPTY && from != to);
	*to = *from;
	if (from->state == SLOT_LIVE) {
		replace(from, link_to(to), link_to(to));
		if (to->first) {
			slot_at(to->first)->prev = link_to(to);
			slot_at(to->last)->next = link_to(to);
		}
	}
	*from = (struct slot) { .state = SLOT_EMPTY };
}

void slot_drop(struct slot *slot)
{
	if (slot->state == SLOT_LIVE)
		unlink_slot(slot);
	*slot = (struct slot) { .state = SLOT_EMPTY };
}

enum status slot_revoke(struct slot *slot, unsigned max)
{
	if (slot->state != SLOT_LIVE)
		return STATUS_OK;
	for (; slot->first; max--) {
		if (!max)
			return STATUS_AGAIN;
		slot_drop(slot_at(slot->first));
	}
	return STATUS_OK;
}

enum status slot_sweep(struct slot *root, unsigned max)
{
	for (; root->first; max--) {
		if (!max)
			return STATUS_AGAIN;
		struct slot *slot = slot_at(root->first);
		slot_drop(slot);
		slot->state = SLOT_DEAD;
	}
	return STATUS_OK;
}
