/* SPDX-License-Identifier: MIT */
/* The PC: segments, the layout that assembly knows, the end of the machine. Read by assembly too. */
#pragma once

#define KERNEL_CS 0x08
#define KERNEL_SS 0x10
#define USER_SS   0x1b
#define USER_CS   0x23
#define TSS_SEL   0x28

#define USER_FLAGS      0x202         /* IF, and the bit that is always one */
#define USER_FLAG_STEP  0x100         /* TF */
#define USER_FLAGS_MASK 0xcd5         /* what a debugger may set: the arithmetic flags and DF */

#define WINDOW_SIZE     0x200000      /* KERNEL_WINDOW */

/* struct thread */
#define THREAD_WORD        4      /* state, special, cpu: 32 bits */
#define THREAD_STATE       4
#define THREAD_PD          8
#define THREAD_UTCB       16
#define THREAD_FRAME      24
#define THREAD_CALLER    200
#define THREAD_PARTNER   208
#define THREAD_SIGNALS   216
#define THREAD_WAITERS   232
#define THREAD_BY_SYSCALL 240
#define THREAD_DEPTH     241
#define THREAD_OFFERED   242      /* behind depth: one store for both */

/* values in it */
#define STATE_RUNNING    1
#define STATE_RECEPTIVE  2
#define STATE_CALLING    3
#define SPECIAL_FAULTING 4
#define VECTOR_EXIT    256        /* FAULT_EXIT */
#define DEPTH_MAX       16
#define OP_REPLY_WAIT    1
#define OP_SUBMIT        3
#define UTCB_CAPS_MAX    8
#define UTCB_WINDOW  0x440
#define SLOT_BYTES      32
#define UTCB_WORDS_MAX 128
#define OP_END          64
#define STATUS_VALUE_UNSUPPORTED 11

/* struct gate, struct pd */
#define GATE_TYPE        0        /* type, dead, flags: 32 bits */
#define GATE_LIVE        3
#define GATE_THREAD      8
#define GATE_BADGE      16
#define SIGNAL_LIVE      4
#define SIGNAL_LISTED    0x1000000
#define SIGNAL_COUNT     4
#define SLOT_STATE       8        /* state, rights */
#define SLOT_STATE_MASK  0x1ff
#define SLOT_USABLE      0x101    /* live, with the right to use it */
#define PD_CR3           8
#define PD_NEAR         16      /* how many frames */
#define PD_CAPS         24
#define PD_FRAMES       88      /* how many, far ones too */
#define PD_FAR          96
#define NEAR_FRAMES      8

/* struct frame, from its start */
#define FRAME_R15    0
#define FRAME_R14    8
#define FRAME_R13   16
#define FRAME_R12   24
#define FRAME_R11   32
#define FRAME_R10   40
#define FRAME_R9    48
#define FRAME_R8    56
#define FRAME_RDI   64
#define FRAME_RSI   72
#define FRAME_RBP   80
#define FRAME_RBX   88
#define FRAME_RDX   96
#define FRAME_RCX  104
#define FRAME_RAX  112
#define FRAME_VECTOR 120
#define FRAME_ERROR 128
#define FRAME_RIP  136
#define FRAME_RFLAGS 152
#define FRAME_RSP  160
#define FRAME_SIZE 176

/* struct cpu */
#define CPU_CURRENT    0
#define CPU_STACK      8
#define CPU_CR3       16
#define CPU_CALL_KEY  24
#define CPU_REPLY_KEY 28
#define CPU_RESCHEDULE 32
#define GOES_TO_ITS_LIKE_VALUE 3
#define HEAVY_KEY       7         /* the bit of a key that is in no thread's word: no state is so large */

/* interrupt controllers, see apic.h */
#define IRQS_START   0x30
#define IRQS_END     0xf0
#define APIC_EOI     0xffffffffffe000b0

#ifndef __ASSEMBLER__
#include <kernel/kernel.h>

/* Ends the machine: QEMU's debug exit, then ACPI; else says so and halts. RESET: by the keyboard controller. */
void machine_end(enum machine_op op, unsigned exit_value) __attribute__((noreturn));

/* `how`: size in bytes (1, 2, 4) | write << 8. INVALID: another size, or beyond the last port. */
enum status machine_port_io(uint64_t port, uint64_t how, uint64_t value, uint64_t *result);
#endif
