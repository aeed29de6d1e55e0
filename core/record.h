/* SPDX-License-Identifier: MIT */
/*
 * Records: what core knows about each object, in frames that the object's payer brought (places.h). They all start with the same head.
 *
 * **Who holds what.** A record is owned by the account in its head and ends with it at the latest. All other pointers between
 * records are lists that both ends know: whichever ends first takes itself out of the other. There are no counts.
 *
 * **Naming.** What a client can name has a gate to core's only thread. The gate's badge is the record's address, a
 * serial number and two bits of the record's own (record.c). The kernel delivers badges, so they are not forged; the
 * serial tells an object that ended while a call to it was on its way from one that came to live in its place.
 */
#pragma once

/* Of the generated headers core wants operations tables and dispatchers only; its own structs have the short names. */
#define RPC_CORE

#include <base/list.h>
#include <base/rpc.h>
#include <base/status.h>
#include <base/types.h>
#include <kernel/abi/syscall.h>

struct account;

enum record_type {
	RECORD_NONE, RECORD_ACCOUNT, RECORD_DATASPACE, RECORD_REGION, RECORD_THREAD, RECORD_GATE, RECORD_SIGNAL, RECORD_BUDGET, RECORD_PARENT,
	RECORD_LOG, RECORD_ROM, RECORD_CPU, RECORD_PD, RECORD_RM, RECORD_IRQ, RECORD_IO_MEM, RECORD_IO_PORT, RECORD_TRACE,
	RECORD_TYPES
};

/* "dataspace", for messages. */
char const *record_type_name(enum record_type type);

struct record {
	uint8_t          type;           /* enum record_type */
	uint8_t          places;
	uint8_t          state;          /* the type's own */
	uint8_t          dying;          /* its end has begun: no operation but the one that ends it */
	uint32_t         serial;         /* part of the badge */
	struct account  *account;        /* who pays; for an account, its origin */
	struct list_link of_account;     /* account->objects */
};

static_assert(sizeof(struct record) == 32, "half of what a cap pays for");

/* --- RAM --- */

/* Core uses RAM up to here, so that the number of a record fits 32 bits and capability tables are where the kernel wants them. */
#define RAM_LIMIT (128UL << 30)

/* Where all RAM is in this address space: CORE_RAM, but in host tests. */
extern uintptr_t core_ram;

static inline void *ram_at(struct paddr at) { return (void *)(core_ram + at.value); }
static inline struct paddr paddr_of(void const *at) { return (struct paddr) { (uintptr_t)at - core_ram }; }
static inline struct paddr paddr_of_frame(uint64_t frame) { return (struct paddr) { frame << PAGE_SHIFT }; }

/* A record as a small number; 0 stands for none. */
static inline uint32_t record_number(void const *record) { return paddr_of(record).value / GRANULE; }
static inline void *record_at(uint32_t number) { return ram_at((struct paddr) { (uint64_t)number * GRANULE }); }

/* --- Badges --- */

enum { BADGE_BITS = 2 };    /* low bits of a badge, free for the type of its record: which of its gates it is */

enum { ACCOUNT_USE, ACCOUNT_CONTROL, ACCOUNT_DMA, ACCOUNT_LENT /* no gates */ };

uint64_t badge_of(struct record const *record, unsigned bits);

/* The record that a gate of core stands for, with its low bits; NULL: it has ended. */
struct record *badge_record(uint64_t badge, unsigned *bits);

/* The record of that type behind a capability that a client sent. BAD_CAP: it names no such thing, or one that ends. */
MUST_CHECK enum status cap_record(struct rpc_cap const *cap, enum record_type type, unsigned bits, void *record);

/* The same for an operation that goes on with what it began: `dying` records too. */
MUST_CHECK enum status cap_record_any(struct rpc_cap const *cap, enum record_type type, unsigned bits, void *record);

/* The record behind a gate or signal context that core made for others. BAD_CAP: none of that kind. */
MUST_CHECK enum status cap_object(struct rpc_cap const *cap, enum record_type type, void *record);

/* A capability that the answer carries: the gate at place `offset` of a record. */
struct cap cap_of(struct record const *record, unsigned offset);
