/* SPDX-License-Identifier: MIT */
/*
 * Core: the one program that the kernel loads. It is the boot module `core`, a static ELF file whose segments are mapped
 * where they lie in the module; its address space is fixed (kernel/abi/info.h). All checks are on form: a module that is
 * no such file is a panic that says so.
 */
#include <kernel/x86_64/boot.h>

#include <kernel/pd.h>
#include <kernel/sched.h>
#include <kernel/x86_64/machine.h>
#include <kernel/x86_64/paging.h>

#define STACK_PAGES     8
#define IMAGE_START     0x200000UL
#define IMAGE_END       0x40000000UL
#define CORE_PRIORITY   (PRIORITIES - 1)
#define PLACE_PD        1                      /* granules of core's object frame */
#define PLACE_THREAD    (PLACE_PD + PD_GRANULES)

struct elf {
	uint8_t  ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

enum { SEGMENT_LOAD = 1, FLAG_EXECUTE = 1, FLAG_WRITE = 2, TYPE_EXEC = 2, MACHINE_X86_64 = 62 };

static uint64_t info_pages;

static void map_user(uint64_t top, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
	paging_map_boot(top, &(struct kernel_mapping) { va, pa, size, flags | PTE_USER });
}

static struct info_range find_module(void)
{
	for (unsigned i = 0; i < boot_info.range_count; i++) {
		struct info_range *r = &boot_info.ranges[i];
		if (r->kind == RANGE_MODULE && !__builtin_memcmp(r->name, "core", 5))
			return *r;
	}
	panic("no boot module is named core");
}

static struct elf const *check_elf(struct info_range const *module)
{
	struct elf const *elf = phys_to_virt(module->base);

	if (module->base % PAGE_SIZE)
		panic("boot module core does not begin on a page boundary");
	if (module->size < sizeof(*elf) || __builtin_memcmp(elf->ident, "\177ELF\2\1", 6) != 0)
		panic("boot module core is not a 64-bit ELF file");
	if (elf->type != TYPE_EXEC || elf->machine != MACHINE_X86_64 || elf->phentsize != sizeof(struct segment))
		panic("boot module core is not a static x86_64 program");
	if (elf->phoff > module->size || elf->phnum * sizeof(struct segment) > module->size - elf->phoff)
		panic("boot module core is cut short");
	return elf;
}

static void map_segment(uint64_t top, struct info_range const *module, struct segment const *s)
{
	uint64_t start = s->vaddr & ~(PAGE_SIZE - 1), in_page = s->vaddr % PAGE_SIZE;
	uint64_t file_pages = (in_page + s->filesz + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
	uint64_t all_pages = (in_page + s->memsz + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
	uint64_t flags = (s->flags & FLAG_WRITE ? PTE_WRITE : 0) | (s->flags & FLAG_EXECUTE ? 0 : PTE_NX);
	uint64_t pa = module->base + s->offset - in_page;

	if (s->filesz > s->memsz || s->offset > module->size || s->filesz > module->size - s->offset || s->offset % PAGE_SIZE != in_page)
		panic("boot module core has a bad segment at file offset %lx", s->offset);
	if (s->vaddr < IMAGE_START || s->memsz > IMAGE_END - s->vaddr || (s->flags & FLAG_WRITE && s->flags & FLAG_EXECUTE))
		panic("boot module core has a segment at %lx, or one that is writable and executable", s->vaddr);
	if (s->memsz > s->filesz && s->filesz)
		for (uint64_t at = in_page + s->filesz; at < file_pages; at++)
			*(char *)phys_to_virt(pa + at) = 0;
	if (s->filesz)
		map_user(top, start, pa, file_pages, flags);
	else
		file_pages = 0;
	if (all_pages > file_pages)
		map_user(top, start + file_pages, boot_alloc_frames((all_pages - file_pages) / PAGE_SIZE, RANGE_CORE),
		         all_pages - file_pages, flags);
}

/* Everything of core's fixed address space but its image. */
static uint64_t map_fixed(uint64_t top)
{
	static struct extent extents[INFO_RANGES];
	uint64_t utcb = boot_alloc_frames(1, RANGE_CORE);
	uint64_t stack = boot_alloc_frames(STACK_PAGES, RANGE_CORE);
	unsigned count = boot_extents(extents);

	info_pages = boot_alloc_frames(2, RANGE_CORE);
	map_user(top, INFO_ADDRESS, info_pages, 2 * PAGE_SIZE, PTE_NX);
	map_user(top, CORE_UTCB_SLOT + STACK_SLOT_UTCB, utcb, PAGE_SIZE, PTE_WRITE | PTE_NX);
	map_user(top, CORE_UTCB_SLOT + STACK_SLOT_UTCB - STACK_PAGES * PAGE_SIZE, stack, STACK_PAGES * PAGE_SIZE, PTE_WRITE | PTE_NX);
	for (unsigned i = 0; i < count; i++)
		map_user(top, CORE_RAM + extents[i].base, extents[i].base, extents[i].end - extents[i].base, PTE_WRITE | PTE_NX);
	return utcb;
}

void core_create(void)
{
	struct info_range module = find_module();
	struct elf const *elf = check_elf(&module);
	struct segment const *segments = (struct segment const *)((char const *)elf + elf->phoff);
	uint64_t top = boot_alloc_frames(1, RANGE_CORE), caps = boot_alloc_frames(1, RANGE_CORE);
	uint64_t objects = boot_alloc_frames(1, RANGE_CORE);
	uint64_t pd_phys = objects + PLACE_PD * GRANULE, thread_phys = objects + PLACE_THREAD * GRANULE;

	if (frame_give(objects) || pd_create(pd_phys, caps, top))
		panic("cannot make core's protection domain");
	ranges_carve(module.base, module.size, RANGE_CORE, "");
	for (unsigned i = 0; i < elf->phnum; i++)
		if (segments[i].type == SEGMENT_LOAD)
			map_segment(top, &module, &segments[i]);

	uint64_t utcb = map_fixed(top);
	struct frame args = {
		.rdi = thread_phys, .rsi = pd_phys, .rdx = utcb, .r8 = elf->entry, .r9 = CORE_UTCB_SLOT + STACK_SLOT_UTCB,
	};
	if (thread_create(NULL, &args))
		panic("cannot make core's thread: its entry point is %lx", elf->entry);

	struct thread *thread = phys_to_virt(thread_phys);
	thread->frame.rdi = INFO_ADDRESS;
	thread->pd->is_core = 1;
	copy_bytes(thread->name, "core", sizeof("core"));
	thread->state = THREAD_RUNNING;
	sched_set_priority(thread, CORE_PRIORITY);
	boot_info.core_pd = pd_phys;
	boot_info.core_thread = thread_phys;
	boot_info.core_objects = objects;
}

void core_hand_over(void)
{
	extern char kernel_text[];

	ranges_release(0x100000, (uint64_t)kernel_text - KERNEL_BASE - 0x100000);
	copy_bytes(phys_to_virt(info_pages), &boot_info, sizeof(boot_info));
}
