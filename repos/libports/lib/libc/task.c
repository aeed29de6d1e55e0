/* SPDX-License-Identifier: MIT */
/*
 * Tasks: from clone to exit, and how they wait.
 */
#include "libc.h"

#include <base/cap_alloc.h>

enum { SYSTEM_STACK = 0x4000, TASK_NAME = 8, ARCH_SET_FS = 0x1002 };

char const   task_poll_key;
struct list  tasks = LIST_INIT(tasks);
struct task *task_first;                     /* the first one, as long as it has no thread pointer */
__thread struct task *task_running;

static struct list           waiters = LIST_INIT(waiters);    /* of struct task by of_waiters */
static struct list           ended   = LIST_INIT(ended);      /* of struct task by of_tasks: to be joined by the main thread */
static struct handler        reaper;
static struct signal_context reap;
static int                   last_tid;

long task_running_offset(void);

struct task *task_current(void)
{
	return task_first ? task_first : task_running;
}

static void set_running(void *tls, struct task *task)
{
	*(struct task **)((char *)tls + task_running_offset()) = task;
}

/* --- Waiting --- */

long task_wait(void const *key, uint64_t deadline_ns)
{
	struct task *task = task_current();
	enum status  status;

	if (task->interrupted) {
		task->interrupted = false;
		return -EINTR;
	}
	task->key = key;
	list_append(&waiters, &task->of_waiters);
	libc_unlock();
	do
		status = signal_wait(task->wake, deadline_ns);
	while (status == STATUS_CANCELLED);
	libc_lock();
	if (list_is_linked(&task->of_waiters)) {
		list_remove(&task->of_waiters);
		return -ETIMEDOUT;
	}

	/* Somebody woke it after its time had come: the signal is there, or on its way. */
	while (status != STATUS_OK)
		status = signal_wait(task->wake, 0);
	if (task->interrupted) {
		task->interrupted = false;
		return -EINTR;
	}
	return 0;
}

static void wake(struct task *task)
{
	enum status status;

	list_remove(&task->of_waiters);
	status = signal_submit(task->wake);
	assert(status == STATUS_OK);
}

unsigned task_wake(void const *key, unsigned count)
{
	unsigned woken = 0;

	list_for_each_safe (task, &waiters, struct task, of_waiters) {
		if (woken == count)
			break;
		if (task->key != key)
			continue;
		wake(task);
		woken++;
	}
	return woken;
}

void task_interrupt(struct task *task)
{
	task->interrupted = true;
	if (list_is_linked(&task->of_waiters))
		wake(task);
}

/* --- From clone to exit --- */

/* On its own thread, on its system stack. */
static void run(struct local_thread *thread)
{
	struct task *task = container_of(thread, struct task, thread);
	enum status  status;

	if (task->tls) {
		set_running(task->tls, task);
		status = thread_set_tls((uint64_t)task->tls);
		assert(status == STATUS_OK);
	}
	task_enter(task, task->function, task->argument, task->stack);
}

/* The main thread's: those that have ended are joined, which gives their thread back, or keeps it for the next one. */
static void handle_ended(struct handler *handler, uint64_t count)
{
	struct task *task;

	libc_lock();
	while ((task = list_first_object(&ended, struct task, of_tasks))) {
		list_remove(&task->of_tasks);
		libc_unlock();
		local_thread_join(&task->thread);
		libc_lock();
		libc_free(task);
	}
	libc_unlock();
}

static enum status prepare(struct env *env, struct task *task)
{
	char name[TASK_NAME + 8];

	if (cap_is_null(reap.cap)) {
		reaper.handle = handle_ended;
		RPC_TRY(ep_signal(&env->ep, &reaper, &reap));
	}
	format_cut(name, sizeof(name), "task %d", task->tid);
	RPC_TRY(local_thread_create(&task->thread, env, name, 0, SYSTEM_STACK));

	enum status status = signal_alloc_context(&env->signal, task->thread.thread, 0, &task->wake);

	if (status)
		local_thread_destroy(&task->thread);
	return status;
}

long task_create(struct env *env, struct clone_request const *request, struct task **made)
{
	struct task *task = libc_alloc(sizeof(*task));
	enum status  status;

	if (!task)
		return -EAGAIN;
	task->tid = ++last_tid;
	task->function = request->function;
	task->argument = request->argument;
	task->stack = request->stack;
	task->tls = request->tls;
	task->clear_tid = request->child_tid;
	status = prepare(env, task);
	if (status) {
		log_error("cannot make a thread: %s (each takes 11 caps, %u KiB and its stack)", status_name(status), SYSTEM_STACK / 1024 + 8);
		libc_free(task);
		return -EAGAIN;
	}
	list_append(&tasks, &task->of_tasks);
	if (made)
		*made = task;
	return task->tid;
}

long call_clone(long const a[6])
{
	struct clone_request const *request = (struct clone_request const *)a[0];
	struct task                *task;
	long const                  tid = task_create(libc_env, request, &task);

	if (tid < 0)
		return tid;
	if (request->parent_tid)
		*request->parent_tid = (int)tid;

	enum status status = local_thread_start(&task->thread, run);

	assert(status == STATUS_OK);
	return tid;
}

enum status task_start_first(struct task *task)
{
	task_first = task;
	return local_thread_start(&task->thread, run);
}

/* a[1], a[2]: what was its stack, if nobody else is to free it. */
long call_exit(long const a[6])
{
	struct task *task = task_current();

	if (a[2])
		vm_free((void *)a[1], (size_t)a[2]);
	if (task->clear_tid) {
		*task->clear_tid = 0;
		task_wake(task->clear_tid, EVERYBODY);
	}
	list_remove(&task->of_tasks);
	if (list_is_empty(&tasks))
		libc_exit((int)a[0]);

	struct signal contexts = libc_env->signal;
	enum status   status   = signal_free_context(&contexts, task->wake);

	assert(status == STATUS_OK);
	cap_release(task->wake.cap);
	list_append(&ended, &task->of_tasks);
	status = signal_submit(reap);
	assert(status == STATUS_OK);
	libc_unlock();
	task_leave(task);
}

long call_set_tid_address(long const a[6])
{
	task_current()->clear_tid = (int *)a[0];
	return task_current()->tid;
}

long call_gettid(long const a[6])
{
	return task_current()->tid;
}

/* The first task gets its thread pointer from the C library; the others have theirs from clone. */
long call_arch_prctl(long const a[6])
{
	if (a[0] != ARCH_SET_FS)
		return -EINVAL;

	enum status status = thread_set_tls((uint64_t)a[1]);

	if (status)
		return -EINVAL;
	set_running((void *)a[1], task_current());
	task_first = NULL;
	return 0;
}

long call_sched_yield(long const a[6])
{
	struct platform_regs regs = { 0 };

	libc_unlock();
	platform_invoke(PLATFORM_YIELD, &regs);
	libc_lock();
	return 0;
}
