/* SPDX-License-Identifier: MIT */
/*
 * What the books of core must say, by the prices of doc/core.md alone: a list of objects, each with its payer, summed up anew for every
 * answer. It knows nothing of how core keeps its books, and shares no code with it.
 */
#pragma once

#include <base/types.h>

enum { MODEL_ACCOUNTS = 12, MODEL_OBJECTS = 160, MODEL_OWN = 0 };

enum model_kind { MODEL_NONE, MODEL_MEMORY, MODEL_REGION, MODEL_SIGNAL, MODEL_GATE, MODEL_THREAD, MODEL_LOG };

struct model_account {
	bool     exists, component;
	unsigned origin;                   /* index; of MODEL_OWN itself */
	uint64_t pages, caps;              /* limits */
};

struct model_object {
	enum model_kind kind;
	unsigned        payer;
	uint64_t        pages;             /* MODEL_MEMORY */
	uint64_t        start, end;        /* MODEL_REGION: addresses */
	unsigned        memory;            /* MODEL_REGION: index of what it shows */
	bool            freed;             /* MODEL_MEMORY: by its owner; it stays until no region shows it */
};

struct model {
	struct model_account accounts[MODEL_ACCOUNTS];
	struct model_object  objects[MODEL_OBJECTS];
	uint64_t             base_pages, base_caps;    /* used by MODEL_OWN before the first operation */
};

/* Caps that an object of a kind costs. */
uint64_t model_caps_of(enum model_kind kind);

uint64_t model_pages_used(struct model const *model, unsigned account);
uint64_t model_caps_used(struct model const *model, unsigned account);

/* Pages that an account of that kind with so many caps pays for being able to have objects. */
uint64_t model_pages_for_caps(bool component, uint64_t caps);

/* Is it `account`, or was it split off it, at any depth? */
bool model_is_below(struct model const *model, unsigned below, unsigned account);

/* A region has gone: what it showed goes, too, if it was freed and nothing else shows it. */
void model_region_gone(struct model *model, unsigned region);

/* Its owner has freed it. */
void model_memory_freed(struct model *model, unsigned memory);

/* Takes the account out, with all that is below it and all that they pay. */
void model_destroy(struct model *model, unsigned account);
