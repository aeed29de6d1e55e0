/* SPDX-License-Identifier: MIT */
/*
 * How lwIP is built: IPv4 with TCP, UDP, ICMP, DHCP and DNS, in one event loop, all memory from memory.c. The names and
 * their meaning are lwIP's (lwip/opt.h); what is not here has lwIP's default.
 */
#pragma once

#include <lwip/net_checksum.h>
#include <lwip/net_memory.h>

/* One thread, driven by frames and timeouts; nothing below is ever called by another one. */
#define NO_SYS                       1
#define SYS_LIGHTWEIGHT_PROT         0
#define LWIP_NETCONN                 0
#define LWIP_SOCKET                  0

/* Memory: as much as is in use, no pools of fixed size. */
#define MEM_LIBC_MALLOC              1
#define mem_clib_malloc              net_memory_alloc
#define mem_clib_calloc              net_memory_alloc_zeroed
#define mem_clib_free                net_memory_free
#define MEMP_MEM_MALLOC              1
#define MEM_ALIGNMENT                16
#define LWIP_PBUF_REF_T              u16_t
#define LWIP_STATS                   0

/* Interfaces: one on NIC, and loopback. */
#define LWIP_NETIF_STATUS_CALLBACK   1
#define LWIP_NETIF_LINK_CALLBACK     1
#define LWIP_NETIF_HOSTNAME          1
#define LWIP_NETIF_LOOPBACK          1
#define LWIP_HAVE_LOOPIF             1
#define LWIP_LOOPBACK_MAX_PBUFS      256
#define ARP_TABLE_SIZE               32
#define ARP_QUEUEING                 1

/* IP, and what configures it. */
#define LWIP_IPV6                    0
#define IP_REASS_MAX_PBUFS           48
#define IP_SOF_BROADCAST             1
#define LWIP_RAW                     1
#define LWIP_DHCP                    1
#define LWIP_DNS                     1
#define DNS_TABLE_SIZE               8

/*
 * TCP. Windows of 180 full segments each way, as far as memory allows (net_memory_share); the initial sequence number is that of
 * RFC 6528, TIME-WAIT lasts a minute. tcp_write copies and sums in one go.
 */
#define TCP_MSS                      1460
#define TCP_WND                      (180 * TCP_MSS)
#define TCP_SND_BUF                  (192 * TCP_MSS)
#define TCP_SND_QUEUELEN             (4 * 192)
#define TCP_SNDLOWAT                 (16 * TCP_MSS)
#define TCP_SNDQUEUELOWAT            (TCP_SND_QUEUELEN / 2)
#define LWIP_WND_SCALE               1
#define TCP_RCV_SCALE                3
#define TCP_MSL                      30000
#define TCP_LISTEN_BACKLOG           1
#define TCP_DEFAULT_LISTEN_BACKLOG   128
#define TCP_OOSEQ_BYTES_LIMIT(pcb)   net_memory_share()
#define LWIP_TCP_SACK_OUT            1
#define LWIP_TCP_KEEPALIVE           1
#define SO_REUSE                     1
#define LWIP_CHECKSUM_ON_COPY        1
#define LWIP_CHKSUM                  net_checksum
#define LWIP_HOOK_FILENAME           "lwip/net_hooks.h"
#define LWIP_HOOK_TCP_ISN            net_initial_sequence
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, size, first_size, second, segment) net_take_segment(pcb, header, segment)
