/* SPDX-License-Identifier: MIT */
/*
 * Between the files of libc. A system call arrives in call.c, which takes the lock and finds the function for it; all have one
 * signature: six words, and 0 or more, or a negative error of <errno.h>.
 */
#pragma once

#include <base/component.h>
#include <errno.h>

#include "file.h"
#include "task.h"

extern struct env *libc_env;

typedef long call_function(long const a[6]);

call_function call_nothing;    /* 0 */

/* Says so, once for each `what`: "fork is not supported". The text stays where it is. */
void libc_missing(char const *what);

/* A warning, once for each text. */
void libc_note(char const *text);

/* --- Memory (vm.c) --- */

/* Zeroed pages, attached; NULL: the account has not that much left. vm_free takes any part of what vm_alloc gave. */
void *vm_alloc(size_t size);
void  vm_free(void *address, size_t size);

call_function call_mmap, call_munmap, call_mprotect, call_madvise, call_mremap;

/* --- Tasks (task.c, futex.c), time (time.c) --- */

call_function call_clone, call_exit, call_exit_group, call_set_tid_address, call_gettid, call_arch_prctl, call_futex, call_sched_yield;
struct timespec;

/* The point in time that is so far off, never 0. */
uint64_t libc_deadline(struct timespec const *timeout);

extern uint64_t libc_boot_s;    /* when the kernel's clock was 0, in seconds since 1970 */
extern bool     libc_has_rtc;   /* else that is not known, and 0 */

call_function call_clock_gettime, call_clock_getres, call_nanosleep, call_clock_nanosleep, call_gettimeofday, call_times;

_Noreturn void libc_exit(int value);

/* --- Files (fd.c, poll.c) --- */

/* Puts `file` into the table, at `lowest` or above, and takes its user over. -EMFILE: the file is closed. */
long fd_install(struct file *file, int lowest, int flags);

/* The file of a descriptor, with one more user (file_release ends that); NULL: there is none. */
struct file *fd_acquire(int fd);
void         file_release(struct file *file);

/* Waits until it is worth trying again: 0, or what the call is to return; -EAGAIN: it is not to wait, or no longer. */
long file_wait(struct file *file, uint64_t deadline_ns);

unsigned file_mode(struct file *file);    /* S_IF.. and permissions */
uint64_t file_size(struct file *file);

/* Opens the three that every program has. */
MUST_CHECK enum status fd_start(struct node libc);

call_function call_read, call_write, call_readv, call_writev, call_pread, call_pwrite, call_close, call_lseek, call_ioctl, call_dup, call_dup2,
	call_fcntl, call_fstat, call_poll, call_ppoll, call_select, call_pselect;

/* --- Paths (path.c) --- */

call_function call_open, call_openat, call_stat, call_lstat, call_fstatat, call_access, call_faccessat, call_readlink, call_readlinkat,
	call_getdents, call_mkdir, call_mkdirat, call_unlink, call_rmdir, call_unlinkat, call_rename, call_renameat, call_truncate, call_ftruncate,
	call_chmod, call_fchmodat, call_utimensat, call_umask, call_chdir, call_fchdir, call_getcwd;

/* --- The program as a process (process.c) --- */

call_function call_getpid, call_getppid, call_uname, call_prlimit, call_getrlimit, call_sysinfo, call_kill, call_tkill, call_sigaction,
	call_sigprocmask, call_getrusage;

/* What a signal does that the running task sends to itself: its handler runs when the call returns, or the program ends. */
void signal_raise(int signal);
void signal_deliver(void);

/* --- Sockets and pipes (socket.c, pipe.c) --- */

/* read, write and their relatives on a socket. */
long socket_transfer(struct file *file, struct iovec const *pieces, long count, bool receives);

call_function call_socket, call_bind, call_listen, call_accept, call_accept_without_flags, call_connect, call_sendto, call_recvfrom,
	call_sendmsg, call_recvmsg, call_shutdown,
	call_getsockname, call_getpeername, call_getsockopt, call_setsockopt, call_socketpair, call_pipe, call_pipe_without_flags;

/* --- Devices (device.c) --- */

/* Words from the CPU's random number generator. False: it has none, or it does not work. */
bool libc_random(uint64_t *words, size_t count);

/* At the end: what is left of lines goes out. */
void device_flush(void);

/* What <NAME/> in <vfs> makes, at the start, on the main thread. */
struct device_kind {
	char const *name;
	enum status (*make)(struct env *env, struct node config, struct file **file);
};

extern struct file_ops const    file_null_ops;
extern struct device_kind const device_kinds[];    /* the last has no name */

call_function call_getrandom;
