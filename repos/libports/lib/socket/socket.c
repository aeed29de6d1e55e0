/* SPDX-License-Identifier: MIT */
/* How libc gets its sockets (struct libc_network): the start of the network, and of a socket. */
#include "own.h"

#include <base/ep.h>
#include <base/format.h>
#include <base/log.h>
#include <base/time.h>
#include <base/try.h>
#include <lwip/dns.h>
#include <string.h>

enum { WAIT_DEFAULT_MS = 10000, WAIT_MAX_MS = 600000 };

static struct ep *waiting;    /* the loop that runs until there is an address */

static void handle_change(void)
{
	if (waiting && net_is_up())
		ep_stop(waiting);
}

static void handle_late(struct handler *handler, uint64_t count)
{
	ep_stop(waiting);
}

/* Programs expect that there is a network when they start; those that can do without say wait_ms="0". */
static void wait_for_address(struct env *env, uint64_t wait_ms)
{
	static struct handler late = { .handle = handle_late };

	if (net_is_up() || !wait_ms)
		return;
	waiting = &env->ep;
	ep_timeout(&env->ep, &late, time_now_ns() + wait_ms * TIME_NS_PER_MS);
	ep_run(&env->ep);
	ep_timeout_cancel(&env->ep, &late);
	waiting = NULL;
	if (!net_is_up())
		log_warning("network: no address after %lu ms (<net wait_ms=\"...\">): the program starts without", wait_ms);
}

static enum status start(struct env *env, struct node config)
{
	struct net_lock const lock = { libc_lock, libc_unlock };
	struct node const     net  = node_child(config, "net");

	net_on_change(handle_change);
	TRY(net_start(env, net, &lock));
	wait_for_address(env, node_u64(net, "wait_ms", WAIT_DEFAULT_MS, 0, WAIT_MAX_MS));
	return STATUS_OK;
}

long socket_stat(struct file *file, struct stat *stat)
{
	stat->st_mode = S_IFSOCK | 0777;
	return 0;
}

static long create(int domain, int type, int protocol, struct file **file)
{
	if (domain != AF_INET)
		return -EAFNOSUPPORT;
	if (type < SOCK_STREAM || type > SOCK_PACKET)
		return -EINVAL; /* there is none of that number */
	if (type == SOCK_STREAM)
		return protocol && protocol != IPPROTO_TCP ? -EPROTONOSUPPORT : tcp_socket_create(file);
	if (type == SOCK_DGRAM)
		return protocol && protocol != IPPROTO_UDP ? -EPROTONOSUPPORT : udp_socket_create(file);
	return -ESOCKTNOSUPPORT;
}

/* The servers that DHCP or the configuration told. */
static long resolver(char *text, size_t size)
{
	size_t used = 0;

	for (u8_t i = 0; i < DNS_MAX_SERVERS; i++) {
		ip_addr_t const *server = dns_getserver(i);
		char             line[32];

		if (ip_addr_isany(server))
			continue;
		format_cut(line, sizeof(line), "nameserver %u.%u.%u.%u\n", ip4_addr1(ip_2_ip4(server)), ip4_addr2(ip_2_ip4(server)), ip4_addr3(ip_2_ip4(server)),
		           ip4_addr4(ip_2_ip4(server)));
		if (strlen(line) > size - used)
			break;
		memcpy(text + used, line, strlen(line));
		used += strlen(line);
	}
	return (long)used;
}

struct libc_network const libc_network = { .start = start, .socket = create, .resolver = resolver };
