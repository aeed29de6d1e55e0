/* SPDX-License-Identifier: MIT */
/* The kernel's interface as functions, for the test and its children alike. Nothing here uses memory but the stack and the UTCB. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kernel/abi/info.h>
#include <kernel/abi/status.h>
#include <kernel/abi/syscall.h>
#include <kernel/abi/utcb.h>

#define PAGE_SIZE     4096UL
#define NO_CAP        0UL                   /* the null selector */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What gcc asks for too. */
void *memcpy(void *restrict to, void const *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);

/* The message registers, before or after a system call. */
struct msg {
	uint64_t head;       /* rax */
	uint64_t badge;      /* rdi */
	uint64_t w[4];       /* rsi, rdx, r8, r9 */
};

static inline struct msg sys(uint64_t head, uint64_t rdi, uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
	register uint64_t r8 __asm__("r8") = w2;
	register uint64_t r9 __asm__("r9") = w3;

	__asm__ volatile("syscall" : "+a"(head), "+D"(rdi), "+S"(w0), "+d"(w1), "+r"(r8), "+r"(r9) : : "rcx", "r10", "r11", "memory");
	return (struct msg) { head, rdi, { w0, w1, r8, r9 } };
}

static inline enum status op1(unsigned op, uint64_t a)                         { return sys(op, a, 0, 0, 0, 0).head & 0xff; }
static inline enum status op2(unsigned op, uint64_t a, uint64_t b)             { return sys(op, a, b, 0, 0, 0).head & 0xff; }
static inline enum status op3(unsigned op, uint64_t a, uint64_t b, uint64_t c) { return sys(op, a, b, c, 0, 0).head & 0xff; }

static inline enum status op5(unsigned op, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	return sys(op, a, b, c, d, e).head & 0xff;
}

static inline enum status status_of(struct msg m) { return m.head & 0xff; }
static inline unsigned words_of(struct msg m)     { return m.head >> 8 & 0xff; }
static inline unsigned caps_of(struct msg m)      { return m.head >> 16 & 0xf; }
static inline unsigned kind_of(struct msg m)      { return m.head >> 20 & 0xf; }
static inline unsigned label_of(struct msg m)     { return m.head >> 32; }

static inline uint64_t flags(unsigned flags)      { return (uint64_t)flags << 24; }

static inline struct utcb *utcb(void)
{
	uint64_t sp;

	__asm__ volatile("mov %%rsp, %0" : "=r"(sp));
	return (struct utcb *)((sp & ~(uint64_t)(STACK_SLOT_SIZE - 1)) + STACK_SLOT_UTCB);
}

static inline uint64_t now(void) { return sys(SYS_TIME, 0, 0, 0, 0, 0).badge; }

/* A call with up to four words and no capabilities. */
static inline struct msg call4(uint64_t gate, unsigned label, uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
	return sys(syscall_header(SYS_CALL, 4, 0, 0, label), gate, w0, w1, w2, w3);
}

static inline struct msg call(uint64_t gate, uint64_t w0)   { return call4(gate, 0, w0, 0, 0, 0); }
static inline struct msg wait(void)                         { return sys(SYS_WAIT, 0, 0, 0, 0, 0); }
static inline struct msg poll(void)                         { return sys(SYS_WAIT | flags(SYS_FLAG_NOBLOCK), 0, 0, 0, 0, 0); }
static inline struct msg wait_with_deadline(uint64_t ns)    { return sys(SYS_WAIT | flags(SYS_FLAG_DEADLINE), ns, 0, 0, 0, 0); }
static inline struct msg wait_one(uint64_t signal)          { return sys(SYS_WAIT | flags(SYS_FLAG_ONE), signal, 0, 0, 0, 0); }

/* With a deadline for this wait alone: a wait for one context ends it, also for none. */
static inline struct msg wait_until(uint64_t ns)
{
	struct msg m = wait_with_deadline(ns);

	wait_one(0);
	return m;
}

static inline struct msg reply_wait(uint64_t w0)            { return sys(syscall_header(SYS_REPLY_WAIT, 1, 0, 0, 0), 0, w0, 0, 0, 0); }

/* Replies and does not wait. */
static inline struct msg reply(unsigned label, uint64_t w0)
{
	return sys(syscall_header(SYS_REPLY_WAIT, 1, 0, 0, label) | flags(SYS_FLAG_NOBLOCK), 0, w0, 0, 0, 0);
}

static inline enum status submit(uint64_t signal)                     { return op1(SYS_SUBMIT, signal); }
static inline enum status cap_copy(uint64_t from, uint64_t to)        { return op3(SYS_CAP_COPY, from, to, RIGHTS_ALL); }
static inline enum status cap_drop(uint64_t selector)                 { return op1(SYS_CAP_DROP, selector); }

/* Selector number n of a table; 0 is none. */
static inline uint64_t slot(unsigned n) { return (uint64_t)n * SLOT_SIZE; }
