/* SPDX-License-Identifier: MIT */
/*
 * Interrupts and exceptions, sorted by vector. Those of user mode have had their registers saved to the thread, which leaves by iret; the kernel is locked.
 * Those of devices that come in user mode go from entry.S to irq_handle.
 */
#include <kernel/console.h>
#include <kernel/ipc.h>
#include <kernel/irq.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/x86_64/apic.h>
#include <kernel/x86_64/clock.h>
#include <kernel/x86_64/cpu_ops.h>

enum exception { EXCEPTION_DOUBLE_FAULT = 8, EXCEPTION_PAGE_FAULT = 14, EXCEPTION_MACHINE_CHECK = 18, EXCEPTIONS = 32 };

void interrupt_from_user(struct thread *t);
void interrupt_nmi(struct frame *frame);
void interrupt_from_kernel(struct frame *frame);

static void handle_interrupt(uint64_t vector)
{
	if (vector == VECTOR_SPURIOUS)
		return;
	if (vector >= VECTOR_IRQ && vector < VECTOR_IRQ_END)
		irq_handle(vector);
	apic_eoi();
	if (vector == VECTOR_TIMER) {
		clock_refine();
		irq_rest_is_over();
		sched_tick();
	} else if (vector == VECTOR_SERIAL) {
		console_interrupt();
	} else if (vector == VECTOR_KICK) {
		cpu_attend();
	}
}

void interrupt_from_user(struct thread *t)
{
	uint64_t vector = t->frame.vector;

	if (vector >= EXCEPTIONS)
		handle_interrupt(vector);
	else if (vector == EXCEPTION_DOUBLE_FAULT || vector == EXCEPTION_MACHINE_CHECK)
		panic_at(&t->frame, "exception %lu while in user mode", vector);
	else
		ipc_fault(t, vector == EXCEPTION_PAGE_FAULT ? read_cr2() : 0);
}

void interrupt_from_kernel(struct frame *frame)
{
	if (frame->vector >= EXCEPTIONS && this_cpu.idle) {
		kernel_lock();
		handle_interrupt(frame->vector);
		kernel_unlock();
		return;
	}
	panic_at(frame, "exception %lu in the kernel, error %lx, address %lx", frame->vector, frame->error, read_cr2());
}

void interrupt_nmi(struct frame *frame)
{
	if (!cpu_stop_here())
		panic_at(frame, "NMI");
}

void cpu_let_interrupts_in(void) { __asm__ volatile("sti; nop; cli" : : : "memory"); }
