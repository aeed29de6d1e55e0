/* SPDX-License-Identifier: MIT */
/* What all parts of core share: the machine's memory, core's own thread, messages, and the measure of one slice of work. */
#pragma once

#include <base/format.h>
#include <core/kernel_calls.h>
#include <core/memory.h>
#include <core/record.h>

extern struct memory core_memory;
extern struct paddr  core_thread;    /* of the kernel; it serves all gates of core */
extern struct paddr  core_pd;
extern bool          core_has_fpu;   /* and a thread's state of it fits a frame */
extern uint32_t      core_cpus;      /* bit n: the machine has a CPU n */
extern struct utcb  *core_utcb;      /* of that thread */

/*
 * The slice: an operation that may be long counts its steps, each about a kernel call, and answers AGAIN when there are none left;
 * the client's stub then asks again. The main loop fills it up for each message.
 */
enum { CORE_SLICE = 64 };
extern unsigned core_work;

/* One step; false: the slice is over. */
static inline bool work_step(void) { return core_work && core_work--; }

/* Pages that the root account pays for and that no object stands for: tables made at boot. */
extern uint64_t core_extra_pages;

/* A line as it is. */
void core_print_plain(char const *text, ...) FORMAT_CHECKED(1, 2);

/* A line of core's own: "core: ..." */
void core_print(char const *text, ...) FORMAT_CHECKED(1, 2);

/* The same, then the end of the machine. */
_Noreturn void core_fail(char const *text, ...) FORMAT_CHECKED(1, 2);
