/* SPDX-License-Identifier: MIT */
/* Options that sockets of both kinds have. Buffers have the sizes that memory allows: SO_SNDBUF and SO_RCVBUF only tell the most. */
#include "own.h"

#include <lwip/tcp.h>
#include <string.h>

long option_write(void *value, socklen_t *size, void const *from, socklen_t from_size)
{
	socklen_t const copied = *size < from_size ? *size : from_size;

	memcpy(value, from, copied);
	*size = copied;
	return 0;
}

long option_write_int(void *value, socklen_t *size, int number)
{
	return option_write(value, size, &number, sizeof(number));
}

long option_read_int(void const *value, socklen_t size, int *number)
{
	if (size < sizeof(*number))
		return -EINVAL;
	memcpy(number, value, sizeof(*number));
	return 0;
}

long common_take_error(struct socket_common *common)
{
	long const error = -common->error;

	common->error = 0;
	return error;
}

/* The bit in the pcb, or 0. */
static u8_t bit_of(int name)
{
	switch (name) {
	case SO_REUSEADDR: return SOF_REUSEADDR;
	case SO_KEEPALIVE: return SOF_KEEPALIVE;
	case SO_BROADCAST: return SOF_BROADCAST;
	}
	return 0;
}

static long get_socket_option(struct socket_common *common, int name, void *value, socklen_t *size)
{
	u8_t const bit = bit_of(name);

	if (bit)
		return option_write_int(value, size, common->pcb && ip_get_option(common->pcb, bit));
	switch (name) {
	case SO_ERROR:      return option_write_int(value, size, (int)-common_take_error(common));
	case SO_TYPE:       return option_write_int(value, size, common->type);
	case SO_DOMAIN:     return option_write_int(value, size, AF_INET);
	case SO_PROTOCOL:   return option_write_int(value, size, common->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
	case SO_ACCEPTCONN: return option_write_int(value, size, common->is_listening);
	case SO_SNDBUF:     return option_write_int(value, size, TCP_SND_BUF);
	case SO_RCVBUF:     return option_write_int(value, size, TCP_WND);
	}
	return -ENOPROTOOPT;
}

static long set_socket_option(struct socket_common *common, int name, int number)
{
	u8_t const bit = bit_of(name);

	if (bit && !common->pcb)
		return -EINVAL;
	if (bit && number)
		ip_set_option(common->pcb, bit);
	else if (bit)
		ip_reset_option(common->pcb, bit);
	return bit || name == SO_SNDBUF || name == SO_RCVBUF ? 0 : -ENOPROTOOPT;
}

long common_get_option(struct socket_common *common, int level, int name, void *value, socklen_t *size)
{
	if (level == SOL_SOCKET)
		return get_socket_option(common, name, value, size);
	if (level == IPPROTO_IP && (name == IP_TTL || name == IP_TOS)) {
		if (!common->pcb)
			return -EINVAL;
		return option_write_int(value, size, name == IP_TTL ? common->pcb->ttl : common->pcb->tos);
	}
	return -ENOPROTOOPT;
}

long common_set_option(struct socket_common *common, int level, int name, void const *value, socklen_t size)
{
	int        number;
	long const error = option_read_int(value, size, &number);

	if (error)
		return error;
	if (level == SOL_SOCKET)
		return set_socket_option(common, name, number);
	if (level != IPPROTO_IP || (name != IP_TTL && name != IP_TOS))
		return -ENOPROTOOPT;
	if (!common->pcb || number < (name == IP_TTL) || number > 255)
		return -EINVAL;
	if (name == IP_TTL)
		common->pcb->ttl = (u8_t)number;
	else
		common->pcb->tos = (u8_t)number;
	return 0;
}
