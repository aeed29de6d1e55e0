/* SPDX-License-Identifier: MIT */
/*
 * What belongs to one CPU: what runs, the run queue, timeouts, its stack.
 *
 * Each CPU sees the kernel's image in a window of its own, KERNEL_WINDOW apart: the same frames, but for those of PER_CPU variables
 * and of its stacks. The kernel is position-independent, so code that runs in a window finds that window's variables, and a
 * variable of this CPU costs what any other does. &this_cpu is good on all CPUs and differs on each; cpu_at leads to the others',
 * cpu_variable to what else they have.
 *
 * Who may write what. All of the kernel but the fast path (x86_64/entry.S) runs under the kernel lock. The fast path takes no
 * lock, and writes `current` and `cr3` of its own CPU, and state, caller, partner, depth, offered, registers and UTCB of threads
 * that live there ("home"). So these are written by the home CPU alone, but for threads that the fast path cannot come across:
 * NEW, QUEUED, BLOCKED and EXITED ones, callers of such and of a thread on another CPU, and all threads of a CPU that is idle. Everything
 * else is anybody's who has the lock: run queues, timeouts, waiters, lists of signals, `special`, `caller` when it names
 * a thread of another CPU. What only the home CPU may do is asked of it (thread_request).
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
	uint32_t       call_key;             /* 24: state word of a thread that the current one may call on the fast path, */
	uint32_t       reply_key;            /* 28: and reply to. HEAVY_KEY is in both while it is heavy; impossible while it is otherwise special */
	uint8_t        reschedule;           /* 32: `sc` or `current` may not be right any more; or enum handed_over: they are, but `current` is another */
	uint8_t        heavy;                /* its FPU is on and its FS base may be set, for the heavy thread that ran last */
	uint8_t        idle;                 /* in the idle loop, or not started yet: holds nothing, and interrupts come from kernel mode */
	struct thread *sc;                   /* on whose time and priority */
	uint64_t       sc_since;             /* ticks at which `sc` began */
	uint64_t       ready;                /* bit n: queue[n] is not empty */
	struct thread *queue[PRIORITIES];    /* ring of SCs each; the head is next */
	struct pnode  *timeouts;             /* threads with a deadline, by time in ticks */
	struct pnode  *refills;              /* budgets with dry SCs, by the time at which something comes back */
	uint64_t       arrivals;             /* orders waiters of one priority */
	uint64_t       timer_set;            /* ticks for which the timer is programmed, 0: not */
	struct thread *inbox, *inbox_tail;   /* threads of this CPU with requests, in order */
	uint64_t       epoch;                /* of the last boundary that it has crossed: see cpu_epoch_begin */
	uint32_t       number;               /* 0 is the one that booted */
	bool           is_up;                /* it has entered the kernel */
	bool           is_stopped;           /* by cpu_stop_others */
	bool           kicked;               /* an interrupt is on its way */
	uint8_t        wakes;                /* threads that this entry has looked at for those who were woken (sched_wake) */
};

enum handed_over { HANDED_OVER = 2, GOES_TO_ITS_LIKE /* as heavy, and with the same keys */ };

extern struct cpu this_cpu;

/* The CPU with that number, below cpu_count. */
struct cpu *cpu_at(unsigned number);
extern unsigned cpu_count;

/* A PER_CPU variable of another CPU: where it is. */
#define cpu_variable(cpu, variable) ((__typeof__(variable) *)((uint64_t)&(variable) - (uint64_t)&this_cpu + (uint64_t)(cpu)))

/* Can nothing happen there while we have the lock? */
static inline bool cpu_is_quiet(struct cpu const *cpu) { return cpu == &this_cpu || cpu->idle; }

/* An interrupt that makes it attend to its inbox and look whom it runs; on this CPU: as soon as the kernel is left. */
void cpu_kick(struct cpu *cpu);

static inline void cpu_reschedule(struct cpu *cpu)
{
	cpu->reschedule = true;
	if (cpu != &this_cpu)
		cpu_kick(cpu);
}

/* The interrupt of cpu_kick, and the way out of idling. */
void cpu_attend(void);

/* For the debugger and panics: other CPUs stop wherever they are, by NMI. Bound of the wait: 2^20 looks at each. */
void cpu_stop_others(void);
void cpu_go_on(void);

/* The NMI: waits until the CPUs may go on. False: it is none of these. */
bool cpu_stop_here(void);

/*
 * Grace periods. What the fast path of another CPU may still hold (a gate, a thread), or its TLB, can be reused when each
 * CPU has crossed a boundary of the kernel since. cpu_epoch_begin returns a number that cpu_epoch_is_over tells this of; nobody waits
 * in the kernel, core asks again (AGAIN). An idle CPU holds nothing. Epoch 0 is over.
 */
uint64_t cpu_epoch_begin(void);
bool     cpu_epoch_has_passed(uint64_t epoch);

static inline bool cpu_epoch_is_over(uint64_t epoch) { return !epoch || cpu_epoch_has_passed(epoch); }

/* The last one begun. */
uint64_t cpu_epoch_last(void);

/* The kernel lock, in the order of arrival; held from a kernel entry on the C path to its exit. Bound: CPUS_MAX - 1 entries of others. */
struct kernel_lock { uint32_t next, serving; };
extern struct kernel_lock the_lock;

static inline void kernel_lock(void)
{
	uint32_t ticket = __atomic_fetch_add(&the_lock.next, 1, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&the_lock.serving, __ATOMIC_ACQUIRE) != ticket)
		__builtin_ia32_pause();
}

static inline void kernel_unlock(void) { __asm__ volatile("incl %0" : "+m"(the_lock.serving) : : "memory"); }
