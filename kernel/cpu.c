/* SPDX-License-Identifier: MIT */
/* What CPUs ask of each other, and how one knows that all others have gone on; see cpu.h. All of it under the kernel lock. */
#include <kernel/cpu.h>

#include <kernel/x86_64/apic.h>
#include <kernel/x86_64/paging.h>

#define STOP_LOOKS (1u << 20)
#define ATTEND_MAX  4 /* threads of the inbox an entry; the rest at the next one, which follows at once */

struct cpu         this_cpu PER_CPU;
unsigned           cpu_count = 1;
struct kernel_lock the_lock;

static uint64_t last_epoch;
static volatile bool stopping;

void cpu_kick(struct cpu *cpu)
{
	if (cpu->kicked)
		return;
	cpu->kicked = cpu->is_up;
	if (cpu->is_up)
		apic_kick(cpu->number);
	else
		ap_start(cpu->number);
}

void cpu_attend(void)
{
	this_cpu.kicked = false;
	this_cpu.wakes = 0;
	if (this_cpu.epoch != last_epoch) {
		this_cpu.epoch = last_epoch;
		paging_flush();
	}
	for (unsigned n = 0; n < ATTEND_MAX && this_cpu.inbox; n++) {
		struct thread *t = this_cpu.inbox;
		unsigned requests = t->requests;
		this_cpu.inbox = t->inbox_next;
		t->requests = 0;
		thread_attend(t, requests);
	}
	if (this_cpu.inbox)
		cpu_kick(&this_cpu);
}

void cpu_stop_others(void)
{
	stopping = true;
	for (unsigned i = 0; i < cpu_count; i++) {
		struct cpu *cpu = cpu_at(i);
		if (cpu == &this_cpu || !cpu->is_up)
			continue;
		apic_stop_cpu(i);
		for (unsigned looks = 0; looks < STOP_LOOKS && !__atomic_load_n(&cpu->is_stopped, __ATOMIC_RELAXED); looks++)
			__builtin_ia32_pause();
	}
}

void cpu_go_on(void) { stopping = false; }

bool cpu_stop_here(void)
{
	if (!stopping)
		return false;
	this_cpu.is_stopped = true;
	while (stopping)
		__builtin_ia32_pause();
	this_cpu.is_stopped = false;
	return true;
}

uint64_t cpu_epoch_begin(void)
{
	if (cpu_count == 1)
		return 0;
	last_epoch++;
	for (unsigned i = 0; i < cpu_count; i++)
		if (!cpu_is_quiet(cpu_at(i)))
			cpu_kick(cpu_at(i));
	return last_epoch;
}

uint64_t cpu_epoch_last(void) { return last_epoch; }

bool cpu_epoch_has_passed(uint64_t epoch)
{
	for (unsigned i = 0; i < cpu_count; i++) {
		struct cpu const *cpu = cpu_at(i);
		if (!cpu_is_quiet(cpu) && cpu->epoch < epoch) {
			__builtin_ia32_pause();
			return false;
		}
	}
	return true;
}
