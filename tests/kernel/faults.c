/* SPDX-License-Identifier: MIT */
/* Exceptions and page faults as messages: who is told what, and how it goes on. */
#include "test.h"

#define UNMAPPED 0x10000000UL

enum { DIVIDE = 0, DEBUG = 1, BREAKPOINT = 3, INVALID_OPCODE = 6, NO_FPU = 7, STACK = 12, PROTECTION = 13, PAGE = 14 };

/* Error codes: FAULT_USER comes with all page faults; IDT: the low bits of one that names an interrupt vector. */
enum { FAULT_USER = 4, IDT = 2 };

static SHARED uint64_t value, done;

/* A child whose first instruction is `code`; its argument is in rdi. */
#define CODE(name, code) \
	void name(uint64_t argument); \
	__asm__(".pushsection .text\n" #name ": " code "\nret\n.popsection")

/* A test that `code` is an exception with this vector and error code, told at the instruction itself. */
#define EXCEPTION(property, code, vector, error) \
	CODE(code_##property, code); \
	TEST(property) { check_exception(code_##property, 0, (struct expected) { vector, error, 0 }); } \
	struct empty_##property

struct expected {
	unsigned vector, error, offset;    /* of the ip told, from the beginning of the code */
};

static void check_exception(child_function *code, uint64_t argument, struct expected expected)
{
	struct child *c = child_new(code, 10);

	child_start(c, argument);
	struct msg m = await();
	CHECK_IS(kind_of(m), MESSAGE_FAULT);
	CHECK_IS(label_of(m), expected.vector);
	CHECK_IS(m.badge, expected.vector == PAGE ? BADGE_PAGER : BADGE_HANDLER);
	CHECK_IS(words_of(m), 6);
	CHECK_IS(m.w[0], c->thread);
	/* QEMU 7.2 puts the vector one bit further up; and what is present in the kernel's half is its own business */
	uint64_t ignored = expected.error == IDT ? ~7UL : argument >> 63 ? FAULT_PRESENT : 0;
	CHECK_IS(m.w[1] & ~ignored, expected.error);
	CHECK_IS(m.w[2], expected.vector == PAGE ? argument : 0);
	CHECK_IS(m.w[3], (uint64_t)code + expected.offset);
	CHECK(utcb()->words[4] > c->sp - 256 && utcb()->words[4] <= c->sp);
	CHECK(utcb()->words[5] > c->sp - 256 && utcb()->words[5] <= c->sp);
}

EXCEPTION(an_undefined_instruction_is_told, "ud2", INVALID_OPCODE, 0);
EXCEPTION(a_division_by_zero_is_told, "divq 2f(%rip)\n .balign 8\n 2: .quad 0\n", DIVIDE, 0);
EXCEPTION(cli_is_refused, "cli", PROTECTION, 0);
EXCEPTION(sti_is_refused, "sti", PROTECTION, 0);
EXCEPTION(hlt_is_refused, "hlt", PROTECTION, 0);
EXCEPTION(reading_a_port_is_refused, "in %dx, %al", PROTECTION, 0);
EXCEPTION(writing_a_port_is_refused, "out %al, %dx", PROTECTION, 0);
EXCEPTION(reading_cr0_is_refused, "mov %cr0, %rax", PROTECTION, 0);
EXCEPTION(writing_cr3_is_refused, "mov %rax, %cr3", PROTECTION, 0);
EXCEPTION(reading_dr7_is_refused, "mov %dr7, %rax", PROTECTION, 0);
EXCEPTION(wrmsr_is_refused, "wrmsr", PROTECTION, 0);
EXCEPTION(rdmsr_is_refused, "rdmsr", PROTECTION, 0);
EXCEPTION(swapgs_is_refused, "swapgs", PROTECTION, 0);
EXCEPTION(sysret_is_refused, "sysretq", PROTECTION, 0);
EXCEPTION(invlpg_is_refused, "invlpg (%rax)", PROTECTION, 0);
EXCEPTION(lidt_is_refused, "lidt (%rsp)", PROTECTION, 0);
EXCEPTION(the_timer_vector_is_refused, "int $0x20", PROTECTION, IDT);
EXCEPTION(the_page_fault_vector_is_refused, "int $14", PROTECTION, IDT);
EXCEPTION(the_double_fault_vector_is_refused, "int $8", PROTECTION, IDT);
EXCEPTION(the_nmi_vector_is_refused, "int $2", PROTECTION, IDT);
EXCEPTION(the_old_system_call_vector_is_refused, "int $0x80", PROTECTION, IDT);
EXCEPTION(x87_is_refused_without_an_area, "fld1", NO_FPU, 0);
EXCEPTION(sse_is_refused_without_an_area, "movaps %xmm0, %xmm1", NO_FPU, 0);

CODE(breakpoint, "int3");
TEST(a_breakpoint_is_told_after_the_instruction)    { check_exception(breakpoint, 0, (struct expected) { BREAKPOINT, 0, 1 }); }

CODE(single_step, "pushfq\n orq $0x100, (%rsp)\n popfq\n nop\n nop");
TEST(a_single_step_is_told_after_the_next_instruction)
{
	struct child *c = child_run(single_step, 10, 0);
	struct msg m = await();

	CHECK_IS(label_of(m), DEBUG);
	CHECK_IS(m.w[3], (uint64_t)single_step + 11);
	reply(FAULT_RESUME, 0);
	m = await();
	CHECK_IS(m.w[3], (uint64_t)single_step + 12);
	CHECK_IS(m.w[0], c->thread);
}

CODE(step_over_syscall, "pushfq\n orq $0x100, (%rsp)\n mov $12, %eax\n popfq\n syscall\n pushfq\n popq value(%rip)");
TEST(a_single_step_does_not_follow_into_the_kernel)
{
	child_run(step_over_syscall, 10, 0);
	settle();
	CHECK_IS(value, 0x202);
}

CODE(read_at, "mov (%rdi), %rax\n mov %rax, value(%rip)\n movq $1, done(%rip)");
CODE(write_at, "movq $77, (%rdi)\n movq $1, done(%rip)");
CODE(jump_to, "jmp *%rdi");
CODE(read_stack_at, "mov %rsp, %rbx\n mov %rdi, %rsp\n mov (%rsp), %rax\n mov %rbx, %rsp");

TEST(kernel_text_cannot_be_read)      { check_exception(read_at, 0xffffffff80101000, (struct expected) { PAGE, FAULT_USER, 0 }); }
TEST(kernel_text_cannot_be_written)   { check_exception(write_at, 0xffffffff80101000, (struct expected) { PAGE, FAULT_USER | FAULT_WRITE, 0 }); }
TEST(memory_cannot_be_read_through_the_kernels_map)
{
	check_exception(read_at, 0xffff800000000000 + info->core_thread, (struct expected) { PAGE, FAULT_USER, 0 });
}

TEST(device_registers_of_the_kernel_cannot_be_read)
{
	check_exception(read_at, 0xffffffffffe00000, (struct expected) { PAGE, FAULT_USER, 0 });
}

TEST(an_address_that_is_none_is_told)  { check_exception(read_at, 0x0000800000000000, (struct expected) { PROTECTION, 0, 0 }); }
TEST(a_stack_address_that_is_none_is_told)
{
	struct child *c = child_new(read_stack_at, 10);

	child_start(c, 0x0000800000000000);
	struct msg m = await();
	CHECK(label_of(m) == STACK || label_of(m) == PROTECTION);  /* QEMU 7.2 says the latter */
	CHECK_IS(m.w[3], (uint64_t)read_stack_at + 6);
}

static void check_jump(uint64_t target, unsigned vector, unsigned error, uint64_t ip)
{
	child_start(child_new(jump_to, 10), target);
	struct msg m = await();
	CHECK_IS(label_of(m), vector);
	CHECK_IS(m.w[1] & ~(target >> 63 ? FAULT_PRESENT : 0), error);
	CHECK_IS(m.w[3], ip);
}

TEST(a_jump_into_the_kernel_is_told)
{
	check_jump(0xffffffff80101000, PAGE, FAULT_USER | FAULT_EXECUTE, 0xffffffff80101000);
}

TEST(a_jump_into_data_is_told)          { check_jump((uint64_t)&value, PAGE, FAULT_USER | FAULT_PRESENT | FAULT_EXECUTE, (uint64_t)&value); }
TEST(a_jump_to_nowhere_is_told)         { check_jump(UNMAPPED, PAGE, FAULT_USER | FAULT_EXECUTE, UNMAPPED); }

CODE(syscall_without_stack, "push %rbx\n mov %rsp, %rbx\n mov %rdi, %rsp\n mov $12, %eax\n syscall\n mov %rsp, value(%rip)\n mov %rbx, %rsp\n pop %rbx");
static void check_stack(uint64_t sp)
{
	value = 1;
	child_start(child_new(syscall_without_stack, 10), sp);
	settle();
	CHECK_IS(value, sp);
}

TEST(a_system_call_does_not_touch_the_stack)
{
	check_stack(0);
	check_stack(0xffff800000100000);
	check_stack(0xffffffff80110000);
	check_stack(0x0000800000000000);
}

/* --- Pagers --- */

static struct child *faults_at(child_function *code, uint64_t address, unsigned error)
{
	struct child *c = child_new(code, 10);

	child_start(c, address);
	struct msg m = await();
	CHECK_IS(m.badge, BADGE_PAGER);
	CHECK_IS(label_of(m), PAGE);
	CHECK_IS(m.w[0], c->thread);
	CHECK_IS(m.w[1], FAULT_USER | error);
	CHECK_IS(m.w[2], address);
	CHECK_IS(m.w[3], (uint64_t)code);
	return c;
}

TEST(a_page_fault_is_mapped_and_the_thread_goes_on)
{
	struct child *c = faults_at(read_at, UNMAPPED + 0x123450, 0);
	uint64_t f = frame();

	((uint64_t *)at(f))[0x450 / 8] = 0x1122334455667788;
	OK(op5(SYS_MAP, c->pd, UNMAPPED + 0x123000, f, 1, 0));
	reply(FAULT_RESUME, 0);
	settle();
	CHECK(value == 0x1122334455667788 && done);
}

TEST(a_write_to_a_page_without_the_right_is_told)
{
	struct child *c = child_new(write_at, 10);
	uint64_t f = frame();

	OK(op5(SYS_MAP, c->pd, UNMAPPED, f, 1, 0));
	child_start(c, UNMAPPED + 8);
	struct msg m = await();
	CHECK(m.w[1] == (FAULT_USER | FAULT_PRESENT | FAULT_WRITE) && m.w[2] == UNMAPPED + 8);
	OK(op5(SYS_MAP, c->pd, UNMAPPED, f, 1, MAP_WRITE));
	reply(FAULT_RESUME, 0);
	settle();
	CHECK_IS(((uint64_t *)at(f))[1], 77);
}

TEST(a_resumed_fault_comes_again_if_nothing_was_done)
{
	struct child *c = faults_at(write_at, UNMAPPED, FAULT_WRITE);

	for (unsigned i = 0; i < 10; i++) {
		reply(FAULT_RESUME, 0);
		struct msg m = await();
		CHECK(m.w[0] == c->thread && m.w[2] == UNMAPPED);
	}
}

TEST(a_stopped_thread_goes_on_when_it_is_started)
{
	struct child *c = faults_at(write_at, UNMAPPED, FAULT_WRITE);

	reply(FAULT_STOP, 0);
	settle();
	CHECK_IS(thread_state(c), BLOCKED);
	OK(op5(SYS_MAP, c->pd, UNMAPPED, frame(), 1, MAP_WRITE));
	settle();
	CHECK_IS(done, 0);
	OK(thread_ctl(c, THREAD_START));
	settle();
	CHECK_IS(done, 1);
}

TEST(a_pager_that_does_not_answer_stops_the_thread)
{
	struct child *c = faults_at(write_at, UNMAPPED, FAULT_WRITE);

	CHECK_IS(status_of(poll()), STATUS_TIMEOUT);
	CHECK_IS(thread_state(c), BLOCKED);
}

TEST(without_a_pager_the_thread_stops)
{
	struct child *c = child_new(write_at, 10);

	OK(op3(SYS_THREAD_SET, c->thread, THREAD_PAGER, 0));
	child_start(c, UNMAPPED);
	settle();
	CHECK_IS(thread_state(c), BLOCKED);
	OK(op5(SYS_MAP, c->pd, UNMAPPED, frame(), 1, MAP_WRITE));
	OK(thread_ctl(c, THREAD_START));
	settle();
	CHECK_IS(done, 1);
}

static void pager_that_dies(uint64_t argument)
{
	wait();
	done = 2;
	for (;;)
		;
}

TEST(a_thread_whose_pager_dies_stops_and_can_be_paged_by_another)
{
	struct child *p = child_run(pager_that_dies, 10, 0), *c = child_new(write_at, 10);
	uint64_t gate = gate_new(p, 0);

	settle();
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_PAGER, gate));
	child_start(c, UNMAPPED);
	settle();
	CHECK(done == 2 && thread_state(c) == CALLING);
	CHECK_IS(destroy(p->thread), STATUS_BUSY);
	CHECK_IS(thread_state(c), BLOCKED);
	OK(op3(SYS_THREAD_SET, c->thread, THREAD_PAGER, gate_new(&self, 0x1234)));
	OK(thread_ctl(c, THREAD_START));
	CHECK_IS(await().badge, 0x1234);
}

TEST(a_thread_whose_pagers_gate_was_destroyed_stops)
{
	struct child *c = child_new(write_at, 10);
	uint64_t gate = gate_new(&self, 0);

	OK(op3(SYS_THREAD_SET, c->thread, THREAD_PAGER, gate));
	OK(destroy(gate));
	child_start(c, UNMAPPED);
	settle();
	CHECK_IS(thread_state(c), BLOCKED);
}

TEST(faults_of_many_threads_are_told_one_by_one)
{
	struct child *c[8];
	uint64_t f = frame();

	for (unsigned i = 0; i < 8; i++) {
		c[i] = child_new(write_at, 10);
		child_start(c[i], UNMAPPED + 8 * i);
	}
	for (unsigned i = 0; i < 8; i++) {
		struct msg m = await();
		CHECK_IS(m.w[2], UNMAPPED + 8 * i);
		OK(op5(SYS_MAP, c[i]->pd, UNMAPPED, f, 1, MAP_WRITE));
		reply(FAULT_RESUME, 0);
	}
	settle();
	for (unsigned i = 0; i < 8; i++)
		CHECK_IS(((uint64_t *)at(f))[i], 77);
}

TEST(a_fault_in_mid_call_is_told_and_the_call_answered)
{
	struct child *s = child_new(write_at, 10);

	child_start(s, UNMAPPED);
	await();
	CHECK_IS(thread_state(s), CALLING);
	OK(op5(SYS_MAP, s->pd, UNMAPPED, frame(), 1, MAP_WRITE));
	OK(thread_ctl(s, THREAD_CANCEL));      /* does not end a fault */
	CHECK_IS(thread_state(s), CALLING);
	reply(FAULT_RESUME, 0);
	settle();
	CHECK_IS(done, 1);
}

/* Each of a row of threads is the pager of the one before, and faults in turn. */
static void faulting_pager(uint64_t address)
{
	wait();
	*(volatile uint64_t *)address = 1;
}

TEST(pagers_that_fault_in_a_row_stop_where_the_row_gets_too_long)
{
	struct child *c[24];

	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = child_new(i ? faulting_pager : write_at, 10);
		if (i)
			OK(op3(SYS_THREAD_SET, c[i - 1]->thread, THREAD_PAGER, gate_new(c[i], 0)));
	}
	OK(op3(SYS_THREAD_SET, c[23]->thread, THREAD_PAGER, 0));
	for (unsigned i = ARRAY_SIZE(c); i--;)
		child_start(c[i], UNMAPPED);
	settle();
	CHECK_IS(thread_state(c[0]), CALLING);
	CHECK_IS(thread_state(c[10]), CALLING);
	CHECK_IS(thread_state(c[18]), BLOCKED);
	CHECK_IS(thread_state(c[19]), RECEPTIVE);
}

/* --- Ends --- */

static void exits(uint64_t argument)
{
	sys(SYS_THREAD_EXIT, 0, 0, 0, 0, 0);
	done = 1;
}

TEST(an_exit_is_told_to_the_handler_and_is_for_good)
{
	struct child *c = child_run(exits, 10, 0);
	struct msg m = await();

	CHECK(m.badge == BADGE_HANDLER && label_of(m) == FAULT_EXIT && m.w[0] == c->thread);
	reply(FAULT_RESUME, 0);
	settle();
	CHECK_IS(thread_state(c), EXITED);
	OK(thread_ctl(c, THREAD_START));
	settle();
	CHECK(thread_state(c) == EXITED && !done);
}

TEST(an_exit_without_handler_is_for_good_too)
{
	struct child *c = child_new(exits, 10);

	OK(op3(SYS_THREAD_SET, c->thread, THREAD_HANDLER, 0));
	child_start(c, 0);
	settle();
	CHECK_IS(thread_state(c), EXITED);
}

TEST(an_exit_whose_handler_does_not_answer_is_for_good)
{
	struct child *c = child_run(exits, 10, 0);

	await();
	poll();
	CHECK_IS(thread_state(c), EXITED);
}
