/* SPDX-License-Identifier: MIT */
/* What lwIP asks this port for while it works (LWIP_HOOK_FILENAME). */
#pragma once

#include "lwip/ip_addr.h"

/* The initial sequence number of a connection, by RFC 6528: a keyed hash of its two ends, and a clock of 4 microseconds. */
u32_t net_initial_sequence(ip_addr_t const *local_ip, u16_t local_port, ip_addr_t const *remote_ip, u16_t remote_port);
