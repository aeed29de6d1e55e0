/* SPDX-License-Identifier: MIT */
/*
 * How musl makes a system call: by a call of the one function that what is below the C library offers. It takes the place of musl's own
 * arch/x86_64/syscall_arch.h, and has to have its names: inline functions, as musl wraps macros of the same names around them.
 */
#pragma once

/* Linux's numbers, arguments and results: -4095 to -1 are errors. Does nothing but return -ENOSYS for what is missing. */
long __banyan_syscall(long number, long a1, long a2, long a3, long a4, long a5, long a6);

#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

static inline long __syscall0(long n)
{
	return __banyan_syscall(n, 0, 0, 0, 0, 0, 0);
}

static inline long __syscall1(long n, long a1)
{
	return __banyan_syscall(n, a1, 0, 0, 0, 0, 0);
}

static inline long __syscall2(long n, long a1, long a2)
{
	return __banyan_syscall(n, a1, a2, 0, 0, 0, 0);
}

static inline long __syscall3(long n, long a1, long a2, long a3)
{
	return __banyan_syscall(n, a1, a2, a3, 0, 0, 0);
}

static inline long __syscall4(long n, long a1, long a2, long a3, long a4)
{
	return __banyan_syscall(n, a1, a2, a3, a4, 0, 0);
}

static inline long __syscall5(long n, long a1, long a2, long a3, long a4, long a5)
{
	return __banyan_syscall(n, a1, a2, a3, a4, a5, 0);
}

static inline long __syscall6(long n, long a1, long a2, long a3, long a4, long a5, long a6)
{
	return __banyan_syscall(n, a1, a2, a3, a4, a5, a6);
}

#define IPC_64 0
