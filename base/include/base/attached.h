/* SPDX-License-Identifier: MIT */
/*
 * Memory in the own address space: dataspaces, attached. The account given pays for the region (2 caps), for its page table
 * and, where one is allocated, for the dataspace.
 */
#pragma once

#include <base/env.h>
#include <dataspace/dataspace.h>
#include <ram/ram.h>
#include <rm/rm.h>
#include <rom/rom.h>


/* Attaches all of `memory`, where there is room. */
MUST_CHECK enum status dataspace_attach(struct dataspace memory, enum rm_access access, struct account payer, void **address);

/* Fresh RAM, zeroed, for this address space alone; the size is rounded up to pages. It goes when it is detached. */
MUST_CHECK enum status ram_attach(struct account payer, size_t size_bytes, void **address);

/* Ends that. `address` is what dataspace_attach or ram_attach gave. */
void dataspace_detach(void *address);

/* RAM of its own, attached for reading and writing. */
struct attached_ram {
	struct dataspace memory;    /* to hand out, too */
	struct account   payer;
	void            *address;
	size_t           size;      /* whole pages */
};

MUST_CHECK enum status attached_ram_init(struct attached_ram *ram, struct account payer, size_t size_bytes);
void attached_ram_fini(struct attached_ram *ram);

/* A ROM session and its content. */
struct attached_rom {
	struct rom       rom;
	struct env      *env;
	struct dataspace content;
	void const      *address;   /* NULL while there is no content */
	size_t           size;      /* exact, in bytes */
};

/* Opens ROM `label` and attaches its content. NOT_FOUND and others: as connection_open says. */
MUST_CHECK enum status attached_rom_open(struct attached_rom *rom, struct env *env, char const *label);

/* Takes over newer content, if there is some; `*changed` tells. The old one is gone then. */
MUST_CHECK enum status attached_rom_update(struct attached_rom *rom, bool *changed);

/* Unmaps the content, which was copied perhaps; the session goes on, and the next update maps the next content. */
void attached_rom_detach(struct attached_rom *rom);

void attached_rom_close(struct attached_rom *rom);
