/* SPDX-License-Identifier: MIT */
/*
 * Between the files of socket. A socket is a file of libc, made for one pcb of lwIP; all of it runs with libc's lock held: operations on the
 * thread that calls, callbacks of lwIP on the main thread. Results are those of system calls: 0 or a count, or a negative error.
 */
#pragma once

#include <base/list.h>
#include <errno.h>
#include <fcntl.h>
#include <libc/file.h>
#include <lwip/ip.h>
#include <lwip/pbuf.h>
#include <net/net.h>
#include <netinet/in.h>

struct udp_pcb;

/* --- Addresses (address.c) --- */

struct endpoint { ip_addr_t ip; u16_t port; };

/* -EAFNOSUPPORT: no AF_INET; -EINVAL: too short. */
long endpoint_read(struct sockaddr const *address, socklen_t size, struct endpoint *endpoint);

/* Cut to the buffer, as accept and its like do; NULL: nowhere. */
void endpoint_write(struct endpoint const *endpoint, struct sockaddr *address, socklen_t *size);

/* May a socket be bound to it? */
bool endpoint_is_own(struct endpoint const *endpoint);

/* What an error of lwIP is to a program. */
long error_of(err_t error);

/* --- Options (option.c) --- */

/* What both kinds have in common, where it is kept: in the head of each pcb. */
struct socket_common {
	struct ip_pcb *pcb;          /* NULL: there is none (any more) */
	int            type;         /* SOCK_ */
	int            error;        /* what SO_ERROR tells, and the next operation; positive */
	bool           is_listening;
};

/* -ENOPROTOOPT: it is none of these. */
long common_get_option(struct socket_common *common, int level, int name, void *value, socklen_t *size);
long common_set_option(struct socket_common *common, int level, int name, void const *value, socklen_t size);

/* Values of options: int, or a struct of one's own. -EINVAL: too short. */
long option_write(void *value, socklen_t *size, void const *from, socklen_t from_size);
long option_write_int(void *value, socklen_t *size, int number);
long option_read_int(void const *value, socklen_t size, int *number);

/* Takes the error out: 0, or negative. */
long common_take_error(struct socket_common *common);

/* --- Files (socket.c) --- */

/* What fstat tells of a socket of either kind. */
long socket_stat(struct file *file, struct stat *stat);

/* --- Received data --- */

/* Copies up to `size` bytes from the beginning of a chain, without taking them. */
size_t chain_copy(struct pbuf const *chain, void *to, size_t size);

/* Takes `size` bytes, which are there, off the beginning. */
struct pbuf *chain_drop(struct pbuf *chain, size_t size);

/* --- The two kinds --- */

/* -ENOBUFS */
long tcp_socket_create(struct file **file);
long udp_socket_create(struct file **file);
