/* SPDX-License-Identifier: MIT */
/*
 * The CPU's own tables: segments, task state, interrupt descriptors, system call registers, and the protections that it
 * has. Intel SDM volume 3, chapters 2, 4, 5, 6 and 7.
 */
#include <kernel/cpu.h>
#include <kernel/x86_64/apic.h>
#include <kernel/x86_64/boot.h>
#include <kernel/x86_64/cpu_ops.h>
#include <kernel/x86_64/fpu.h>
#include <kernel/x86_64/machine.h>
#include <kernel/x86_64/paging.h>

#define MSR_PAT    0x277
#define MSR_EFER   0xc0000080
#define MSR_STAR   0xc0000081
#define MSR_LSTAR  0xc0000082
#define MSR_FMASK  0xc0000084
#define EFER_SCE   0x001
#define EFER_NXE   0x800

#define CR0_MP 0x2UL
#define CR0_EM 0x4UL
#define CR0_TS 0x8UL
#define CR0_NE 0x20UL
#define CR0_WP 0x10000UL

#define CR4_PGE  0x80UL
#define CR4_UMIP 0x800UL
#define CR4_SMEP 0x100000UL
#define CR4_SMAP 0x200000UL

/* IF, TF, DF, IOPL, NT, RF, AC are off in the kernel. */
#define FMASK 0x57700UL

/* WB, WT, UC-, UC, WC, WT, UC-, UC: entries 0 to 7 */
#define PAT 0x0007040100070406UL

#define IST_SIZE 2048

/* Types of interrupt gates: who may enter by an int instruction. */
#define GATE_KERNEL       0x8e
#define GATE_USER         0xee
#define VECTOR_BREAKPOINT 3

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3], reserved1, ist[7], reserved2;
	uint16_t reserved3, iomap;
} __attribute__((packed));

struct gate_descriptor {
	uint16_t offset_low, selector;
	uint8_t  ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};

struct descriptor_pointer { uint16_t limit; uint64_t base; } __attribute__((packed));

static uint64_t const segments[5] = {
	0,
	0x00af9b000000ffff, /* kernel code */
	0x00cf93000000ffff, /* kernel data */
	0x00cff3000000ffff, /* user data */
	0x00affb000000ffff, /* user code */
};
static uint64_t gdt[7] PER_CPU;
static struct tss tss PER_CPU;
static struct gate_descriptor idt[256] PER_CPU; /* each CPU enters its own window */

extern char interrupt_stubs[], cpu_stack_top[], cpu_ist_top[], syscall_entry[]; /* not a function: its address is taken through a table */


static_assert(offsetof(struct cpu, current) == CPU_CURRENT && offsetof(struct cpu, stack_top) == CPU_STACK &&
              offsetof(struct cpu, cr3) == CPU_CR3 && offsetof(struct cpu, call_key) == CPU_CALL_KEY &&
              offsetof(struct cpu, reply_key) == CPU_REPLY_KEY && offsetof(struct cpu, reschedule) == CPU_RESCHEDULE && KERNEL_WINDOW == WINDOW_SIZE, "machine.h");
static_assert(offsetof(struct thread, state) == THREAD_STATE && offsetof(struct thread, pd) == THREAD_PD &&
              offsetof(struct thread, utcb) == THREAD_UTCB && offsetof(struct thread, frame) == THREAD_FRAME &&
              offsetof(struct thread, caller) == THREAD_CALLER && offsetof(struct thread, partner) == THREAD_PARTNER &&
              offsetof(struct thread, signals) == THREAD_SIGNALS && offsetof(struct thread, waiters) == THREAD_WAITERS &&
              offsetof(struct thread, by_syscall) == THREAD_BY_SYSCALL && offsetof(struct thread, depth) == THREAD_DEPTH &&
              offsetof(struct thread, offered) == THREAD_OFFERED && THREAD_OFFERED == THREAD_DEPTH + 1, "machine.h");
static_assert(GOES_TO_ITS_LIKE == GOES_TO_ITS_LIKE_VALUE && THREAD_FAULTING == SPECIAL_FAULTING && offsetof(struct thread, special) == THREAD_STATE + 1 &&
              FAULT_EXIT == VECTOR_EXIT && FAULT_RESUME == 0 && VECTOR_IRQ == IRQS_START && VECTOR_IRQ_END == IRQS_END, "machine.h");
static_assert(THREAD_RUNNING == STATE_RUNNING && THREAD_RECEPTIVE == STATE_RECEPTIVE && THREAD_CALLING == STATE_CALLING &&
              CHAIN_DEPTH_MAX == DEPTH_MAX && OBJECT_GATE == GATE_LIVE && SYS_CALL == 0 && SYS_REPLY_WAIT == OP_REPLY_WAIT &&
              SYS_SUBMIT == OP_SUBMIT && UTCB_CAPS == UTCB_CAPS_MAX &&
              offsetof(struct utcb, window) == UTCB_WINDOW && SLOT_SIZE == SLOT_BYTES && SYS_CORE_END == OP_END &&
              STATUS_UNSUPPORTED == STATUS_VALUE_UNSUPPORTED &&
              UTCB_WORDS == UTCB_WORDS_MAX && PD_NEAR_FRAMES == NEAR_FRAMES && PD_FAR_FRAMES <= 256, "machine.h");
static_assert(OBJECT_SIGNAL == SIGNAL_LIVE && SIGNAL_PENDING << 24 == SIGNAL_LISTED && offsetof(struct object, flags) == 3 &&
              offsetof(struct signal, count) == SIGNAL_COUNT &&
              offsetof(struct slot, state) == SLOT_STATE && (SLOT_LIVE | RIGHT_USE << 8) == SLOT_USABLE &&
              offsetof(struct slot, rights) == SLOT_STATE + 1, "machine.h");
static_assert(offsetof(struct pd, cr3) == PD_CR3 && offsetof(struct pd, cap_frames) == PD_FRAMES && offsetof(struct pd, near_frames) == PD_NEAR &&
              offsetof(struct pd, far) == PD_FAR && offsetof(struct pd, caps) == PD_CAPS &&
              offsetof(struct gate, thread) == GATE_THREAD && offsetof(struct gate, badge) == GATE_BADGE, "machine.h");
static_assert(offsetof(struct frame, rax) == FRAME_RAX && offsetof(struct frame, rdi) == FRAME_RDI &&
              offsetof(struct frame, r9) == FRAME_R9 && offsetof(struct frame, rbx) == FRAME_RBX &&
              offsetof(struct frame, rip) == FRAME_RIP && offsetof(struct frame, rsp) == FRAME_RSP && offsetof(struct frame, r11) == FRAME_R11 &&
              offsetof(struct frame, rcx) == FRAME_RCX && offsetof(struct frame, vector) == FRAME_VECTOR && offsetof(struct frame, rflags) == FRAME_RFLAGS &&
              sizeof(struct frame) == FRAME_SIZE, "machine.h");

void paging_flush(void) { write_cr3(this_cpu.cr3); }

struct cpu *cpu_at(unsigned number)
{
	return (struct cpu *)(((uint64_t)&this_cpu & (KERNEL_WINDOW - 1)) + KERNEL_BASE + number * KERNEL_WINDOW);
}

static void set_tables(void)
{
	static uint8_t const ist_of[256] = { [8] = 1, [2] = 2, [18] = 3, [1] = 4 };
	uint64_t base = (uint64_t)&tss;

	tss.rsp[0] = (uint64_t)cpu_stack_top;
	for (unsigned i = 0; i < 4; i++)
		tss.ist[i] = (uint64_t)cpu_ist_top - i * IST_SIZE;
	tss.iomap = sizeof(tss);
	copy_bytes(gdt, segments, sizeof(segments));
	gdt[5] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89UL << 40 | (base >> 24 & 0xff) << 56;
	gdt[6] = base >> 32;
	for (unsigned i = 0; i < ARRAY_SIZE(idt); i++) {
		uint64_t stub = (uint64_t)interrupt_stubs + 16 * i;
		idt[i] = (struct gate_descriptor) {
			.offset_low = stub, .offset_middle = stub >> 16, .offset_high = stub >> 32, .selector = KERNEL_CS,
			.ist = ist_of[i], .type = i == VECTOR_BREAKPOINT ? GATE_USER : GATE_KERNEL,
		};
	}

	struct descriptor_pointer gdt_pointer = { sizeof(gdt) - 1, (uint64_t)gdt }, idt_pointer = { sizeof(idt) - 1, (uint64_t)idt };
	__asm__ volatile("lgdt %0\n\t"
	                 "lidt %1\n\t"
	                 "ltr %w2"
	                 : : "m"(gdt_pointer), "m"(idt_pointer), "r"(TSS_SEL) : "memory");
}

static void set_features(void)
{
	struct cpuid leaf7 = cpuid(7, 0);
	uint64_t cr4 = read_cr4() | CR4_PGE;

	if (leaf7.ebx & 1u << 7)
		cr4 |= CR4_SMEP;
	if (leaf7.ebx & 1u << 20)
		cr4 |= CR4_SMAP;
	if (leaf7.ecx & 1u << 2)
		cr4 |= CR4_UMIP;
	write_cr4(cr4);
	write_cr0((read_cr0() & ~CR0_EM) | CR0_WP | CR0_NE | CR0_MP | CR0_TS); /* no FPU but for threads that have a place for its state */
	wrmsr(MSR_PAT, PAT);
	fpu_init();
}

void cpu_init(void)
{
	set_tables();
	set_features();
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
	wrmsr(MSR_STAR, (uint64_t)(KERNEL_SS | 3) << 48 | (uint64_t)KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (uint64_t)syscall_entry);
	wrmsr(MSR_FMASK, FMASK);
	this_cpu.cr3 = read_cr3();
}
