/* SPDX-License-Identifier: MIT */
/* What lwIP asks this port for while it works (LWIP_HOOK_FILENAME). */
#pragma once

#include <lwip/err.h>
#include <lwip/ip_addr.h>

struct pbuf;
struct tcp_hdr;
struct tcp_pcb;

/* The initial sequence number of a connection, by RFC 6528: a keyed hash of its two ends, and a clock of 4 microseconds. */
u32_t net_initial_sequence(ip_addr_t const *local_ip, u16_t local_port, ip_addr_t const *remote_ip, u16_t remote_port);

/*
 * Called for each segment that has come for `pcb`, with the header's numbers in the byte order of the host. ERR_OK: lwIP takes it. ERR_VAL: it does
 * not belong to the connection; its sender has been told what would. ERR_MEM: there is no memory for it, as the connection holds more already
 * than its share (net_memory_share): it is dropped as if it had been lost, and its sender tries again, ever more slowly.
 */
err_t net_take_segment(struct tcp_pcb *pcb, struct tcp_hdr const *header, struct pbuf const *segment);
