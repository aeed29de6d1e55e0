/* SPDX-License-Identifier: MIT */
/*
 * What musl has in assembly for x86-64 because it makes system calls in it. Here they are C, for the system call is a function: threads
 * (src/thread/x86_64), vfork, and the return from signal handlers, which nobody is ever sent to from outside.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>

#define hidden __attribute__((visibility("hidden")))

long __banyan_syscall(long number, long a1, long a2, long a3, long a4, long a5, long a6);

/* What SYS_clone takes here instead of seven registers: libc/task.h has the same. */
struct clone_request {
	int  (*function)(void *);
	void  *stack, *argument;
	int   *parent_tid, *child_tid;
	void  *tls;
};

enum { ARCH_SET_FS = 0x1002, CLONE_THREAD = 0x10000 };

/* Of all that clone can do, threads: who wants a process gets none. */
hidden int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...)
{
	struct clone_request request = { .function = function, .stack = stack, .argument = argument };
	va_list rest;

	if (!(flags & CLONE_THREAD))
		return (int)__banyan_syscall(SYS_fork, 0, 0, 0, 0, 0, 0);
	va_start(rest, argument);
	request.parent_tid = va_arg(rest, int *);
	request.tls = va_arg(rest, void *);
	request.child_tid = va_arg(rest, int *);
	va_end(rest);
	return (int)__banyan_syscall(SYS_clone, (long)&request, 0, 0, 0, 0, 0);
}

hidden int __set_thread_area(void *pointer)
{
	return (int)__banyan_syscall(SYS_arch_prctl, ARCH_SET_FS, (long)pointer, 0, 0, 0, 0);
}

/* A detached thread ends, and with it its stack: SYS_exit takes the range, for there is nobody left to free it on that stack. */
hidden _Noreturn void __unmapself(void *base, unsigned long size)
{
	for (;;)
		__banyan_syscall(SYS_exit, 0, (long)base, (long)size, 0, 0, 0);
}

int vfork(void)
{
	long const result = __banyan_syscall(SYS_vfork, 0, 0, 0, 0, 0, 0);

	errno = (int)-result;
	return -1;
}

hidden void __restore_rt(void)
{
	__builtin_trap();
}

/* --- Cancellation points --- */

hidden long __cancel(void);

/* No signal ever finds a thread between these: one that is cancelled while it waits is woken with EINTR, and musl looks then. */
hidden char const __cp_begin[1], __cp_end[1], __cp_cancel[1];

hidden long __syscall_cp_asm(int volatile *cancel, long number, long a1, long a2, long a3, long a4, long a5, long a6)
{
	return *cancel ? __cancel() : __banyan_syscall(number, a1, a2, a3, a4, a5, a6);
}
