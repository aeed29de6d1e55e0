/* SPDX-License-Identifier: MIT */
/*
 * The configuration that we build, for lwIP's own tests on the host. They want to count everything, so there are statistics; memory is that
 * of the host, which finds what is used after it was freed, or never freed. What differs apart from that, the tests ask for.
 */
#pragma once

#include "../../repos/libports/lib/lwip/include/lwipopts.h"

#define LWIP_TESTMODE                   1

#undef mem_clib_malloc
#undef mem_clib_calloc
#undef mem_clib_free
#define mem_clib_malloc                 malloc
#define mem_clib_calloc                 calloc
#define mem_clib_free                   free

#undef LWIP_STATS
#define LWIP_STATS                      1
#define MEM_STATS                       1
#define MEMP_STATS                      1
#define MIB2_STATS                      1

/* They count what is allocated when nothing goes on, and look at what an interface tells. */
#undef LWIP_DNS
#define LWIP_DNS                        0
#define ETHARP_SUPPORT_STATIC_ENTRIES   1
#define LWIP_NETIF_EXT_STATUS_CALLBACK  1

/* They fill windows of a few segments, and expect chains of the pool's buffers. */
#undef TCP_WND
#undef TCP_SND_BUF
#undef TCP_SND_QUEUELEN
#undef TCP_SNDLOWAT
#undef TCP_RCV_SCALE
#define TCP_WND                         (10 * TCP_MSS)
#define TCP_SND_BUF                     (12 * TCP_MSS)
#define TCP_SND_QUEUELEN                40
#define TCP_RCV_SCALE                   0
#define PBUF_POOL_BUFSIZE               600

#define TCP_CHECKSUM_ON_COPY_SANITY_CHECK 1
#define TCP_CHECKSUM_ON_COPY_SANITY_CHECK_FAIL(text) LWIP_ASSERT("a sum made while copying is wrong", 0)
