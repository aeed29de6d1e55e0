/* SPDX-License-Identifier: MIT */
/*
 * Boot: finds the memory, makes the boot modules ROMs, and builds init the way every parent builds a child: an account, PD, RM
 * and CPU sessions on it, the platform page, a stack, the well-known capabilities, a thread at the loader. init gets all
 * memory that is left.
 */
#include <core/boot.h>

#include <base/string.h>
#include <core/core.h>
#include <core/dataspace.h>
#include <core/io_mem.h>
#include <core/io_port.h>
#include <core/ledger.h>
#include <core/machine_rom.h>
#include <core/main.h>
#include <core/parent.h>
#include <core/pd.h>
#include <core/rom.h>
#include <core/session.h>
#include <core/thread.h>

enum {
	CORE_CAPS     = 160,      /* for core's own objects: a ROM takes one */
	PAGES_PER_CAP = 4,        /* init gets a cap for so many pages */
	CORE_PAGES    = 16,       /* for what core may need later */
	LEAST_PAGES   = 32,       /* with less, core itself cannot start */
	STACK_SIZE    = 0x8000,   /* of init's main thread */
	TOP_PRIORITY  = 63,
};

/* --- Memory --- */

static struct info_range free_part(struct info_range range)
{
	/* Page 0 and what is above the limit are never used. */
	uint64_t start = MAX(align_up(range.base, PAGE_SIZE), PAGE_SIZE), end = MIN(align_down(range.base + range.size, PAGE_SIZE), RAM_LIMIT);

	range.base = start;
	range.size = range.kind == RANGE_FREE && start < end ? end - start : 0;
	return range;
}

static void find_memory(struct info const *info)
{
	uint64_t end = 0, states = 0, size;

	for (uint32_t i = 0; i < info->range_count; i++) {
		struct info_range range = free_part(info->ranges[i]);

		if (range.size)
			end = MAX(end, range.base + range.size);
	}
	size = align_up(memory_states_size(end >> PAGE_SHIFT), PAGE_SIZE);
	for (uint32_t i = 0; i < info->range_count && !states; i++) {
		struct info_range range = free_part(info->ranges[i]);

		if (range.size >= size)
			states = range.base;
	}
	if (!states)
		core_fail("there is no memory for the states of %llu frames", (unsigned long long)(end >> PAGE_SHIFT));
	memset(ram_at((struct paddr) { states }), 0, size);
	ledger_init(info, states, size >> PAGE_SHIFT);
	memory_init(&core_memory, core_ram, ram_at((struct paddr) { states }), end >> PAGE_SHIFT);
	for (uint32_t i = 0; i < info->range_count; i++) {
		struct info_range range = free_part(info->ranges[i]);
		uint64_t skip = range.base == states ? size : 0;

		if (range.size > skip)
			memory_add(&core_memory, (range.base + skip) >> PAGE_SHIFT, (range.size - skip) >> PAGE_SHIFT);
	}
}

/* --- Modules --- */

static void find_modules(struct info const *info)
{
	for (uint32_t i = 0; i < info->range_count; i++) {
		struct info_range const *range = &info->ranges[i];

		if (range->kind == RANGE_MODULE && !string_equal(range->name, "core"))
			rom_add_module(range->name, (struct paddr) { range->base }, range->size);
	}
}

static struct rom_module const *need_module(char const *name)
{
	struct rom_module const *module = rom_module(name);

	if (!module)
		core_fail("there is no boot module \"%s\"; a boot needs core, platform_page, init and config", name);
	return module;
}

static void check_init(struct rom_module const *module)
{
	/* 64 bits, little-endian, version 1. */
	static char const elf[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	if (module->size < 64 || memcmp(ram_at(module->base), elf, sizeof(elf)))
		core_fail("boot module \"init\" is no 64-bit ELF file (%llu bytes)", (unsigned long long)module->size);
}

static struct platform const *check_platform(struct rom_module const *module)
{
	struct platform const *platform = ram_at(module->base);

	if (module->size < sizeof(*platform) || module->size > PLATFORM_SIZE || platform->magic != PLATFORM_MAGIC)
		core_fail("boot module \"platform_page\" is no platform page (%llu bytes)", (unsigned long long)module->size);
	if (platform->major != PLATFORM_MAJOR)
		core_fail("boot module \"platform_page\" has version %u, this core needs %u", platform->major, PLATFORM_MAJOR);
	return platform;
}

/* --- init --- */

/* Opens a session of init's own, with what it needs. */
static struct record *own_session(struct rpc_type const *type)
{
	struct session_open_args args = { .hash = type->hash, .affinity = UINT32_MAX };
	struct session_status status = { .state = SESSION_STATE_NONE };
	struct label const label = { "init", sizeof("init") - 1 };
	struct cap session;
	uint32_t id;
	enum status opened;

	(void)format_cut(args.service, sizeof(args.service), "%s", type->name);
	args.args.size = type->args_size;
	if (type->args_size)
		memcpy(args.args.data, type->args_default, type->args_size);
	do {
		args.ram = status.ram;
		args.caps = status.caps;
		opened = session_open(&args, &label, init_account, &id, &status, &session);
	} while (opened == STATUS_OK && status.state == SESSION_STATE_REFUSED && status.reason == STATUS_NEEDS);
	if (opened != STATUS_OK || status.state != SESSION_STATE_OPEN)
		core_fail("cannot open init's %s session: too little memory", type->name);
	return list_object(list_last(&session_lookup(id)->objects), struct record, of_account);
}

static void must(enum status status, char const *what)
{
	if (status != STATUS_OK)
		core_fail("cannot %s for init (%s): too little memory", what, status_name(status));
}

static void attach_stack(struct rm *rm)
{
	struct dataspace_want want = { .frames = STACK_SIZE >> PAGE_SHIFT, .align = 1 };
	struct region_want where = { .size = STACK_SIZE, .address = MAIN_STACK_SLOT + STACK_SLOT_UTCB - STACK_SIZE, .access = RM_ACCESS_WRITE };
	uint64_t address;
	enum status status;

	do
		status = dataspace_alloc(init_account, &want, &where.dataspace);
	while (status == STATUS_AGAIN);
	must(status, "allocate a stack");
	must(region_attach(rm, &where, init_account, &address), "attach a stack");
}

static void attach_platform(struct rm *rm, struct rom_module const *module)
{
	struct region_want where = {
		.dataspace = module->content, .size = align_up(module->size, PAGE_SIZE), .address = PLATFORM_ADDRESS, .access = RM_ACCESS_EXECUTE,
	};
	uint64_t address;

	must(region_attach(rm, &where, init_account, &address), "attach the platform page");
}

static void install(struct pd *pd, enum well_known_slot slot, struct paddr gate)
{
	must(kernel_cap_install(pd_object(pd), (uint64_t)slot * SLOT_SIZE, gate), "install a capability");
}

static void start_init(struct rom_module const *platform_module, uint32_t cpus)
{
	struct platform const *platform = check_platform(platform_module);
	struct thread_want want = { .name = "main", .slot = MAIN_STACK_SLOT, .priority = TOP_PRIORITY };
	struct parent *parent = parent_create();
	struct thread *thread;
	struct pd *pd = (struct pd *)own_session(&pd_type);
	struct rm *rm = (struct rm *)own_session(&rm_type);
	struct cpu *cpu = (struct cpu *)own_session(&cpu_type);

	budget_init_root(cpu, cpus);
	attach_platform(rm, platform_module);
	attach_stack(rm);
	must(thread_create(cpu, init_account, &want, &thread), "make a thread");
	must(pd_bind_thread(pd, thread), "bind a thread");
	must(thread_set_map(thread, rm), "attach a UTCB");
	install(pd, SLOT_PARENT, place_address(&parent->record, 0));
	install(pd, SLOT_ACCOUNT, account_gate(init_account, ACCOUNT_USE));
	install(pd, SLOT_PD, place_address(&pd->record, PD_GATE));
	install(pd, SLOT_RM, place_address(&rm->record, 0));
	install(pd, SLOT_CPU, place_address(&cpu->record, 0));
	must(thread_start(thread, platform->loader, MAIN_STACK_SLOT + STACK_SLOT_UTCB, 0), "start a thread");
}

void boot(struct info const *info)
{
	struct account_split split = { .label = "init", .component = true, .lent = true, .splitter = &core_account };
	uint64_t caps;

	if (info->magic != INFO_MAGIC || info->range_count > INFO_RANGES)
		core_fail("the kernel's information is not what this core knows");
	core_thread = (struct paddr) { info->core_thread };
	core_pd = (struct paddr) { info->core_pd };
	core_cpus = (1u << info->cpus) - 1;
	core_has_fpu = info->fpu_granules && info->fpu_granules < FRAME_GRANULES;
	find_memory(info);
	if (core_memory.free < LEAST_PAGES)
		core_fail("too little memory: %llu pages", (unsigned long long)core_memory.free);
	caps = core_memory.free / PAGES_PER_CAP;
	account_init_root(caps + CORE_CAPS);
	main_make_gates();
	session_init();
	io_mem_init(info);
	io_port_init(info);
	find_modules(info);
	machine_rom_init();
	check_init(need_module("init"));
	(void)need_module("config");

	struct rom_module const *platform = need_module("platform_page");

	split.caps = caps;
	split.pages = core_account.ram_limit - core_account.ram_used;
	if (split.pages <= CORE_PAGES)
		core_fail("too little memory: %llu pages", (unsigned long long)core_memory.free);
	split.pages -= CORE_PAGES;
	if (account_split(&core_account, &split, &init_account) != STATUS_OK)
		core_fail("too little memory for init: %llu pages", (unsigned long long)split.pages);
	core_print("init gets %llu KiB of RAM and %u caps", (unsigned long long)split.pages * 4, (unsigned)caps);
	machine_rom_write(info);
	start_init(platform, info->cpus);
}
