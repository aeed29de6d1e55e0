/* SPDX-License-Identifier: MIT */
/*
 * Threads, and the CPU sessions that make them. A thread's record exists from create_thread on; the kernel's thread from
 * bind_thread to the end of the thread or of its domain, whichever comes first. Gates that it serves and signal contexts
 * that deliver to it end with the kernel's thread: their caps go back to those who paid for them.
 *
 *   NEW -> RUNNING <-> STOPPED (pause, resume), RUNNING -> FAULTED (-> RUNNING by resume), any -> EXITED (thread_exit, end of the domain)
 */
#pragma once

#include <core/account.h>
#include <core/budget.h>
#include <core/region.h>
#include <core/walk.h>
#include <cpu/cpu.h>
#include <cpu/thread.h>

struct pd;

enum { THREAD_GATE = THREAD_GRANULES, THREAD_PAGES = 1 };

struct cpu {
	struct record record;        /* state: the highest priority */
	struct list   threads;       /* of struct thread by of_cpu */
	uint64_t      consumed_ns;   /* of those that ended */
	uint32_t      cpus;          /* bit n: on CPU n; not 0 */
	uint32_t      budget;        /* its share of CPU time, by record number; 0: none, nothing bounds it */
};

static inline struct budget *cpu_budget(struct cpu const *cpu) { return cpu->budget ? record_at(cpu->budget) : NULL; }

static_assert(sizeof(struct cpu) == PLACES_SESSION * GRANULE, "one cap");

struct thread {
	struct record       record;       /* state: enum thread_state */
	struct cpu         *cpu;
	struct list_link    of_cpu;
	struct pd          *pd;           /* NULL: not bound, or the kernel's thread has ended */
	struct list_link    of_pd;
	struct list         gates;        /* of struct gate by of_thread */
	struct list         signals;      /* of struct signal by of_thread */
	uint64_t            slot;         /* of its stack */
	struct region       utcb;         /* in the domain's region map; utcb.rm NULL: not there */
	bool                takes_idle_time;
	bool                stepped;
	uint32_t            utcb_frame;
	uint32_t            fpu_frame;    /* an object frame that holds the kernel's FPU area alone; 0: none */
	uint16_t            priority;     /* of the kernel: 63 is the highest */
	uint16_t            number;       /* of its CPU */
	uint64_t            consumed_ns;  /* by the kernel's thread that has ended */
	struct budget      *own_budget;   /* NULL: it runs on its session's */
	struct budget      *budget;       /* that it runs on; NULL: none, or the kernel does not know it */
	struct list_link    of_budget;
	struct signal_ref   exception;
	struct trace       *trace;        /* that it is in, or NULL */
	struct list_link    of_trace;
	struct thread_fault fault;
	struct walk         walk;         /* of the fault that it is in; walk.rm NULL: none */
	struct rm          *waits;        /* for that map's fault handler, or NULL */
	struct list_link    of_waiting;
	char                name[32];
};

static_assert(sizeof(struct thread) <= PLACES_THREAD * GRANULE, "what it costs");

static inline struct paddr thread_object(struct thread const *thread) { return place_address(&thread->record, 0); }

struct thread_want {
	char const *name;
	uint64_t    slot;
	uint32_t    priority;   /* of the kernel */
	uint32_t    affinity;   /* counts the session's CPUs */
	bool        takes_idle_time;
	bool        heavy;
};

/* OUT_OF_RAM, OUT_OF_CAPS. */
MUST_CHECK enum status thread_create(struct cpu *cpu, struct account *payer, struct thread_want const *want, struct thread **thread);

/* Makes the kernel's thread in `pd`; for pd.c. */
void thread_bind(struct thread *thread, struct pd *pd);

/* From now on `rm` resolves its faults, and holds its UTCB. BUSY: not bound, or the domain has another map. EXISTS; OUT_OF_RAM. */
MUST_CHECK enum status thread_set_map(struct thread *thread, struct rm *rm);

/* BUSY, UNSUPPORTED: as in thread.rpc. OUT_OF_RAM. */
MUST_CHECK enum status thread_add_fpu(struct thread *thread);

/* INVALID, BUSY: as in thread.rpc. */
MUST_CHECK enum status thread_start(struct thread *thread, uint64_t ip, uint64_t sp, uint64_t argument);

/* Nanoseconds that it executed. */
uint64_t thread_consumed(struct thread const *thread);

/* Ends the kernel's thread and all that delivers to it. AGAIN: a slice is done. */
MUST_CHECK enum status thread_unbind(struct thread *thread);

/* Ends it. AGAIN: a slice is done. */
MUST_CHECK enum status thread_destroy(struct thread *thread);

/* `affinity`: bit n stands for CPU n; at least one of them is there. */
void cpu_init(struct cpu *cpu, uint32_t priority, uint32_t affinity);
MUST_CHECK enum status cpu_destroy(struct cpu *cpu);

extern struct thread_ops const thread_operations;
extern struct cpu_ops const cpu_operations;

/* The two gates of core that all faults go to. */
extern struct paddr pager_gate, handler_gate;
