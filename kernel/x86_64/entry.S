/* SPDX-License-Identifier: MIT */
/*
 * Into the kernel and out of it. Registers of the running thread are saved into struct thread, by syscall directly, by
 * interrupts through the CPU's stack; every way out is kernel_exit, which asks the scheduler whom to leave with. With
 * the user's stack pointer loaded only NMI, double fault and machine check can arrive, and they have stacks of their own.
 */
#include <kernel/x86_64/machine.h>

#define T_R15 (THREAD_FRAME + FRAME_R15)
#define T_R14 (THREAD_FRAME + FRAME_R14)
#define T_R13 (THREAD_FRAME + FRAME_R13)
#define T_R12 (THREAD_FRAME + FRAME_R12)
#define T_RBP (THREAD_FRAME + FRAME_RBP)
#define T_RBX (THREAD_FRAME + FRAME_RBX)
#define T_RIP (THREAD_FRAME + FRAME_RIP)
#define T_RSP (THREAD_FRAME + FRAME_RSP)

/* What a function call keeps, and where to return to: all that the fast path has to save. */
.macro save_kept
	mov %rcx, T_RIP(%r11)
	mov %rsp, T_RSP(%r11)
	mov %rbx, T_RBX(%r11)
	mov %rbp, T_RBP(%r11)
	mov %r12, T_R12(%r11)
	mov %r13, T_R13(%r11)
	mov %r14, T_R14(%r11)
	mov %r15, T_R15(%r11)
.endm

/*
 * Leaves with the thread in r12, whose message registers are set. rbx: the domain that the CPU is in.
 */
.macro leave_to_r12
	mov THREAD_PD(%r12), %rcx
	cmp %rcx, %rbx
	je 1f
	mov PD_CR3(%rcx), %rcx
	mov %rcx, CPU_CR3(%r10)
	mov %rcx, %cr3
1:	mov T_RIP(%r12), %rcx
	mov T_RSP(%r12), %rsp
	mov T_RBX(%r12), %rbx
	mov T_RBP(%r12), %rbp
	mov T_R13(%r12), %r13
	mov T_R14(%r12), %r14
	mov T_R15(%r12), %r15
	mov T_R12(%r12), %r12
	mov $USER_FLAGS, %r11d
	xor %r10d, %r10d
	sysretq
.endm

/*
 * Message words from 4 up, from the UTCB of r11 to that of r12. eax (low half): words << 8. Keeps all but rcx, rdi, r14.
 */
.macro copy_words
	mov %rsi, %r14
	mov %eax, %ecx
	shr $8, %ecx
	sub $4, %ecx
	mov THREAD_UTCB(%r11), %rsi
	mov THREAD_UTCB(%r12), %rdi
	add $32, %rsi
	add $32, %rdi
	rep movsq
	mov %r14, %rsi
.endm

	.text
	.global syscall_entry
	.balign 64
/*
 * The fast path. A call goes through here if it carries words alone to a gate whose thread is receptive, on this CPU
 * and not special; a reply if the caller is not special and nobody and nothing else waits for the server. Then the SC does not
 * change, so the run queue, the clock and the timer are not touched. ipc.c does the same and everything else.
 *
 * Registers: r10 CPU, r11 current thread, r12 the other, rbx the current domain, rbp the gate (+ 1), rcx scratch; rax, rsi,
 * rdx, r8, r9 carry the message and are not touched.
 */
syscall_entry:
	lea this_cpu(%rip), %r10
	mov CPU_CURRENT(%r10), %r11
	test $0xffff00ff, %eax               /* a call, without capabilities and flags */
	jnz not_call
	save_kept
	mov THREAD_PD(%r11), %rbx
	mov %rdi, %rbp
	shr $12, %rbp
	cmp PD_FRAMES(%rbx), %rbp
	jae slow
	and $7, %ebp                         /* also when the CPU speculates beyond the check */
	mov PD_CAPS(%rbx, %rbp, 8), %rbp
	mov %edi, %ecx
	and $0xfe0, %ecx
	mov (%rbp, %rcx), %rbp
	test $1, %bpl                        /* a live slot, a gate, the right to use it */
	jz slow
	cmpl $GATE_LIVE, GATE_TYPE - 1(%rbp)
	jne slow
	mov GATE_THREAD - 1(%rbp), %r12
	mov CPU_CALL_KEY(%r10), %ecx
	cmp %ecx, THREAD_WORD(%r12)
	jne slow
	movzbl THREAD_DEPTH(%r11), %ecx
	cmp $DEPTH_MAX, %ecx
	jae slow
	inc %ecx
	cmp $0x400, %eax
	ja call_words
call_switch:
	mov %cl, THREAD_DEPTH(%r12)
	mov %r12, THREAD_PARTNER(%r11)
	movb $STATE_CALLING, THREAD_STATE(%r11)
	movb $1, THREAD_BY_SYSCALL(%r11)
	mov %r11, THREAD_CALLER(%r12)
	movb $STATE_RUNNING, THREAD_STATE(%r12)
	mov %r12, CPU_CURRENT(%r10)
	mov GATE_BADGE - 1(%rbp), %rdi
	leave_to_r12

call_words:
	cmp $UTCB_WORDS_MAX << 8, %eax
	ja slow
	mov %ecx, %r13d
	copy_words
	mov %r13d, %ecx
	jmp call_switch

not_call:
	cmp $OP_REPLY_WAIT, %al
	jne slow_save
	test $0xffff0000, %eax
	jnz slow_save
	save_kept
	mov THREAD_CALLER(%r11), %r12
	test %r12, %r12
	jz slow
	mov THREAD_SIGNALS(%r11), %rcx
	or THREAD_WAITERS(%r11), %rcx
	jnz slow
	mov CPU_REPLY_KEY(%r10), %ecx
	cmp %ecx, THREAD_WORD(%r12)
	jne slow
	mov THREAD_PD(%r11), %rbx
	cmp $0x400 | OP_REPLY_WAIT, %eax
	ja reply_words
reply_switch:
	movq $0, THREAD_CALLER(%r11)
	movb $STATE_RECEPTIVE, THREAD_STATE(%r11)
	movb $1, THREAD_BY_SYSCALL(%r11)
	movb $STATE_RUNNING, THREAD_STATE(%r12)
	mov %r12, CPU_CURRENT(%r10)
	sub $OP_REPLY_WAIT, %rax             /* the operation becomes the status, OK */
	xor %edi, %edi
	leave_to_r12

reply_words:
	cmp $UTCB_WORDS_MAX << 8 | OP_REPLY_WAIT, %eax
	ja slow
	copy_words
	jmp reply_switch

slow_save:
	save_kept
slow:
	movb $1, THREAD_BY_SYSCALL(%r11)
	mov %rax, THREAD_FRAME + FRAME_RAX(%r11)
	mov %rdi, THREAD_FRAME + FRAME_RDI(%r11)
	mov %rsi, THREAD_FRAME + FRAME_RSI(%r11)
	mov %rdx, THREAD_FRAME + FRAME_RDX(%r11)
	mov %r8, THREAD_FRAME + FRAME_R8(%r11)
	mov %r9, THREAD_FRAME + FRAME_R9(%r11)
	mov CPU_STACK(%r10), %rsp
	mov %r11, %rdi
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
	cmpb $0, THREAD_BY_SYSCALL(%rax)
	je exit_full

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
