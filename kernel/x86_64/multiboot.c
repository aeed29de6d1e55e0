/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader says: memory map and modules, by multiboot 1 (QEMU's -kernel) or multiboot 2 (GRUB). Everything is
 * copied out, since the loader's own tables lie in memory that becomes free.
 */
#include <kernel/x86_64/boot.h>

#define MAGIC_1 0x2badb002u
#define MAGIC_2 0x36d76289u

enum memory_type { MEMORY_AVAILABLE = 1, MEMORY_ACPI_RECLAIM = 3 };

struct info_1 {
	uint32_t flags, unused[4], module_count, modules, unused2[4], mmap_length, mmap;
};

struct module_1 { uint32_t start, end, string, reserved; };
struct memory_1 { uint32_t size; uint64_t base, length; uint32_t type; } __attribute__((packed));

struct tag      { uint32_t type, size; };
struct module_2 { struct tag tag; uint32_t start, end; char string[]; };
struct mmap_2   { struct tag tag; uint32_t entry_size, version; };
struct memory_2 { uint64_t base, length; uint32_t type, reserved; };

/* Modules are remembered first and cut out of the map when all of it is known. */
static struct { uint64_t start, end; char name[INFO_NAME]; } modules[INFO_RANGES];
static unsigned module_count;

static void add_memory(uint64_t base, uint64_t length, uint32_t type)
{
	if (type == MEMORY_AVAILABLE)
		ranges_carve(base, length, RANGE_FREE, "");
	else
		ranges_carve(base, length, type == MEMORY_ACPI_RECLAIM ? RANGE_ACPI : RANGE_RESERVED, "");
}

/* The name is the first word of the command line; a path is for the loader alone, so what follows the last slash counts. */
static void add_module(uint64_t start, uint64_t end, char const *line)
{
	unsigned length = 0;
	char const *name = line;

	if (module_count == ARRAY_SIZE(modules))
		panic("more than %u boot modules", module_count);
	for (char const *p = line; *p && *p != ' '; p++)
		if (*p == '/')
			name = p + 1;
	for (; name[length] && name[length] != ' '; length++) {
		if (length == INFO_NAME - 1)
			panic("the name of boot module %s is longer than %u", name, INFO_NAME - 1);
		modules[module_count].name[length] = name[length];
	}
	modules[module_count].start = start;
	modules[module_count++].end = end;
}

static void read_1(struct info_1 const *info)
{
	if (!(info->flags & 0x40))
		panic("the boot loader gave no memory map");
	for (uint32_t at = 0; at < info->mmap_length;) {
		struct memory_1 const *m = phys_to_virt(info->mmap + at);
		add_memory(m->base, m->length, m->type);
		at += m->size + 4;
	}
	struct module_1 const *m = phys_to_virt(info->modules);
	for (uint32_t i = 0; info->flags & 8 && i < info->module_count; i++)
		add_module(m[i].start, m[i].end, phys_to_virt(m[i].string));
}

static void read_mmap_2(struct mmap_2 const *map)
{
	char const *end = (char const *)map + map->tag.size;

	for (char const *p = (char const *)(map + 1); p + map->entry_size <= end && map->entry_size; p += map->entry_size) {
		struct memory_2 const *m = (struct memory_2 const *)p;
		add_memory(m->base, m->length, m->type);
	}
}

static void read_2(uint8_t const *info)
{
	uint32_t total = *(uint32_t const *)info;

	for (uint32_t at = 8; at + sizeof(struct tag) <= total;) {
		struct tag const *tag = (struct tag const *)(info + at);
		switch (tag->type) {
		case 0:
			return;
		case 3: {
			struct module_2 const *m = (struct module_2 const *)tag;
			add_module(m->start, m->end, m->string);
			break;
		}
		case 6:
			read_mmap_2((struct mmap_2 const *)tag);
			break;
		case 14: /* ACPI 1.0 root pointer, 15: 2.0 */
		case 15:
			__builtin_memcpy(boot_info.rsdp, tag + 1, tag->type == 15 ? 36 : 20);
			break;
		}
		at += (tag->size + 7) & ~7u;
		if (!tag->size)
			break;
	}
}

/* Loaders have been seen to put modules that are too large where there is no memory. */
static void check_module(char const *name, uint64_t start, uint64_t end)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < boot_info.range_count; i++) {
		struct info_range const *r = &boot_info.ranges[i];

		if (r->kind == RANGE_FREE && r->base <= start && end <= r->base + r->size)
			return;
		total += r->kind == RANGE_FREE ? r->size : 0;
	}
	panic("boot module %s (%lu KiB at 0x%lx) does not fit into the memory (%lu KiB)", name, (end - start) >> 10, start, total >> 10);
}

void multiboot_read(uint32_t magic, uint64_t address)
{
	if (magic == MAGIC_1)
		read_1(phys_to_virt(address));
	else if (magic == MAGIC_2)
		read_2(phys_to_virt(address));
	else
		panic("not started by a multiboot loader (eax %x)", magic);
	for (unsigned i = 0; i < module_count; i++)
		check_module(modules[i].name, modules[i].start, modules[i].end);
	for (unsigned i = 0; i < module_count; i++)
		ranges_carve(modules[i].start, modules[i].end - modules[i].start, RANGE_MODULE, modules[i].name);
}
