/* SPDX-License-Identifier: MIT */
/*
 * Threads with FPU state, and one without, in an order that nobody knows. Each heavy one fills its registers with what only it can know, does
 * something at random that may switch to another (nothing, yield, submit a signal, wait for one, call core, touch a new page), and looks whether
 * they are what they were.
 */
#include <base/attached.h>
#include <base/signal.h>
#include <base/thread.h>
#include <base/time.h>
#include "../check.h"

enum { HEAVY = 5, ROUNDS = 600, PAGES = 64 };

#define MXCSR_DEFAULT 0x1f80u
#define FCW_DEFAULT   0x37f

/* What a thread keeps in registers. */
struct vectors {
	uint64_t ymm[16][4];
	uint64_t x87;
	uint32_t mxcsr;
	uint16_t control;
} __attribute__((aligned(32)));

struct worker {
	struct local_thread   thread;
	struct signal_context signal;        /* that it waits for now and then */
	uint64_t              tls[2];        /* tls[0] is its own address, as libraries want it */
	unsigned              number, seed, rounds, wrong;
	bool                  empty_at_start;
};

static struct worker      workers[HEAVY];
static struct local_thread light;
static struct signal_context never;
static unsigned           light_rounds;
static struct attached_ram fresh;            /* pages that nobody has touched */
static unsigned           next_page;

static void load(struct vectors const *v)
{
	__asm__ volatile("vmovdqa 0x000(%0), %%ymm0\n\tvmovdqa 0x020(%0), %%ymm1\n\tvmovdqa 0x040(%0), %%ymm2\n\tvmovdqa 0x060(%0), %%ymm3\n\t"
	                 "vmovdqa 0x080(%0), %%ymm4\n\tvmovdqa 0x0a0(%0), %%ymm5\n\tvmovdqa 0x0c0(%0), %%ymm6\n\tvmovdqa 0x0e0(%0), %%ymm7\n\t"
	                 "vmovdqa 0x100(%0), %%ymm8\n\tvmovdqa 0x120(%0), %%ymm9\n\tvmovdqa 0x140(%0), %%ymm10\n\tvmovdqa 0x160(%0), %%ymm11\n\t"
	                 "vmovdqa 0x180(%0), %%ymm12\n\tvmovdqa 0x1a0(%0), %%ymm13\n\tvmovdqa 0x1c0(%0), %%ymm14\n\tvmovdqa 0x1e0(%0), %%ymm15\n\t"
	                 "ldmxcsr %1\n\tfninit\n\tfldcw %2\n\tfildq %3"
	                 : : "r"(v), "m"(v->mxcsr), "m"(v->control), "m"(v->x87) : "memory");
}

static void store(struct vectors *v)
{
	__asm__ volatile("vmovdqa %%ymm0, 0x000(%0)\n\tvmovdqa %%ymm1, 0x020(%0)\n\tvmovdqa %%ymm2, 0x040(%0)\n\tvmovdqa %%ymm3, 0x060(%0)\n\t"
	                 "vmovdqa %%ymm4, 0x080(%0)\n\tvmovdqa %%ymm5, 0x0a0(%0)\n\tvmovdqa %%ymm6, 0x0c0(%0)\n\tvmovdqa %%ymm7, 0x0e0(%0)\n\t"
	                 "vmovdqa %%ymm8, 0x100(%0)\n\tvmovdqa %%ymm9, 0x120(%0)\n\tvmovdqa %%ymm10, 0x140(%0)\n\tvmovdqa %%ymm11, 0x160(%0)\n\t"
	                 "vmovdqa %%ymm12, 0x180(%0)\n\tvmovdqa %%ymm13, 0x1a0(%0)\n\tvmovdqa %%ymm14, 0x1c0(%0)\n\tvmovdqa %%ymm15, 0x1e0(%0)\n\t"
	                 "stmxcsr %1\n\tfnstcw %2\n\tfld %%st(0)\n\tfistpq %3"
	                 : : "r"(v), "m"(v->mxcsr), "m"(v->control), "m"(v->x87) : "memory");
}

static unsigned random_below(struct worker *w, unsigned bound)
{
	w->seed = w->seed * 1664525 + 1013904223;
	return (w->seed >> 16) % bound;
}

static void yield(void)
{
	struct platform_regs regs = { 0 };

	platform_invoke(PLATFORM_YIELD, &regs);
}

/* Whatever may make another thread run, between load and store: none of this may use the registers, and base does not. */
static void disturb(struct worker *w)
{
	uint64_t    ns;
	enum status status = STATUS_OK;

	switch (random_below(w, 6)) {
	case 0:
		yield();
		break;
	case 1:
		(void)signal_submit(workers[random_below(w, HEAVY)].signal);    /* whose thread may have ended */
		break;
	case 2:
		status = signal_wait(w->signal, time_now_ns() + 20000);
		status = status == STATUS_TIMEOUT ? STATUS_OK : status;
		break;
	case 3:
		status = thread_consumed(w->thread.thread, &ns);
		break;
	case 4:
		if (next_page < PAGES)
			((uint8_t volatile *)fresh.address)[(size_t)next_page++ * PAGE_SIZE] = 1;
		break;
	default:
		for (unsigned volatile i = 0; i < 2000; i++)
			;
	}
	if (status)
		w->wrong++;
}

static uint64_t read_tls(void)
{
	uint64_t word;

	__asm__ volatile("mov %%fs:0, %0" : "=r"(word));
	return word;
}

static bool is_initial(void)
{
	static uint8_t const zero[sizeof(((struct vectors *)0)->ymm)];
	struct vectors       found;
	uint16_t             status;

	__asm__ volatile("fnstsw %0" : "=m"(status));
	store(&found);
	__asm__ volatile("fninit");
	return memcmp(found.ymm, zero, sizeof(zero)) == 0 && found.mxcsr == MXCSR_DEFAULT && found.control == FCW_DEFAULT && status == 0;
}

static void work(struct local_thread *thread)
{
	struct worker *w = container_of(thread, struct worker, thread);
	struct vectors kept, found;
	enum status    status = thread_set_tls((uint64_t)w->tls);

	w->wrong += status != STATUS_OK;
	for (; w->rounds < ROUNDS; w->rounds++) {
		memset(&kept, 0, sizeof(kept));
		memset(&found, 0, sizeof(found));
		for (unsigned i = 0; i < 16; i++)
			for (unsigned k = 0; k < 4; k++)
				kept.ymm[i][k] = ((uint64_t)w->number << 56) + ((uint64_t)w->rounds << 16) + i * 4 + k;
		kept.x87 = ((uint64_t)w->number << 40) + w->rounds;
		kept.mxcsr = MXCSR_DEFAULT | (w->number & 3) << 13;
		kept.control = FCW_DEFAULT & ~(0xc00 * (w->number & 1));
		load(&kept);
		disturb(w);
		store(&found);
		w->wrong += memcmp(&kept, &found, sizeof(kept)) != 0;
		w->wrong += read_tls() != (uint64_t)w->tls;
		load(&(struct vectors) { .mxcsr = MXCSR_DEFAULT, .control = FCW_DEFAULT });
	}
}

/* The first thing that a thread does. */
static __attribute__((target("general-regs-only"))) void begin(struct local_thread *thread)
{
	container_of(thread, struct worker, thread)->empty_at_start = is_initial();
	work(thread);
}

/* A light thread takes part in the mixture. */
static __attribute__((target("general-regs-only"))) void run_light(struct local_thread *thread)
{
	for (;; light_rounds++) {
		yield();
		for (unsigned volatile i = 0; i < 500; i++)
			;
	}
}

static enum status start_light(struct env *env)
{
	struct thread_options options = { .priority = 1 };

	light = (struct local_thread) { .env = env, .stack_bytes = STACK_DEFAULT };
	TRY(stack_create(env->account, STACK_DEFAULT, &light.slot, &light.stack));
	TRY(cpu_create_thread(&env->cpu, "light", light.slot, &options, env->account, &light.thread));
	TRY(pd_bind_thread(&env->pd, light.thread));
	TRY(rm_add_client(&env->rm, light.thread));
	return thread_start(light.thread, (uint64_t)run_light, light.slot + STACK_SLOT_UTCB - 8, (uint64_t)&light);
}

/* An SSE instruction, in a thread that has no state for it. */
static __attribute__((target("general-regs-only"))) void use_sse(struct local_thread *thread)
{
	__asm__ volatile("xorps %xmm0, %xmm0");
	for (;;)
		;
}

static enum status test_light_faults(struct env *env)
{
	struct thread_options options = { .priority = 1 };
	struct local_thread   thread = { .env = env, .stack_bytes = STACK_DEFAULT };
	struct thread_fault   fault;
	enum thread_state     state;

	TRY(stack_create(env->account, STACK_DEFAULT, &thread.slot, &thread.stack));
	TRY(cpu_create_thread(&env->cpu, "light", thread.slot, &options, env->account, &thread.thread));
	TRY(pd_bind_thread(&env->pd, thread.thread));
	TRY(rm_add_client(&env->rm, thread.thread));
	TRY(thread_start(thread.thread, (uint64_t)use_sse, thread.slot + STACK_SLOT_UTCB - 8, 0));
	do {
		CHECK_STATUS(signal_wait(never, time_now_ns() + 1000000), STATUS_TIMEOUT);
		TRY(thread_state(thread.thread, &state, &fault));
	} while (state == THREAD_STATE_RUNNING);
	CHECK(state == THREAD_STATE_FAULTED && fault.vector == 7);
	CHECK_STATUS(thread_add_fpu(thread.thread), STATUS_BUSY);
	local_thread_destroy(&thread);
	return STATUS_OK;
}

static enum status test_mixture(struct env *env)
{
	uint64_t switches = 0;

	TRY(attached_ram_init(&fresh, env->account, PAGES * PAGE_SIZE));
	for (unsigned i = 0; i < HEAVY; i++) {
		workers[i].number = i + 1;
		workers[i].seed = i * 77777 + 1;
		workers[i].tls[0] = (uint64_t)workers[i].tls;
		TRY(local_thread_create(&workers[i].thread, env, "heavy", 1, STACK_DEFAULT));
		TRY(signal_alloc_context(&env->signal, workers[i].thread.thread, 0, &workers[i].signal));
	}
	TRY(start_light(env));
	for (unsigned i = 0; i < HEAVY; i++)
		TRY(local_thread_start(&workers[i].thread, begin));
	for (unsigned i = 0; i < HEAVY; i++) {
		local_thread_join(&workers[i].thread);
		cap_release(workers[i].signal.cap);
		switches += workers[i].rounds;
		log_info("worker %u: %u rounds, %u wrong", i, workers[i].rounds, workers[i].wrong);
	}
	for (unsigned i = 0; i < HEAVY; i++) {
		CHECK(workers[i].rounds == ROUNDS && workers[i].wrong == 0 && workers[i].empty_at_start);
	}
	local_thread_trim();
	CHECK(light_rounds > 0 && switches == HEAVY * ROUNDS);
	local_thread_destroy(&light);
	attached_ram_fini(&fresh);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct books before, after;

	CHECK(is_initial());
	TRY(local_thread_create(&workers[0].thread, env, "first", 0, STACK_DEFAULT));    /* what base makes once, for the first thread, stays */
	local_thread_destroy(&workers[0].thread);
	TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &never));
	TRY(books_read(env, &before));
	CHECK_STATUS(thread_add_fpu(env->main_thread), STATUS_BUSY);
	TRY(test_mixture(env));
	TRY(test_light_faults(env));
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	return test_passed();
}
