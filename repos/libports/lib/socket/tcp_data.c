/* SPDX-License-Identifier: MIT */
/* Data of a connection, its end, and what lwIP tells of it. */
#include "tcp.h"

#include <lwip/net_memory.h>
#include <lwip/priv/tcp_priv.h>

enum { POLL_HALF_SECONDS = 1, LEAST_LIMIT = 2 * TCP_MSS, WRITE_MAX = 0xffff };

/* --- What lwIP tells --- */

static err_t handle_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
	struct tcp_socket *socket = arg;

	if (!p) {
		socket->peer_ended = true;
		if (socket->write_shut && !socket->end_waits)
			tcp_socket_detach(socket);
	} else if (socket->read_shut) {
		tcp_recved(pcb, p->tot_len);
		pbuf_free(p);
	} else {
		socket->received_bytes += p->tot_len;
		if (socket->received)
			pbuf_cat(socket->received, p);
		else
			socket->received = p;
	}
	file_changed(&socket->file);
	return ERR_OK;
}

static err_t handle_sent(void *arg, struct tcp_pcb *pcb, u16_t size)
{
	struct tcp_socket *socket = arg;

	if (tcp_is_writable(socket))
		file_changed(&socket->file);
	return ERR_OK;
}

/* Twice a second: what had no memory may have some now. */
static err_t handle_poll(void *arg, struct tcp_pcb *pcb)
{
	struct tcp_socket *socket = arg;

	if (socket->is_starved) {
		socket->is_starved = false;
		file_changed(&socket->file);
	}
	if (!socket->end_waits || tcp_shutdown(pcb, 0, 1) != ERR_OK)
		return ERR_OK;
	socket->end_waits = false;
	if (socket->peer_ended)
		tcp_socket_detach(socket);
	return ERR_OK;
}

/* The pcb is gone. Who waited to be accepted is forgotten, so that a peer cannot fill the listener's memory. */
static void handle_error(void *arg, err_t error)
{
	struct tcp_socket *socket = arg;

	socket->pcb = NULL;
	socket->common.pcb = NULL;
	if (socket->listener) {
		list_remove(&socket->of_listener);
		socket->file.ops->close(&socket->file);
		return;
	}
	if (error == ERR_CLSD)
		socket->peer_ended = true;
	else if (error == ERR_RST && socket->peer_ended)
		socket->common.error = EPIPE; /* it takes no more */
	else if (socket->state == SOCKET_CONNECTING)
		socket->common.error = error == ERR_RST ? ECONNREFUSED : (int)-error_of(error);
	else
		socket->common.error = (int)-error_of(error);
	if (socket->state == SOCKET_CONNECTING)
		socket->state = SOCKET_FAILED;
	file_changed(&socket->file);
}

void tcp_socket_attach(struct tcp_socket *socket)
{
	tcp_arg(socket->pcb, socket);
	tcp_recv(socket->pcb, handle_received);
	tcp_sent(socket->pcb, handle_sent);
	tcp_poll(socket->pcb, handle_poll, POLL_HALF_SECONDS);
	tcp_err(socket->pcb, handle_error);
}

void tcp_socket_detach(struct tcp_socket *socket)
{
	if (!socket->pcb)
		return;
	tcp_arg(socket->pcb, NULL);
	if (socket->pcb->state != LISTEN) {
		tcp_recv(socket->pcb, NULL);
		tcp_sent(socket->pcb, NULL);
		tcp_poll(socket->pcb, NULL, 0);
		tcp_err(socket->pcb, NULL);
	}
	socket->pcb = NULL;
	socket->common.pcb = NULL;
}

/* 0: it is connected. Else what a transfer returns: an error that came, which is taken, EAGAIN or ENOTCONN. */
static long why_not_connected(struct tcp_socket *socket)
{
	if (socket->common.error)
		return common_take_error(&socket->common);
	if (socket->state == SOCKET_CONNECTING)
		return -EAGAIN;
	return socket->state == SOCKET_CONNECTED ? 0 : -ENOTCONN;
}

/* --- Sending --- */

/* How much may wait to be sent, of which `queued` does now. */
static size_t limit_of(struct tcp_socket *socket, size_t *queued)
{
	size_t const share = net_memory_share();

	*queued = TCP_SND_BUF - socket->pcb->snd_buf; /* tcp_sndbuf() would cut it to 16 bits */
	if (share < LEAST_LIMIT)
		return LEAST_LIMIT;
	return share < TCP_SND_BUF ? share : TCP_SND_BUF;
}

bool tcp_is_writable(struct tcp_socket *socket)
{
	size_t       queued;
	size_t const limit = limit_of(socket, &queued);

	return !socket->is_starved && queued <= limit / 3 * 2 && tcp_sndqueuelen(socket->pcb) < TCP_SND_QUEUELEN / 2;
}

/* As much as there is room for; 0: none */
static size_t write_some(struct tcp_socket *socket, char const *data, size_t size, u8_t flags)
{
	size_t       queued, written = 0;
	size_t const limit = limit_of(socket, &queued);

	while (written < size && queued + written < limit) {
		size_t const room = limit - queued - written;
		size_t       part = size - written < room ? size - written : room;

		part = part < WRITE_MAX ? part : WRITE_MAX;
		if (tcp_write(socket->pcb, data + written, (u16_t)part, flags) != ERR_OK) {
			socket->is_starved = !written;
			break;
		}
		written += part;
	}
	return written;
}

long tcp_socket_send(struct file *file, void const *data, size_t size, int flags, struct sockaddr const *address, socklen_t address_size)
{
	struct tcp_socket *socket = tcp_of_file(file);
	size_t             written;
	long               not_ready;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	not_ready = why_not_connected(socket);
	if (not_ready)
		return not_ready;
	if (socket->write_shut || !socket->pcb)
		return -EPIPE;
	if (!size)
		return 0;
	written = write_some(socket, data, size, TCP_WRITE_FLAG_COPY | (flags & MSG_MORE ? TCP_WRITE_FLAG_MORE : 0));
	if (!written)
		return -EAGAIN;
	if (!(flags & MSG_MORE))
		tcp_output(socket->pcb);
	net_flush();
	return (long)written;
}

/* --- Receiving --- */

/* The peer may send as much again. */
static void open_window(struct tcp_socket *socket, size_t size)
{
	while (socket->pcb && size) {
		u16_t const part = size < WRITE_MAX ? (u16_t)size : WRITE_MAX;

		tcp_recved(socket->pcb, part);
		size -= part;
	}
	net_flush();
}

static void drop_received(struct tcp_socket *socket, size_t size)
{
	socket->received = chain_drop(socket->received, size);
	socket->received_bytes -= size;
	open_window(socket, size);
}

long tcp_socket_recv(struct file *file, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *address_size)
{
	struct tcp_socket *socket = tcp_of_file(file);
	size_t             copied;
	long               not_ready;

	if (flags & MSG_OOB)
		return -EINVAL;
	if (address_size)
		*address_size = 0;
	if (socket->received && !socket->read_shut) {
		copied = chain_copy(socket->received, data, size);
		if (!(flags & MSG_PEEK))
			drop_received(socket, copied);
		return (long)copied;
	}
	not_ready = why_not_connected(socket);
	if (not_ready)
		return not_ready;
	return socket->peer_ended || socket->read_shut || !socket->pcb || !size ? 0 : -EAGAIN;
}

/* --- Ending one direction --- */

static void shut_read(struct tcp_socket *socket)
{
	socket->read_shut = true;
	if (socket->received)
		drop_received(socket, socket->received_bytes);
}

static void shut_write(struct tcp_socket *socket)
{
	if (socket->write_shut)
		return;
	socket->write_shut = true;
	if (!socket->pcb)
		return;
	socket->end_waits = tcp_shutdown(socket->pcb, 0, 1) != ERR_OK;
	if (socket->peer_ended && !socket->end_waits)
		tcp_socket_detach(socket);
	net_flush();
}

long tcp_socket_shutdown(struct file *file, int how)
{
	struct tcp_socket *socket = tcp_of_file(file);

	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return -EINVAL;
	if (socket->state != SOCKET_CONNECTED)
		return -ENOTCONN;
	if (how != SHUT_WR)
		shut_read(socket);
	if (how != SHUT_RD)
		shut_write(socket);
	file_changed(file);
	return 0;
}
