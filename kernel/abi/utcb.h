/* SPDX-License-Identifier: MIT */
/*
 * The user thread control block: what a thread and the kernel exchange beside registers. 2 KiB, in the last page of the
 * thread's 64 KiB stack slot, so that masking the stack pointer finds it. The kernel reaches it by its physical address
 * and reads lengths from the header word alone, never from here.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	UTCB_WORDS       = 128,
	UTCB_CAPS        = 8,
	UTCB_SIZE        = 2048,
	STACK_SLOT_SIZE  = 0x10000,
	STACK_SLOT_UTCB  = 0xf000,  /* offset of the UTCB in the slot; the stack grows down from here */
};

/*
 * send[]: selector, and MOVE for "the receiver takes my place"; 0 sends a null capability. Core alone may send an object
 * that it made, by physical address and OBJECT: the receiver gets a first capability with all rights.
 */
enum { SEND_MOVE = 1, SEND_OBJECT = 2 };

/* Instead of a selector of core's: the n-th capability that whom it serves has sent, by that one's own selector. */
#define GIVE_SENT(n) ((uint64_t)(n) << 1 | 1)

/* got[].kind of each capability that a message brought. */
enum got_kind {
	GOT_NULL,    /* the sender sent none, or a gate of the receiver's own PD that it may not use */
	GOT_SLOT,    /* it is in the slot that window[i] names */
	GOT_OWN,     /* a gate of the receiver's own PD: badge is its badge, no slot was used */
	GOT_MISSING, /* there was a capability, but no usable window slot, or a reply brought more than the call expected */
};

struct utcb {
	uint64_t words[UTCB_WORDS];
	uint64_t send[UTCB_CAPS];   /* what the next message sends */
	uint64_t window[UTCB_CAPS]; /* slots for what the next message brings; 0: none. What is in such a slot is dropped */
	struct {
		uint64_t kind;      /* enum got_kind */
		uint64_t badge;     /* GOT_OWN */
	} got[UTCB_CAPS];
	uint64_t user[208 / 8];     /* the component's own: base keeps the thread's name and locals here */
	uint8_t  reserved[UTCB_SIZE - 1488];
};

_Static_assert(sizeof(struct utcb) == UTCB_SIZE && offsetof(struct utcb, send) == 0x400 && offsetof(struct utcb, window) == 0x440 &&
               offsetof(struct utcb, got) == 0x480, "layout");

/* Registers of a stopped thread, in words[] of the UTCB for SYS_THREAD_STATE. */
struct thread_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t ip, flags, sp;
};
