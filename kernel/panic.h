/* SPDX-License-Identifier: MIT */
/* The end: see kernel.h for panic() where there is no exception. */
#pragma once

#include <kernel/thread.h>

/* With the registers of an exception. */
void panic_at(struct frame const *frame, char const *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
