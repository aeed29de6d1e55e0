/* SPDX-License-Identifier: MIT */
/*
 * Into the kernel by system calls, and out of it. Registers of the running thread are saved into struct thread; every way out but the fast
 * path is kernel_exit, which asks the scheduler whom to leave with. With the user's stack pointer loaded only NMI, double fault and
 * machine check can arrive, and they have stacks of their own.
 *
 * The fast path. A call goes through here if it is to a gate whose thread is receptive, on this CPU and not special, without
 * flags; a reply if the caller is not special and nobody and nothing else waits for the server. Then the SC does not
 * change, so the run queue, the clock and the timer are not touched. ipc.c does the same and everything else. There are two
 * copies of it, with and without capabilities, so that neither tests for the other. Between two threads with FPU state
 * ("heavy") the one without takes a turn through fpu_switch: their keys match nobody before HEAVY_KEY is taken out.
 *
 * Registers: r11 current thread, r12 the other, rbx the current domain, rbp the gate (+ 1), rcx scratch; rax, rsi, rdx, r8, r9
 * carry the message and are not touched.
 */
#include <kernel/x86_64/asm.h>

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
	mov %rbx, T_RBX(%r11)
	mov %rbp, T_RBP(%r11)
	save_rest
.endm

.macro save_rest
	mov %rcx, T_RIP(%r11)
	mov %rsp, T_RSP(%r11)
	mov %r12, T_R12(%r11)
	mov %r13, T_R13(%r11)
	mov %r14, T_R14(%r11)
	mov %r15, T_R15(%r11)
.endm

.macro save_message
	mov %rax, THREAD_FRAME + FRAME_RAX(%r11)
	mov %rdi, THREAD_FRAME + FRAME_RDI(%r11)
	mov %rsi, THREAD_FRAME + FRAME_RSI(%r11)
	mov %rdx, THREAD_FRAME + FRAME_RDX(%r11)
	mov %r8, THREAD_FRAME + FRAME_R8(%r11)
	mov %r9, THREAD_FRAME + FRAME_R9(%r11)
.endm

/* The rest of the registers, for the C path; then the CPU's stack, the thread as syscall_dispatch's argument, and the kernel lock. */
.macro enter_c
	save_message
	mov CPU(CPU_STACK), %rsp
	mov %r11, %rdi
	lock_kernel
.endm

/* Leaves with the thread in r12, whose message registers are set. rbx: the domain that the CPU is in. */
.macro leave_to_r12
	mov THREAD_PD(%r12), %rcx
	cmp %rcx, %rbx
	je 1f
	mov PD_CR3(%rcx), %rcx
	mov %rcx, CPU(CPU_CR3)
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

/* Message words from 4 up, from the UTCB of r11 to that of r12. eax bits 8-15: words. Clobbers rcx, rdi, r14. */
.macro copy_words
	mov %rsi, %r14
	movzbl %ah, %ecx
	sub $4, %ecx
	mov THREAD_UTCB(%r11), %rsi
	mov THREAD_UTCB(%r12), %rdi
	add $32, %rsi
	add $32, %rdi
	rep movsq
	mov %r14, %rsi
.endm

/* Capabilities by transfer_fast, in C on the CPU's stack; goes to `slow` with nothing done if it says so. Keeps all registers. */
.macro move_caps
	mov CPU(CPU_STACK), %rsp
	push %rax
	push %rdi
	push %rsi
	push %rdx
	push %r8
	push %r9
	push %r11
	push %rcx
	mov %r11, %rdi
	mov %r12, %rsi
	mov %rax, %rdx
	lock_kernel
	call transfer_fast
	unlock_kernel
	test %eax, %eax
	pop %rcx
	pop %r11
	pop %r9
	pop %r8
	pop %rdx
	pop %rsi
	pop %rdi
	pop %rax
	jnz slow
.endm

/* From a heavy thread to the heavy one in r12, with a plain message, when all else has been looked at: \key, then the FPU. Clobbers rcx, rdi, r10.
   \light: where to go from a thread that is not heavy, with the key in ecx. */
.macro switch_heavy key light
	mov CPU(\key), %ecx
	btr $HEAVY_KEY, %ecx
	jnc \light
	cmp %ecx, THREAD_WORD(%r12)
	jne slow
	mov CPU(CPU_STACK), %rsp
	push %rax
	push %rsi
	push %rdx
	push %r8
	push %r9
	push %r11
	mov %r12, %rdi
	lock_kernel
	call fpu_switch
	unlock_kernel
	pop %r11
	pop %r9
	pop %r8
	pop %rdx
	pop %rsi
	pop %rax
.endm

.macro fast_call caps
	save_kept
	mov THREAD_PD(%r11), %rbx
	mov %rdi, %rbp
	shr $12, %rbp
	cmp PD_NEAR(%rbx), %rbp
	jae 4f
	and $NEAR_FRAMES - 1, %ebp           /* also when the CPU speculates beyond the check */
	mov PD_CAPS(%rbx, %rbp, 8), %rbp
5:	mov %edi, %ecx
	and $0xfe0, %ecx
	mov (%rbp, %rcx), %rbp
	test $1, %bpl                        /* a live slot, a gate, the right to use it */
	jz slow
	cmpl $GATE_LIVE, GATE_TYPE - 1(%rbp)
	jne slow
	mov GATE_THREAD - 1(%rbp), %r12
	mov CPU(CPU_CALL_KEY), %ecx
	cmp %ecx, THREAD_WORD(%r12)
	.if \caps
	jne slow
	.else
	jne heavy_call
call_checked:
	.endif
	movzbl THREAD_DEPTH(%r11), %ecx
	cmp $DEPTH_MAX, %ecx
	jae slow
	inc %ecx
	.if \caps
	cmp $UTCB_WORDS_MAX, %ah
	ja slow
	test $0xf0000, %eax
	jz 6f
	move_caps
7:	and $~0xf00000, %rax                 /* what was expected is no news to the server */
	cmp $4, %ah
	.else
	cmp $0x400, %eax
	.endif
	ja 3f
2:	.if \caps
	mov %cl, THREAD_DEPTH(%r12)
	.else
	mov %cx, THREAD_DEPTH(%r12)          /* and nothing is offered for the reply */
	.endif
	mov %r12, THREAD_PARTNER(%r11)
	movb $STATE_CALLING, THREAD_STATE(%r11)
	mov %r11, THREAD_CALLER(%r12)
	movb $STATE_RUNNING, THREAD_STATE(%r12)
	mov %r12, CPU(CPU_CURRENT)
	mov GATE_BADGE - 1(%rbp), %rdi
	leave_to_r12

3:	.ifeq \caps
	cmp $UTCB_WORDS_MAX << 8, %eax
	ja slow
	.endif
	mov %ecx, %r13d
	copy_words
	mov %r13d, %ecx
	jmp 2b

4:	cmp PD_FRAMES(%rbx), %rbp            /* a far capability */
	jae slow
	sub $NEAR_FRAMES, %ebp
	movzbl %bpl, %ebp
	mov PD_FAR(%rbx), %r12
	mov (%r12, %rbp, 8), %rbp
	jmp 5b

	.if \caps
6:	mov %eax, %r10d                      /* none is sent, some are expected: are their windows there? */
	shr $20, %r10d
	and $15, %r10d
	cmp $UTCB_CAPS_MAX, %r10d
	ja slow
	mov %r10d, %r13d
	mov THREAD_UTCB(%r11), %r14
8:	mov UTCB_WINDOW - 8(%r14, %r13, 8), %r15
	cmp $SLOT_BYTES, %r15
	jb slow
	shr $12, %r15
	cmp PD_FRAMES(%rbx), %r15
	jae slow
	dec %r13d
	jnz 8b
	mov %r10b, THREAD_OFFERED(%r12)
	jmp 7b
	.endif
.endm

.macro fast_reply caps
	save_kept
	mov THREAD_CALLER(%r11), %r12
	test %r12, %r12
	jz slow
	mov THREAD_SIGNALS(%r11), %rcx
	or THREAD_WAITERS(%r11), %rcx
	jnz slow
	mov CPU(CPU_REPLY_KEY), %ecx
	cmp %ecx, THREAD_WORD(%r12)
	.if \caps
	jne slow
	.else
	jne heavy_reply
reply_checked:
	.endif
	mov THREAD_PD(%r11), %rbx
	.if \caps
	cmp $UTCB_WORDS_MAX, %ah
	ja slow
	move_caps
	cmp $4, %ah
	.else
	cmp $0x400 | OP_REPLY_WAIT, %eax
	.endif
	ja 3f
2:	movq $0, THREAD_CALLER(%r11)
	movb $STATE_RECEPTIVE, THREAD_STATE(%r11)
	movb $STATE_RUNNING, THREAD_STATE(%r12)
	mov %r12, CPU(CPU_CURRENT)
	sub $OP_REPLY_WAIT, %rax             /* the operation becomes the status, OK */
	xor %edi, %edi
	leave_to_r12

3:	.ifeq \caps
	cmp $UTCB_WORDS_MAX << 8 | OP_REPLY_WAIT, %eax
	ja slow
	.endif
	copy_words
	jmp 2b
.endm

	.text
	.global syscall_entry
	.balign 64
syscall_entry:
	mov CPU(CPU_CURRENT), %r11
	test $0xffff00ff, %eax               /* a call, without capabilities and flags */
	jnz not_plain_call
	fast_call 0

not_plain_call:
	cmp $OP_REPLY_WAIT, %al
	jne not_reply
	test $0xffff0000, %eax
	jnz not_plain_reply
	fast_reply 0

not_plain_reply:
	test $0xfff00000, %eax
	jnz slow_save
	fast_reply 1

not_reply:
	test $0xff0000ff, %eax
	jnz not_fast
	fast_call 1

heavy_call:
	cmp $UTCB_WORDS_MAX << 8, %eax
	ja slow
	cmpb $DEPTH_MAX, THREAD_DEPTH(%r11)
	jae slow
	switch_heavy CPU_CALL_KEY slow
	jmp call_checked

heavy_reply:
	cmp $UTCB_WORDS_MAX << 8 | OP_REPLY_WAIT, %eax
	ja slow
	switch_heavy CPU_REPLY_KEY resume
	jmp reply_checked

/* The answer to a fault, if nothing else is special about its thread (r12): it goes on as it was, with all registers, if that is what the answer says. */
resume:
	cmp $OP_REPLY_WAIT, %rax             /* FAULT_RESUME, no words */
	jne slow
	cmpl $VECTOR_EXIT, THREAD_FRAME + FRAME_VECTOR(%r12)
	je slow
	or $SPECIAL_FAULTING << 8, %ecx
	lock_kernel %r10d                    /* others may be about to write `special` */
	cmp %ecx, THREAD_WORD(%r12)
	jne resume_slowly
	movw $STATE_RUNNING, THREAD_STATE(%r12) /* and no longer special */
	unlock_kernel
	movq $0, THREAD_CALLER(%r11)
	movb $STATE_RECEPTIVE, THREAD_STATE(%r11)
	mov %r12, CPU(CPU_CURRENT)
	mov %r12, %rax
	jmp exit_to_rax

resume_slowly:
	unlock_kernel
	jmp slow

/* An operation that does not exist is refused here, with the caller's registers as they are. */
not_fast:
	cmp $OP_END, %al
	jb slow_save
	mov $STATUS_VALUE_UNSUPPORTED, %eax
	mov $USER_FLAGS, %r11d
	sysretq

/* The C path. If whoever came in goes on, its kept registers are still in place. */
slow_save:
	cmp $OP_SUBMIT, %al
	je submit
slow_save_any:
	save_kept
	enter_c
	call syscall_dispatch
	cmpb $0, CPU(CPU_RESCHEDULE)
	jne kernel_exit
	unlock_kernel
	mov CPU(CPU_CURRENT), %r10
	add $THREAD_FRAME, %r10
	jmp exit_message

/* Of what takes the C path, nothing comes more often. What is submitted already is counted here; refusals are left to C. */
submit:
	mov %rbx, T_RBX(%r11)
	mov %rbp, T_RBP(%r11)
	mov THREAD_PD(%r11), %rbx
	mov %rdi, %rbp
	shr $12, %rbp
	cmp PD_NEAR(%rbx), %rbp
	jae 3f
	and $NEAR_FRAMES - 1, %ebp
	mov PD_CAPS(%rbx, %rbp, 8), %rbp
	mov %edi, %r10d
	and $0xfe0, %r10d
	add %r10, %rbp
	lock_kernel %r10d
	mov SLOT_STATE(%rbp), %r10d
	and $SLOT_STATE_MASK, %r10d
	cmp $SLOT_USABLE, %r10d
	jne 2f
	mov (%rbp), %rbp
	cmpl $SIGNAL_LIVE | SIGNAL_LISTED, (%rbp)
	jne 1f
	addl $1, SIGNAL_COUNT(%rbp)
	sbbl $0, SIGNAL_COUNT(%rbp)          /* stays at its largest value */
	unlock_kernel
	mov T_RBX(%r11), %rbx
	mov T_RBP(%r11), %rbp
	xor %eax, %eax
	mov $USER_FLAGS, %r11d
	xor %r10d, %r10d
	sysretq

1:	cmpl $SIGNAL_LIVE, (%rbp)
	jne 2f
	save_rest
	xor %eax, %eax
	save_message
	mov CPU(CPU_STACK), %rsp
	mov %rbp, %rdi
	xor %ebp, %ebp
	call signal_submit
	jmp leave_slow
2:	unlock_kernel
3:	mov T_RBX(%r11), %rbx
	mov T_RBP(%r11), %rbp
	jmp slow_save_any

/* The same from the fast path, which has used some of them. */
slow:
	enter_c
	xor %ebp, %ebp
	call syscall_dispatch
leave_slow:
	cmpb $0, CPU(CPU_RESCHEDULE)
	jne kernel_exit
	unlock_kernel
	mov CPU(CPU_CURRENT), %r10
	add $THREAD_FRAME, %r10
	jmp exit_kept

	.global kernel_exit
kernel_exit:
	mov CPU(CPU_CURRENT), %rax
	cmpb $GOES_TO_ITS_LIKE_VALUE, CPU(CPU_RESCHEDULE)
	jne dispatch
	movb $0, CPU(CPU_RESCHEDULE)
	unlock_kernel
exit_to_rax:
	mov THREAD_PD(%rax), %rcx
	mov PD_CR3(%rcx), %rcx
	cmp CPU(CPU_CR3), %rcx
	je 1f
	mov %rcx, CPU(CPU_CR3)
	mov %rcx, %cr3
1:	lea THREAD_FRAME(%rax), %r10
	cmpb $0, THREAD_BY_SYSCALL(%rax)
	je exit_full
exit_kept:
	mov FRAME_RBX(%r10), %rbx
	mov FRAME_RBP(%r10), %rbp
	mov FRAME_R12(%r10), %r12
	mov FRAME_R13(%r10), %r13
	mov FRAME_R14(%r10), %r14
	mov FRAME_R15(%r10), %r15

exit_message:
	mov FRAME_RAX(%r10), %rax
	mov FRAME_RDI(%r10), %rdi
	mov FRAME_RSI(%r10), %rsi
	mov FRAME_RDX(%r10), %rdx
	mov FRAME_R8(%r10), %r8
	mov FRAME_R9(%r10), %r9
	mov FRAME_RIP(%r10), %rcx
	mov FRAME_RSP(%r10), %rsp
	mov $USER_FLAGS, %r11d
	xor %r10d, %r10d
	sysretq

/* All registers, as an interrupt left them. Unless the next entry is an interrupt too, it is a syscall: it need not say so. */
exit_full:
	movb $1, THREAD_BY_SYSCALL(%rax)
	mov %r10, %rsp
	.global exit_frame
exit_frame:
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

dispatch:
	mov CPU(CPU_STACK), %rsp
	xor %ebp, %ebp
	call sched_dispatch
	jmp exit_to_rax

	.section .note.GNU-stack, "", @progbits
