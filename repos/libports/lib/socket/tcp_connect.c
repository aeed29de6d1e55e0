/* SPDX-License-Identifier: MIT */
/* How connections come about: from here, and from elsewhere to a socket that listens. */
#include "tcp.h"

enum { BACKLOG_MAX = 255 /* lwIP counts in a byte */ };

static void note_endpoints(struct tcp_socket *socket)
{
	socket->own = (struct endpoint) { .ip = socket->pcb->local_ip, .port = socket->pcb->local_port };
	socket->peer = (struct endpoint) { .ip = socket->pcb->remote_ip, .port = socket->pcb->remote_port };
}

/* --- Listening --- */

long tcp_socket_bind(struct file *file, struct sockaddr const *address, socklen_t size)
{
	struct tcp_socket *socket = tcp_of_file(file);
	struct endpoint    own;
	long const         error = endpoint_read(address, size, &own);

	if (error)
		return error;
	if (socket->state != SOCKET_FRESH || socket->pcb->local_port)
		return -EINVAL;
	if (!endpoint_is_own(&own))
		return -EADDRNOTAVAIL;
	return error_of(tcp_bind(socket->pcb, &own.ip, own.port));
}

/* Called by lwIP when a connection is complete. What is not OK resets it. */
static err_t handle_accept(void *arg, struct tcp_pcb *pcb, err_t error)
{
	struct tcp_socket *listener = arg, *socket;

	if (error != ERR_OK || !listener || !pcb)
		return ERR_VAL;
	socket = tcp_socket_make();
	if (!socket)
		return ERR_MEM;
	socket->state = SOCKET_CONNECTED;
	socket->pcb = pcb;
	socket->common.pcb = (struct ip_pcb *)pcb;
	note_endpoints(socket);
	tcp_socket_attach(socket);
	tcp_backlog_delayed(pcb);
	socket->listener = listener;
	list_append(&listener->waiting, &socket->of_listener);
	file_changed(&listener->file);
	return ERR_OK;
}

long tcp_socket_listen(struct file *file, int backlog)
{
	struct tcp_socket *socket = tcp_of_file(file);
	int const          at_most = backlog < BACKLOG_MAX ? backlog : BACKLOG_MAX;
	u8_t const         count   = at_most < 1 ? 1 : (u8_t)at_most;
	struct tcp_pcb    *pcb;
	err_t              error;

	if (socket->state == SOCKET_LISTENING) {
		tcp_backlog_set(socket->pcb, count);
		return 0;
	}
	if (socket->state != SOCKET_FRESH)
		return -EINVAL;
	if (!socket->pcb->local_port && (error = tcp_bind(socket->pcb, IP_ANY_TYPE, 0)) != ERR_OK)
		return error_of(error);
	pcb = tcp_listen_with_backlog_and_err(socket->pcb, count, &error);
	if (!pcb)
		return error_of(error);
	socket->pcb = pcb;
	socket->common.pcb = (struct ip_pcb *)pcb;
	socket->common.is_listening = true;
	socket->state = SOCKET_LISTENING;
	socket->own = (struct endpoint) { .ip = pcb->local_ip, .port = pcb->local_port };
	tcp_arg(pcb, socket);
	tcp_accept(pcb, handle_accept);
	return 0;
}

long tcp_socket_accept(struct file *file, struct file **connection)
{
	struct tcp_socket *listener = tcp_of_file(file), *socket;

	if (listener->state != SOCKET_LISTENING)
		return -EINVAL;
	if (list_is_empty(&listener->waiting))
		return -EAGAIN;
	socket = container_of(list_take_first(&listener->waiting), struct tcp_socket, of_listener);
	socket->listener = NULL;
	if (socket->pcb)
		tcp_backlog_accepted(socket->pcb);
	*connection = &socket->file;
	return 0;
}

void tcp_socket_stop_listening(struct tcp_socket *socket)
{
	while (!list_is_empty(&socket->waiting)) {
		struct tcp_socket *waiting = container_of(list_take_first(&socket->waiting), struct tcp_socket, of_listener);

		waiting->listener = NULL;
		waiting->linger.l_onoff = 1;
		waiting->file.ops->close(&waiting->file);
	}
}

/* --- Connecting --- */

static err_t handle_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
	struct tcp_socket *socket = arg;

	socket->state = SOCKET_CONNECTED;
	note_endpoints(socket);
	file_changed(&socket->file);
	return ERR_OK;
}

/* After a failure there is no pcb any more. */
static long renew(struct tcp_socket *socket)
{
	if (socket->pcb)
		return 0;
	socket->pcb = tcp_new();
	socket->common.pcb = (struct ip_pcb *)socket->pcb;
	return socket->pcb ? 0 : -ENOBUFS;
}

static long begin(struct tcp_socket *socket, struct endpoint const *peer)
{
	long error = renew(socket);

	if (error)
		return error;
	tcp_socket_attach(socket);
	error = error_of(tcp_connect(socket->pcb, &peer->ip, peer->port, handle_connected));
	if (error)
		return error == -ENOBUFS ? -EADDRNOTAVAIL : error;
	socket->state = SOCKET_CONNECTING;
	socket->peer = *peer;
	net_flush();
	return -EINPROGRESS;
}

long tcp_socket_connect(struct file *file, struct sockaddr const *address, socklen_t size)
{
	struct tcp_socket *socket = tcp_of_file(file);
	struct endpoint    peer;
	long               error = endpoint_read(address, size, &peer);

	if (error)
		return error;
	switch (socket->state) {
	case SOCKET_LISTENING:  return -EISCONN;
	case SOCKET_CONNECTED:  return socket->common.error ? common_take_error(&socket->common) : -EISCONN;
	case SOCKET_CONNECTING: return -EALREADY;
	case SOCKET_FAILED:
		socket->state = SOCKET_FRESH;
		if (socket->common.error)
			return common_take_error(&socket->common);
		break;
	case SOCKET_FRESH: break;
	}
	if (!peer.port)
		return -ECONNREFUSED;
	if (ip_addr_isany(&peer.ip))
		ip_addr_set_loopback(false, &peer.ip);
	return begin(socket, &peer);
}
