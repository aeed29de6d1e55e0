/* SPDX-License-Identifier: MIT */
/* TCP sockets as files: what poll says, options, the end. */
#include "tcp.h"

#include <netinet/tcp.h>
#include <sys/ioctl.h>

/* --- What poll says --- */

static short poll_connected(struct tcp_socket *socket)
{
	bool const is_over  = socket->common.error || !socket->pcb;
	bool const in_ended = socket->peer_ended || socket->read_shut || is_over;
	bool const can_write = is_over || socket->write_shut || tcp_is_writable(socket);

	return (short)((socket->received || in_ended ? POLLIN : 0) | (can_write ? POLLOUT : 0) | (socket->common.error ? POLLERR : 0) |
	               (socket->peer_ended || socket->read_shut ? POLLRDHUP : 0) |
	               (is_over || (socket->peer_ended && socket->write_shut) ? POLLHUP : 0));
}

static short tcp_socket_poll(struct file *file)
{
	struct tcp_socket *socket = tcp_of_file(file);

	switch (socket->state) {
	case SOCKET_FRESH:      return POLLOUT | POLLHUP;
	case SOCKET_LISTENING:  return list_is_empty(&socket->waiting) ? 0 : POLLIN;
	case SOCKET_CONNECTING: return 0;
	case SOCKET_FAILED:     return POLLIN | POLLOUT | POLLERR | POLLHUP;
	case SOCKET_CONNECTED:  return poll_connected(socket);
	}
	return 0;
}

/* --- Options --- */

static bool has_connection(struct tcp_socket *socket)
{
	return socket->pcb && socket->state != SOCKET_LISTENING;
}

static long get_tcp_option(struct tcp_socket *socket, int name, void *value, socklen_t *size)
{
	if (!has_connection(socket))
		return -EINVAL;
	switch (name) {
	case TCP_NODELAY:   return option_write_int(value, size, tcp_nagle_disabled(socket->pcb));
	case TCP_MAXSEG:    return option_write_int(value, size, tcp_mss(socket->pcb));
	case TCP_KEEPIDLE:  return option_write_int(value, size, (int)(socket->pcb->keep_idle / 1000));
	case TCP_KEEPINTVL: return option_write_int(value, size, (int)(socket->pcb->keep_intvl / 1000));
	case TCP_KEEPCNT:   return option_write_int(value, size, (int)socket->pcb->keep_cnt);
	}
	return -ENOPROTOOPT;
}

static long set_tcp_option(struct tcp_socket *socket, int name, int number)
{
	enum { KEEP_MAX_S = 32767, KEEP_MAX = 127 };
	bool const is_time = name == TCP_KEEPIDLE || name == TCP_KEEPINTVL;

	if (!has_connection(socket) || (is_time && (number < 1 || number > KEEP_MAX_S)) || (name == TCP_KEEPCNT && (number < 1 || number > KEEP_MAX)))
		return -EINVAL;
	switch (name) {
	case TCP_NODELAY:
		if (number)
			tcp_nagle_disable(socket->pcb);
		else
			tcp_nagle_enable(socket->pcb);
		return 0;
	case TCP_KEEPIDLE:  socket->pcb->keep_idle = (u32_t)number * 1000; return 0;
	case TCP_KEEPINTVL: socket->pcb->keep_intvl = (u32_t)number * 1000; return 0;
	case TCP_KEEPCNT:   socket->pcb->keep_cnt = (u32_t)number; return 0;
	}
	return -ENOPROTOOPT;
}

static long tcp_socket_get_option(struct file *file, int level, int name, void *value, socklen_t *size)
{
	struct tcp_socket *socket = tcp_of_file(file);

	if (level == IPPROTO_TCP)
		return get_tcp_option(socket, name, value, size);
	if (level == SOL_SOCKET && name == SO_LINGER)
		return option_write(value, size, &socket->linger, sizeof(socket->linger));
	return common_get_option(&socket->common, level, name, value, size);
}

/* To wait in close would be to wait for the peer: data is sent anyway, so a linger time of more than 0 has nothing to add. */
static long tcp_socket_set_option(struct file *file, int level, int name, void const *value, socklen_t size)
{
	struct tcp_socket   *socket = tcp_of_file(file);
	struct linger const *linger = value;
	int                  number;
	long                 error;

	if (level == SOL_SOCKET && name == SO_LINGER) {
		if (size < sizeof(*linger))
			return -EINVAL;
		socket->linger = (struct linger) { .l_onoff = linger->l_onoff != 0, .l_linger = linger->l_linger };
		return 0;
	}
	if (level != IPPROTO_TCP)
		return common_set_option(&socket->common, level, name, value, size);
	error = option_read_int(value, size, &number);
	return error ? error : set_tcp_option(socket, name, number);
}

/* --- Addresses, and what else a file is asked --- */

static long tcp_socket_own_address(struct file *file, struct sockaddr *address, socklen_t *size)
{
	struct tcp_socket *socket = tcp_of_file(file);

	if (socket->pcb && socket->state != SOCKET_CONNECTED)
		socket->own = (struct endpoint) { .ip = socket->pcb->local_ip, .port = socket->pcb->local_port };
	endpoint_write(&socket->own, address, size);
	return 0;
}

static long tcp_socket_peer_address(struct file *file, struct sockaddr *address, socklen_t *size)
{
	struct tcp_socket *socket = tcp_of_file(file);

	if (socket->state != SOCKET_CONNECTED || !socket->pcb)
		return -ENOTCONN;
	endpoint_write(&socket->peer, address, size);
	return 0;
}

static long tcp_socket_ioctl(struct file *file, unsigned long request, void *argument)
{
	struct tcp_socket *socket = tcp_of_file(file);

	if (request != FIONREAD)
		return -ENOTTY;
	if (socket->state == SOCKET_LISTENING)
		return -EINVAL;
	*(int *)argument = (int)socket->received_bytes;
	return 0;
}

/* --- The end --- */

/* Data that was sent still arrives; with data that was not read, or if it is wanted, the connection is reset. */
static void end_connection(struct tcp_socket *socket)
{
	struct tcp_pcb *pcb = socket->pcb;

	if (!pcb)
		return;
	tcp_socket_detach(socket);
	if (socket->linger.l_onoff && !socket->linger.l_linger && pcb->state != LISTEN)
		tcp_abort(pcb);
	else if (tcp_close(pcb) != ERR_OK)
		tcp_abort(pcb);
	net_flush();
}

static void tcp_socket_close(struct file *file)
{
	struct tcp_socket *socket = tcp_of_file(file);

	tcp_socket_stop_listening(socket);
	end_connection(socket);
	if (socket->received)
		pbuf_free(socket->received);
	libc_free(socket);
}

static struct socket_ops const tcp_socket_ops = {
	.bind = tcp_socket_bind, .listen = tcp_socket_listen, .accept = tcp_socket_accept, .connect = tcp_socket_connect, .send = tcp_socket_send,
	.recv = tcp_socket_recv, .shutdown = tcp_socket_shutdown, .own_address = tcp_socket_own_address, .peer_address = tcp_socket_peer_address,
	.get_option = tcp_socket_get_option, .set_option = tcp_socket_set_option,
};

static struct file_ops const tcp_file_ops = {
	.poll = tcp_socket_poll, .ioctl = tcp_socket_ioctl, .stat = socket_stat, .close = tcp_socket_close, .socket = &tcp_socket_ops,
};

struct tcp_socket *tcp_socket_make(void)
{
	struct tcp_socket *socket = libc_alloc(sizeof(*socket));

	if (!socket)
		return NULL;
	file_init(&socket->file, &tcp_file_ops, O_RDWR);
	list_init(&socket->waiting);
	socket->common.type = SOCK_STREAM;
	return socket;
}

long tcp_socket_create(struct file **file)
{
	struct tcp_socket *socket = tcp_socket_make();

	if (!socket)
		return -ENOBUFS;
	socket->pcb = tcp_new();
	if (!socket->pcb) {
		libc_free(socket);
		return -ENOBUFS;
	}
	socket->common.pcb = (struct ip_pcb *)socket->pcb;
	*file = &socket->file;
	return 0;
}
