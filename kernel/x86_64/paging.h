/* SPDX-License-Identifier: MIT */
/*
 * Address spaces. Page tables are a cache with a budget: core gives a protection domain table frames, the kernel uses
 * them as mappings need them and never has others. When they are used up (NO_TABLE), core empties them all (recycle)
 * and faults fill them anew. A table is zeroed when it is taken into use.
 */
#pragma once

#include <kernel/thread.h>

struct mapping {
	uint64_t va, pa, pages;
	uint64_t attributes;     /* enum map_attributes */
};

/* The first table of a new domain: empty below, the kernel's mappings above. */
void paging_init_top(struct pd *pd, uint64_t top_table);

void paging_give_table(struct pd *pd, uint64_t frame);

/* NOT_FOUND: all of them are in use. */
enum status paging_take_table(struct pd *pd, uint64_t *frame);

/* Takes the lowest-level table that maps the 2 MiB around `va` out of the tree, and with it all that is mapped there. NOT_FOUND: there is none. */
enum status paging_take_table_of(struct pd *pd, uint64_t va, uint64_t *frame);

/*
 * Other CPUs may have in their TLBs what was there before, or is not any more: what takes a table or an entry away begins an epoch
 * of the domain (cpu.h), and until it is over no table is used again: AGAIN. Frames that were mapped are core's matter (SYS_SYNC).
 *
 * Maps up to MAP_PAGES_MAX pages; *mapped says how many when a table is missing (NO_TABLE). INVALID: bad range, W and X, device memory
 * attributes that contradict. What was mapped there before is replaced. */
enum status paging_map(struct pd *pd, struct mapping const *mapping, uint64_t *mapped);

/* No access to the pages any more, on any CPU, after the next SYS_SYNC. */
enum status paging_unmap(struct pd *pd, uint64_t va, uint64_t pages);

/* Empties the user half; its tables are free then. AGAIN: not yet. INVALID: core's, which has large pages and no pager. */
enum status paging_recycle(struct pd *pd);

/* Boot: the kernel's own address space. `alloc` gives zeroed frames. */
struct kernel_mapping {
	uint64_t va, pa, size;
	uint64_t flags;          /* page table bits */
};

#define PTE_PRESENT 0x001UL
#define PTE_WRITE   0x002UL
#define PTE_USER    0x004UL
#define PTE_WT      0x008UL
#define PTE_CD      0x010UL
#define PTE_ACCESS  0x020UL
#define PTE_DIRTY   0x040UL
#define PTE_LARGE   0x080UL
#define PTE_GLOBAL  0x100UL
#define PTE_NX      0x8000000000000000UL
#define PTE_ADDRESS 0x000ffffffffff000UL

void paging_map_boot(uint64_t top_table, struct kernel_mapping const *mapping);

/* This CPU is about to idle: it is in no domain's address space any more. One CPU alone need not care. */
void paging_leave(void);

/* Forgets all that the TLB has of the address space that the CPU is in. */
void paging_flush(void);

/* The kernel half that every top-level table shares is that of `top_table` from now on. */
void paging_set_kernel_top(uint64_t top_table);
