/* SPDX-License-Identifier: MIT */
/*
 * Stacks: each in a 64 KiB slot of its own, aligned, so that the UTCB in the slot's last page is found by masking the stack pointer.
 * The stack ends below the UTCB and is as large as asked for; what is below it in the slot stays unmapped: the guard.
 */
#pragma once

#include <account/account.h>
#include <dataspace/dataspace.h>
#include <kernel/abi/utcb.h>
#include <rm/rm.h>

#define STACK_AREA 0x10000000UL

enum {
	STACK_SLOTS    = 256,
	STACK_SIZE_MAX = STACK_SLOT_UTCB - 0x1000,    /* the lowest page is always the guard */
	STACK_DEFAULT  = 0x4000,
};

/* RAM from `payer`, attached as a stack in the slot at `slot` of the region map `rm`; INVALID: size 0 or above STACK_SIZE_MAX. */
MUST_CHECK enum status stack_attach(struct rm *rm, struct account payer, uint64_t slot, size_t size_bytes, struct dataspace *memory);

/* Reserves a slot of this component's stack area and puts a stack there. OUT_OF_RAM, OUT_OF_CAPS; BUSY: all slots are in use. */
MUST_CHECK enum status stack_create(struct account payer, size_t size_bytes, uint64_t *slot, struct dataspace *memory);
void stack_destroy(struct account payer, uint64_t slot, size_t size_bytes, struct dataspace memory);
