/* SPDX-License-Identifier: MIT */
/* How much of a CPU each component uses: the time that its threads had, over the last seconds, from states that say how much it was in all. */
#pragma once

#include "state.h"

enum { LOAD_SAMPLES = 8, LOAD_PARTS = 10000 /* one CPU all the time, as cpu.rpc has it */ };

struct load {
	struct load_track {
		char     path[STATE_PATH];
		uint64_t restarts;
		unsigned count;                               /* samples so far; those that are kept are the last ones */
		struct { uint64_t ms, ns; } samples[LOAD_SAMPLES];
	} tracks[STATE_COMPONENTS];
};

/* Takes the newest state, and fills the cpu_used of its components: those of which enough is known. */
void load_note(struct load *load, struct state *state);
