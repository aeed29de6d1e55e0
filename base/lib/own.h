/* SPDX-License-Identifier: MIT */
/*
 * Between the files of base: not for components.
 */
#pragma once

#include <base/env.h>

/* Opens the component's LOG session; without one, log_* print to nowhere. */
void log_start(struct env *env);

/* Fetches and answers requests to the services of this component until none is left. */
void service_serve(struct env *env);

/* Asks about the sessions whose holders want to know when they are LOST. */
void connection_check_lost(struct env *env);

/* Makes news that were read early come to the main loop again. */
void env_repeat_news(struct env *env, uint32_t bits);
