/* SPDX-License-Identifier: MIT */
/* <trace size="1M"/> in the configuration: what the components below do goes to the log, as tools/trace reads it (make trace/NAME). */
#pragma once

#include <base/env.h>

/* Begins, if the configuration says so; before the first child starts. */
void tracer_start(struct env *env);

/* What has not been told yet. */
void tracer_flush(void);
