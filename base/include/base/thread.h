/* SPDX-License-Identifier: MIT */
/*
 * Threads of the own component. All of it is paid by the component's account: a thread costs 10 caps and a page, its stack
 * the pages asked for and 3 caps. They share the address space and all capabilities; how they wait for each other is
 * in base/sync.h. A thread that wants to serve gates or receive signals makes a struct ep of its own.
 *
 * The thread that was joined last stays, with its stack and all, and waits for the next one of the same name, priority, CPU and stack: making and
 * joining such threads in turn asks core for nothing but the end of what delivered to them. It makes room when the account is
 * exhausted, or by local_thread_trim.
 */
#pragma once

#include <base/env.h>
#include <base/stack.h>
#include <base/sync.h>

struct local_thread {
	void                (*entry)(struct local_thread *thread);
	struct env           *env;
	struct thread         thread;
	struct dataspace      stack;
	size_t                stack_bytes;
	uint64_t              slot;
	struct signal_context wait;      /* for the queues of base/sync.h */
	uint32_t              priority, affinity;
	bool                  waits;     /* it has run before, and waits for the start */
	char                  name[32];
};

/*
 * From now on, thread-local storage of the running thread hangs on `base`: the FS base. UNSUPPORTED: the thread has no FPU state; INVALID: not an
 * address of user space.
 */
static inline MUST_CHECK enum status thread_set_tls(uint64_t base)
{
	struct platform_regs regs = { .target = base };

	platform_invoke(PLATFORM_THREAD_TLS, &regs);
	return platform_status(regs.header);
}

/*
 * Makes a thread that will run `entry`. `priority` counts down from the highest that the CPU session allows; 0 is the
 * main thread's. `thread` stays until the join. OUT_OF_RAM, OUT_OF_CAPS: the component's account; BUSY: all stack slots are in use.
 */
MUST_CHECK enum status local_thread_create(struct local_thread *thread, struct env *env, char const *name, uint32_t priority,
                                           size_t stack_bytes);

/* The same for a thread on another CPU: `affinity` counts those that the component has, from its lowest and round again (cpu.rpc). */
struct local_thread_want { char const *name; size_t stack_bytes; uint32_t priority, affinity; };

MUST_CHECK enum status local_thread_create_on(struct local_thread *thread, struct env *env, struct local_thread_want const *want);
MUST_CHECK enum status local_thread_start(struct local_thread *thread, void (*entry)(struct local_thread *));

/*
 * Waits until `entry` has returned: then its gates and signal contexts have ended, and `thread` is free. Once; not from the thread itself.
 */
void local_thread_join(struct local_thread *thread);

/* Gives back the thread that waits for the next one. */
void local_thread_trim(void);

/* Ends a thread at once, started or not, and gives everything back: for one that holds no lock. */
void local_thread_destroy(struct local_thread *thread);
