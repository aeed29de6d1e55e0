/* SPDX-License-Identifier: MIT */
/*
 * Between the files that decode a configuration: config.c (the whole), config_route.c, config_start.c. Each decodes one kind of element.
 */
#pragma once

#include "config.h"
#include "document.h"

#define NAMES(...) ((char const *const[]) { __VA_ARGS__, NULL })
#define NONE       ((char const *const[]) { NULL })

/* Zeroed memory in the arena; notes when there is none. */
#define NEW(document, pointer) (ARENA_NEW((document)->arena, pointer) || !((document)->out_of_memory = true))

/* Reports that something is set at two places; always false. */
bool said_twice(struct document *document, struct position at, struct position before, char const *what);

/* One element of that name at most; false: there are two. */
MUST_CHECK bool only_child(struct document *document, struct node node, char const *name, struct node *child);

/* <service name=""/> elements, added to a list. */
void decode_services(struct document *document, struct node node, struct config_service **list);

/* A rule that cannot be understood is left out. NULL: no memory. */
struct config_route *decode_route(struct document *document, struct config *config, struct node node, bool is_default);

/* <export>, into config->outside. */
void decode_export(struct document *document, struct config *config, struct node node);

/* ram= or caps=, which a <resource> may have set before. */
MUST_CHECK bool decode_amount(struct document *document, struct node node, char const *name, struct document_range range,
                              struct config_amount *amount);

/* A number of milliseconds and the like, at most an hour; *value stays if there is no such attribute. */
MUST_CHECK bool decode_u32(struct document *document, struct node node, char const *name, struct document_range range, uint32_t *value);

/* A <start>; all defaults are in `config`. False: it is to be left out. */
MUST_CHECK bool decode_start(struct document *document, struct config *config, struct node node, struct config_start *start);

extern struct document_range const document_ram, document_caps, document_ms;
