/* SPDX-License-Identifier: MIT */
/*
 * How the other CPUs get into the kernel: in real mode, in a page below 1 MiB to which ap.c copies this code (Intel SDM volume 3 section
 * 8.4.4); straight from there into long mode, on the kernel's own page tables, which map that page where it is; then each into its window.
 */
#include <kernel/x86_64/machine.h>

	.section .rodata, "a", @progbits
	.balign 16
	.global ap_code, ap_code_cr3, ap_code_end
	.code16
ap_code:
	cli
	mov %cs, %ax                         /* the page's number << 8: the code runs at offset 0 */
	mov %ax, %ds
	lgdtl ap_gdt_pointer - ap_code
	mov $0x20, %eax                      /* PAE */
	mov %eax, %cr4
	mov ap_code_cr3 - ap_code, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx                /* EFER: long mode, NX, syscall */
	rdmsr
	or $0x901, %eax
	wrmsr
	mov $0x80010011, %eax                /* paging, write protection, protected mode; caches on */
	mov %eax, %cr0
	ljmpl *ap_far - ap_code

	.code64
ap_long:
	xor %eax, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	mov $KERNEL_SS, %eax
	mov %eax, %ss
	movabs $ap_entry, %rax
	jmp *%rax

	.balign 8
ap_gdt:
	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
/* The page's address is added to the next two by ap.c. */
	.global ap_gdt_pointer, ap_far
ap_gdt_pointer:
	.short 23
	.long ap_gdt - ap_code
ap_far:
	.long ap_long - ap_code
	.short KERNEL_CS
ap_code_cr3:
	.long 0
ap_code_end:

	.text
/* On no stack yet, in window 0. */
ap_entry:
	mov $1, %eax
	cpuid
	shr $24, %ebx                        /* the local APIC's number */
	lea ap_number_of(%rip), %rax
	movzbl (%rax, %rbx), %ecx
	imul $WINDOW_SIZE, %rcx, %rcx
	lea 1f(%rip), %rax
	add %rcx, %rax
	jmp *%rax
1:	mov this_cpu + CPU_STACK(%rip), %rsp
	xor %ebp, %ebp
	call ap_main
	jmp kernel_exit

	.section .note.GNU-stack, "", @progbits
