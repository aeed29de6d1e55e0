/* SPDX-License-Identifier: MIT */
/* ROM sessions: the boot modules, named by the first word of their command line. Their dataspaces are core's own. */
#pragma once

#include <core/dataspace.h>
#include <rom/rom.h>

struct rom {
	struct record     record;
	struct dataspace *content;
	uint64_t          size;
	uint64_t          reserved[2];
};

static_assert(sizeof(struct rom) == PLACES_SESSION * GRANULE, "one cap");

/* A boot module; `name` stays. */
void rom_add_module(char const *name, struct paddr base, uint64_t size);

struct rom_module {
	char const       *name;
	struct dataspace *content;
	struct paddr      base;
	uint64_t          size;    /* bytes, exact */
};

/* NULL: there is none of that name. */
struct rom_module const *rom_module(char const *name);

/* The boot module whose content a dataspace is; NULL: none. */
struct rom_module const *rom_module_of_content(struct dataspace const *content);

/* What a label asks for: its last element. Core starts one component, whose "binary" is the module init. */
struct rom_module const *rom_module_of_label(char const *label);

MUST_CHECK enum status rom_create(struct account *payer, struct rom_module const *module, struct rom **rom);

extern struct rom_ops const rom_operations;
