/* SPDX-License-Identifier: MIT */
/* Addresses and errors: between lwIP's and POSIX's. */
#include "own.h"

#include <lwip/netif.h>
#include <string.h>

long endpoint_read(struct sockaddr const *address, socklen_t size, struct endpoint *endpoint)
{
	struct sockaddr_in const *in = (struct sockaddr_in const *)address;

	if (!address || size < sizeof(address->sa_family))
		return -EINVAL;
	if (address->sa_family != AF_INET)
		return -EAFNOSUPPORT;
	if (size < sizeof(*in))
		return -EINVAL;
	ip_addr_set_ip4_u32_val(endpoint->ip, in->sin_addr.s_addr);
	endpoint->port = lwip_ntohs(in->sin_port);
	return 0;
}

void endpoint_write(struct endpoint const *endpoint, struct sockaddr *address, socklen_t *size)
{
	struct sockaddr_in const in = {
		.sin_family = AF_INET, .sin_port = lwip_htons(endpoint->port), .sin_addr.s_addr = ip_addr_get_ip4_u32(&endpoint->ip),
	};

	if (!address || !size)
		return;
	memcpy(address, &in, *size < sizeof(in) ? *size : sizeof(in));
	*size = sizeof(in);
}

bool endpoint_is_own(struct endpoint const *endpoint)
{
	struct netif *netif;

	if (ip_addr_isany(&endpoint->ip) || ip_addr_isloopback(&endpoint->ip))
		return true;
	NETIF_FOREACH(netif) {
		if (ip_addr_cmp(&endpoint->ip, &netif->ip_addr))
			return true;
	}
	return false;
}

long error_of(err_t error)
{
	switch (error) {
	case ERR_OK:         return 0;
	case ERR_MEM:
	case ERR_BUF:        return -ENOBUFS;
	case ERR_TIMEOUT:    return -ETIMEDOUT;
	case ERR_RTE:        return -ENETUNREACH;
	case ERR_INPROGRESS: return -EINPROGRESS;
	case ERR_VAL:        return -EINVAL;
	case ERR_WOULDBLOCK: return -EAGAIN;
	case ERR_USE:        return -EADDRINUSE;
	case ERR_ALREADY:    return -EALREADY;
	case ERR_ISCONN:     return -EISCONN;
	case ERR_CONN:       return -ENOTCONN;
	case ERR_ABRT:       return -ETIMEDOUT;     /* lwIP has given it up */
	case ERR_RST:        return -ECONNRESET;
	case ERR_CLSD:       return -ENOTCONN;
	default:             return -EIO;
	}
}

size_t chain_copy(struct pbuf const *chain, void *to, size_t size)
{
	size_t copied = 0;

	for (; chain && copied < size; chain = chain->next) {
		size_t const part = chain->len < size - copied ? chain->len : size - copied;

		memcpy((char *)to + copied, chain->payload, part);
		copied += part;
	}
	return copied;
}

struct pbuf *chain_drop(struct pbuf *chain, size_t size)
{
	while (chain && size >= chain->len) {
		struct pbuf *next = chain->next;

		size -= chain->len;
		if (next)
			pbuf_ref(next);
		pbuf_free(chain);
		chain = next;
	}
	if (size)
		pbuf_remove_header(chain, size);
	return chain;
}
