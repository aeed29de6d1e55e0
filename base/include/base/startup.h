/* SPDX-License-Identifier: MIT */
/*
 * What the loader hands to the component that it has loaded. The two may be of different age: fields are only ever
 * appended, and `size` tells how many there are.
 */
#pragma once

#include <base/types.h>

struct startup {
	uint64_t size;             /* of this struct */
	uint64_t first_free;       /* all selectors below are in use */
	uint64_t binary;           /* the ROM session that the text is mapped from: capability, */
	uint64_t binary_content;   /* its dataspace */
	uint64_t binary_id;        /* and its number at the parent */
};

/*
 * The ELF note that says for which platform page a component was built: name "Banyan", type NOTE_PLATFORM. The loader refuses
 * another major version, and a page with fewer primitives.
 */
enum note_type {
	NOTE_PLATFORM = 1,
	NOTE_HEAVY    = 2, /* empty: the component's code uses the FPU, so its main thread needs state for that (thread.add_fpu) */
};

/* Is this component such a one? */
extern bool const component_is_heavy;

struct platform_note {
	uint32_t name_size, size, type;
	char     name[8];
	uint16_t major, minor;
};
