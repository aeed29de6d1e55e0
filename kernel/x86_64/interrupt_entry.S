/* SPDX-License-Identifier: MIT */
/*
 * Interrupts and exceptions. From user mode all registers go straight to the thread, and the way out is kernel_exit; those of devices have a shorter way.
 * In the kernel, where only the idle loop lets them in, they are kept on the stack.
 */
#include <kernel/x86_64/asm.h>

/* To the thread, which r11 is then; cs and ss are the same for all. Leaves the interrupt's number in rdi. */
.macro save_interrupted
	push %r11
	mov CPU(CPU_CURRENT), %r11
	mov %rax, THREAD_FRAME + FRAME_RAX(%r11)
	mov %rcx, THREAD_FRAME + FRAME_RCX(%r11)
	mov %rdx, THREAD_FRAME + FRAME_RDX(%r11)
	mov %rbx, THREAD_FRAME + FRAME_RBX(%r11)
	mov %rbp, THREAD_FRAME + FRAME_RBP(%r11)
	mov %rsi, THREAD_FRAME + FRAME_RSI(%r11)
	mov %rdi, THREAD_FRAME + FRAME_RDI(%r11)
	mov %r8, THREAD_FRAME + FRAME_R8(%r11)
	mov %r9, THREAD_FRAME + FRAME_R9(%r11)
	mov %r10, THREAD_FRAME + FRAME_R10(%r11)
	mov %r12, THREAD_FRAME + FRAME_R12(%r11)
	mov %r13, THREAD_FRAME + FRAME_R13(%r11)
	mov %r14, THREAD_FRAME + FRAME_R14(%r11)
	mov %r15, THREAD_FRAME + FRAME_R15(%r11)
	popq THREAD_FRAME + FRAME_R11(%r11)
	pop %rdi
.endm

/* The rest of it, behind the error code; then the CPU's stack and the kernel lock. */
.macro enter_c_interrupted
	popq THREAD_FRAME + FRAME_RIP(%r11)
	pop %rcx
	popq THREAD_FRAME + FRAME_RFLAGS(%r11)
	popq THREAD_FRAME + FRAME_RSP(%r11)
	mov CPU(CPU_STACK), %rsp
	pushq $2                             /* the user's DF and AC, which would open SMAP, are not the kernel's */
	popfq
	lock_kernel
	movb $0, THREAD_BY_SYSCALL(%r11)
	xor %ebp, %ebp
.endm

	.text
interrupt_entry:
	testb $3, 24(%rsp)                   /* cs, above vector, error and rip */
	jz interrupt_in_kernel
	save_interrupted
	mov %rdi, THREAD_FRAME + FRAME_VECTOR(%r11)
	popq THREAD_FRAME + FRAME_ERROR(%r11)
	enter_c_interrupted
	mov %r11, %rdi
	call interrupt_from_user
	jmp kernel_exit

/* The same for a device. */
irq_entry:
	testb $3, 16(%rsp)                   /* no error code is there */
	jz irq_in_kernel
	save_interrupted
	enter_c_interrupted
	call irq_handle
	movl $0, APIC_EOI
	jmp kernel_exit

.macro push_frame
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
	pushq $2                             /* the user's DF and AC, which would open SMAP, are not the kernel's */
	popfq
	mov %rsp, %rdi
.endm

irq_in_kernel:
	push (%rsp)                          /* in the place of an error code */
interrupt_in_kernel:
	push_frame
	call interrupt_from_kernel           /* returns in the idle loop alone */
	jmp exit_frame

/* Comes at any time, also in the fast path with the user's stack pointer, and changes nothing. */
nmi_entry:
	push_frame
	call interrupt_nmi
	jmp exit_frame

/* One stub of 16 bytes for each vector; those without an error code push 0, but for devices. */
	.balign 16
	.global interrupt_stubs
interrupt_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30 || \
		(vector >= IRQS_START && vector < IRQS_END))
	pushq $0
	.endif
	pushq $vector
	.if vector == 2
	jmp nmi_entry
	.elseif vector >= IRQS_START && vector < IRQS_END
	jmp irq_entry
	.else
	jmp interrupt_entry
	.endif
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
