/* SPDX-License-Identifier: MIT */
/*
 * Between the files of TCP sockets. The pcb is lwIP's as soon as both directions have ended, or it has told its end (callback `err`); the
 * socket stays until its last descriptor is closed.
 */
#pragma once

#include "own.h"

#include <lwip/tcp.h>

enum socket_state {
	SOCKET_FRESH,           /* bound at most */
	SOCKET_LISTENING,
	SOCKET_CONNECTING,
	SOCKET_FAILED,          /* to connect: the next connect tells why, the one after that tries again */
	SOCKET_CONNECTED,       /* once, and for good */
};

struct tcp_socket {
	struct file          file;
	struct socket_common common;
	enum socket_state    state;
	struct tcp_pcb      *pcb;
	struct endpoint      own, peer;          /* when connected */

	/* Data */
	struct pbuf         *received;
	size_t               received_bytes;
	bool                 peer_ended;         /* its FIN has come */
	bool                 read_shut, write_shut;
	bool                 end_waits;          /* FIN is to be sent, there was no memory */
	bool                 is_starved;         /* the last write found no memory: not again before lwIP's next poll */
	struct linger        linger;             /* with 0 s close resets; another time has no effect */

	/* Listening */
	struct list          waiting;            /* of struct tcp_socket by of_listener: connected, to be accepted */
	struct list_link     of_listener;
	struct tcp_socket   *listener;           /* while it is in `waiting` */
};

static inline struct tcp_socket *tcp_of_file(struct file *file)
{
	return container_of(file, struct tcp_socket, file);
}

/* --- tcp_data.c --- */

/* lwIP's callbacks of a connection come to `socket`; or to nobody any more, and the pcb goes on alone. */
void tcp_socket_attach(struct tcp_socket *socket);
void tcp_socket_detach(struct tcp_socket *socket);

/* Is there room for a write that is worth it? */
bool tcp_is_writable(struct tcp_socket *socket);

long tcp_socket_send(struct file *file, void const *data, size_t size, int flags, struct sockaddr const *address, socklen_t address_size);
long tcp_socket_recv(struct file *file, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *address_size);
long tcp_socket_shutdown(struct file *file, int how);

/* --- tcp_connect.c --- */

long tcp_socket_bind(struct file *file, struct sockaddr const *address, socklen_t size);
long tcp_socket_listen(struct file *file, int backlog);
long tcp_socket_accept(struct file *file, struct file **connection);
long tcp_socket_connect(struct file *file, struct sockaddr const *address, socklen_t size);

/* The connections that nobody has accepted are reset. */
void tcp_socket_stop_listening(struct tcp_socket *socket);

/* --- tcp.c --- */

/* Without a pcb; NULL: no memory. */
struct tcp_socket *tcp_socket_make(void);
