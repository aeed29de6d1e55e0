/* SPDX-License-Identifier: MIT */
/*
 * The ROM "machine": what of the machine is not init's to give. It is made at boot, once init's account is there, and never changes, so it tells nobody what
 * others do. With the state report of init, which has init's account and the limits of its children, whoever may read both can add up the machine:
 *
 * Ranges that the firmware reserves for devices are no RAM and not in it.
 *
 *	<machine ram="268435456" caps="...">
 *		<range what="kernel" ram="..."/> <range what="boot module" name="init" ram="..."/> ...      frames of the firmware's map, in bytes
 *		<account name="core" ram="..." caps="..." reserve_ram="..." reserve_caps="..."/>            core's own objects, and what it has left for more
 *	</machine>
 *
 * ram = the sum of the ranges + core's two amounts + the limit of init's account.
 */
#include <core/machine_rom.h>

#include <base/xml_write.h>
#include <core/core.h>
#include <core/io_mem.h>
#include <core/ledger.h>
#include <core/rom.h>
#include <kernel/abi/info.h>

enum { TEXT_FRAMES = 2 };

static uint64_t text_frame;

void machine_rom_init(void)
{
	if (account_charge(&core_account, TEXT_FRAMES, 0) != STATUS_OK || memory_alloc(&core_memory, TEXT_FRAMES, 1, &text_frame) != STATUS_OK)
		core_fail("too little memory for the ROM \"machine\"");
	core_extra_pages += TEXT_FRAMES;
}

static void write_range(struct xml_writer *xml, char const *what, char const *name, uint64_t frames)
{
	if (!frames)
		return;
	xml_begin(xml, "range");
	xml_attr(xml, "what", what);
	if (*name)
		xml_attr(xml, "name", name);
	xml_attr_u64(xml, "ram", frames << PAGE_SHIFT);
	xml_end(xml);
}

/* What the kernel, core, the modules and the firmware have; the frames of one kind, but for modules, in one. */
static void write_ranges(struct xml_writer *xml, struct info const *info)
{
	static char const *const kinds[] = {
		[RANGE_KERNEL] = "kernel", [RANGE_CORE] = "core", [RANGE_ACPI] = "firmware: ACPI tables", [RANGE_RESERVED] = "firmware: reserved",
	};
	uint64_t             frames[ARRAY_SIZE(kinds)] = {};
	struct ledger_frames given = {};

	for (uint32_t i = 0; i < info->range_count; i++) {
		struct info_range const *range = &info->ranges[i];

		if (!io_mem_is_ram(i))
			continue;
		if (range->kind == RANGE_MODULE)
			write_range(xml, "boot module", range->name, ledger_range_frames(range));
		else if (range->kind < ARRAY_SIZE(kinds))
			frames[range->kind] += ledger_range_frames(range);
		if (range->kind == RANGE_FREE) {
			struct ledger_frames const count = ledger_count_range(range);

			given.map += count.map;
			given.unused += count.unused;
		}
	}
	for (unsigned kind = 0; kind < ARRAY_SIZE(kinds); kind++)
		if (kinds[kind])
			write_range(xml, kinds[kind], "", frames[kind]);
	write_range(xml, "core's map of frames", "", given.map);
	write_range(xml, "frames that nobody uses", "", given.unused);
}

static void write_core(struct xml_writer *xml)
{
	struct ledger_use const use = ledger_count(&core_account);

	xml_begin(xml, "account");
	xml_attr(xml, "name", "core");
	xml_attr_u64(xml, "ram", (use.own_pages + use.spoken_for) << PAGE_SHIFT);
	xml_attr_u64(xml, "caps", use.caps - use.lent_caps);
	xml_attr_u64(xml, "reserve_ram", (uint64_t)(core_account.ram_limit - core_account.ram_used) << PAGE_SHIFT);
	xml_attr_u64(xml, "reserve_caps", core_account.caps_limit - core_account.caps_used);
	xml_end(xml);
}

void machine_rom_write(struct info const *info)
{
	struct paddr const at = paddr_of_frame(text_frame);
	struct xml_writer  xml;
	uint64_t           machine = 0;
	size_t             size;
	enum status        status;

	for (uint32_t i = 0; i < info->range_count; i++)
		machine += io_mem_is_ram(i) ? ledger_range_frames(&info->ranges[i]) : 0;
	xml_write_init(&xml, ram_at(at), TEXT_FRAMES << PAGE_SHIFT);
	xml_begin(&xml, "machine");
	xml_attr_u64(&xml, "ram", machine << PAGE_SHIFT);
	xml_attr_u64(&xml, "caps", core_account.caps_limit);
	write_ranges(&xml, info);
	write_core(&xml);
	xml_end(&xml);
	status = xml_finish(&xml, &size);
	if (status != STATUS_OK) {
		core_print("cannot make the ROM \"machine\": %s, %llu bytes", status_name(status), (unsigned long long)size);
		return;
	}
	rom_add_module("machine", at, size);
}
