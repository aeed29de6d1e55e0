/* SPDX-License-Identifier: MIT */
/*
 * System calls: from a number to the function that does it, under the lock. Numbers and meaning are Linux's, for that is what musl makes.
 */
#include "libc.h"

#include <sys/syscall.h>

static char const *const names[] = {
#include "syscall_names.h"
};

static call_function *const calls[] = {
	/* memory */
	[SYS_mmap] = call_mmap, [SYS_munmap] = call_munmap, [SYS_mprotect] = call_mprotect, [SYS_madvise] = call_madvise, [SYS_mremap] = call_mremap,
	[SYS_brk] = call_nothing,

	/* threads and time */
	[SYS_clone] = call_clone, [SYS_exit] = call_exit, [SYS_exit_group] = call_exit_group, [SYS_set_tid_address] = call_set_tid_address,
	[SYS_gettid] = call_gettid, [SYS_arch_prctl] = call_arch_prctl, [SYS_futex] = call_futex, [SYS_sched_yield] = call_sched_yield,
	[SYS_set_robust_list] = call_nothing,
	[SYS_clock_gettime] = call_clock_gettime, [SYS_clock_getres] = call_clock_getres, [SYS_nanosleep] = call_nanosleep,
	[SYS_clock_nanosleep] = call_clock_nanosleep, [SYS_gettimeofday] = call_gettimeofday, [SYS_times] = call_times,

	/* descriptors */
	[SYS_read] = call_read, [SYS_write] = call_write, [SYS_readv] = call_readv, [SYS_writev] = call_writev, [SYS_pread64] = call_pread,
	[SYS_pwrite64] = call_pwrite, [SYS_close] = call_close, [SYS_lseek] = call_lseek, [SYS_ioctl] = call_ioctl, [SYS_dup] = call_dup,
	[SYS_dup2] = call_dup2, [SYS_dup3] = call_dup2, [SYS_fcntl] = call_fcntl, [SYS_fstat] = call_fstat, [SYS_fsync] = call_nothing,
	[SYS_fdatasync] = call_nothing, [SYS_sync] = call_nothing, [SYS_poll] = call_poll, [SYS_ppoll] = call_ppoll, [SYS_select] = call_select,
	[SYS_pselect6] = call_pselect, [SYS_getdents64] = call_getdents, [SYS_ftruncate] = call_ftruncate,

	/* paths */
	[SYS_open] = call_open, [SYS_openat] = call_openat, [SYS_stat] = call_stat, [SYS_lstat] = call_lstat, [SYS_newfstatat] = call_fstatat,
	[SYS_access] = call_access, [SYS_faccessat] = call_faccessat, [SYS_readlink] = call_readlink, [SYS_readlinkat] = call_readlinkat,
	[SYS_mkdir] = call_mkdir, [SYS_mkdirat] = call_mkdirat, [SYS_rmdir] = call_rmdir, [SYS_unlink] = call_unlink, [SYS_unlinkat] = call_unlinkat,
	[SYS_rename] = call_rename, [SYS_renameat] = call_renameat, [SYS_renameat2] = call_renameat, [SYS_truncate] = call_truncate,
	[SYS_chmod] = call_chmod, [SYS_fchmodat] = call_fchmodat, [SYS_utimensat] = call_utimensat, [SYS_umask] = call_umask,
	[SYS_chdir] = call_chdir, [SYS_fchdir] = call_fchdir, [SYS_getcwd] = call_getcwd,

	/* sockets and pipes */
	[SYS_socket] = call_socket, [SYS_bind] = call_bind, [SYS_listen] = call_listen, [SYS_accept] = call_accept_without_flags, [SYS_accept4] = call_accept,
	[SYS_connect] = call_connect, [SYS_sendto] = call_sendto, [SYS_recvfrom] = call_recvfrom, [SYS_sendmsg] = call_sendmsg,
	[SYS_recvmsg] = call_recvmsg, [SYS_shutdown] = call_shutdown, [SYS_getsockname] = call_getsockname, [SYS_getpeername] = call_getpeername,
	[SYS_getsockopt] = call_getsockopt, [SYS_setsockopt] = call_setsockopt, [SYS_socketpair] = call_socketpair,
	[SYS_pipe] = call_pipe_without_flags, [SYS_pipe2] = call_pipe,

	/* the process, which has one user */
	[SYS_getpid] = call_getpid, [SYS_getppid] = call_getppid, [SYS_getuid] = call_nothing, [SYS_geteuid] = call_nothing,
	[SYS_getgid] = call_nothing, [SYS_getegid] = call_nothing, [SYS_uname] = call_uname, [SYS_prlimit64] = call_prlimit,
	[SYS_getrlimit] = call_getrlimit, [SYS_sysinfo] = call_sysinfo, [SYS_getrandom] = call_getrandom,
	[SYS_kill] = call_kill, [SYS_tkill] = call_tkill, [SYS_rt_sigaction] = call_sigaction, [SYS_rt_sigprocmask] = call_sigprocmask,
};

/* No memory by this way: what the C library asks for is where it is now. Also for what there is nothing to do. */
long call_nothing(long const a[6])
{
	return 0;
}

/* --- What is missing --- */

/* Was it not told yet? From here on it was. */
static bool is_new(char const *text)
{
	static char const *told[96];
	static unsigned    count;

	for (unsigned i = 0; i < count; i++)
		if (told[i] == text)
			return false;
	if (count < ARRAY_SIZE(told))
		told[count++] = text;
	return true;
}

void libc_note(char const *text)
{
	if (is_new(text))
		log_warning("%s", text);
}

void libc_missing(char const *what)
{
	if (is_new(what))
		log_warning("%s is not supported: ENOSYS", what);
}

/* --- From enter.S --- */

struct answer { long result; uint64_t has_signals; };

struct answer libc_dispatch(long number, long a1, long a2, long a3, long a4, long a5, long a6);

struct answer libc_dispatch(long number, long a1, long a2, long a3, long a4, long a5, long a6)
{
	long const          a[6] = { a1, a2, a3, a4, a5, a6 };
	unsigned long       at   = (unsigned long)number;
	struct task        *task;
	struct answer       answer;

	libc_lock();
	if (at < ARRAY_SIZE(calls) && calls[at]) {
		answer.result = calls[at](a);
	} else {
		libc_missing(at < ARRAY_SIZE(names) && names[at] ? names[at] : "a system call that Linux has not either");
		answer.result = -ENOSYS;
	}
	task = task_current();
	answer.has_signals = task->raised & ~task->blocked;
	libc_unlock();
	return answer;
}
