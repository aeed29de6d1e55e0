/* SPDX-License-Identifier: MIT */
/* Reading the element `net`. */
#include "own.h"

#include <base/log.h>
#include <base/string.h>
#include <lwip/net_memory.h>

enum { ADDRESS_SIZE = 16 /* "255.255.255.255" */, FRAMES_MIN = 4, FRAMES_MAX = 1024, TX_DEFAULT = 128, RX_DEFAULT = 256 };

/* Four decimal numbers; lwIP would take the abbreviations and octal numbers of old, too. */
static bool parse_address(char const *text, ip4_addr_t *address)
{
	uint32_t    value = 0;
	char const *at    = text;

	for (unsigned i = 0; i < 4; i++) {
		char const *start = at;
		uint64_t    byte;

		while (*at >= '0' && *at <= '9')
			at++;
		if (string_parse_range(start, (size_t)(at - start), 0, 255, &byte) || *at != (i < 3 ? '.' : 0))
			return false;
		value = value << 8 | (uint32_t)byte;
		at++;
	}
	ip4_addr_set_u32(address, lwip_htonl(value));
	return true;
}

static enum status read_address(struct node net, char const *name, ip4_addr_t *address)
{
	char              text[ADDRESS_SIZE];
	enum status const status = node_string(net, name, "0.0.0.0", text, sizeof(text));

	if (status == STATUS_OK && parse_address(text, address))
		return STATUS_OK;
	log_error("<net %s=\"...\">: expected an IPv4 address, four numbers as in 10.0.2.15", name);
	return STATUS_INVALID;
}

static enum status read_static(struct node net, struct net_config *config)
{
	uint32_t mask, host;

	RPC_TRY(read_address(net, "address", &config->address));
	ip4_addr_set_u32(&config->netmask, lwip_htonl(0xffffff00));
	if (node_has_attribute(net, "netmask"))
		RPC_TRY(read_address(net, "netmask", &config->netmask));
	RPC_TRY(read_address(net, "gateway", &config->gateway));
	mask = lwip_ntohl(config->netmask.addr);
	host = lwip_ntohl(config->address.addr) & ~mask;
	if ((~mask & (~mask + 1)) || !mask) {
		log_error("<net netmask=\"...\">: the ones come first in a netmask, as in 255.255.255.0");
		return STATUS_INVALID;
	}
	if (!host || host == ~mask || ip4_addr_ismulticast(&config->address)) {
		log_error("<net address=\"...\">: this is no address of a host in its network");
		return STATUS_INVALID;
	}
	if (config->gateway.addr && !ip4_addr_netcmp(&config->gateway, &config->address, &config->netmask)) {
		log_error("<net gateway=\"...\">: it is in another network than the address: nothing could be sent to it");
		return STATUS_INVALID;
	}
	return STATUS_OK;
}

static enum status read_count(struct node net, char const *name, uint32_t otherwise, uint32_t *count)
{
	*count = (uint32_t)node_u64(net, name, otherwise, FRAMES_MIN, FRAMES_MAX);
	if (is_power_of_two(*count))
		return STATUS_OK;
	log_error("<net %s=\"%u\">: expected a power of two", name, *count);
	return STATUS_INVALID;
}

enum status net_config_read(struct node net, struct net_config *config)
{
	*config = (struct net_config) { .is_static = node_has_attribute(net, "address") && !node_attribute_is(net, "address", "dhcp") };
	if (config->is_static)
		RPC_TRY(read_static(net, config));
	RPC_TRY(read_address(net, "dns", &config->dns));
	RPC_TRY(read_count(net, "tx_frames", TX_DEFAULT, &config->tx_count));
	RPC_TRY(read_count(net, "rx_frames", RX_DEFAULT, &config->rx_count));
	config->memory = node_bytes(net, "memory", NET_MEMORY_DEFAULT, NET_MEMORY_MIN, UINT32_MAX);
	if (node_string(net, "hostname", "banyan", config->hostname, sizeof(config->hostname))) {
		log_error("<net hostname=\"...\">: expected at most %zu characters", sizeof(config->hostname) - 1);
		return STATUS_INVALID;
	}
	return STATUS_OK;
}
