/* SPDX-License-Identifier: MIT */
/* One system call with any registers; see attack.h for the order in which they stand. */
	.text
	.globl	attack_call
attack_call:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rsi			/* entry */
	push	%rdi			/* registers */
	mov	%rdi, %rcx
	mov	0(%rcx), %rax
	mov	8(%rcx), %rbx
	mov	16(%rcx), %rdx
	mov	24(%rcx), %rsi
	mov	32(%rcx), %rdi
	mov	40(%rcx), %rbp
	mov	48(%rcx), %r8
	mov	56(%rcx), %r9
	mov	64(%rcx), %r10
	mov	72(%rcx), %r12
	mov	80(%rcx), %r13
	mov	88(%rcx), %r14
	mov	96(%rcx), %r15
	call	*8(%rsp)
	mov	(%rsp), %rcx
	mov	%rax, 0(%rcx)
	mov	%rbx, 8(%rcx)
	mov	%rdx, 16(%rcx)
	mov	%rsi, 24(%rcx)
	mov	%rdi, 32(%rcx)
	mov	%rbp, 40(%rcx)
	mov	%r8, 48(%rcx)
	mov	%r9, 56(%rcx)
	mov	%r10, 64(%rcx)
	mov	%r12, 72(%rcx)
	mov	%r13, 80(%rcx)
	mov	%r14, 88(%rcx)
	mov	%r15, 96(%rcx)
	add	$16, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.section .note.GNU-stack, "", @progbits
