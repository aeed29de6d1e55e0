/* SPDX-License-Identifier: MIT */
/*
 * The way from the boot loader to core: memory map, the kernel's own address space, interrupt controllers, clock, core.
 * Nothing here waits for anything. Afterwards each frame of the machine is in one range of the info pages, and the kernel
 * owns those of kind KERNEL alone.
 */
#include <kernel/x86_64/boot.h>

#include <kernel/console.h>
#include <kernel/cpu.h>
#include <kernel/x86_64/apic.h>
#include <kernel/x86_64/clock.h>
#include <kernel/x86_64/cpu_ops.h>
#include <kernel/x86_64/machine.h>
#include <kernel/x86_64/paging.h>

extern char kernel_text[], kernel_end[], cpu_stack_top[];

void boot_main(uint32_t magic, uint32_t info, uint64_t ticks) __attribute__((noreturn));
void kernel_exit(void) __attribute__((noreturn));

static uint64_t image_phys(char const *symbol) { return (uint64_t)symbol - KERNEL_BASE; }

unsigned boot_extents(struct extent extents[static INFO_RANGES])
{
	uint64_t image = image_phys(kernel_text), image_end = image_phys(kernel_end);
	unsigned count = 0;

	for (unsigned i = 0; i < boot_info.range_count; i++) {
		struct info_range const *r = &boot_info.ranges[i];
		uint64_t base = r->base, end = (r->base + r->size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
		if (r->kind == RANGE_RESERVED || (base >= image && end <= image_end))
			continue;
		if (count && extents[count - 1].end == base && base != image_end)
			extents[count - 1].end = end;
		else
			extents[count++] = (struct extent) { base, end };
	}
	return count;
}

/* The kernel half of all address spaces: direct map, image, and one page directory for devices. */
static void create_kernel_space(void)
{
	static struct extent extents[INFO_RANGES];
	uint64_t top = boot_alloc_frame();
	unsigned count = boot_extents(extents);

	for (unsigned i = 0; i < count; i++)
		paging_map_boot(top, &(struct kernel_mapping) { DIRECT_MAP + extents[i].base, extents[i].base,
		                                                extents[i].end - extents[i].base, PTE_WRITE | PTE_NX | PTE_GLOBAL });
	ap_map(top);
	paging_set_kernel_top(top);
	write_cr3(top);
}

void boot_main(uint32_t magic, uint32_t info, uint64_t ticks)
{
	this_cpu.stack_top = (uint64_t)cpu_stack_top;
	boot_info.boot_ticks = ticks;
	console_init();
	multiboot_read(magic, info);
	ranges_carve(0, PAGE_SIZE, RANGE_RESERVED, "");
	ranges_carve(0x100000, image_phys(kernel_end) - 0x100000, RANGE_KERNEL, "");
	acpi_read();
	create_kernel_space();
	apic_init();
	ap_prepare();
	clock_begin(ticks);
	cpu_init();
	console_enable_interrupt();
	core_create();
	clock_calibrate();
	apic_timer_start();
	boot_info.tsc_khz = clock_tsc_khz();
	core_hand_over();
	for (unsigned i = 1; i < cpu_count; i++)
		ap_start(i);
	kernel_lock();
	kernel_exit();
}
