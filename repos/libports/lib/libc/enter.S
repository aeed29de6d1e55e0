/* SPDX-License-Identifier: MIT */
/*
 * Between the two stacks of a task. A system call leaves the program's stack as a function does, so what is callee-saved stays where it is.
 */
#define TASK_SYSTEM_SP 0
#define SYS_exit       60

	.text

/* long __banyan_syscall(long number, long a1, ..., long a6): the last is on the stack. Frames are linked, so backtraces go through. */
	.globl	__banyan_syscall
	.type	__banyan_syscall, @function
__banyan_syscall:
	push	%rbp
	mov	%rsp, %rbp
	mov	task_first(%rip), %rax		/* until it has a thread pointer */
	test	%rax, %rax
	jnz	1f
	mov	%fs:task_running@tpoff, %rax
1:	mov	TASK_SYSTEM_SP(%rax), %rsp
	sub	$8, %rsp
	push	16(%rbp)
	call	libc_dispatch			/* rdx: there are handlers of signals to run */
	mov	%rbp, %rsp
	test	%rdx, %rdx
	jnz	2f
	pop	%rbp
	ret
2:	push	%rax
	sub	$8, %rsp
	call	signal_deliver
	mov	-8(%rbp), %rax
	mov	%rbp, %rsp
	pop	%rbp
	ret

/* void task_enter(struct task *task, int (*function)(void *), void *argument, void *stack) */
	.globl	task_enter
task_enter:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	sub	$8, %rsp
	mov	%rsp, TASK_SYSTEM_SP(%rdi)
	mov	%rcx, %rsp
	and	$-16, %rsp
	mov	%rdx, %rdi
	xor	%ebp, %ebp
	call	*%rsi
	mov	$SYS_exit, %edi
	movslq	%eax, %rsi
	xor	%edx, %edx
	xor	%ecx, %ecx
	call	__banyan_syscall
	ud2

/* _Noreturn void task_leave(struct task *task): task_enter returns */
	.globl	task_leave
task_leave:
	mov	TASK_SYSTEM_SP(%rdi), %rsp
	add	$8, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

/* long task_running_offset(void): where the variable is, from the thread pointer */
	.globl	task_running_offset
task_running_offset:
	mov	$task_running@tpoff, %rax
	ret

	.section .note.GNU-stack, "", @progbits
