/* SPDX-License-Identifier: MIT */
/* Object frames: form checks, the bitmaps of granules. */
#include <kernel/object.h>

#define FRAME_MAGIC 0x737463656a626f00UL

static unsigned granules_of[OBJECT_TYPES] = {
	[OBJECT_PD] = PD_GRANULES,         [OBJECT_THREAD] = THREAD_GRANULES, [OBJECT_GATE] = GATE_GRANULES,
	[OBJECT_SIGNAL] = SIGNAL_GRANULES, [OBJECT_IRQ] = IRQ_GRANULES,
	[OBJECT_BUDGET] = BUDGET_GRANULES,
};

void object_set_granules(enum object_type type, unsigned granules) { granules_of[type] = granules; }

static uint64_t first_frame;

/* Page 0 is not in the direct map. Other addresses are core's word that there is RAM. */
static struct object_frame *frame_at(uint64_t phys)
{
	struct object_frame *frame = phys_to_virt(phys & ~(PAGE_SIZE - 1));
	return phys >= PAGE_SIZE && frame->magic == FRAME_MAGIC ? frame : NULL;
}

/* One that the list of frames leads to. */
static struct object_frame *listed(uint64_t phys)
{
	struct object_frame *frame = frame_at(phys);

	assert(frame);
	return frame;
}

enum status frame_give(uint64_t phys)
{
	if (phys % PAGE_SIZE || !phys)
		return STATUS_INVALID;

	struct object_frame *frame = phys_to_virt(phys);
	zero_quads(frame, PAGE_SIZE / 8);
	frame->magic = FRAME_MAGIC;
	frame->used = 1;
	frame->next = first_frame;
	if (first_frame)
		listed(first_frame)->prev = phys;
	first_frame = phys;
	return STATUS_OK;
}

enum status frame_take(uint64_t phys)
{
	struct object_frame *frame = phys % PAGE_SIZE ? NULL : frame_at(phys);

	if (!frame)
		return STATUS_INVALID;
	if (frame->used != 1)
		return STATUS_BUSY;
	if (frame->next)
		listed(frame->next)->prev = frame->prev;
	if (frame->prev)
		listed(frame->prev)->next = frame->next;
	else
		first_frame = frame->next;
	zero_quads(frame, PAGE_SIZE / 8);
	return STATUS_OK;
}

enum status object_create(uint64_t phys, unsigned granules, enum object_type type, struct object **object)
{
	struct object_frame *frame = phys % GRANULE ? NULL : frame_at(phys);
	unsigned first = phys % PAGE_SIZE / GRANULE;

	if (!frame || first + granules > FRAME_GRANULES)
		return STATUS_INVALID;

	uint64_t run = ((1UL << granules) - 1) << first;
	if (frame->used & run)
		return STATUS_INVALID;
	frame->used |= run;
	frame->starts |= 1UL << first;
	*object = phys_to_virt(phys);
	(*object)->type = type;
	return STATUS_OK;
}

void object_free(struct object *object)
{
	uint64_t phys = virt_to_phys(object);
	struct object_frame *frame = frame_at(phys);
	unsigned first = phys % PAGE_SIZE / GRANULE, granules = granules_of[object->type];

	assert(frame && (frame->starts & 1UL << first));
	frame->used &= ~(((1UL << granules) - 1) << first);
	frame->starts &= ~(1UL << first);
	zero_quads(object, granules * GRANULE / 8);
}

static inline bool is_object(uint64_t phys)
{
	struct object_frame *frame = phys % GRANULE ? NULL : frame_at(phys);

	return frame && (frame->starts & 1UL << phys % PAGE_SIZE / GRANULE);
}

struct object *object_any(uint64_t phys) { return is_object(phys) ? phys_to_virt(phys) : NULL; }

struct object *object_at(uint64_t phys, enum object_type type)
{
	struct object *object = phys_to_virt(phys);

	return is_object(phys) && object->type == type && !object->dead ? object : NULL;
}

struct object *object_next(struct object const *object)
{
	uint64_t phys = object ? virt_to_phys(object) : first_frame;

	while (phys) {
		struct object_frame *frame = listed(phys);
		uint64_t after = frame->starts & ~((2UL << phys % PAGE_SIZE / GRANULE) - 1);
		if (after)
			return phys_to_virt((phys & ~(PAGE_SIZE - 1)) + (uint64_t)__builtin_ctzl(after) * GRANULE);
		phys = frame->next;
	}
	return NULL;
}
