/* SPDX-License-Identifier: MIT */
/* One system call with any registers; attack.S. */
#pragma once

#include <base/types.h>

/* All registers but the stack pointer, and what the system call itself overwrites. */
struct registers {
	uint64_t rax, rbx, rdx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14, r15;
};

/*
 * Loads the registers, calls `entry`, which is a `syscall` followed by a `ret` in the platform page, and stores them again. The page's own
 * table would set the operation; this goes in behind it.
 */
void attack_call(struct registers *registers, void const *entry);
