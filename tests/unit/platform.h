/* SPDX-License-Identifier: MIT */
/*
 * A platform page for unit tests: primitives land in fake_primitive, which the test program defines, and threads have their
 * UTCB where base looks for it. Only code that runs in such threads (fake_thread) may touch a UTCB.
 */
#pragma once

#include <base/platform.h>
#include <base/sync.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

/* Does what the kernel would: fills in header, badge and words. */
void fake_primitive(struct platform_regs *regs, enum platform_primitive primitive);

/*
 * One entry for each primitive, 16 bytes apart: its number, then the common part, which makes a struct platform_regs of the
 * registers, keeps the SSE state (code that uses platform_invoke takes for granted that primitives leave it alone), and back.
 */
__asm__(".text\n"
        "fake_entries:\n"
        ".set number, 0\n"
        ".rept 15\n"
        ".balign 16\n"
        "	mov $number, %r11d\n"
        "	jmp fake_common\n"
        ".set number, number + 1\n"
        ".endr\n"
        "fake_common:\n"
        "	push %r9\n	push %r8\n	push %rdx\n	push %rsi\n	push %rdi\n	push %rcx\n"
        "	mov %rsp, %rdi\n	mov %r11d, %esi\n"
        "	push %rbp\n	mov %rsp, %rbp\n"
        "	sub $512, %rsp\n	and $-64, %rsp\n	fxsave64 (%rsp)\n"
        "	call fake_primitive\n"
        "	fxrstor64 (%rsp)\n	mov %rbp, %rsp\n	pop %rbp\n"
        "	pop %rax\n	pop %rdi\n	pop %rsi\n	pop %rdx\n	pop %r8\n	pop %r9\n"
        "	ret\n");

extern char const fake_entries[];

static inline void fake_platform_map(void)
{
	struct platform *page = mmap((void *)PLATFORM_ADDRESS, PLATFORM_SIZE, PROT_READ | PROT_WRITE,
	                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	ck_assert_ptr_eq(page, (void *)PLATFORM_ADDRESS);
	static_assert(PLATFORM_PRIMITIVES == 15, "as many entries");
	page->magic = PLATFORM_MAGIC;
	page->major = PLATFORM_MAJOR;
	page->count = PLATFORM_PRIMITIVES;
	for (unsigned i = 0; i < PLATFORM_PRIMITIVES; i++)
		page->entry[i] = (uint64_t)fake_entries + i * 16;
}

/* A thread on a 64 KiB slot of its own, with a zeroed UTCB above its stack. */
struct fake_thread {
	pthread_t thread;
	void     *slots;
};

static inline void fake_thread_start(struct fake_thread *thread, void *(*entry)(void *), void *argument)
{
	pthread_attr_t attributes;

	thread->slots = mmap(NULL, 2 * STACK_SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	char *slot = (char *)(((uintptr_t)thread->slots + STACK_SLOT_SIZE - 1) & ~(uintptr_t)(STACK_SLOT_SIZE - 1));

	pthread_attr_init(&attributes);
	ck_assert_int_eq(pthread_attr_setstack(&attributes, slot, STACK_SLOT_UTCB), 0);
	ck_assert_int_eq(pthread_create(&thread->thread, &attributes, entry, argument), 0);
	pthread_attr_destroy(&attributes);
}

static inline void fake_thread_join(struct fake_thread *thread)
{
	pthread_join(thread->thread, NULL);
	munmap(thread->slots, 2 * STACK_SLOT_SIZE);
}

/* --- Signal contexts, by selector / SLOT_SIZE: counters under a lock of the host --- */

enum { FAKE_SIGNALS = 32 };

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t  changed;
	unsigned        count[FAKE_SIGNALS], sleeps;
} fake_signals = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* The running thread's context for base/sync.h. */
static inline void fake_signal_use(unsigned context)
{
	thread_utcb()->user[UTCB_USER_WAIT] = context * SLOT_SIZE;
}

/* SUBMIT, and WAIT for one. That a context is submitted twice before it is waited for is a failure: base/sync.h never does. */
static inline void fake_signal(struct platform_regs *regs, enum platform_primitive primitive)
{
	unsigned const context = (unsigned)(regs->target / SLOT_SIZE);

	CHECK(context >= 1 && context < FAKE_SIGNALS);
	pthread_mutex_lock(&fake_signals.mutex);
	if (primitive == PLATFORM_SUBMIT) {
		CHECK(fake_signals.count[context]++ == 0);
		pthread_cond_broadcast(&fake_signals.changed);
	} else {
		CHECK(primitive == PLATFORM_WAIT && regs->header >> 24 == SYS_FLAG_ONE);
		fake_signals.sleeps++;
		while (!fake_signals.count[context])
			pthread_cond_wait(&fake_signals.changed, &fake_signals.mutex);
		fake_signals.count[context] = 0;
	}
	pthread_mutex_unlock(&fake_signals.mutex);
	regs->header = STATUS_OK;
}
