/* SPDX-License-Identifier: MIT */
/* XSAVE where the CPU has it, else FXSAVE. Source: Intel SDM volume 1, chapters 10.5 and 13. */
#include <kernel/x86_64/fpu.h>

#include <kernel/x86_64/boot.h>
#include <kernel/x86_64/cpu_ops.h>

#define CR0_TS         0x8UL
#define CR4_OSFXSR     0x200UL
#define CR4_OSXMMEXCPT 0x400UL
#define CR4_OSXSAVE    0x40000UL
#define STATE_ENABLED  7UL        /* x87, SSE, AVX */
#define FXSAVE_SIZE    512
#define FCW_INITIAL    0x37f
#define MXCSR_INITIAL  0x1f80
#define MSR_FS_BASE    0xc0000100

struct fpu {
	struct object  object;
	uint32_t       spare;
	struct thread *thread;
	uint64_t       fs_base;
	uint64_t       spare1[5];
	uint8_t        area[];     /* 64-byte aligned: the second granule */
};

static_assert(offsetof(struct fpu, area) == GRANULE, "XSAVE wants 64-byte alignment");

static bool           has_xsave;
static bool           is_on PER_CPU;    /* CR0.TS is clear */
static struct thread *owner PER_CPU;    /* whose state is in the registers */
static uint64_t       fs_base PER_CPU;  /* what was put into the register, and for whom */
static struct thread *fs_owner PER_CPU;

void fpu_init(void)
{
	uint32_t size = FXSAVE_SIZE;
	uint64_t cr4 = read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;

	has_xsave = cpuid(1, 0).ecx & 1u << 26;
	write_cr4(has_xsave ? cr4 | CR4_OSXSAVE : cr4);
	if (has_xsave) {
		uint64_t states = cpuid(0xd, 0).eax & STATE_ENABLED;
		__asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)states), "d"(0));
		size = cpuid(0xd, 0).ebx; /* for the states that are on */
	}
	boot_info.fpu_granules = 1 + (size + GRANULE - 1) / GRANULE;
	object_set_granules(OBJECT_FPU, boot_info.fpu_granules);
}

static void save(struct fpu *fpu)
{
	if (has_xsave)
		__asm__ volatile("xsave64 (%0)" : : "r"(fpu->area), "a"((uint32_t)STATE_ENABLED), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(fpu->area) : "memory");
}

static void restore(struct fpu const *fpu)
{
	if (has_xsave)
		__asm__ volatile("xrstor64 (%0)" : : "r"(fpu->area), "a"((uint32_t)STATE_ENABLED), "d"(0) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(fpu->area) : "memory");
}

static void turn(bool on)
{
	if (on == is_on)
		return;
	is_on = on;
	if (on)
		__asm__ volatile("clts");
	else
		write_cr0(read_cr0() | CR0_TS);
}

/* By loading the selector a program can set the register to 0, which is its own business: the next one gets its base anew. */
static void set_fs_base(struct thread *t)
{
	uint64_t base = t->fpu ? t->fpu->fs_base : 0;

	if (base == fs_base && (!base || t == fs_owner))
		return;
	fs_base = base;
	fs_owner = t;
	wrmsr(MSR_FS_BASE, fs_base);
}

void fpu_switch(struct thread *t)
{
	set_fs_base(t);
	this_cpu.heavy = t->fpu != NULL;
	if (!t->fpu) {
		turn(false);
		return;
	}
	turn(true);
	if (owner == t)
		return;
	if (owner)
		save(owner->fpu);
	restore(t->fpu);
	owner = t;
}

enum status fpu_create(uint64_t place, struct thread *t)
{
	struct object *object;

	bool rests = t->state == THREAD_NEW || (t->state == THREAD_CALLING && t->partner == this_cpu.current);

	if (t->fpu || !rests)
		return STATUS_BUSY;
	if (object_create(place, boot_info.fpu_granules, OBJECT_FPU, &object))
		return STATUS_INVALID;

	struct fpu *fpu = container_of(object, struct fpu, object);
	fpu->thread = t;
	*(uint16_t *)&fpu->area[0] = FCW_INITIAL;
	*(uint32_t *)&fpu->area[24] = MXCSR_INITIAL;
	t->fpu = fpu;
	t->special |= THREAD_HEAVY;
	return STATUS_OK;
}

/* The thread ends too, or it runs on without; what is in the registers is nobody's then, and never seen. */
enum status fpu_destroy(struct object *object)
{
	struct fpu *fpu = container_of(object, struct fpu, object);
	struct thread *t = fpu->thread, **its_owner = cpu_variable(t->home, owner), **its_fs_owner = cpu_variable(t->home, fs_owner);

	if (*its_owner == t)
		*its_owner = NULL;
	if (*its_fs_owner == t)
		*its_fs_owner = NULL;
	t->fpu = NULL;
	t->special &= ~THREAD_HEAVY;
	cpu_reschedule(t->home);
	return STATUS_OK;
}

enum status fpu_set_tls(struct thread *t, uint64_t base)
{
	if (!t->fpu)
		return STATUS_UNSUPPORTED;
	if (base >= USER_END)
		return STATUS_INVALID;
	t->fpu->fs_base = base;
	this_cpu.reschedule = true; /* on the way out it goes into the register */
	return STATUS_OK;
}
