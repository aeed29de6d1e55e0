/* SPDX-License-Identifier: MIT */
/* Protection domains: the capability table, and the operations that everyone may do on their own. */
#include <kernel/pd.h>

#include <kernel/irq.h>
#include <kernel/x86_64/paging.h>

enum status pd_refusal(struct slot const *slot)
{
	return slot && slot->state != SLOT_EMPTY && slot_is_dead(slot) ? STATUS_PEER_GONE : STATUS_BAD_CAP;
}

struct slot *object_root(struct object *object)
{
	switch (object->type) {
	case OBJECT_GATE:
		return &container_of(object, struct gate, object)->root;
	case OBJECT_SIGNAL:
		return &container_of(object, struct signal, object)->root;
	case OBJECT_IRQ:
		return &container_of(object, struct irq, object)->root;
	default:
		return NULL;
	}
}

enum status pd_cap_copy(struct pd *pd, uint64_t from, struct pd *to_pd, uint64_t to, unsigned mask)
{
	struct slot *source = pd_slot(pd, from), *target = pd_slot(to_pd, to);

	if (!source || !target || source->state == SLOT_EMPTY)
		return STATUS_BAD_CAP;
	if (target->state != SLOT_EMPTY)
		return STATUS_EXISTS;
	if (slot_is_dead(source))
		return STATUS_PEER_GONE;
	if (!(source->rights & RIGHT_COPY))
		return STATUS_DENIED;
	slot_copy(source, target, mask);
	return STATUS_OK;
}

enum status pd_cap_move(struct pd *pd, uint64_t from, uint64_t to)
{
	struct slot *source = pd_slot(pd, from), *target = pd_slot(pd, to);

	if (!source || !target || source->state == SLOT_EMPTY)
		return STATUS_BAD_CAP;
	if (target->state != SLOT_EMPTY)
		return STATUS_EXISTS;
	slot_move(source, target);
	return STATUS_OK;
}

enum status pd_cap_drop(struct pd *pd, uint64_t selector)
{
	struct slot *slot = pd_slot(pd, selector);

	if (!slot)
		return STATUS_BAD_CAP;
	slot_drop(slot);
	return STATUS_OK;
}

enum status pd_cap_revoke(struct pd *pd, uint64_t selector)
{
	struct slot *slot = pd_slot(pd, selector);

	if (!slot)
		return STATUS_BAD_CAP;
	return slot_revoke(slot, SWEEP_SLOTS);
}

enum status pd_cap_info(struct pd *pd, uint64_t selector, uint64_t other, struct cap_info *info)
{
	struct slot *slot = pd_slot(pd, selector), *second = pd_slot(pd, other);

	*info = (struct cap_info) { .type = CAP_NONE };
	if (!slot)
		return STATUS_BAD_CAP;
	if (slot_is_dead(slot))
		return STATUS_PEER_GONE;
	if (slot->state == SLOT_EMPTY)
		return STATUS_OK;
	info->rights = slot->rights;
	info->same = second && second->state == SLOT_LIVE && slot_object(second) == slot_object(slot);
	switch (slot_object(slot)->type) {
	case OBJECT_GATE: {
		struct gate *gate = container_of(slot_object(slot), struct gate, object);
		info->type = CAP_GATE;
		info->badge = gate->thread->pd == pd ? gate->badge : 0;
		break;
	}
	case OBJECT_SIGNAL:
		info->type = CAP_SIGNAL;
		break;
	default:
		info->type = CAP_IRQ;
	}
	return STATUS_OK;
}

enum status pd_create(uint64_t place, uint64_t cap_frame, uint64_t top_table)
{
	struct object *object;

	if (cap_frame % PAGE_SIZE || top_table % PAGE_SIZE || !cap_frame || !top_table || cap_frame == top_table)
		return STATUS_INVALID;
	if (object_create(place, PD_GRANULES, OBJECT_PD, &object))
		return STATUS_INVALID;

	struct pd *pd = container_of(object, struct pd, object);
	zero_quads(phys_to_virt(cap_frame), PAGE_SIZE / 8);
	pd->caps[0] = phys_to_virt(cap_frame);
	pd->near_frames = pd->cap_frames = 1;
	paging_init_top(pd, top_table);
	return STATUS_OK;
}

static enum status add_caps(struct pd *pd, struct slot *frame)
{
	if (pd->cap_frames >= (pd->far ? PD_CAP_FRAMES : PD_NEAR_FRAMES))
		return STATUS_OVERFLOW;
	zero_quads(frame, PAGE_SIZE / 8);
	if (pd->cap_frames < PD_NEAR_FRAMES)
		pd->caps[pd->near_frames++] = frame;
	else
		pd->far[pd->cap_frames - PD_NEAR_FRAMES] = frame;
	pd->cap_frames++;
	return STATUS_OK;
}

enum status pd_grow(struct pd *pd, uint64_t frame, enum frame_kind kind)
{
	if (frame % PAGE_SIZE || !frame)
		return STATUS_INVALID;
	switch (kind) {
	case FRAME_TABLE:
		paging_give_table(pd, frame);
		return STATUS_OK;
	case FRAME_CAPS:
		return add_caps(pd, phys_to_virt(frame));
	case FRAME_LIST:
		if (pd->far)
			return STATUS_INVALID;
		pd->far = phys_to_virt(frame);
		zero_quads(pd->far, PAGE_SIZE / 2 / 8);
		return STATUS_OK;
	}
	return STATUS_INVALID;
}
