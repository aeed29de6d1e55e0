/* SPDX-License-Identifier: MIT */
/* Between the files of net. */
#pragma once

#include "net.h"

#include <lwip/netif.h>

/* What the element says. */
struct net_config {
	bool       is_static;
	ip4_addr_t address, netmask, gateway;    /* 0: none */
	ip4_addr_t dns;                          /* 0: that of the lease */
	char       hostname[64];
	uint64_t   memory;                       /* bytes */
	uint32_t   tx_count, rx_count;           /* frames */
};

/* INVALID, told on the log. */
MUST_CHECK enum status net_config_read(struct node net, struct net_config *config);

/* The interface that frames go through, without a link yet; `netif` is zeroed. Then the address is set up. */
MUST_CHECK enum status net_interface_init(struct env *env, struct net_config const *config, struct netif *netif);

/* Opens its session of NIC: the link comes up as that says. The network is not entered. As net_start. */
MUST_CHECK enum status net_interface_open(void);

/* Sends what lwIP has queued, as far as there is room. Context: main thread. */
void net_interface_send(void);

/* Around what handlers of the main entrypoint do with lwIP. `leave` sends what has come of it. */
void net_enter(void);
void net_leave(void);
