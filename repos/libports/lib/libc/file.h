/* SPDX-License-Identifier: MIT */
/*
 * Open files, as those see them who implement some: the VFS, pipes, and the sockets of a network stack, which is a library of its own
 * (CLASS = system, USES = libc in its component.mk) and plugs in by `libc_network`.
 *
 * A file is what one open made: descriptors point at it (dup: several). Its maker embeds struct file in a struct of its own. All operations
 * - run with the lock of libc held (libc_lock), on some thread of the program, or on the main thread;
 * - never block: what cannot be done now is -EAGAIN, and whoever called waits, if it wants to, until file_changed tells that it is worth trying again;
 * - return 0 or a count, or an error of <errno.h>, negative, as system calls do;
 * - are NULL where the file has nothing to do for them (read: -EINVAL, ioctl: -ENOTTY, and so on).
 *
 * Handlers on the main entrypoint (of a driver's signal, say) call libc_lock first and libc_unlock last. They, and operations, must not call functions of
 * the C library that allocate, lock, print or set errno: <string.h> is fine, memory comes from libc_alloc.
 */
#pragma once

#include <base/status.h>
#include <base/types.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct env;
struct file;
struct node;

/* Where socket addresses are read and written, `size` has the size of the buffer and gets that of the address. */
struct socket_ops {
	long (*bind)(struct file *file, struct sockaddr const *address, socklen_t size);
	long (*listen)(struct file *file, int backlog);

	/* Makes a file for the connection that has waited longest; -EAGAIN: none has. */
	long (*accept)(struct file *file, struct file **connection);

	/*
	 * Begins: 0 if it is connected at once, else -EINPROGRESS; called again meanwhile -EALREADY; once after it has failed, the error; when it is
	 * connected -EISCONN. file_changed tells when that changes.
	 */
	long (*connect)(struct file *file, struct sockaddr const *address, socklen_t size);

	/*
	 * `flags` are MSG_ bits; MSG_DONTWAIT and MSG_WAITALL are not for here. `address` NULL: the peer; where it is not wanted. recv: 0 is the end; with
	 * MSG_TRUNC, the size that a datagram had.
	 */
	long (*send)(struct file *file, void const *data, size_t size, int flags, struct sockaddr const *address, socklen_t address_size);
	long (*recv)(struct file *file, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *address_size);
	long (*shutdown)(struct file *file, int how);    /* SHUT_RD, SHUT_WR, SHUT_RDWR */
	long (*own_address)(struct file *file, struct sockaddr *address, socklen_t *size);
	long (*peer_address)(struct file *file, struct sockaddr *address, socklen_t *size);
	long (*get_option)(struct file *file, int level, int name, void *value, socklen_t *size);
	long (*set_option)(struct file *file, int level, int name, void const *value, socklen_t size);
};

struct file_entry { char const *name; uint64_t number; unsigned char type; };

struct file_ops {
	bool seekable;      /* read and write take an offset; else that is 0 */

	/* A read of 0 bytes is the end of the file; a write may take less than it was offered, but not 0. */
	long  (*read)(struct file *file, void *to, size_t size, uint64_t offset);
	long  (*write)(struct file *file, void const *from, size_t size, uint64_t offset);

	/* Which of POLLIN, POLLOUT, POLLPRI, POLLERR, POLLHUP hold now; NULL: always ready for both. */
	short (*poll)(struct file *file);
	long  (*ioctl)(struct file *file, unsigned long request, void *argument);

	/* Into a struct that is zeroed. NULL: a character device. */
	long  (*stat)(struct file *file, struct stat *stat);
	long  (*truncate)(struct file *file, uint64_t size);

	/* Entry number `index` of a directory: its name and number (inode), DT_ type. -ENOENT: there are no more. */
	long  (*entry)(struct file *file, uint64_t index, struct file_entry *entry);

	/* The last descriptor is gone: `file` is nobody's any more. */
	void  (*close)(struct file *file);
	struct socket_ops const *socket;    /* NULL: it is none. Else recv and send do what read and write do, which are NULL */
};

struct file {
	struct file_ops const *ops;
	unsigned               users;       /* descriptors, and calls under way */
	int                    flags;       /* O_ flags of open and fcntl: O_ACCMODE, O_NONBLOCK, O_APPEND */
	uint64_t               position;
	uint64_t               receive_limit_ns;   /* SO_RCVTIMEO, SO_SNDTIMEO: how long a call waits at most; 0: for ever */
	uint64_t               send_limit_ns;
};

/* `file` with one user, who is the caller. */
void file_init(struct file *file, struct file_ops const *ops, int flags);

/* What poll would say of the file may have changed, or what it answers with -EAGAIN: whoever waits for it looks again. */
void file_changed(struct file *file);

void libc_lock(void);
void libc_unlock(void);

/* Zeroed memory from the component's account; the lock is held. NULL: it has not that much left. */
void *libc_alloc(size_t size);
void  libc_free(void *memory);

/* Sockets, if a library that defines this is linked. */
struct libc_network {
	/* On the main thread, before the program starts and without the lock; `config` is the component's configuration. An error ends the component. */
	enum status (*start)(struct env *env, struct node config);

	/* -EAFNOSUPPORT, -EPROTONOSUPPORT, -ENOMEM, ... `type` without SOCK_NONBLOCK and SOCK_CLOEXEC. The caller is the file's one user. */
	long (*socket)(int domain, int type, int protocol, struct file **file);

	/* What /etc/resolv.conf says, if <vfs> has no such file: the text, which is made anew each time that it is opened; its length, at most `size`. May be NULL. */
	long (*resolver)(char *text, size_t size);
};

extern struct libc_network const libc_network __attribute__((weak));
