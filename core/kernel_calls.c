/* SPDX-License-Identifier: MIT */
/* The system call instruction of core: the only one outside of the platform page. */
#include <core/kernel_calls.h>

void kernel_call(struct kernel_regs *regs)
{
	register uint64_t w2 __asm__("r8") = regs->w[2];
	register uint64_t w3 __asm__("r9") = regs->w[3];

	__asm__ volatile("syscall"
	                 : "+a"(regs->header), "+D"(regs->target), "+S"(regs->w[0]), "+d"(regs->w[1]), "+r"(w2), "+r"(w3)
	                 : : "rcx", "r10", "r11", "memory", "cc");
	regs->w[2] = w2;
	regs->w[3] = w3;
}
