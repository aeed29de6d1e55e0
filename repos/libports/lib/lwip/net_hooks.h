/* SPDX-License-Identifier: MIT */
/* What lwIP asks this port for while it works (LWIP_HOOK_FILENAME). */
#pragma once

#include <lwip/err.h>
#include <lwip/ip_addr.h>

struct pbuf;
struct tcp_pcb;

/* The initial sequence number of a connection, by RFC 6528: a keyed hash of its two ends, and a clock of 4 microseconds. */
u32_t net_initial_sequence(ip_addr_t const *local_ip, u16_t local_port, ip_addr_t const *remote_ip, u16_t remote_port);

/*
 * Is there memory for what this segment brings? Not if the connection holds more already than its share (net_memory_share): then the segment is
 * dropped as if it had been lost, and its sender tries again, ever more slowly. ERR_OK: it is taken.
 */
err_t net_take_segment(struct tcp_pcb const *pcb, struct pbuf const *segment);
