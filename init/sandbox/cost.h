/* SPDX-License-Identifier: MIT */
/*
 * What a child takes of its quota before its own first line, and what its sessions cost: the arithmetic of what child.c, the
 * loader and core do, for those who want to know before a child starts whether its quota can suffice. Pure.
 */
#pragma once

#include "config.h"
#include "quota.h"

/* What the loader makes of a binary. */
struct cost_image {
	unsigned mapped;        /* segments that are mapped from the file */
	uint64_t data_bytes;    /* of those that are copied, whole pages; 0: there is none */
	uint64_t end;           /* of the image, in its address space */
};

/*
 * What `start` takes before component_construct runs: domain, main thread, stack, session slots, configuration of
 * `config_size` bytes (0: none), the frames of its caps, and the binary in its place. What the component itself uses and opens comes on top.
 */
struct quota cost_of_start(struct config_start const *start, size_t config_size, struct cost_image const *image);

/* What a session takes of its client: the account, and the donation for a service of that kind with a label of so many bytes at the provider. */
struct quota cost_of_session(char const *service, size_t label_size);
