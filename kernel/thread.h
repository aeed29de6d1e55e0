/* SPDX-License-Identifier: MIT */
/*
 * Threads, gates, signal contexts and protection domains: what IPC and scheduling work on.
 *
 * A thread is at once what executes and the right to execute (its scheduling context, "SC"). A call does not move the
 * SC: the CPU goes on running on the caller's SC while the server executes, so priority and time are lent along the
 * whole chain of calls. `partner` leads from a caller to its server, `caller` back. The run queue holds SCs; who runs
 * is found by following `partner` from the SC's owner to the end of the chain (sched.c).
 *
 * A gate is bound to one thread, and a thread serves one caller at a time. Others wait in its `waiters` (QUEUED) while
 * their SCs stay in the run queue and push the server: they help.
 */
#pragma once

#include <kernel/pqueue.h>
#include <kernel/slot.h>

/* Registers of a thread in user mode, in the order in which the entry code pushes them. */
struct frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

enum thread_run_state {
	THREAD_NEW,       /* never started */
	THREAD_RUNNING,   /* executes when it is its turn */
	THREAD_RECEPTIVE, /* in wait or reply_wait: a call or signal may be delivered */
	THREAD_CALLING,   /* its call was delivered to `partner` */
	THREAD_QUEUED,    /* its call waits until `partner` is receptive */
	THREAD_BLOCKED,   /* waits for one signal context, or stopped by a fault handler */
	THREAD_EXITED,
};

/* Whatever keeps a thread off the fast path (x86_64/entry.S), where one comparison tests for none of them. */
enum thread_special {
	THREAD_PAUSED    = 1,  /* does not execute */
	THREAD_CANCELLED = 2,  /* its next blocking call ends at once */
	THREAD_FAULTING  = 4,  /* CALLING or QUEUED on behalf of the kernel: a fault message */
	THREAD_LATE      = 8,  /* its deadline has passed: its next wait ends at once */
	THREAD_HEAVY     = 16, /* has FPU state and an FS base: on the fast path only with its like */
	THREAD_STEPPED   = 32, /* leaves the kernel for one instruction, after which exception 1 follows */
};

/* flags in a thread's object */
enum thread_flags {
	THREAD_ENDED      = 1, /* destroyed, and its home CPU has stopped it */
	THREAD_DRY        = 2, /* its budget is used up: in the budget's ring */
	THREAD_TAKES_IDLE = 4, /* goes on while it is dry, when nobody else wants to */
};

struct pd {
	struct object object;
	uint32_t      is_core;
	uint64_t      cr3;                    /* physical address of the top-level table */
	uint64_t      near_frames;            /* how many of `caps` are there */
	struct slot  *caps[PD_NEAR_FRAMES];
	uint64_t      cap_frames;             /* near and far */
	struct slot **far;                    /* PD_FAR_FRAMES of them in a frame of its own, or NULL */
	uint64_t      free_tables;            /* physical address of the first spare page table, linked by their first word; 0: none */
	uint32_t      threads;                /* bound; a PD outlives them */
	uint32_t      swept;                  /* dead: slots of the last capability frame that are dropped */
	uint64_t      epoch;                  /* TLBs may have what was unmapped until this is over */
};

struct signal;
struct cpu;
struct budget;

struct thread {
	struct object  object;
	uint8_t        state;                 /* enum thread_run_state; with the next three, one word for the fast path */
	uint8_t        special;               /* enum thread_special */
	uint8_t        cpu;
	uint8_t        trace;                 /* number of the ring that tells of it (trace.h), or 0 */
	struct pd     *pd;
	struct utcb   *utcb;                  /* in the direct map */
	struct frame   frame;
	struct thread *caller;                /* whom this thread serves, or NULL */
	struct thread *partner;               /* CALLING, QUEUED: whom it called */
	struct signal *signals, *signals_tail;/* submitted to this thread, in order; without any, the tail is stale */
	struct pnode  *waiters;               /* QUEUED threads, best first */
	uint8_t        by_syscall;            /* entered by syscall: leaves by sysret, and caller-saved registers are the kernel's to set */
	uint8_t        depth;                 /* callers above this one in the chain */
	uint8_t        offered;               /* windows that `caller` expects capabilities in */
	uint8_t        signalled;             /* what it received last was a signal: waiters are next */
	uint8_t        in_run_queue;
	uint8_t        priority;
	uint8_t        requests;              /* of other CPUs; not 0: in the inbox of `home`. enum thread_request */
	uint8_t        level;                 /* the priority that it is queued with: 0 while it is dry */
	struct thread *next, *prev;           /* ring of one priority in the run queue */
	struct pnode   waiting;               /* node in the partner's `waiters` */
	struct pnode   timeout;               /* node in the CPU's `timeouts` */
	union {
		struct signal *wait_one;      /* BLOCKED: the only one that it waits for, or NULL after a fault */
		uint64_t call_header;         /* CALLING, QUEUED: the header word of the call; 0 for a fault */
	};
	struct fpu    *fpu;                   /* HEAVY: where its FPU state and its FS base are kept */
	union {
		uint64_t fault_address;
		uint64_t epoch;               /* ENDED: other CPUs may know it until this is over */
	};
	uint64_t       consumed;              /* ticks, on the own SC */
	int64_t        quantum;               /* ticks left before others of the same priority get their turn; 0 or less: used up */
	struct budget *budget;                /* pays for its SC; NULL: nobody */
	uint32_t       dry_next, dry_prev;    /* DRY: ring of its budget, by physical address / GRANULE */
	uint32_t       bound;                 /* gates and signal contexts that deliver here; the thread outlives them */
	uint32_t       remote_waiters;        /* those of `waiters` that live on other CPUs: their SCs do not push this thread */
	struct cpu    *home;                  /* number `cpu`; the SC never leaves it */
	struct thread *inbox_next;
	char           name[THREAD_NAME_SIZE];/* for the debugger and panics; core's choice */
	struct slot    pager __attribute__((aligned(32)));
	struct slot    handler;
};

struct gate {
	struct object  object;
	uint32_t       spare0;
	struct thread *thread;
	uint64_t       badge;
	uint64_t       epoch;                 /* dead: as of a thread */
	struct slot    root;
};

struct signal {
	struct object  object;                /* flags: SIGNAL_PENDING */
	uint32_t       count;
	struct thread *thread;
	uint64_t       badge;
	struct signal *next;                  /* in its thread's list */
	struct slot    root;                  /* its word: the one before in the list; stale in the first */
};

enum signal_flags { SIGNAL_PENDING = 1 /* in its thread's list */ };

static_assert(sizeof(struct pd) <= PD_GRANULES * GRANULE && sizeof(struct thread) <= THREAD_GRANULES * GRANULE &&
              sizeof(struct gate) == GRANULE && sizeof(struct signal) == GRANULE, "places that core pays for");

/* What other CPUs may ask of the home CPU of a thread. */
enum thread_request {
	REQUEST_LOOK   = 1, /* something waits for it: is there work for its SC, or for those of its waiters? */
	REQUEST_START  = 2, /* the following are those of SYS_THREAD_CTL and SYS_DESTROY */
	REQUEST_CANCEL = 4,
	REQUEST_END    = 8,
};

/* Does it here and now where that is allowed, else has the home CPU do it soon. */
void thread_request(struct thread *t, enum thread_request what);

/* Has the home CPU, also this one, look at it when this entry is over. */
void thread_look_later(struct thread *t);

/* For the inbox. */
void thread_attend(struct thread *t, unsigned requests);

/* Does `other` live on another CPU? */
static inline bool thread_is_remote(struct thread const *t, struct thread const *other) { return t->home != other->home; }

static inline bool thread_is_dry(struct thread const *t) { return t->object.flags & THREAD_DRY; }

/* state, special and cpu: what the fast path compares */
static inline uint32_t thread_word(struct thread const *t)
{
	uint32_t word;

	__builtin_memcpy(&word, &t->state, sizeof(word));
	return word;
}

static inline bool thread_is(struct thread const *t, enum thread_special what) { return t->special & what; }

/* As SYS_THREAD_CREATE says; words[0] of core's UTCB is the argument. */
enum status thread_create(struct thread *core, struct frame const *args);

/* See SYS_THREAD_SET. */
enum status thread_set_cpu(struct thread *t, uint64_t number);

/* The object's embedded root, by type; NULL for types that no capability can name. */
struct slot *object_root(struct object *object);

/* The slot that `selector` names in a table; NULL for the null selector and any that is out of bounds. */
static inline struct slot *pd_slot(struct pd *pd, uint64_t selector)
{
	uint64_t frame = selector / PAGE_SIZE, slot = selector % PAGE_SIZE / SLOT_SIZE;

	if (selector < SLOT_SIZE)
		return NULL;
	if (frame < pd->near_frames)
		return &pd->caps[frame][slot];
	return frame < pd->cap_frames ? &pd->far[frame - PD_NEAR_FRAMES][slot] : NULL;
}

/* Why pd_lookup found nothing to use in `slot`, which may be NULL: BAD_CAP, or PEER_GONE for what was destroyed. */
enum status pd_refusal(struct slot const *slot);

/* The live object of a type behind a selector, if the slot has the right to use it; else NULL and *status says why. */
static inline struct object *pd_lookup(struct pd *pd, uint64_t selector, enum object_type type, enum status *status)
{
	struct slot *slot = pd_slot(pd, selector);

	*status = STATUS_OK;
	if (slot && slot->state == SLOT_LIVE && slot->rights & RIGHT_USE) {
		struct object *object = slot_object(slot);
		if (object->type == type && !object->dead)
			return object;
	}
	*status = pd_refusal(slot);
	return NULL;
}
