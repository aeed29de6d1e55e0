/* SPDX-License-Identifier: MIT */
/*
 * Sockets, as system calls: the waiting, and what concerns descriptors. All else is done by the library that defines libc_network; without one, socket
 * returns -EAFNOSUPPORT. socketpair makes two ends of a pipe for each direction (pipe.c).
 */
#include "libc.h"

#include <base/time.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/uio.h>

static int file_flags(long type)
{
	return O_RDWR | (type & SOCK_NONBLOCK ? O_NONBLOCK : 0);
}

static int descriptor_flags(long type)
{
	return type & SOCK_CLOEXEC ? O_CLOEXEC : 0;
}

/* a: domain, type, protocol */
long call_socket(long const a[6])
{
	struct file *file;
	long         result;

	if (!&libc_network) {
		libc_note("there are no sockets: no library for them is linked");
		return -EAFNOSUPPORT;
	}
	result = libc_network.socket((int)a[0], (int)a[1] & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), (int)a[2], &file);
	if (result)
		return result;
	file->flags = file_flags(a[1]);
	return fd_install(file, 0, descriptor_flags(a[1]));
}

/* The socket behind a descriptor, with one more user; NULL, and the error. */
static struct file *socket_of(long fd, long *error)
{
	struct file *file = fd_acquire((int)fd);

	if (file && file->ops->socket)
		return file;
	if (file)
		file_release(file);
	*error = file ? -ENOTSOCK : -EBADF;
	return NULL;
}

/* One of a socket's operations; -EOPNOTSUPP if it has none. */
#define WITH_OPERATION(file, operation, ...) ((file)->ops->socket->operation ? (file)->ops->socket->operation(file, __VA_ARGS__) : -EOPNOTSUPP)

#define WITH_SOCKET(fd, operation, ...) ({                                                           \
	long         socket_result_;                                                                 \
	struct file *socket_file_ = socket_of(fd, &socket_result_);                                  \
	if (socket_file_) {                                                                          \
		socket_result_ = WITH_OPERATION(socket_file_, operation, __VA_ARGS__);               \
		file_release(socket_file_);                                                          \
	}                                                                                            \
	socket_result_;                                                                              \
})

long call_bind(long const a[6])
{
	return WITH_SOCKET(a[0], bind, (struct sockaddr const *)a[1], (socklen_t)a[2]);
}

long call_listen(long const a[6])
{
	return WITH_SOCKET(a[0], listen, (int)a[1]);
}

long call_shutdown(long const a[6])
{
	return WITH_SOCKET(a[0], shutdown, (int)a[1]);
}

long call_getsockname(long const a[6])
{
	return WITH_SOCKET(a[0], own_address, (struct sockaddr *)a[1], (socklen_t *)a[2]);
}

long call_getpeername(long const a[6])
{
	return WITH_SOCKET(a[0], peer_address, (struct sockaddr *)a[1], (socklen_t *)a[2]);
}

/* --- Options: how long calls wait is a matter of this file --- */

/* NULL: it is no such option. */
static uint64_t *limit_of(struct file *file, long level, long name)
{
	if (level != SOL_SOCKET || (name != SO_RCVTIMEO && name != SO_SNDTIMEO))
		return NULL;
	return name == SO_RCVTIMEO ? &file->receive_limit_ns : &file->send_limit_ns;
}

static long get_limit(uint64_t limit_ns, void *value, socklen_t *size)
{
	struct timeval const time = { .tv_sec = (time_t)(limit_ns / TIME_NS_PER_S), .tv_usec = (suseconds_t)(limit_ns % TIME_NS_PER_S / TIME_NS_PER_US) };

	*size = MIN(*size, (socklen_t)sizeof(time));
	memcpy(value, &time, *size);
	return 0;
}

static long set_limit(uint64_t *limit_ns, struct timeval const *time, size_t size)
{
	if (size < sizeof(*time))
		return -EINVAL;
	if (time->tv_usec < 0 || time->tv_usec >= 1000000)
		return -EDOM;
	if (time->tv_sec < 0)
		*limit_ns = 1; /* as on Linux: no call waits */
	else if (__builtin_mul_overflow((uint64_t)time->tv_sec, TIME_NS_PER_S, limit_ns) ||
	         __builtin_add_overflow(*limit_ns, (uint64_t)time->tv_usec * TIME_NS_PER_US, limit_ns))
		*limit_ns = 0;
	return 0;
}

/* a: descriptor, level, name, value, where its size is */
long call_getsockopt(long const a[6])
{
	long         result;
	struct file *file = socket_of(a[0], &result);
	uint64_t    *limit;

	if (!file)
		return result;
	limit = limit_of(file, a[1], a[2]);
	result = limit ? get_limit(*limit, (void *)a[3], (socklen_t *)a[4]) : WITH_OPERATION(file, get_option, (int)a[1], (int)a[2], (void *)a[3], (socklen_t *)a[4]);
	file_release(file);
	return result;
}

/* a: descriptor, level, name, value, size */
long call_setsockopt(long const a[6])
{
	long         result;
	struct file *file = socket_of(a[0], &result);
	uint64_t    *limit;

	if (!file)
		return result;
	limit = limit_of(file, a[1], a[2]);
	result = limit ? set_limit(limit, (struct timeval const *)a[3], (size_t)a[4])
	               : WITH_OPERATION(file, set_option, (int)a[1], (int)a[2], (void const *)a[3], (socklen_t)a[4]);
	file_release(file);
	return result;
}

/* When a call that begins now has waited for long enough. */
static uint64_t deadline_of(struct file const *file, bool receives)
{
	uint64_t const limit_ns = receives ? file->receive_limit_ns : file->send_limit_ns;
	uint64_t       deadline;

	if (!limit_ns)
		return 0;
	return __builtin_add_overflow(time_now_ns(), limit_ns, &deadline) ? 0 : deadline;
}

/* --- What may wait --- */

static long accept_one(struct file *file, struct file **connection)
{
	uint64_t const deadline_ns = deadline_of(file, true);
	long           result, waited;

	if (!file->ops->socket->accept)
		return -EOPNOTSUPP;
	while ((result = file->ops->socket->accept(file, connection)) == -EAGAIN) {
		waited = file_wait(file, deadline_ns);
		if (waited)
			return waited;
	}
	return result;
}

/* a: descriptor, address, size, flags */
long call_accept(long const a[6])
{
	long         result;
	struct file *file = socket_of(a[0], &result), *connection;

	if (!file)
		return result;
	result = accept_one(file, &connection);
	file_release(file);
	if (result)
		return result;
	connection->flags = file_flags(a[3]);
	if (a[1] && connection->ops->socket->peer_address)
		connection->ops->socket->peer_address(connection, (struct sockaddr *)a[1], (socklen_t *)a[2]);
	return fd_install(connection, 0, descriptor_flags(a[3]));
}

long call_accept_without_flags(long const a[6])
{
	return call_accept((long[6]) { a[0], a[1], a[2], 0 });
}

static long connect_to(struct file *file, struct sockaddr const *address, socklen_t size)
{
	uint64_t const deadline_ns = deadline_of(file, false);
	long           result      = file->ops->socket->connect(file, address, size), waited;

	/* Once it has begun, a result tells of the end of it; what is under way already when the call is made is no success of this call. */
	while (result == -EINPROGRESS && !(file->flags & O_NONBLOCK)) {
		waited = task_wait(file, deadline_ns);
		if (waited)
			return waited == -ETIMEDOUT ? -EINPROGRESS : waited;
		result = file->ops->socket->connect(file, address, size);
		if (result == -EALREADY)
			result = -EINPROGRESS;
		else if (result == -EISCONN)
			result = 0;
	}
	return result;
}

long call_connect(long const a[6])
{
	long         result;
	struct file *file = socket_of(a[0], &result);

	if (!file)
		return result;
	result = file->ops->socket->connect ? connect_to(file, (struct sockaddr const *)a[1], (socklen_t)a[2]) : -EOPNOTSUPP;
	file_release(file);
	return result;
}

/* What one send or recv works on. */
struct message {
	int              flags;
	struct sockaddr *address;
	socklen_t        address_size;
	bool             receives;
};

static long transfer_once(struct file *file, struct message *message, void *data, size_t size)
{
	int const flags = message->flags & ~(MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL);

	if (message->receives)
		return file->ops->socket->recv(file, data, size, flags, message->address, message->address ? &message->address_size : NULL);
	return file->ops->socket->send(file, data, size, flags, message->address, message->address_size);
}

/* Goes on until all is done where that is asked for: a send that may wait, a recv with MSG_WAITALL. */
static long transfer_all(struct file *file, struct message *message, void *data, size_t size)
{
	bool const     waits       = !(file->flags & O_NONBLOCK || message->flags & MSG_DONTWAIT);
	bool const     all         = message->receives ? message->flags & MSG_WAITALL && !(message->flags & MSG_PEEK) : waits;
	uint64_t const deadline_ns = deadline_of(file, message->receives);
	size_t         done        = 0;
	long           result;

	do {
		result = transfer_once(file, message, (char *)data + done, size - done);
		if (result > 0)
			done += (size_t)result;
		if (result == -EAGAIN && waits) {
			result = file_wait(file, deadline_ns);
			if (!result)
				continue;
		}
		if (result <= 0 || !all)
			break;
	} while (done < size);
	return done ? (long)done : result;
}

static long transfer_message(struct file *file, struct message *message, void *data, size_t size)
{
	long result = -EOPNOTSUPP;

	if (message->receives ? file->ops->socket->recv != NULL : file->ops->socket->send != NULL)
		result = transfer_all(file, message, data, size);
	if (result == -EPIPE && !(message->flags & MSG_NOSIGNAL))
		signal_raise(SIGPIPE);
	return result;
}

static long transfer_on(long fd, struct message *message, void *data, size_t size)
{
	long         result;
	struct file *file = socket_of(fd, &result);

	if (!file)
		return result;
	result = transfer_message(file, message, data, size);
	file_release(file);
	return result;
}

/* a: descriptor, data, size, flags, address, its size */
long call_sendto(long const a[6])
{
	struct message message = { .flags = (int)a[3], .address = (struct sockaddr *)a[4], .address_size = (socklen_t)a[5] };

	return transfer_on(a[0], &message, (void *)a[1], (size_t)a[2]);
}

/* a: descriptor, data, size, flags, address, where its size is */
long call_recvfrom(long const a[6])
{
	socklen_t     *size    = (socklen_t *)a[5];
	struct message message = { .flags = (int)a[3], .address = (struct sockaddr *)a[4], .address_size = size ? *size : 0, .receives = true };
	long const     result  = transfer_on(a[0], &message, (void *)a[1], (size_t)a[2]);

	if (size && result >= 0)
		*size = message.address_size;
	return result;
}

/* --- Messages in pieces: by way of one buffer, so that a datagram stays one --- */

static size_t total_of(struct iovec const *pieces, long count)
{
	size_t total = 0;

	for (long i = 0; i < count; i++)
		total += pieces[i].iov_len;
	return total;
}

static void copy_pieces(struct iovec const *pieces, long count, char *buffer, size_t size, bool out)
{
	for (long i = 0; i < count && size; i++) {
		size_t const piece = MIN(pieces[i].iov_len, size);

		memcpy(out ? pieces[i].iov_base : buffer, out ? buffer : pieces[i].iov_base, piece);
		buffer += piece;
		size -= piece;
	}
}

static long transfer_pieces(struct file *file, struct message *message, struct iovec const *pieces, long count)
{
	size_t const size = total_of(pieces, count);
	char        *buffer;
	long         result;

	if (count == 1)
		return transfer_message(file, message, pieces->iov_base, size);
	buffer = libc_alloc(size + 1);
	if (!buffer)
		return -ENOMEM;
	if (!message->receives)
		copy_pieces(pieces, count, buffer, size, false);
	result = transfer_message(file, message, buffer, size);
	if (message->receives && result > 0)
		copy_pieces(pieces, count, buffer, MIN((size_t)result, size), true);
	libc_free(buffer);
	return result;
}

long socket_transfer(struct file *file, struct iovec const *pieces, long count, bool receives)
{
	struct message message = { .receives = receives };

	return transfer_pieces(file, &message, pieces, count);
}

/* What was received, into the header: a datagram that was cut is known by its size. */
static long fill_header(struct msghdr *header, struct message const *message, long result, bool wants_size)
{
	long const room = (long)total_of(header->msg_iov, header->msg_iovlen);

	header->msg_namelen = message->address ? message->address_size : 0;
	header->msg_controllen = 0;
	header->msg_flags = result > room ? MSG_TRUNC : 0;
	return wants_size ? result : MIN(result, room);
}

/* a: descriptor, header, flags */
static long transfer_header(long const a[6], bool receives)
{
	struct msghdr *header  = (struct msghdr *)a[1];
	struct message message = { .flags = (int)a[2], .address = header->msg_name, .address_size = header->msg_namelen, .receives = receives };
	long           result;
	struct file   *file = socket_of(a[0], &result);

	if (!file)
		return result;
	if (!receives && header->msg_controllen) {
		libc_missing("sendmsg with control messages");
		result = -ENOSYS;
	} else {
		message.flags |= receives ? MSG_TRUNC : 0;
		result = transfer_pieces(file, &message, header->msg_iov, header->msg_iovlen);
	}
	file_release(file);
	return receives && result >= 0 ? fill_header(header, &message, result, a[2] & MSG_TRUNC) : result;
}

long call_sendmsg(long const a[6])
{
	return transfer_header(a, false);
}

long call_recvmsg(long const a[6])
{
	return transfer_header(a, true);
}
