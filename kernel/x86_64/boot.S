/* SPDX-License-Identifier: MIT */
/*
 * Entry from the boot loader: 32-bit protected mode, paging off, multiboot 1 (QEMU's -kernel) or 2 (GRUB, BIOS and UEFI).
 * Maps the first 4 GiB three times (identity, direct map, kernel image), enters long mode and calls boot_main.
 */
#include <kernel/x86_64/machine.h>

#define MULTIBOOT1_MAGIC 0x1badb002
#define MULTIBOOT1_FLAGS 0x00000003          /* align modules, memory map */
#define MULTIBOOT2_MAGIC 0xe85250d6

	.section .boot.header, "ax"
	.balign 8
multiboot1_header:
	.long MULTIBOOT1_MAGIC, MULTIBOOT1_FLAGS, -(MULTIBOOT1_MAGIC + MULTIBOOT1_FLAGS)
	.balign 8
multiboot2_header:
	.long MULTIBOOT2_MAGIC, 0, multiboot2_end - multiboot2_header
	.long -(MULTIBOOT2_MAGIC + 0 + (multiboot2_end - multiboot2_header))
	.short 6, 0                          /* modules on page boundaries */
	.long 8
	.short 0, 0
	.long 8
multiboot2_end:

	.section .boot.text, "ax"
	.code32
	.global boot_entry
boot_entry:
	cli
	mov %eax, %edi                       /* magic and information: the arguments of boot_main */
	mov %ebx, %esi
	rdtsc
	mov %eax, boot_ticks_low
	mov %edx, boot_ticks_high

	/* 4 page directories of 2 MiB pages: 2048 entries */
	mov $boot_directories, %ebx
	mov $0x83, %eax
	xor %edx, %edx
	mov $2048, %ecx
1:	mov %eax, (%ebx)
	mov %edx, 4(%ebx)
	add $0x200000, %eax
	adc $0, %edx
	add $8, %ebx
	loop 1b

	movl $boot_directories + 0x0003, boot_low
	movl $boot_directories + 0x1003, boot_low + 8
	movl $boot_directories + 0x2003, boot_low + 16
	movl $boot_directories + 0x3003, boot_low + 24
	movl $boot_directories + 0x0003, boot_high + 510 * 8
	movl $boot_low + 3, boot_top
	movl $boot_low + 3, boot_top + 256 * 8
	movl $boot_high + 3, boot_top + 511 * 8

	mov $boot_top, %eax
	mov %eax, %cr3
	mov %cr4, %eax
	or $0x20, %eax                       /* PAE */
	mov %eax, %cr4
	mov $0xc0000080, %ecx                /* EFER: long mode, NX, syscall */
	rdmsr
	or $0x901, %eax
	wrmsr
	mov %cr0, %eax
	or $0x80010001, %eax                 /* paging, write protection, protected mode */
	mov %eax, %cr0
	lgdt boot_gdt_pointer
	ljmp $KERNEL_CS, $boot_long

	.code64
boot_long:
	xor %eax, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	mov $KERNEL_SS, %eax
	mov %eax, %ss
	mov $cpu_stack_top, %rsp
	xor %ebp, %ebp
	mov %edi, %edi
	mov %esi, %esi
	mov boot_ticks_low, %edx
	mov boot_ticks_high, %eax
	shl $32, %rax
	or %rax, %rdx
	movabs $boot_main, %rax
	call *%rax

	.balign 8
boot_gdt:
	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_pointer:
	.short 23
	.long boot_gdt

	.section .boot.bss, "aw", @nobits
	.balign 4096
boot_top:
	.skip 4096
boot_low:
	.skip 4096
boot_high:
	.skip 4096
boot_directories:
	.skip 4 * 4096
boot_ticks_low:
	.skip 4
boot_ticks_high:
	.skip 4

	.section .note.GNU-stack, "", @progbits
