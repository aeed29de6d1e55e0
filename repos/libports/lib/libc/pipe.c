/* SPDX-License-Identifier: MIT */
/*
 * Pipes, and socketpair, whose ends are the reading end of one pipe and the writing end of another. A pipe is there as long as one of its ends.
 * Up to PIPE_ATOMIC bytes are written whole or not at all (POSIX: PIPE_BUF).
 */
#include "libc.h"

#include <fcntl.h>
#include <sys/ioctl.h>

enum { PIPE_SIZE = 16384, PIPE_ATOMIC = 4096 };

struct end;

struct pipe {
	struct end *reader, *writer;      /* NULL: closed */
	uint64_t    read, written;        /* so many bytes ever */
	uint8_t     bytes[PIPE_SIZE];
};

/* What a descriptor is of: of a pipe one of the two is NULL. */
struct end {
	struct file  file;
	struct pipe *in, *out;
};

static struct end *end_of(struct file *file)
{
	return container_of(file, struct end, file);
}

/* Copies between a place of the ring and flat memory. */
static void copy_ring(struct pipe *pipe, uint64_t at, void *flat, size_t size, bool out)
{
	size_t const start = at % PIPE_SIZE, first = MIN(size, PIPE_SIZE - start);

	if (out) {
		memcpy(flat, pipe->bytes + start, first);
		memcpy((uint8_t *)flat + first, pipe->bytes, size - first);
	} else {
		memcpy(pipe->bytes + start, flat, first);
		memcpy(pipe->bytes, (uint8_t *)flat + first, size - first);
	}
}

static long read_pipe(struct file *file, void *to, size_t size, uint64_t offset)
{
	struct pipe *pipe = end_of(file)->in;
	size_t const piece = MIN(size, (size_t)(pipe->written - pipe->read));

	if (!piece)
		return pipe->writer ? -EAGAIN : 0;
	copy_ring(pipe, pipe->read, to, piece, true);
	pipe->read += piece;
	if (pipe->writer)
		file_changed(&pipe->writer->file);
	return (long)piece;
}

static long write_pipe(struct file *file, void const *from, size_t size, uint64_t offset)
{
	struct pipe *pipe  = end_of(file)->out;
	size_t const room  = PIPE_SIZE - (size_t)(pipe->written - pipe->read);
	size_t const piece = MIN(size, room);

	if (!pipe->reader)
		return -EPIPE;
	if (!piece || (piece < size && size <= PIPE_ATOMIC))
		return -EAGAIN;
	copy_ring(pipe, pipe->written, (void *)from, piece, false);
	pipe->written += piece;
	file_changed(&pipe->reader->file);
	return (long)piece;
}

static short poll_pipe(struct file *file)
{
	struct end const *end   = end_of(file);
	short             ready = 0;

	if (end->in)
		ready |= (end->in->written != end->in->read ? POLLIN : 0) | (end->in->writer ? 0 : POLLHUP | (end->out ? POLLIN : 0));
	if (end->out)
		ready |= !end->out->reader ? POLLERR : PIPE_SIZE - (end->out->written - end->out->read) >= PIPE_ATOMIC ? POLLOUT : 0;
	return ready;
}

static long control_pipe(struct file *file, unsigned long request, void *argument)
{
	struct pipe const *pipe = end_of(file)->in;

	if (request != FIONREAD || !pipe)
		return -ENOTTY;
	*(int *)argument = (int)(pipe->written - pipe->read);
	return 0;
}

static long stat_pipe(struct file *file, struct stat *stat)
{
	struct end const *end = end_of(file);

	stat->st_mode = (end->in && end->out ? S_IFSOCK : S_IFIFO) | 0600;
	stat->st_blksize = PIPE_ATOMIC;
	return 0;
}

static void leave(struct pipe *pipe, struct end *end)
{
	struct end *other;

	if (!pipe)
		return;
	other = pipe->reader == end ? pipe->writer : pipe->reader;
	if (pipe->reader == end)
		pipe->reader = NULL;
	else
		pipe->writer = NULL;
	if (other)
		file_changed(&other->file);
	else
		libc_free(pipe);
}

static void close_end(struct file *file)
{
	struct end *end = end_of(file);

	leave(end->in, end);
	leave(end->out, end);
	libc_free(end);
}

/* --- The ends of a socketpair --- */

static long send_pair(struct file *file, void const *data, size_t size, int flags, struct sockaddr const *address, socklen_t address_size)
{
	return address ? -EISCONN : end_of(file)->out ? write_pipe(file, data, size, 0) : -EPIPE;
}

static long recv_pair(struct file *file, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *address_size)
{
	struct pipe *pipe = end_of(file)->in;
	long         result;

	if (!pipe)
		return 0;
	result = read_pipe(file, data, size, 0);
	if (result > 0 && flags & MSG_PEEK)
		pipe->read -= (uint64_t)result;
	if (address)
		*address_size = 0;
	return result;
}

static long shut_pair(struct file *file, int how)
{
	struct end *end = end_of(file);

	if (how != SHUT_WR) {
		leave(end->in, end);
		end->in = NULL;
	}
	if (how != SHUT_RD) {
		leave(end->out, end);
		end->out = NULL;
	}
	return 0;
}

static struct file_ops const pipe_ops = {
	.read = read_pipe, .write = write_pipe, .poll = poll_pipe, .ioctl = control_pipe, .stat = stat_pipe, .close = close_end,
};
static struct socket_ops const pair_socket_ops = { .send = send_pair, .recv = recv_pair, .shutdown = shut_pair };
static struct file_ops const   pair_ops = {
	.poll = poll_pipe, .ioctl = control_pipe, .stat = stat_pipe, .close = close_end, .socket = &pair_socket_ops,
};

/* --- Making them --- */

static struct end *make_end(struct file_ops const *ops, int flags)
{
	struct end *end = libc_alloc(sizeof(*end));

	if (end)
		file_init(&end->file, ops, flags);
	return end;
}

static bool connect_ends(struct end *writer, struct end *reader)
{
	struct pipe *pipe = libc_alloc(sizeof(*pipe));

	if (!pipe)
		return false;
	*pipe = (struct pipe) { .reader = reader, .writer = writer };
	writer->out = reader->in = pipe;
	return true;
}

/* Puts both into the table, or neither. */
static long install_both(struct end *ends[2], int fds[2], int flags)
{
	long const first  = fd_install(&ends[0]->file, 0, flags);
	long const second = fd_install(&ends[1]->file, 0, flags);

	if (first >= 0 && second >= 0) {
		fds[0] = (int)first;
		fds[1] = (int)second;
		return 0;
	}
	if (first >= 0)
		call_close((long[6]) { first });
	if (second >= 0)
		call_close((long[6]) { second });
	return -EMFILE;
}

static long make_pair(struct end *ends[2], bool both_ways)
{
	if (!ends[0] || !ends[1] || !connect_ends(ends[1], ends[0]) || (both_ways && !connect_ends(ends[0], ends[1]))) {
		for (int i = 0; i < 2; i++)
			if (ends[i])
				close_end(&ends[i]->file);
		return -ENOMEM;
	}
	return 0;
}

/* a: where the descriptors go, flags; also pipe */
long call_pipe(long const a[6])
{
	int const   flags   = (int)a[1] & O_NONBLOCK;
	struct end *ends[2] = { make_end(&pipe_ops, O_RDONLY | flags), make_end(&pipe_ops, O_WRONLY | flags) };
	long const  result  = make_pair(ends, false);

	return result ? result : install_both(ends, (int *)a[0], (int)a[1]);
}

long call_pipe_without_flags(long const a[6])
{
	return call_pipe((long[6]) { a[0], 0 });
}

/* a: domain, type, protocol, where the descriptors go */
long call_socketpair(long const a[6])
{
	int const   flags = O_RDWR | (a[1] & SOCK_NONBLOCK ? O_NONBLOCK : 0);
	struct end *ends[2];
	long        result;

	if (a[0] != AF_UNIX)
		return -EAFNOSUPPORT;
	if ((a[1] & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM) {
		libc_missing("socketpair of datagrams");
		return -ENOSYS;
	}
	ends[0] = make_end(&pair_ops, flags);
	ends[1] = make_end(&pair_ops, flags);
	result = make_pair(ends, true);
	return result ? result : install_both(ends, (int *)a[3], a[1] & SOCK_CLOEXEC ? O_CLOEXEC : 0);
}
