/* SPDX-License-Identifier: MIT */
/*
 * The platform page: the only code of a component that knows the kernel. The parent maps one image, the same for all, at
 * PLATFORM_ADDRESS; it starts with a table of code addresses, which a major version only ever appends to. So a
 * component contains no system call instruction and runs on every kernel for which there is such an image.
 *
 * All primitives share one calling convention, that of a C function with the arguments (target, word 0, word 1, header,
 * word 2, word 3), which returns header, badge and words in the same places (kernel/abi/syscall.h says what they mean;
 * the operation in the low byte of the header is left 0, the primitive puts it in). Whoever uses this header is compiled
 * without a red zone.
 */
#pragma once

#include <base/cap.h>
#include <base/status.h>
#include <kernel/abi/syscall.h>
#include <kernel/abi/utcb.h>

#define PLATFORM_ADDRESS 0x200000UL
#define PLATFORM_SIZE    0x10000UL
#define MAIN_STACK_SLOT  (PLATFORM_ADDRESS + PLATFORM_SIZE)
#define IMAGE_ADDRESS    (MAIN_STACK_SLOT + STACK_SLOT_SIZE)

#define PLATFORM_MAGIC 0x6e796e62u  /* "bnyn" */

enum { PLATFORM_MAJOR = 1 };

/* Index of each primitive in platform->entry; the number of primitives is the minor version. */
enum platform_primitive {
	PLATFORM_CALL, PLATFORM_REPLY_WAIT, PLATFORM_WAIT, PLATFORM_SUBMIT, PLATFORM_IRQ_ACK, PLATFORM_YIELD, PLATFORM_CAP_COPY,
	PLATFORM_CAP_MOVE, PLATFORM_CAP_DROP, PLATFORM_CAP_REVOKE, PLATFORM_CAP_INFO, PLATFORM_THREAD_EXIT, PLATFORM_TIME,
	PLATFORM_THREAD_TLS, PLATFORM_TRACE_MARK,
	PLATFORM_PRIMITIVES
};

struct platform {
	uint32_t magic;
	uint16_t major, count;
	uint64_t loader;        /* where a new component's main thread starts; its argument is 0 */
	uint64_t entry[];
};

/* What goes into a primitive and comes out of it. */
struct platform_regs {
	uint64_t header;        /* in: words << 8 | caps << 16 | expect << 20 | flags << 24 | label << 32; out: status in the low byte, ... */
	uint64_t target;        /* in: selector; out: badge */
	uint64_t w[4];
};

/* Inlined with a constant `primitive`, this is one indirect call; the table stands at a fixed address. */
static inline __attribute__((always_inline)) void platform_invoke(enum platform_primitive primitive, struct platform_regs *regs)
{
	register uint64_t w2 __asm__("r8") = regs->w[2];
	register uint64_t w3 __asm__("r9") = regs->w[3];
	uint64_t header = regs->header;

	__asm__ volatile("call *%c[entry]"
	                 : "=a"(regs->header), "+D"(regs->target), "+S"(regs->w[0]), "+d"(regs->w[1]), "+c"(header), "+r"(w2), "+r"(w3)
	                 : [entry] "i"(PLATFORM_ADDRESS + offsetof(struct platform, entry) + 8 * primitive)
	                 : "r10", "r11", "memory", "cc");
	regs->w[2] = w2;
	regs->w[3] = w3;
}

static inline enum status platform_status(uint64_t header) { return (enum status)(header & 0xff); }
static inline unsigned    platform_words(uint64_t header)  { return header >> 8 & 0xff; }
static inline unsigned    platform_caps(uint64_t header)   { return header >> 16 & 0xf; }
static inline unsigned    platform_kind(uint64_t header)   { return header >> 20 & 0xf; }
static inline uint32_t    platform_label(uint64_t header)  { return header >> 32; }

/* The UTCB of the running thread: in the last page of the 64 KiB slot that holds its stack. */
static inline struct utcb *thread_utcb(void)
{
	return (struct utcb *)(((uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)(STACK_SLOT_SIZE - 1)) + STACK_SLOT_UTCB);
}
