/* SPDX-License-Identifier: MIT */
/*
 * What belongs to one CPU and is touched by it alone: what runs, the run queue, timeouts, its stack.
 *
 * Each CPU sees the kernel's image in a window of its own, KERNEL_WINDOW apart: the same frames, but for those of PER_CPU variables
 * and of its stacks. The kernel is position-independent, so code that runs in a window finds that window's variables, and a
 * variable of this CPU costs what any other does. An address of such a variable is only good on its own CPU, or through
 * cpu_variable.
 */
#pragma once

#include <kernel/thread.h>

#define CPU_STACK_SIZE 8192
#define KERNEL_WINDOW  0x200000UL
#define PER_CPU        __attribute__((section(".bss.cpu")))

struct cpu {
	struct thread *current;              /* executes; NULL while idle. Offset 0, see x86_64/entry.S */
	uint64_t       stack_top;            /* 8 */
	uint64_t       cr3;                  /* 16: loaded now */
	uint32_t       call_key;             /* 24: state word of a thread that the current one may call on the fast path */
	uint32_t       reply_key;            /* 28: and of one that it may reply to; both impossible while the current one is special */
	uint8_t        reschedule;           /* 32: `sc` or `current` may not be right any more */
	uint8_t        idle;                 /* in the idle loop: interrupts come from kernel mode */
	struct thread *sc;                   /* on whose time and priority */
	uint64_t       sc_since;             /* ticks at which `sc` began */
	uint64_t       ready;                /* bit n: queue[n] is not empty */
	struct thread *queue[PRIORITIES];    /* ring of SCs each; the head is next */
	struct pnode  *timeouts;             /* threads in wait with a deadline, by time in ticks */
	uint64_t       arrivals;             /* orders waiters of one priority */
	uint64_t       timer_set;            /* ticks for which the timer is programmed, 0: not */
};

extern struct cpu this_cpu;
