/* SPDX-License-Identifier: MIT */
/*
 * Where the loader jumps to: rdi holds its struct startup.
 */
	.text
	.globl	_start
_start:
	xor	%ebp, %ebp
	call	base_start
	ud2

	.section .note.GNU-stack, "", @progbits
