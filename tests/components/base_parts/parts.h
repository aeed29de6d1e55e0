/* SPDX-License-Identifier: MIT */
/*
 * Between the files of base_parts.
 */
#pragma once

#include <base/component.h>

void check_failed(unsigned line, char const *text);

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__LINE__, #condition))

/* Sets off the parts that run in the main loop; the last one exits. */
void events_start(struct env *env);
