/* SPDX-License-Identifier: MIT */
/*
 * The memory of the network: every packet, connection and timer of lwIP. It comes from a heap in blocks of a few sizes, and is
 * bounded, so that strangers on the wire can use up this much of the component's account and no more. Of each size a few
 * free blocks are kept for the next packets, the others go back to the heap.
 */
#pragma once

#include <base/types.h>

struct heap;

enum { NET_MEMORY_MIN = 256 << 10, NET_MEMORY_DEFAULT = 4 << 20 };

/* To be called once, before all else. At most `limit` bytes of `heap` are in use at any time, NET_MEMORY_MIN at least. */
void net_memory_init(struct heap *heap, size_t limit);

/* 16-byte aligned; NULL: the limit is reached, or the heap's account has no more. */
void *net_memory_alloc(size_t size);
void *net_memory_alloc_zeroed(size_t count, size_t size);
void net_memory_free(void *block);

/*
 * How much one connection may have waiting, in bytes: an eighth of what is free beyond a quarter that is kept for packets that come in and for
 * new connections. So however many peers do not take what they asked for, each gets less, and the others are still served.
 */
size_t net_memory_share(void);

/* Bytes of the heap in use, free blocks that are kept included. */
size_t net_memory_used(void);
