/* SPDX-License-Identifier: MIT */
/* Registers over system calls, exceptions and interrupts: what is kept, what is cleared, and that the kernel's stay its own. */
#include "test.h"

#define MS 1000000UL

/* By number in struct thread_regs. */
enum { RAX, RBX, RCX, RDX, RSI, RDI, RBP, R8, R9, R10, R11, R12, R13, R14, R15, REGISTERS };

static SHARED uint64_t regs[REGISTERS + 1], after[REGISTERS], rounds[4], wrong[4];

/* Loads all registers but rsp, makes the system call, and stores them again. */
void syscall_with(uint64_t in[], uint64_t out[]);
__asm__(".pushsection .text\n"
        "syscall_with: push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n push %rsi\n"
        "mov %rdi, %rax\n"
        "mov 8(%rax), %rbx\n mov 16(%rax), %rcx\n mov 24(%rax), %rdx\n mov 32(%rax), %rsi\n mov 40(%rax), %rdi\n mov 48(%rax), %rbp\n"
        "mov 56(%rax), %r8\n mov 64(%rax), %r9\n mov 72(%rax), %r10\n mov 80(%rax), %r11\n mov 88(%rax), %r12\n mov 96(%rax), %r13\n"
        "mov 104(%rax), %r14\n mov 112(%rax), %r15\n mov (%rax), %rax\n"
        "syscall\n"
        ".globl after_syscall\n after_syscall:\n"
        "push %rax\n mov 8(%rsp), %rax\n"
        "mov %rbx, 8(%rax)\n mov %rcx, 16(%rax)\n mov %rdx, 24(%rax)\n mov %rsi, 32(%rax)\n mov %rdi, 40(%rax)\n mov %rbp, 48(%rax)\n"
        "mov %r8, 56(%rax)\n mov %r9, 64(%rax)\n mov %r10, 72(%rax)\n mov %r11, 80(%rax)\n mov %r12, 88(%rax)\n mov %r13, 96(%rax)\n"
        "mov %r14, 104(%rax)\n mov %r15, 112(%rax)\n pop %rbx\n mov %rbx, (%rax)\n pop %rsi\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n"
        ".popsection");
extern char after_syscall[];

static bool is_kernel_address(uint64_t value) { return value >> 47 == 0x1ffff && value < 0xfffffffffffff000; }

/* Is what must be kept kept, and nothing of the kernel there? */
static bool is_clean(uint64_t const in[], uint64_t const out[])
{
	static unsigned char const kept[] = { RBX, RBP, R12, R13, R14, R15 };

	for (unsigned i = 0; i < ARRAY_SIZE(kept); i++)
		if (out[kept[i]] != in[kept[i]])
			return false;
	for (unsigned i = 0; i < REGISTERS; i++)
		if (is_kernel_address(out[i]) && out[i] != in[i])
			return false;
	return out[RCX] == (uint64_t)after_syscall && (out[R10] == 0 || out[R10] == in[R10]) && out[R11] == 0x202;
}

static void fill(uint64_t in[], uint64_t head, uint64_t rdi)
{
	for (unsigned i = 0; i < REGISTERS; i++)
		in[i] = 0x1010101010101 * (i + 1);
	in[RAX] = head;
	in[RDI] = rdi;
}

TEST(a_system_call_keeps_what_a_function_keeps)
{
	uint64_t in[REGISTERS], out[REGISTERS];

	fill(in, SYS_YIELD, 0);
	syscall_with(in, out);
	CHECK(is_clean(in, out));
	for (unsigned i = 1; i < REGISTERS; i++)
		CHECK(i == RCX || i == R10 || i == R11 || out[i] == in[i]);
}

/* All operations that do not end the thread; most are refused. */
static void tries_all(uint64_t gate)
{
	uint64_t in[REGISTERS], out[REGISTERS];

	for (unsigned op = 0; op < 256; op++) {
		if (op == SYS_THREAD_EXIT)
			continue;
		for (unsigned i = 0; i < 4; i++) {
			fill(in, op | flags(SYS_FLAG_NOBLOCK), i == 0 ? 0 : i == 1 ? gate : i == 2 ? ~0UL : slot(99));
			in[RDX] = i == 3 ? 0xffff800000000000 : 1;
			syscall_with(in, out);
			rounds[0]++;
			EXPECT(is_clean(in, out));
		}
	}
}

static void answers(uint64_t argument)
{
	struct msg m = wait();

	for (;;)
		m = reply_wait(m.w[0]);
}

TEST(no_system_call_leaves_anything_of_the_kernel_in_a_register)
{
	struct child *s = child_run(answers, 5, 0);

	settle();
	child_run(tries_all, 5, gate_new(s, 3));
	run_for(20 * MS);
	CHECK_IS(rounds[0], 255 * 4);
}

static void blocks_with_registers(uint64_t gate)
{
	uint64_t in[REGISTERS], out[REGISTERS];

	fill(in, syscall_header(SYS_CALL, 4, 0, 0, 0), gate);
	syscall_with(in, out);
	rounds[0]++;
	EXPECT(is_clean(in, out));
	fill(in, SYS_WAIT | flags(SYS_FLAG_DEADLINE), now() + MS);
	syscall_with(in, out);
	rounds[0]++;
	EXPECT(is_clean(in, out));
	for (unsigned i = 0; i < 2; i++) {
		fill(in, i ? SYS_REPLY_WAIT : SYS_WAIT, 0);
		syscall_with(in, out);
		rounds[0]++;
		EXPECT(is_clean(in, out));
	}
}

TEST(calls_that_block_keep_registers_too)
{
	struct child *c = child_run(blocks_with_registers, 10, gate_new(&self, 0));

	await();
	settle();
	reply(0, 5);
	settle();
	CHECK_IS(rounds[0], 2);
	OK(op1(SYS_SIGNAL_SUBMIT, signal_new(c, 1)));
	settle();
	CHECK_IS(rounds[0], 3);
	OK(thread_ctl(c, THREAD_CANCEL));
	settle();
	CHECK_IS(rounds[0], 4);
}

static void fast_calls(uint64_t gate)
{
	uint64_t in[REGISTERS], out[REGISTERS];

	for (unsigned i = 0; i < 100; i++) {
		fill(in, syscall_header(SYS_CALL, i, 0, 0, i), gate);
		syscall_with(in, out);
		rounds[0]++;
		EXPECT(is_clean(in, out) && (out[RAX] & 0xff) == STATUS_OK && out[RSI] == in[RSI] + 1 && out[RDI] == 0);
	}
}

static void fast_answers(uint64_t argument)
{
	uint64_t in[REGISTERS], out[REGISTERS];

	fill(in, SYS_WAIT, 0);
	for (;;) {
		syscall_with(in, out);
		EXPECT(is_clean(in, out));
		fill(in, syscall_header(SYS_REPLY_WAIT, out[RAX] >> 8 & 0xff, 0, 0, 0), 0);
		in[RSI] = out[RSI] + 1;
	}
}

TEST(both_sides_of_fast_calls_keep_registers)
{
	struct child *s = child_run(fast_answers, 10, 0);

	settle();
	child_run(fast_calls, 10, gate_new(s, 0));
	settle();
	CHECK_IS(rounds[0], 100);
}

/* Stores all registers at once, then stops at an exception. */
void stores_registers(uint64_t argument);
__asm__(".pushsection .text\n"
        "stores_registers: mov %rax, regs(%rip)\n lea regs(%rip), %rax\n"
        "mov %rbx, 8(%rax)\n mov %rcx, 16(%rax)\n mov %rdx, 24(%rax)\n mov %rsi, 32(%rax)\n mov %rdi, 40(%rax)\n mov %rbp, 48(%rax)\n"
        "mov %r8, 56(%rax)\n mov %r9, 64(%rax)\n mov %r10, 72(%rax)\n mov %r11, 80(%rax)\n mov %r12, 88(%rax)\n mov %r13, 96(%rax)\n"
        "mov %r14, 104(%rax)\n mov %r15, 112(%rax)\n pushfq\n popq 120(%rax)\n"
        "1: jmp 1b\n"
        ".popsection");

TEST(a_new_thread_begins_with_empty_registers)
{
	struct child *c = child_new(answers, 10);
	uint64_t thread = place(THREAD_GRANULES);

	self.utcb->words[0] = 0x1234567890;
	OK(op5(SYS_THREAD_CREATE, thread, c->pd, frame(), (uint64_t)stores_registers, c->sp));
	memset(regs, 0xff, sizeof(regs));
	OK(op2(SYS_THREAD_CTL, thread, THREAD_START));
	settle();
	for (unsigned i = 0; i < REGISTERS; i++)
		CHECK_IS(regs[i], i == RDI ? 0x1234567890 : 0);
	CHECK_IS(regs[REGISTERS], 0x202);
	OK(destroy(thread));
}

/* Keeps numbers that depend on the argument in 14 registers and sums them up, again and again. */
void sums_registers(uint64_t argument);
__asm__(".pushsection .text\n"
        "sums_registers: push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "mov %rdi, %rax\n shl $32, %rax\n add %rdi, %rax\n"
        "lea 1(%rax), %rbx\n lea 2(%rax), %rcx\n lea 3(%rax), %rdx\n lea 4(%rax), %rsi\n lea 5(%rax), %rbp\n lea 6(%rax), %r8\n"
        "lea 7(%rax), %r9\n lea 8(%rax), %r10\n lea 9(%rax), %r11\n lea 10(%rax), %r12\n lea 11(%rax), %r13\n lea 12(%rax), %r14\n"
        "push $0\n"
        "1: xor %r15d, %r15d\n add %rax, %r15\n add %rbx, %r15\n add %rcx, %r15\n add %rdx, %r15\n add %rsi, %r15\n add %rbp, %r15\n"
        "add %r8, %r15\n add %r9, %r15\n add %r10, %r15\n add %r11, %r15\n add %r12, %r15\n add %r13, %r15\n add %r14, %r15\n"
        "cmpq $0, (%rsp)\n jne 2f\n mov %r15, (%rsp)\n"
        "2: cmp %r15, (%rsp)\n je 3f\n incq wrong(, %rdi, 8)\n"
        "3: incq rounds(, %rdi, 8)\n jmp 1b\n"
        ".popsection");

TEST(interrupts_keep_all_registers)
{
	for (unsigned i = 0; i < 4; i++)
		child_start(child_new(sums_registers, 5), i);
	for (unsigned i = 0; i < 200; i++)
		run_for(MS);
	for (unsigned i = 0; i < 4; i++)
		CHECK(rounds[i] > 1000 && wrong[i] == 0);
}

static enum status read_state(struct child *c)  { return op2(SYS_THREAD_STATE, c->thread, 0); }
static enum status write_state(struct child *c) { return op2(SYS_THREAD_STATE, c->thread, 1); }

TEST(the_state_of_a_stopped_thread_can_be_read)
{
	struct child *c = child_new(sums_registers, 5);
	struct thread_regs *state = (struct thread_regs *)utcb()->words;

	child_start(c, 3);
	settle();
	OK(thread_ctl(c, THREAD_PAUSE));
	OK(read_state(c));
	CHECK(state->rdi == 3 && state->rax == 0x300000003 && state->rbx == state->rax + 1 && state->r14 == state->rax + 12);
	CHECK(state->ip >= (uint64_t)sums_registers && state->ip < (uint64_t)sums_registers + 256);
	CHECK(state->sp < c->sp && state->sp > c->sp - 256);
	CHECK_IS(state->flags & ~0xcd5UL, 0x202);
}

TEST(the_state_of_a_stopped_thread_can_be_written)
{
	struct child *c = child_new(sums_registers, 5);
	struct thread_regs *state = (struct thread_regs *)utcb()->words;

	child_start(c, 3);
	settle();
	OK(thread_ctl(c, THREAD_PAUSE));
	memset(state, 0, sizeof(*state));
	for (unsigned i = 0; i < REGISTERS; i++)
		utcb()->words[i] = 0xabcdef0000 + i;
	state->ip = (uint64_t)stores_registers;
	state->sp = c->sp;
	state->flags = ~0UL & ~0x100UL;
	OK(write_state(c));
	OK(thread_ctl(c, THREAD_START));
	settle();
	for (unsigned i = 0; i < REGISTERS; i++)
		CHECK_IS(regs[i], 0xabcdef0000 + i);
	CHECK_IS(regs[REGISTERS], 0xed7);       /* the arithmetic flags, DF and IF; no IOPL, NT, AC */
}

TEST(kernel_addresses_cannot_be_written_into_a_state)
{
	struct child *c = child_new(sums_registers, 5);
	struct thread_regs *state = (struct thread_regs *)utcb()->words;
	uint64_t bad[] = { 0x7ffffffff000, 0x800000000000, 0xffffffff80000000 };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		OK(read_state(c));
		uint64_t ip = state->ip;
		state->ip = bad[i];
		CHECK_IS(write_state(c), STATUS_INVALID);
		state->ip = ip;
		state->sp = bad[i];
		CHECK_IS(write_state(c), STATUS_INVALID);
	}
	CHECK_IS(op2(SYS_THREAD_STATE, self.thread, 0), STATUS_INVALID);
	CHECK_IS(op2(SYS_THREAD_STATE, self.pd, 0), STATUS_INVALID);
}

TEST(the_state_of_a_waiting_thread_cannot_be_written)
{
	struct child *c = child_run(answers, 5, 0);

	settle();
	OK(read_state(c));
	CHECK_IS(write_state(c), STATUS_BUSY);
	OK(thread_ctl(c, THREAD_CANCEL));
	OK(read_state(c));
	OK(write_state(c));
}

/* Two instructions that fault; a handler steps over the first. */
void faults_twice(uint64_t argument);
__asm__(".pushsection .text\n"
        "faults_twice: mov %rdi, %rbx\n ud2\n movq $5, rounds(%rip)\n ud2\n"
        ".popsection");

TEST(a_handler_steps_over_a_fault)
{
	struct child *c = child_new(faults_twice, 5);
	struct thread_regs *state = (struct thread_regs *)utcb()->words;

	child_start(c, 77);
	struct msg m = await();
	CHECK_IS(write_state(c), STATUS_BUSY);  /* not before it is told to stop */
	reply(FAULT_STOP, 0);
	OK(read_state(c));
	CHECK(state->ip == m.w[3] && state->rbx == 77);
	state->ip += 2;
	OK(write_state(c));
	OK(thread_ctl(c, THREAD_START));
	m = await();
	CHECK(rounds[0] == 5 && m.w[3] > state->ip);
}

/* Registers over a page fault. */
void touches(uint64_t address);
__asm__(".pushsection .text\n"
        "touches: push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "mov $11, %eax\n mov $12, %ebx\n mov $13, %ecx\n mov $14, %edx\n mov $15, %esi\n mov $16, %ebp\n mov $17, %r8d\n mov $18, %r9d\n"
        "mov $19, %r10d\n mov $20, %r11d\n mov $21, %r12d\n mov $22, %r13d\n mov $23, %r14d\n mov $24, %r15d\n stc\n"
        "movb $1, (%rdi)\n"
        "jnc 1f\n incq rounds(%rip)\n"
        "1: add %rax, %rbx\n add %rcx, %rbx\n add %rdx, %rbx\n add %rsi, %rbx\n add %rbp, %rbx\n add %r8, %rbx\n add %r9, %rbx\n"
        "add %r10, %rbx\n add %r11, %rbx\n add %r12, %rbx\n add %r13, %rbx\n add %r14, %rbx\n add %r15, %rbx\n mov %rbx, after(%rip)\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n"
        ".popsection");

TEST(a_page_fault_keeps_all_registers_and_flags)
{
	struct child *c = child_new(touches, 5);

	child_start(c, 0x10000000);
	await();
	OK(op5(SYS_MAP, c->pd, 0x10000000, frame(), 1, MAP_WRITE));
	reply(FAULT_RESUME, 0);
	settle();
	CHECK_IS(after[0], (11 + 24) * 14 / 2);
	CHECK_IS(rounds[0], 1);
}

static void mends(uint64_t unused)
{
	for (;;) {
		sys(syscall_header(SYS_REPLY_WAIT, 0, 0, 0, FAULT_RESUME), 0, 0, 0, 0, 0);
		while (!*(uint64_t volatile *)&rounds[1])
			spin();
	}
}

TEST(a_page_fault_that_a_handler_resolves_keeps_all_registers_and_flags)
{
	struct child *c = child_new(touches, 5), *pager = child_run(mends, 10, 0);

	settle();
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_PAGER, gate_new(pager, 1)));
	child_start(c, 0x10000000);
	settle();
	OK(op5(SYS_MAP, c->pd, 0x10000000, frame(), 1, MAP_WRITE));
	rounds[1] = 1;
	settle();
	CHECK_IS(after[0], (11 + 24) * 14 / 2);
	CHECK_IS(rounds[0], 1);
}
