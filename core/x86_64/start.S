/* SPDX-License-Identifier: MIT */
/* Core's entry: the kernel set up the stack and left the address of its information in the first argument register. */
	.globl _start
	.type _start, @function
_start:
	xor	%ebp, %ebp
	call	core_main
	ud2
	.size _start, . - _start
	.section .note.GNU-stack, "", @progbits
