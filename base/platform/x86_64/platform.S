/* SPDX-License-Identifier: MIT */
/*
 * The platform page's table and its primitives for the Banyan kernel, at PLATFORM_ADDRESS both in the page that parents map
 * into their children and in core, which is linked with it. A primitive takes (target rdi, words rsi rdx r8 r9, header rcx) as
 * base/platform.h says; its index is the number of the system call (asserted in base/platform/loader.c).
 */
	.section .platform, "ax", @progbits
	.balign	16
	.weak	platform_loader		/* core has none */
	.globl	platform_table
platform_table:
	.long	0x6e796e62		/* PLATFORM_MAGIC */
	.short	1			/* PLATFORM_MAJOR */
	.short	(table_end - table) / 8
	.quad	platform_loader
table:
	.quad	call, reply_wait, wait, submit, irq_ack, yield, cap_copy, cap_move, cap_drop, cap_revoke, cap_info, thread_exit, time, thread_tls, trace_mark
table_end:

	.macro	primitive name, number
	.balign	16
\name:
	lea	\number(%rcx), %rax
	syscall
	ret
	.endm

	primitive call, 0
	primitive reply_wait, 1
	primitive wait, 2
	primitive submit, 3
	primitive irq_ack, 4
	primitive yield, 5
	primitive cap_copy, 6
	primitive cap_move, 7
	primitive cap_drop, 8

/* Revokes slice by slice: AGAIN does not leave the page. */
	.balign	16
cap_revoke:
	push	%rdi
	push	%rcx
1:	mov	(%rsp), %rcx
	mov	8(%rsp), %rdi
	lea	9(%rcx), %rax
	syscall
	cmp	$1, %al			/* STATUS_AGAIN */
	je	1b
	add	$16, %rsp
	ret

	primitive cap_info, 10
	primitive thread_exit, 11
	primitive time, 12
	primitive thread_tls, 13
	primitive trace_mark, 14

	.section .note.GNU-stack, "", @progbits
