/* SPDX-License-Identifier: MIT */
/*
 * Into the kernel and out of it. Registers of the running thread are saved into struct thread, by syscall directly, by
 * interrupts through the CPU's stack; every way out is kernel_exit, which asks the scheduler whom to leave with. With
 * the user's stack pointer loaded only NMI, double fault and machine check can arrive, and they have stacks of their own.
 */
#include <kernel/x86_64/machine.h>

	.text
	.global syscall_entry
	.balign 64
syscall_entry:
	lea this_cpu(%rip), %r10
	mov CPU_CURRENT(%r10), %r11
	add $THREAD_FRAME, %r11
	mov %rax, FRAME_RAX(%r11)
	mov %rdi, FRAME_RDI(%r11)
	mov %rsi, FRAME_RSI(%r11)
	mov %rdx, FRAME_RDX(%r11)
	mov %r8, FRAME_R8(%r11)
	mov %r9, FRAME_R9(%r11)
	mov %rbx, FRAME_RBX(%r11)
	mov %rbp, FRAME_RBP(%r11)
	mov %r12, FRAME_R12(%r11)
	mov %r13, FRAME_R13(%r11)
	mov %r14, FRAME_R14(%r11)
	mov %r15, FRAME_R15(%r11)
	mov %rcx, FRAME_RIP(%r11)
	mov %rsp, FRAME_RSP(%r11)
	mov CPU_STACK(%r10), %rsp
	lea -THREAD_FRAME(%r11), %rdi
	xor %ebp, %ebp
	call syscall_dispatch

	.global kernel_exit
kernel_exit:
	lea this_cpu(%rip), %rbx
	mov CPU_STACK(%rbx), %rsp
	xor %ebp, %ebp
	call sched_dispatch
	mov THREAD_PD(%rax), %rcx
	mov PD_CR3(%rcx), %rcx
	cmp %rcx, CPU_CR3(%rbx)
	je 1f
	mov %rcx, CPU_CR3(%rbx)
	mov %rcx, %cr3
1:	lea THREAD_FRAME(%rax), %r10
	testb $THREAD_SYSCALL_BIT, THREAD_FLAGS(%rax)
	jz exit_full

	mov FRAME_RAX(%r10), %rax
	mov FRAME_RDI(%r10), %rdi
	mov FRAME_RSI(%r10), %rsi
	mov FRAME_RDX(%r10), %rdx
	mov FRAME_R8(%r10), %r8
	mov FRAME_R9(%r10), %r9
	mov FRAME_RBX(%r10), %rbx
	mov FRAME_RBP(%r10), %rbp
	mov FRAME_R12(%r10), %r12
	mov FRAME_R13(%r10), %r13
	mov FRAME_R14(%r10), %r14
	mov FRAME_R15(%r10), %r15
	mov FRAME_RIP(%r10), %rcx
	mov FRAME_RSP(%r10), %rsp
	mov $USER_FLAGS, %r11d
	xor %r10d, %r10d
	sysretq

exit_full:
	mov %r10, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rbp
	pop %rbx
	pop %rdx
	pop %rcx
	pop %rax
	add $16, %rsp                        /* vector, error */
	iretq

interrupt_entry:
	push %rax
	push %rcx
	push %rdx
	push %rbx
	push %rbp
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	cld
	mov %rsp, %rdi
	testb $3, 144(%rsp)                  /* cs */
	jz 1f
	xor %ebp, %ebp
	call interrupt_from_user
	jmp kernel_exit
1:	call interrupt_from_kernel           /* returns in the idle loop alone */
	mov %rsp, %r10
	jmp exit_full

/* One stub of 16 bytes for each vector; those without an error code push 0. */
	.balign 16
	.global interrupt_stubs
interrupt_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	pushq $0
	.endif
	pushq $vector
	jmp interrupt_entry
	.set vector, vector + 1
	.endr

	.section .stack, "aw", @nobits
	.balign 4096
	.skip 8192
	.global cpu_stack_top
cpu_stack_top:
	.skip 8192                           /* double fault, NMI, machine check, debug: 2 KiB each, by IST */
	.global cpu_ist_top
cpu_ist_top:

	.section .note.GNU-stack, "", @progbits
