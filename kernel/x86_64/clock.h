/* SPDX-License-Identifier: MIT */
/*
 * Time: ticks of the time stamp counter, nanoseconds since boot, and the one-shot timer of the local APIC. The rates are
 * measured against the ACPI PM timer between kernel entry and hand-over, and once more 100 ms later; nobody waits for it.
 */
#pragma once

#include <kernel/x86_64/cpu_ops.h>
#include <kernel/kernel.h>

#ifdef clock_ticks /* unit tests have time of their own */
uint64_t clock_ticks(void);
#else
static inline uint64_t clock_ticks(void) { return rdtsc(); }
#endif
uint64_t clock_now_ns(void);

/* Durations; saturating. */
uint64_t clock_ns_to_ticks(uint64_t ns);
uint64_t clock_ticks_to_ns(uint64_t ticks);

/* Ticks at which `ns` since boot have passed; saturating. */
uint64_t clock_ns_to_deadline(uint64_t ns);

/* Interrupts at `end`, or earlier if that is further away than the timer can count. UINT64_MAX: never. */
void clock_set_timer(uint64_t now, uint64_t end);

/* Boot: begins and ends the measurement. */
void clock_begin(uint64_t boot_ticks);
void clock_calibrate(void);
uint64_t clock_tsc_khz(void);

/* Called at timer interrupts: the second measurement. */
void clock_refine(void);
