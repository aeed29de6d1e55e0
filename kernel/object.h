/* SPDX-License-Identifier: MIT */
/*
 * Kernel objects and the frames they live in. Core gives a frame (SYS_FRAME_GIVE) and names a free run of 64-byte
 * granules in it for each object that it makes; the kernel checks the form, core does the packing and the charging.
 * Granule 0 is the header. A granule that is not in use is all zero.
 */
#pragma once

#include <kernel/kernel.h>

enum object_type { OBJECT_NONE, OBJECT_PD, OBJECT_THREAD, OBJECT_GATE, OBJECT_SIGNAL, OBJECT_IRQ, OBJECT_FPU, OBJECT_BUDGET, OBJECT_TYPES };

/* First member of every object. */
struct object {
	uint16_t type;   /* enum object_type */
	uint8_t  dead;   /* destroyed: every use fails, sweeping may go on */
	uint8_t  flags;  /* the type's own */
};

struct object_frame {
	uint64_t magic;
	uint64_t used;   /* bit n: granule n is in use; bit 0 always */
	uint64_t starts; /* bit n: an object starts at granule n */
	uint64_t next, prev; /* all object frames, by physical address; 0 at the ends */
	uint64_t spare[2];
	uint64_t core;   /* core's own word; the kernel never looks at it */
};

static_assert(sizeof(struct object_frame) == GRANULE, "the header is granule 0");

/*
 * Makes a zeroed object frame of the frame at `phys`, whose content is not looked at: whoever had it before may have written
 * anything. So core must not give one twice. INVALID: unaligned.
 */
enum status frame_give(uint64_t phys);

/* Ends an object frame; it is all zero then. INVALID: it is none. BUSY: an object lives in it. */
enum status frame_take(uint64_t phys);

/* Takes `granules` for a new object at `phys`. INVALID: not a free run within an object frame. On OK the object has its type. */
enum status object_create(uint64_t phys, unsigned granules, enum object_type type, struct object **object);

/* The size of FPU areas is known at boot. */
void object_set_granules(enum object_type type, unsigned granules);

/* Zeroes and frees the granules of an object that nothing refers to. */
void object_free(struct object *object);

/* Ends an object (SYS_DESTROY): dead at once, AGAIN until nothing refers to it. BUSY: what delivers to it must end first. */
enum status object_destroy(uint64_t phys);

/* All objects, dead ones included, one after the other, NULL for the first and after the last: for the debugger alone. */
struct object *object_next(struct object const *object);

/* The live object of that type at `phys`, or NULL. */
struct object *object_at(uint64_t phys, enum object_type type);

/* The object of any type at `phys`, dead ones included, or NULL. */
struct object *object_any(uint64_t phys);
