/* SPDX-License-Identifier: MIT */
/* Datagrams. What comes is kept until it is read, up to a share of the network's memory; then it is lost, as datagrams are. */
#include "own.h"

#include <lwip/icmp.h>
#include <lwip/inet_chksum.h>
#include <lwip/net_memory.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/udp.h>
#include <lwip/raw.h>
#include <lwip/udp.h>
#include <string.h>
#include <sys/ioctl.h>

enum { QUEUE_BYTES = 0x20000, SIZE_MAX_UDP = 65507 /* RFC 768 in one IP packet */ };

struct datagram {
	struct list_link of_socket;
	struct pbuf     *data;
	struct endpoint  from;
};

struct udp_socket {
	struct file          file;
	struct socket_common common;
	struct udp_pcb      *pcb;
	struct list          received;       /* of struct datagram by of_socket */
	size_t               received_bytes;
	bool                 is_connected, read_shut, write_shut;
};

static struct udp_socket *of_file(struct file *file)
{
	return container_of(file, struct udp_socket, file);
}

/* --- In --- */

static void handle_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p, ip_addr_t const *ip, u16_t port)
{
	struct udp_socket *socket = arg;
	size_t const       limit  = QUEUE_BYTES < net_memory_share() ? QUEUE_BYTES : net_memory_share();
	struct datagram   *datagram;

	if (socket->read_shut || socket->received_bytes + p->tot_len > limit || !(datagram = net_memory_alloc(sizeof(*datagram)))) {
		pbuf_free(p);
		return;
	}
	*datagram = (struct datagram) { .data = p, .from = { .ip = *ip, .port = port } };
	list_append(&socket->received, &datagram->of_socket);
	socket->received_bytes += p->tot_len + sizeof(*datagram);
	file_changed(&socket->file);
}

static void drop_first(struct udp_socket *socket)
{
	struct datagram *datagram = container_of(list_take_first(&socket->received), struct datagram, of_socket);

	socket->received_bytes -= datagram->data->tot_len + sizeof(*datagram);
	pbuf_free(datagram->data);
	net_memory_free(datagram);
}

static long udp_socket_recv(struct file *file, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *address_size)
{
	struct udp_socket *socket   = of_file(file);
	struct datagram   *datagram = list_first_object(&socket->received, struct datagram, of_socket);
	long               result;

	if (socket->common.error)
		return common_take_error(&socket->common);
	if (!datagram)
		return socket->read_shut ? 0 : -EAGAIN;
	result = (long)chain_copy(datagram->data, data, size);
	if (flags & MSG_TRUNC)
		result = datagram->data->tot_len;
	endpoint_write(&datagram->from, address, address_size);
	if (!(flags & MSG_PEEK))
		drop_first(socket);
	return result;
}

/* --- Errors that the network tells: at the peer's port is nobody (RFC 792). As on Linux, only a connected socket hears of it. --- */

static struct raw_pcb *icmp;    /* hears of all ICMP, once there has been a socket */

/* What an error of ICMP says of the datagram that it is about: the head of that, as it was sent. */
struct icmp_error {
	struct icmp_echo_hdr icmp;
	struct ip_hdr        ip;
	struct udp_hdr       udp;
} __attribute__((packed));

/* `p` begins with the head of IP. */
static bool read_error(struct pbuf *p, struct icmp_error *error)
{
	u16_t const head     = IPH_HL_BYTES((struct ip_hdr *)p->payload);
	u16_t const ip_at    = (u16_t)(head + sizeof(error->icmp));
	bool        is_right = p->tot_len > head && !pbuf_remove_header(p, head);

	if (is_right) {
		is_right = !inet_chksum_pbuf(p);
		pbuf_add_header(p, head);
	}
	return is_right && pbuf_copy_partial(p, &error->icmp, sizeof(error->icmp), head) == sizeof(error->icmp) &&
	       pbuf_copy_partial(p, &error->ip, sizeof(error->ip), ip_at) == sizeof(error->ip) &&
	       pbuf_copy_partial(p, &error->udp, sizeof(error->udp), (u16_t)(ip_at + IPH_HL_BYTES(&error->ip))) == sizeof(error->udp);
}

static bool is_about(struct icmp_error const *error, struct udp_pcb const *pcb)
{
	return pcb->flags & UDP_FLAGS_CONNECTED && pcb->local_port == lwip_ntohs(error->udp.src) && pcb->remote_port == lwip_ntohs(error->udp.dest) &&
	       ip_2_ip4(&pcb->remote_ip)->addr == error->ip.dest.addr;
}

/* 0: the others may have it, too. */
static u8_t handle_icmp(void *arg, struct raw_pcb *raw, struct pbuf *p, ip_addr_t const *from)
{
	struct icmp_error error;

	if (!read_error(p, &error) || error.icmp.type != ICMP_DUR || error.icmp.code != ICMP_DUR_PORT || IPH_PROTO(&error.ip) != IP_PROTO_UDP)
		return 0;
	for (struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
		if (pcb->recv == handle_datagram && is_about(&error, pcb)) {
			struct udp_socket *socket = pcb->recv_arg;

			socket->common.error = ECONNREFUSED;
			file_changed(&socket->file);
		}
	}
	return 0;
}

/* Begins to hear of them. */
static bool have_icmp(void)
{
	if (!icmp && (icmp = raw_new(IP_PROTO_ICMP)) != NULL)
		raw_recv(icmp, handle_icmp, NULL);
	return icmp;
}

/* --- Out --- */

static long send_to(struct udp_socket *socket, void const *data, size_t size, struct endpoint const *to)
{
	struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)size, PBUF_RAM);
	err_t        error;

	if (!p)
		return -ENOBUFS;
	pbuf_take(p, data, (u16_t)size);
	error = to ? udp_sendto(socket->pcb, p, &to->ip, to->port) : udp_send(socket->pcb, p);
	pbuf_free(p);
	net_flush();

	/* A broadcast without SO_BROADCAST is the only value that is wrong here. What finds no room on its way is lost. */
	if (error == ERR_VAL)
		return -EACCES;
	return error == ERR_OK || error == ERR_MEM ? (long)size : error_of(error);
}

static long udp_socket_send(struct file *file, void const *data, size_t size, int flags, struct sockaddr const *address, socklen_t address_size)
{
	struct udp_socket *socket = of_file(file);
	struct endpoint    to;
	long               error;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (socket->common.error)
		return common_take_error(&socket->common);
	if (socket->write_shut)
		return -EPIPE;
	if (size > SIZE_MAX_UDP)
		return -EMSGSIZE;
	if (!address)
		return socket->is_connected ? send_to(socket, data, size, NULL) : -EDESTADDRREQ;
	error = endpoint_read(address, address_size, &to);
	return error ? error : send_to(socket, data, size, &to);
}

/* --- Addresses --- */

static long udp_socket_bind(struct file *file, struct sockaddr const *address, socklen_t size)
{
	struct udp_socket *socket = of_file(file);
	struct endpoint    own;
	long const         error = endpoint_read(address, size, &own);

	if (error)
		return error;
	if (socket->pcb->local_port)
		return -EINVAL;
	if (!endpoint_is_own(&own))
		return -EADDRNOTAVAIL;
	return error_of(udp_bind(socket->pcb, &own.ip, own.port));
}

static long udp_socket_connect(struct file *file, struct sockaddr const *address, socklen_t size)
{
	struct udp_socket *socket = of_file(file);
	struct endpoint    peer;
	long               error;

	if (address && size >= sizeof(address->sa_family) && address->sa_family == AF_UNSPEC) {
		udp_disconnect(socket->pcb);
		socket->is_connected = false;
		return 0;
	}
	error = endpoint_read(address, size, &peer);
	if (error)
		return error;
	if (!ip_route(&socket->pcb->local_ip, &peer.ip))
		return -ENETUNREACH;
	error = error_of(udp_connect(socket->pcb, &peer.ip, peer.port));
	socket->is_connected = !error;
	return error;
}

static long udp_socket_shutdown(struct file *file, int how)
{
	struct udp_socket *socket = of_file(file);

	if (!socket->is_connected)
		return -ENOTCONN;
	socket->read_shut |= how != SHUT_WR;
	socket->write_shut |= how != SHUT_RD;
	file_changed(file);
	return 0;
}

static long udp_socket_own_address(struct file *file, struct sockaddr *address, socklen_t *size)
{
	struct udp_pcb const *pcb = of_file(file)->pcb;

	endpoint_write(&(struct endpoint) { .ip = pcb->local_ip, .port = pcb->local_port }, address, size);
	return 0;
}

static long udp_socket_peer_address(struct file *file, struct sockaddr *address, socklen_t *size)
{
	struct udp_socket *socket = of_file(file);

	if (!socket->is_connected)
		return -ENOTCONN;
	endpoint_write(&(struct endpoint) { .ip = socket->pcb->remote_ip, .port = socket->pcb->remote_port }, address, size);
	return 0;
}

/* --- The file --- */

static long udp_socket_get_option(struct file *file, int level, int name, void *value, socklen_t *size)
{
	return common_get_option(&of_file(file)->common, level, name, value, size);
}

static long udp_socket_set_option(struct file *file, int level, int name, void const *value, socklen_t size)
{
	return common_set_option(&of_file(file)->common, level, name, value, size);
}

static short udp_socket_poll(struct file *file)
{
	struct udp_socket *socket = of_file(file);
	bool const         in     = !list_is_empty(&socket->received) || socket->read_shut || socket->common.error;

	return (short)(POLLOUT | (in ? POLLIN : 0) | (socket->common.error ? POLLERR : 0));
}

static long udp_socket_ioctl(struct file *file, unsigned long request, void *argument)
{
	struct datagram *datagram = list_first_object(&of_file(file)->received, struct datagram, of_socket);

	if (request != FIONREAD)
		return -ENOTTY;
	*(int *)argument = datagram ? datagram->data->tot_len : 0;
	return 0;
}

static void udp_socket_close(struct file *file)
{
	struct udp_socket *socket = of_file(file);

	udp_remove(socket->pcb);
	while (!list_is_empty(&socket->received))
		drop_first(socket);
	libc_free(socket);
}

static struct socket_ops const udp_socket_ops = {
	.bind = udp_socket_bind, .connect = udp_socket_connect, .send = udp_socket_send, .recv = udp_socket_recv, .shutdown = udp_socket_shutdown,
	.own_address = udp_socket_own_address, .peer_address = udp_socket_peer_address,
	.get_option = udp_socket_get_option, .set_option = udp_socket_set_option,
};

static struct file_ops const udp_file_ops = {
	.poll = udp_socket_poll, .ioctl = udp_socket_ioctl, .stat = socket_stat, .close = udp_socket_close, .socket = &udp_socket_ops,
};

long udp_socket_create(struct file **file)
{
	struct udp_socket *socket = libc_alloc(sizeof(*socket));

	if (!socket)
		return -ENOBUFS;
	socket->pcb = have_icmp() ? udp_new() : NULL;
	if (!socket->pcb) {
		libc_free(socket);
		return -ENOBUFS;
	}
	file_init(&socket->file, &udp_file_ops, O_RDWR);
	list_init(&socket->received);
	socket->common = (struct socket_common) { .pcb = (struct ip_pcb *)socket->pcb, .type = SOCK_DGRAM };
	udp_recv(socket->pcb, handle_datagram, socket);
	*file = &socket->file;
	return 0;
}
