/* SPDX-License-Identifier: MIT */
/* What the timer component needs of a chip: a clock that never goes back, and one interrupt at a time. */
#pragma once

#include <base/component.h>
#include <base/signal.h>

struct chip {
	char const *name;
	uint64_t  (*now_us)(struct chip *chip);

	/* One interrupt at `at_us` of the chip's clock, or earlier if that is too far away for it; at once if it has passed. */
	void      (*arm)(struct chip *chip, uint64_t at_us);

	/* The interrupt has been seen. */
	void      (*acknowledge)(struct chip *chip);
};

/*
 * Each takes a chip over: its registers, its interrupt, which submits `interrupt`. NOT_FOUND: it is not there or cannot do
 * what is needed; others: the session that was refused. `*chip` stays valid for good.
 */
MUST_CHECK enum status hpet_init(struct env *env, uint64_t base, struct signal_context interrupt, struct chip **chip);
MUST_CHECK enum status pit_init(struct env *env, struct signal_context interrupt, struct chip **chip);
