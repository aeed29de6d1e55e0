/* SPDX-License-Identifier: MIT */
/*
 * The program as a process that is alone: its numbers, its limits, and signals that it sends to itself. Nobody else sends any: a handler runs when the
 * program raises the signal (raise, abort, a write to what nobody reads), on the thread that does; one sent to another thread only ends
 * what that waits for, which is all that pthread_cancel needs.
 */
#include "libc.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

enum { PID = 1, SIGNALS = 65, FD_LIMIT = 1024, SIGCANCEL = 33 /* of musl */ };

/* Linux's struct for rt_sigaction, as musl makes it. */
struct kernel_sigaction {
	union {
		void (*handler)(int);
		void (*with_info)(int, siginfo_t *, void *);
	};
	unsigned long flags;
	void        (*restorer)(void);
	uint64_t      mask;
};

static struct kernel_sigaction actions[SIGNALS];

long call_getpid(long const a[6])
{
	return PID;
}

long call_getppid(long const a[6])
{
	return 0;
}

long call_uname(long const a[6])
{
	*(struct utsname *)a[0] = (struct utsname) { .sysname = "Banyan", .nodename = "banyan", .release = "1", .version = "1", .machine = "x86_64" };
	return 0;
}

/* --- Limits and what is used --- */

static void get_limit(long resource, struct rlimit *limit)
{
	rlim_t const most = resource == RLIMIT_NOFILE ? FD_LIMIT : resource == RLIMIT_CORE ? 0 : RLIM_INFINITY;

	*limit = (struct rlimit) { most, most };
}

long call_getrlimit(long const a[6])
{
	get_limit(a[0], (struct rlimit *)a[1]);
	return 0;
}

/* a: process, resource, new, old */
long call_prlimit(long const a[6])
{
	if (a[2]) {
		libc_missing("setrlimit");
		return -ENOSYS;
	}
	if (a[3])
		get_limit(a[1], (struct rlimit *)a[3]);
	return 0;
}

long call_sysinfo(long const a[6])
{
	struct sysinfo      *info  = (struct sysinfo *)a[0];
	struct account_state state = { .ram_limit = 0 };

	if (account_info(libc_env->account, &state) != STATUS_OK)
		return -EIO;
	*info = (struct sysinfo) {
		.uptime = time_now_ns() / TIME_NS_PER_S, .totalram = state.ram_limit, .freeram = state.ram_limit - state.ram_used, .procs = 1, .mem_unit = 1,
	};
	return 0;
}

/* --- Signals --- */

static bool is_fatal(int signal)
{
	return signal != SIGCHLD && signal != SIGCONT && signal != SIGURG && signal != SIGWINCH && signal != SIGSTOP && signal != SIGTSTP;
}

/* a: signal, new, old, size of the mask */
long call_sigaction(long const a[6])
{
	if (a[0] < 1 || a[0] >= SIGNALS || ((a[0] == SIGKILL || a[0] == SIGSTOP) && a[1]))
		return -EINVAL;
	if (a[2])
		*(struct kernel_sigaction *)a[2] = actions[a[0]];
	if (a[1])
		actions[a[0]] = *(struct kernel_sigaction const *)a[1];
	return 0;
}

void signal_raise(int signal)
{
	struct kernel_sigaction const *action = &actions[signal];

	if (action->handler == SIG_IGN || (action->handler == SIG_DFL && !is_fatal(signal)))
		return;
	if (action->handler == SIG_DFL) {
		log_error("ended by signal %d", signal);
		libc_exit(128 + signal);
	}
	task_current()->raised |= 1UL << (signal - 1);
}

/*
 * On the program's stack, after a system call and without the lock: runs the handlers of what this task has raised, and does not block.
 */
void signal_deliver(void)
{
	struct task *task = task_current();

	while (task->raised & ~task->blocked) {
		int const                     signal = __builtin_ctzl(task->raised & ~task->blocked) + 1;
		struct kernel_sigaction const action = actions[signal];
		uint64_t const                before = task->blocked;
		siginfo_t                     info   = { .si_signo = signal, .si_code = SI_TKILL };

		task->raised &= ~(1UL << (signal - 1));
		task->blocked |= action.mask | (action.flags & SA_NODEFER ? 0 : 1UL << (signal - 1));
		if (action.flags & SA_RESETHAND)
			actions[signal].handler = SIG_DFL;
		if (action.flags & SA_SIGINFO)
			action.with_info(signal, &info, NULL);
		else
			action.handler(signal);
		task->blocked = before;
	}
}

static struct task *task_of(long tid)
{
	list_for_each (task, &tasks, struct task, of_tasks)
		if (task->tid == tid)
			return task;
	return NULL;
}

/* a: thread, signal */
long call_tkill(long const a[6])
{
	struct task *task = task_of(a[0]);

	if (a[1] < 0 || a[1] >= SIGNALS)
		return -EINVAL;
	if (!task)
		return -ESRCH;
	if (!a[1])
		return 0;
	if (task == task_current())
		signal_raise((int)a[1]);
	else if (a[1] == SIGCANCEL)
		task_interrupt(task);
	else {
		libc_missing("a signal to another thread");
		return -ENOSYS;
	}
	return 0;
}

/* a: process, signal */
long call_kill(long const a[6])
{
	if (a[1] < 0 || a[1] >= SIGNALS)
		return -EINVAL;
	if (a[0] != PID && a[0] != 0 && a[0] != -1)
		return -ESRCH;
	if (a[1])
		signal_raise((int)a[1]);
	return 0;
}

/* a: how, new, old, size. What is blocked is kept for who asks, and what is raised meanwhile waits. */
long call_sigprocmask(long const a[6])
{
	struct task    *task = task_current();
	uint64_t const *set  = (uint64_t const *)a[1];

	if (a[2])
		*(uint64_t *)a[2] = task->blocked;
	if (!set)
		return 0;
	switch (a[0]) {
	case SIG_BLOCK:   task->blocked |= *set; return 0;
	case SIG_UNBLOCK: task->blocked &= ~*set; return 0;
	case SIG_SETMASK: task->blocked = *set; return 0;
	}
	return -EINVAL;
}
