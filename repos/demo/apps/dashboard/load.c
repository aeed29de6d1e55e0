/* SPDX-License-Identifier: MIT */
/* Shares of the CPU that were used; see load.h. */
#include "load.h"
#include <base/string.h>

enum { SPACING_MS = 300, ENOUGH_MS = 500, NS_PER_MS = 1000000 };

static struct load_track *find(struct load *load, char const *path)
{
	struct load_track *unused = NULL;

	for (unsigned i = 0; i < STATE_COMPONENTS; i++) {
		if (load->tracks[i].count && string_equal(load->tracks[i].path, path))
			return &load->tracks[i];
		if (!load->tracks[i].count)
			unused = &load->tracks[i];
	}
	if (unused)
		*unused = (struct load_track) { .count = 0 };
	return unused;
}

/* Samples are some way apart, so that those that are kept reach back far enough for a figure that does not jump. */
static void measure(struct load_track *track, struct component *component)
{
	unsigned const last   = (track->count - 1) % LOAD_SAMPLES, kept = track->count < LOAD_SAMPLES ? track->count : LOAD_SAMPLES;
	unsigned const oldest = (track->count - kept) % LOAD_SAMPLES;
	uint64_t const ms     = component->cpu_ms - track->samples[oldest].ms;

	if (ms >= ENOUGH_MS) {
		component->cpu_is_known = true;
		component->cpu_used = (component->cpu_ns - track->samples[oldest].ns) * LOAD_PARTS / (ms * NS_PER_MS);
	}
	if (component->cpu_ms - track->samples[last].ms < SPACING_MS)
		return;
	track->samples[track->count % LOAD_SAMPLES].ms = component->cpu_ms;
	track->samples[track->count % LOAD_SAMPLES].ns = component->cpu_ns;
	track->count++;
}

static void begin(struct load_track *track, struct component const *component)
{
	*track = (struct load_track) { .restarts = component->restarts, .count = 1 };
	track->samples[0].ms = component->cpu_ms;
	track->samples[0].ns = component->cpu_ns;
	if (string_copy(track->path, sizeof(track->path), component->path) != STATUS_OK)
		track->count = 0;
}

/* Those of components that are gone make room. */
static void forget(struct load *load, struct state const *state)
{
	for (unsigned i = 0; i < STATE_COMPONENTS; i++) {
		int const index = load->tracks[i].count ? state_find(state, load->tracks[i].path) : NO_COMPONENT;

		if (index == NO_COMPONENT || !state->components[index].has_account)
			load->tracks[i].count = 0;
	}
}

void load_note(struct load *load, struct state *state)
{
	forget(load, state);
	for (unsigned i = 0; i < state->component_count; i++) {
		struct component  *component = &state->components[i];
		struct load_track *track     = component->has_account ? find(load, component->path) : NULL;
		bool               goes_on;

		if (!track)
			continue;
		goes_on = track->count && track->restarts == component->restarts;
		/* A life that has begun meanwhile has used less than the one before it. */
		if (goes_on) {
			unsigned const last = (track->count - 1) % LOAD_SAMPLES;

			goes_on = track->samples[last].ms <= component->cpu_ms && track->samples[last].ns <= component->cpu_ns;
		}
		if (goes_on)
			measure(track, component);
		else
			begin(track, component);
	}
}
