/* SPDX-License-Identifier: MIT */
/*
 * Where a component's main thread starts: in the platform page, on its empty stack. And how it goes on from the loader.
 */
	.text
	.globl	platform_loader
platform_loader:
	xor	%ebp, %ebp		/* the backtrace ends here */
	call	loader_main
	ud2

/* _Noreturn void loader_jump(uint64_t entry, struct startup const *startup) */
	.globl	loader_jump
loader_jump:
	mov	%rdi, %rax
	mov	%rsi, %rdi
	xor	%ebp, %ebp
	call	*%rax
	ud2

	.section .note.GNU-stack, "", @progbits
