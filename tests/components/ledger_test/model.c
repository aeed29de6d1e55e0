/* SPDX-License-Identifier: MIT */
/* The prices, and sums; see model.h. */
#include "model.h"

#include <base/assert.h>

#define WINDOW 0x200000UL

enum { CAPS_PER_PACK = 63, PAGES_PER_PACK = 2, CAPS_OF_ACCOUNT = 3 };

uint64_t model_caps_of(enum model_kind kind)
{
	static uint64_t const caps[] = {
		[MODEL_MEMORY] = 1, [MODEL_REGION] = 2, [MODEL_SIGNAL] = 1, [MODEL_GATE] = 1, [MODEL_THREAD] = 9,
		[MODEL_LOG] = CAPS_OF_ACCOUNT + 2,    /* an account for the session, and what was donated to it */
	};

	return kind == MODEL_NONE ? 0 : caps[kind];
}

uint64_t model_pages_for_caps(bool component, uint64_t caps)
{
	return component ? (caps + CAPS_PER_PACK - 1) / CAPS_PER_PACK * PAGES_PER_PACK : 0;
}

/* Is `window` one that a region of this payer before `index` reaches? */
static bool is_paid(struct model const *model, unsigned index, uint64_t window)
{
	for (unsigned i = 0; i < index; i++) {
		struct model_object const *other = &model->objects[i];

		if (other->kind == MODEL_REGION && other->payer == model->objects[index].payer && other->start < window + WINDOW && other->end > window)
			return true;
	}
	return false;
}

/* One page table for each window of 2 MiB in which the payer has regions, told apart by the first region that reaches it. */
static uint64_t tables_of(struct model const *model, unsigned index)
{
	struct model_object const *region = &model->objects[index];
	uint64_t                   tables = 0;

	assert(region->end < UINT64_C(1) << 30);
	for (uint64_t window = region->start / WINDOW * WINDOW; window < region->end; window += WINDOW)
		tables += !is_paid(model, index, window);
	return tables;
}

static uint64_t pages_of(struct model const *model, unsigned index)
{
	switch (model->objects[index].kind) {
	case MODEL_MEMORY: return model->objects[index].pages;
	case MODEL_REGION: return tables_of(model, index);
	case MODEL_THREAD: return 1;
	default:           return 0;
	}
}

uint64_t model_pages_used(struct model const *model, unsigned account)
{
	struct model_account const *own = &model->accounts[account];
	uint64_t                    sum = account == MODEL_OWN ? model->base_pages : model_pages_for_caps(own->component, own->caps);

	for (unsigned i = 0; i < MODEL_OBJECTS; i++)
		if (model->objects[i].kind && model->objects[i].payer == account)
			sum += pages_of(model, i);
	for (unsigned i = 0; i < MODEL_ACCOUNTS; i++)
		if (i != MODEL_OWN && model->accounts[i].exists && model->accounts[i].origin == account)
			sum += model->accounts[i].pages;
	return sum;
}

uint64_t model_caps_used(struct model const *model, unsigned account)
{
	uint64_t sum = account == MODEL_OWN ? model->base_caps : 0;

	for (unsigned i = 0; i < MODEL_OBJECTS; i++)
		if (model->objects[i].kind && model->objects[i].payer == account)
			sum += model_caps_of(model->objects[i].kind);
	for (unsigned i = 0; i < MODEL_ACCOUNTS; i++)
		if (i != MODEL_OWN && model->accounts[i].exists && model->accounts[i].origin == account)
			sum += model->accounts[i].caps + CAPS_OF_ACCOUNT;
	return sum;
}

bool model_is_below(struct model const *model, unsigned below, unsigned account)
{
	while (below != account && below != MODEL_OWN)
		below = model->accounts[below].origin;
	return below == account;
}

static bool is_shown(struct model const *model, unsigned memory)
{
	for (unsigned i = 0; i < MODEL_OBJECTS; i++)
		if (model->objects[i].kind == MODEL_REGION && model->objects[i].memory == memory)
			return true;
	return false;
}

void model_region_gone(struct model *model, unsigned region)
{
	unsigned const memory = model->objects[region].memory;

	model->objects[region].kind = MODEL_NONE;
	if (model->objects[memory].freed && !is_shown(model, memory))
		model->objects[memory].kind = MODEL_NONE;
}

void model_memory_freed(struct model *model, unsigned memory)
{
	model->objects[memory].freed = true;
	if (!is_shown(model, memory))
		model->objects[memory].kind = MODEL_NONE;
}

/* Memory whose account ends goes from under all regions. */
static void end_memory(struct model *model, unsigned memory)
{
	for (unsigned i = 0; i < MODEL_OBJECTS; i++)
		if (model->objects[i].kind == MODEL_REGION && model->objects[i].memory == memory)
			model->objects[i].kind = MODEL_NONE;
	model->objects[memory].kind = MODEL_NONE;
}

void model_destroy(struct model *model, unsigned account)
{
	for (unsigned i = 0; i < MODEL_OBJECTS; i++) {
		struct model_object *object = &model->objects[i];

		if (!object->kind || !model_is_below(model, object->payer, account))
			continue;
		if (object->kind == MODEL_REGION)
			model_region_gone(model, i);
		else if (object->kind == MODEL_MEMORY)
			end_memory(model, i);
		else
			object->kind = MODEL_NONE;
	}
	for (unsigned i = 1; i < MODEL_ACCOUNTS; i++) {
		if (i != account && model->accounts[i].exists && model_is_below(model, i, account))
			model->accounts[i].exists = false;
	}
	model->accounts[account].exists = false;
}
