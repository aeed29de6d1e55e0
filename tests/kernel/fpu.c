/* SPDX-License-Identifier: MIT */
/* FPU, SSE and AVX state and the FS base: only for threads that were given a place for them, and never seen by another. */
#include "test.h"

#define MS 1000000UL

static SHARED uint64_t rounds[4], wrong[4], value, values[4];

/* A child with an FPU area, not started. */
static struct child *heavy_new(child_function *run, unsigned priority)
{
	struct child *c = child_new(run, priority);
	uint64_t area = place(info->fpu_granules);

	OK(op2(SYS_FPU_CREATE, area, c->thread));
	note(area);
	return c;
}

/* Keeps numbers that depend on the argument in x87, SSE and AVX registers. */
void keeps_vectors(uint64_t argument);
__asm__(".pushsection .text\n"
        "keeps_vectors: mov %rdi, %rax\n shl $8, %rax\n push %rax\n fildq (%rsp)\n"
        "movq %rax, %xmm0\n inc %rax\n movq %rax, %xmm7\n inc %rax\n movq %rax, %xmm15\n inc %rax\n movq %rax, %xmm3\n"
        "vperm2f128 $0, %ymm3, %ymm3, %ymm3\n"
        "1: mov %rdi, %rax\n shl $8, %rax\n"
        "movq %xmm0, %rdx\n cmp %rax, %rdx\n jne 2f\n inc %rax\n movq %xmm7, %rdx\n cmp %rax, %rdx\n jne 2f\n"
        "inc %rax\n movq %xmm15, %rdx\n cmp %rax, %rdx\n jne 2f\n"
        "inc %rax\n vextractf128 $1, %ymm3, %xmm4\n movq %xmm4, %rdx\n cmp %rax, %rdx\n jne 2f\n"
        "fld %st(0)\n fistpq (%rsp)\n mov %rdi, %rax\n shl $8, %rax\n cmp %rax, (%rsp)\n jne 2f\n"
        "incq rounds(, %rdi, 8)\n jmp 1b\n"
        "2: incq wrong(, %rdi, 8)\n jmp 1b\n"
        ".popsection");

TEST(heavy_threads_keep_their_vectors_over_preemption)
{
	for (unsigned i = 0; i < 4; i++)
		child_start(heavy_new(keeps_vectors, 5), i);
	run_for(150 * MS);
	for (unsigned i = 0; i < 4; i++)
		CHECK(rounds[i] > 1000 && wrong[i] == 0);
}

/* Whatever is in a few vector and x87 registers, ORed. */
void shows_vectors(uint64_t argument);
__asm__(".pushsection .text\n"
        "shows_vectors: xor %eax, %eax\n"
        "movq %xmm0, %rdx\n or %rdx, %rax\n movq %xmm7, %rdx\n or %rdx, %rax\n movq %xmm15, %rdx\n or %rdx, %rax\n"
        "vextractf128 $1, %ymm3, %xmm4\n movq %xmm4, %rdx\n or %rdx, %rax\n"
        "sub $32, %rsp\n fnstenv (%rsp)\n movzwl 8(%rsp), %edx\n fnstcw (%rsp)\n movzwl (%rsp), %ecx\n stmxcsr (%rsp)\n mov (%rsp), %esi\n"
        "add $32, %rsp\n"
        "mov %rax, values(%rip)\n mov %rdx, values + 8(%rip)\n mov %rcx, values + 16(%rip)\n mov %rsi, values + 24(%rip)\n movq $1, value(%rip)\n"
        "ret\n"
        ".popsection");

TEST(vector_registers_are_empty_in_a_new_thread)
{
	child_start(heavy_new(keeps_vectors, 5), 3);
	run_for(5 * MS);
	CHECK(rounds[3] > 100);
	child_start(heavy_new(shows_vectors, 6), 0);
	settle();
	CHECK_IS(value, 1);
	CHECK_IS(values[0], 0);
	CHECK_IS(values[1], 0xffff);            /* all x87 registers are empty */
	CHECK_IS(values[2], 0x37f);
	CHECK_IS(values[3], 0x1f80);
	run_for(20 * MS);
	CHECK_IS(wrong[3], 0);
}

TEST(light_threads_do_not_see_the_vectors_of_heavy_ones)
{
	child_start(heavy_new(keeps_vectors, 5), 3);
	run_for(5 * MS);
	child_start(child_new(shows_vectors, 6), 0);
	struct msg m = await();
	CHECK(label_of(m) == 7 && m.badge == BADGE_HANDLER);
	CHECK_IS(value, 0);
}

static void heavy_calls(uint64_t gate)
{
	uint64_t sum = 0;

	__asm__ volatile("movq %0, %%xmm5" : : "r"(gate * 77));
	for (unsigned i = 0; i < 1000; i++) {
		struct msg m = call4(gate, 7, i, i + 1, i + 2, i + 3);
		EXPECT(m.head == (STATUS_OK | 1 << 8 | (uint64_t)MESSAGE_RPC << 20) && m.w[0] == i + 1);
		sum += m.w[0];
	}
	__asm__ volatile("movq %%xmm5, %0" : "=r"(values[0]));
	values[1] = gate * 77;
	rounds[0] = sum;
}

static void heavy_answers(uint64_t argument)
{
	struct msg m = wait();

	for (;;) {
		EXPECT(m.head == syscall_header(0, 4, 0, 0, 7) + ((uint64_t)MESSAGE_RPC << 20) && m.badge == 9);
		EXPECT(m.w[1] == m.w[0] + 1 && m.w[2] == m.w[0] + 2 && m.w[3] == m.w[0] + 3);
		__asm__ volatile("movq %0, %%xmm5" : : "r"(m.w[0]));
		m = reply_wait(m.w[0] + 1);
	}
}

TEST(calls_between_heavy_threads_keep_each_sides_vectors_and_the_message)
{
	struct child *s = heavy_new(heavy_answers, 5), *c = heavy_new(heavy_calls, 5);

	child_start(s, 0);
	settle();
	child_start(c, child_give(c, gate_new(s, 9)));
	run_for(20 * MS);
	CHECK_IS(rounds[0], 500500);
	CHECK(values[0] == values[1] && values[1]);
}

TEST(an_fpu_area_has_its_rules)
{
	struct child *c = heavy_new(heavy_answers, 5), *started = child_run(heavy_answers, 5, 0);
	uint64_t where = place(info->fpu_granules);

	CHECK_IS(op2(SYS_FPU_CREATE, where, c->thread), STATUS_BUSY);
	CHECK_IS(op2(SYS_FPU_CREATE, where, started->thread), STATUS_BUSY);
	CHECK_IS(op2(SYS_FPU_CREATE, where, c->pd), STATUS_INVALID);
	CHECK_IS(op2(SYS_FPU_CREATE, where + 8, child_new(heavy_answers, 5)->thread), STATUS_INVALID);
	CHECK_IS(destroy(c->thread), STATUS_BUSY);
}

TEST(a_thread_that_loses_its_area_is_light_again)
{
	struct child *c = child_new(keeps_vectors, 5);
	uint64_t area = place(info->fpu_granules);

	OK(op2(SYS_FPU_CREATE, area, c->thread));
	child_start(c, 2);
	settle();
	CHECK(rounds[2] > 0);
	OK(destroy(area));
	CHECK_IS(label_of(await()), 7);
}

/* --- The FS base --- */

static uint64_t read_fs(void)
{
	uint64_t word;

	__asm__ volatile("mov %%fs:0, %0" : "=r"(word));
	return word;
}

/* Sets its FS base to values[argument] and looks whether it stays. */
static void has_tls(uint64_t index)
{
	EXPECT(op1(SYS_THREAD_TLS, (uint64_t)&values[index]) == STATUS_OK);
	for (;;) {
		if (read_fs() == 100 + index)
			++*(volatile uint64_t *)&rounds[index];
		else
			++*(volatile uint64_t *)&wrong[index];
		sys(SYS_YIELD, 0, 0, 0, 0, 0);
	}
}

TEST(each_heavy_thread_has_an_fs_base_of_its_own)
{
	for (unsigned i = 0; i < 3; i++) {
		values[i] = 100 + i;
		child_start(heavy_new(has_tls, 5), i);
	}
	run_for(10 * MS);
	for (unsigned i = 0; i < 3; i++)
		CHECK(rounds[i] > 100 && wrong[i] == 0);
}

static void sets_tls(uint64_t base)
{
	values[0] = 1 + op1(SYS_THREAD_TLS, base);
}

TEST(light_threads_have_no_fs_base)
{
	child_start(child_new(sets_tls, 5), 0x1000);
	settle();
	CHECK_IS(values[0], 1 + STATUS_UNSUPPORTED);
}

TEST(the_fs_base_is_a_user_address)
{
	child_start(heavy_new(sets_tls, 5), 0xffff800000000000);
	settle();
	CHECK_IS(values[0], 1 + STATUS_INVALID);
	child_start(heavy_new(sets_tls, 5), 0x0000800000000000);
	settle();
	CHECK_IS(values[0], 1 + STATUS_INVALID);
}

/* Spoils its own FS base by loading the selector, which any program may. */
static void spoils_fs(uint64_t base)
{
	EXPECT(op1(SYS_THREAD_TLS, base) == STATUS_OK);
	for (;;) {
		__asm__ volatile("mov %0, %%fs" : : "r"(0));
		sys(SYS_YIELD, 0, 0, 0, 0, 0);
	}
}

TEST(a_thread_that_spoils_its_fs_base_spoils_nobody_elses)
{
	values[1] = 101;
	child_start(heavy_new(has_tls, 5), 1);
	child_start(heavy_new(spoils_fs, 5), (uint64_t)&values[1]);   /* the same address in another domain */
	run_for(10 * MS);
	CHECK(rounds[1] > 100);
	CHECK_IS(wrong[1], 0);
}
