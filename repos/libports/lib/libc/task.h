/* SPDX-License-Identifier: MIT */
/*
 * Tasks: the threads of the program. Each is a thread of base with two stacks: one that the C library made, on which the program runs, of any size; and the
 * one that base made, on which its system calls run, for base finds a thread's UTCB by its stack pointer. __banyan_syscall (enter.S) changes
 * from the first to the second and back. The main thread of the component is no task: it runs the entrypoint, always, so that drivers below the program, the
 * parent's news and timeouts are attended to whatever the program does.
 *
 * One lock guards all that is below the C library. Whoever waits for something waits in one list, by a key: the address of a futex, of a file, or of
 * `task_poll_key`. What is told under the lock reaches those who wait for it then.
 */
#pragma once

#include <base/list.h>
#include <base/thread.h>

struct task {
	uint64_t              system_sp;     /* where system calls go on, while the program runs (enter.S) */
	struct list_link      of_tasks;
	struct list_link      of_waiters;
	struct local_thread   thread;
	struct signal_context wake;          /* submitted by whoever takes it out of the waiters */
	void const           *key;           /* what it waits for */
	uint64_t              raised, blocked;    /* signals: a bit for each, number 1 the lowest */
	bool                  interrupted;   /* its wait, or its next one, ends with -EINTR */
	int                   tid;
	int                  *clear_tid;     /* 0 is written there at its end, and whoever waits for it is woken */
	void                 *tls, *stack;
	int                 (*function)(void *);
	void                 *argument;
};

/* What SYS_clone takes here: musl/thread.c has the same. */
struct clone_request {
	int  (*function)(void *);
	void  *stack, *argument;
	int   *parent_tid, *child_tid;
	void  *tls;
};

extern char const task_poll_key;
extern struct list tasks;            /* of struct task by of_tasks */

/* The one that runs. Context: a task. */
struct task *task_current(void);

/* Makes one that will run `function` on `stack` (its upper end), with that thread pointer if it is not NULL. Errors of system calls. */
long task_create(struct env *env, struct clone_request const *request, struct task **task);

/* Starts the program: the first task, which has no thread pointer yet. */
enum status task_start_first(struct task *task);

/*
 * Waits until task_wake is called for `key`, at most until `deadline_ns` (0: for ever); the lock is free meanwhile.
 * 0, -ETIMEDOUT, -EINTR: task_interrupt.
 */
long task_wait(void const *key, uint64_t deadline_ns);

enum { EVERYBODY = 0x7fffffff };

/* Wakes up to `count` that wait for `key`, longest first; how many it were. */
unsigned task_wake(void const *key, unsigned count);

void task_interrupt(struct task *task);

/* enter.S: runs function(argument) on `stack`, until task_leave. */
void           task_enter(struct task *task, int (*function)(void *), void *argument, void *stack);
_Noreturn void task_leave(struct task *task);
