/* SPDX-License-Identifier: MIT */
/*
 * The other CPUs. At boot each gets its window; INIT is sent early and the startup interrupt at the end, without a wait in between, as
 * processors since the Pentium Pro need none. One that does not come up then is asked again whenever a thread is started on it.
 */
#include <kernel/x86_64/boot.h>

#include <kernel/cpu.h>
#include <kernel/x86_64/apic.h>
#include <kernel/x86_64/cpu_ops.h>
#include <kernel/x86_64/machine.h>
#include <kernel/x86_64/paging.h>

#define LOW_END 0xa0000UL

void ap_main(void);

extern char ap_code[], ap_code_end[], ap_code_cr3[], ap_gdt_pointer[], ap_far[];
extern char kernel_text[], kernel_rodata[], kernel_data[], kernel_cpu[], kernel_guard[], kernel_end[], cpu_stack_top[];

/* Number of the CPU with this local APIC. */
uint8_t ap_number_of[256];

static uint64_t start_page;

/* What each CPU has for itself is at new frames in all windows but the first. */
static void map_own(uint64_t top, unsigned number, char const *from, char const *to)
{
	uint64_t va = (uint64_t)from + number * KERNEL_WINDOW, size = (uint64_t)(to - from);
	uint64_t pa = number ? boot_alloc_frames(size / PAGE_SIZE, RANGE_KERNEL) : (uint64_t)from - KERNEL_BASE;

	paging_map_boot(top, &(struct kernel_mapping) { va, pa, size, PTE_WRITE | PTE_NX | PTE_GLOBAL });
}

static void map_shared(uint64_t top, unsigned number, char const *from, char const *to, uint64_t flags)
{
	uint64_t va = (uint64_t)from + number * KERNEL_WINDOW;

	paging_map_boot(top, &(struct kernel_mapping) { va, (uint64_t)from - KERNEL_BASE, (uint64_t)(to - from), flags | PTE_GLOBAL });
}

static void map_window(uint64_t top, unsigned number)
{
	map_shared(top, number, kernel_text, kernel_rodata, 0);
	map_shared(top, number, kernel_rodata, kernel_data, PTE_NX);
	map_shared(top, number, kernel_data, kernel_cpu, PTE_WRITE | PTE_NX);
	map_own(top, number, kernel_cpu, kernel_guard);
	map_own(top, number, kernel_guard + PAGE_SIZE, kernel_end);
}

/* The last free page below 1 MiB, or 0. */
static uint64_t find_start_page(void)
{
	uint64_t page = 0;

	for (unsigned i = 0; i < boot_info.range_count; i++) {
		struct info_range const *r = &boot_info.ranges[i];
		uint64_t end = r->base + r->size < LOW_END ? r->base + r->size : LOW_END;
		if (r->kind == RANGE_FREE && end >= r->base + PAGE_SIZE)
			page = end - PAGE_SIZE;
	}
	return page;
}

/* A value in the copy of the code. */
static uint32_t *in_copy(char const *symbol)
{
	return phys_to_virt(start_page + (uint64_t)(symbol - ap_code));
}

/* The code in its page, which is mapped where it is: the lower half of `top` is nobody's but the kernel's. */
static void place_code(uint64_t top)
{
	ranges_carve(start_page, PAGE_SIZE, RANGE_KERNEL, "");
	copy_bytes(phys_to_virt(start_page), ap_code, (uint64_t)ap_code_end - (uint64_t)ap_code);
	*in_copy(ap_code_cr3) = top;
	*in_copy(ap_far) += start_page;
	*in_copy(ap_gdt_pointer + 2) += start_page;
	paging_map_boot(top, &(struct kernel_mapping) { start_page, start_page, PAGE_SIZE, 0 });
}

void ap_map(uint64_t top)
{
	start_page = find_start_page();
	if (!start_page)
		boot_info.cpus = 1;
	for (unsigned i = 0; i < boot_info.cpus; i++)
		map_window(top, i);
	if (boot_info.cpus > 1)
		place_code(top);
}

void ap_prepare(void)
{
	cpu_count = boot_info.cpus;
	this_cpu.is_up = true;
	for (unsigned i = 1; i < cpu_count; i++) {
		ap_number_of[acpi.apic_of_cpu[i]] = i;
		cpu_at(i)->number = i;
		cpu_at(i)->idle = true;
		cpu_at(i)->stack_top = (uint64_t)cpu_stack_top + i * KERNEL_WINDOW;
		apic_reset_cpu(i);
	}
}

void ap_start(unsigned number) { apic_start_cpu(number, start_page); }

/* The first C code on another CPU; kernel_exit follows. */
void ap_main(void)
{
	apic_init_local();
	cpu_init();
	apic_timer_start();
	kernel_lock();
	this_cpu.is_up = true;
	this_cpu.reschedule = true;
	this_cpu.idle = false;
	cpu_attend();
}
