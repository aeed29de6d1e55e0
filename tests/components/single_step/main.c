/* SPDX-License-Identifier: MIT */
/* What a debugger needs of a thread: one instruction at a time, over system calls too, all registers, and that it then runs on as if nothing had been. */
#include <base/signal.h>
#include <base/thread.h>
#include <base/time.h>
#include "../check.h"

enum { STEPS_MAX = 200 };

/* The thread: three instructions, a system call by way of the platform page, one more, and round for ever. */
void stepped(struct local_thread *thread);
extern char const step_1[], step_2[], step_3[], step_after[], step_loop[];
__asm__(".pushsection .text\n"
        "stepped: mov $0x1234, %ebx\n"
        "step_1: lea 1(%rbx), %r12\n"
        "step_2: xor %r13d, %r13d\n"
        "step_3: xor %ecx, %ecx\n"
        "call *0x200038\n"                         /* the table's entry of yield, as checked below */
        "step_after: inc %r13\n"
        "step_loop: jmp step_loop\n"
        ".popsection");

static struct signal_context stopped;

/* Lets it execute one instruction, and says where it is then. */
static enum status step(struct thread thread, struct thread_registers *registers)
{
	struct thread_fault fault;
	enum thread_state   state;

	CHECK_STATUS(signal_wait(stopped, time_now_ns() + 1000000000), STATUS_OK);
	TRY(thread_state(thread, &state, &fault));
	CHECK(state == THREAD_STATE_FAULTED && fault.vector == 1);
	TRY(thread_registers(thread, registers));
	CHECK(registers->ip == fault.ip && registers->sp == fault.sp);
	return STATUS_OK;
}

static enum status test_steps(struct thread thread)
{
	char const *const       places[] = { step_1, step_2, step_3 };
	struct thread_registers registers;
	unsigned                steps = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		TRY(step(thread, &registers));
		while (i == 0 && registers.ip != (uint64_t)step_1 && steps++ < STEPS_MAX) {    /* what base does before */
			TRY(thread_resume(thread));
			TRY(step(thread, &registers));
		}
		CHECK(registers.ip == (uint64_t)places[i] && registers.rbx == 0x1234);
		CHECK(i < 1 || registers.r12 == 0x1235);
		TRY(thread_resume(thread));
	}
	for (steps = 0; registers.ip != (uint64_t)step_after; steps++) {
		TRY(step(thread, &registers));
		CHECK(steps < STEPS_MAX);
		if (registers.ip != (uint64_t)step_after)
			TRY(thread_resume(thread));
	}
	CHECK(steps > 3 && registers.r13 == 0);
	return STATUS_OK;
}

static enum status test_registers(struct thread thread)
{
	struct thread_registers registers, found;

	TRY(thread_registers(thread, &registers));
	registers.r13 = 41;
	registers.r15 = 0xfedcba9876543210;
	registers.rax = 7;
	TRY(thread_set_registers(thread, &registers));
	TRY(thread_resume(thread));
	TRY(step(thread, &found));
	CHECK(found.ip == (uint64_t)step_loop && found.r13 == 42 && found.r15 == registers.r15 && found.rax == 7);
	registers.ip = 0xffff800000000000;
	CHECK_STATUS(thread_set_registers(thread, &registers), STATUS_INVALID);
	registers.ip = (uint64_t)step_after;
	registers.flags = ~0UL;                    /* what is not its own stays as it was */
	TRY(thread_set_registers(thread, &registers));
	TRY(thread_single_step(thread, false));
	TRY(thread_resume(thread));
	CHECK_STATUS(signal_wait(stopped, time_now_ns() + 5000000), STATUS_TIMEOUT);
	CHECK_STATUS(thread_registers(thread, &found), STATUS_BUSY);
	CHECK_STATUS(thread_set_registers(thread, &registers), STATUS_BUSY);
	TRY(thread_pause(thread));
	TRY(thread_registers(thread, &found));
	CHECK(found.ip == (uint64_t)step_loop && found.r13 == 42 && (found.flags & 0x3300) == 0x200);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct books        before, after;
	struct local_thread thread;

	static_assert(PLATFORM_ADDRESS + offsetof(struct platform, entry) + 8 * PLATFORM_YIELD == 0x200038, "as in `stepped`");
	TRY(local_thread_create(&thread, env, "first", 0, STACK_DEFAULT));    /* what base makes once, for the first thread, stays */
	local_thread_destroy(&thread);
	TRY(books_read(env, &before));
	TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &stopped));
	TRY(local_thread_create(&thread, env, "stepped", 1, STACK_DEFAULT));
	TRY(thread_exception_handler(thread.thread, stopped));
	TRY(thread_single_step(thread.thread, true));
	TRY(local_thread_start(&thread, stepped));
	TRY(test_steps(thread.thread));
	TRY(test_registers(thread.thread));
	local_thread_destroy(&thread);
	TRY(signal_free_context(&env->signal, stopped));
	cap_release(stopped.cap);
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	return test_passed();
}
