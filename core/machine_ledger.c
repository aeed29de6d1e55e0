/* SPDX-License-Identifier: MIT */
/*
 * The ledger of the machine: every frame of RAM in one line, for whoever sits at the serial line. No line is what is left of
 * others. Frames are walked one by one and counted by what their state says; accounts are walked, and their objects' frames
 * counted; both must agree with each other, and with the memory map of the firmware.
 */
#include <core/ledger.h>

#include <core/account.h>
#include <core/core.h>
#include <core/log.h>
#include <kernel/abi/info.h>

static struct info const *info;
static uint64_t states_first, states_count;

void ledger_init(struct info const *machine, uint64_t states, uint64_t states_pages)
{
	info = machine;
	states_first = states >> PAGE_SHIFT;
	states_count = states_pages;
}

uint64_t ledger_range_frames(struct info_range const *range)
{
	return (align_up(range->base + range->size, PAGE_SIZE) >> PAGE_SHIFT) - (range->base >> PAGE_SHIFT);
}

/* One frame, or the whole block that begins there; returns how many that were. */
static uint64_t count_at(uint64_t frame, uint64_t end, struct ledger_frames *count)
{
	uint64_t size = 1;

	switch (memory_state(&core_memory, frame)) {
	case FRAME_FREE:
		size = MIN(memory_block(&core_memory, frame), end - frame);
		count->free += size;
		break;
	case FRAME_PLAIN:
	case FRAME_PACK:
		count->given++;
		break;
	case FRAME_FOREIGN:
		if (is_within(frame - states_first, 1, states_count))
			count->map++;
		else
			count->unused++;
		break;
	}
	return size;
}

struct ledger_frames ledger_count_range(struct info_range const *range)
{
	struct ledger_frames count = {};

	for (uint64_t frame = range->base >> PAGE_SHIFT, end = frame + ledger_range_frames(range); frame < end;)
		frame += count_at(frame, end, &count);
	return count;
}

static void line(uint64_t pages, char const *what, char const *name)
{
	core_print_plain("ledger: %10llu  %s%s%s", (unsigned long long)pages, what, *name ? " " : "", name);
}

/* Lines for what is not core's to give; returns their sum. */
static uint64_t print_ranges(struct ledger_frames *free)
{
	static char const *const kinds[] = {
		[RANGE_KERNEL] = "kernel", [RANGE_CORE] = "core", [RANGE_MODULE] = "boot module", [RANGE_ACPI] = "firmware: ACPI tables",
		[RANGE_RESERVED] = "firmware: reserved",
	};
	uint64_t sum = 0;

	for (uint32_t i = 0; i < info->range_count; i++) {
		struct info_range const *range = &info->ranges[i];
		struct ledger_frames count;

		if (range->kind == RANGE_FREE) {
			count = ledger_count_range(range);
			free->free += count.free;
			free->given += count.given;
			free->map += count.map;
			free->unused += count.unused;
		} else if (range->kind < ARRAY_SIZE(kinds)) {
			line(ledger_range_frames(range), kinds[range->kind], range->kind == RANGE_MODULE ? range->name : "");
			sum += ledger_range_frames(range);
		}
	}
	return sum;
}

/* Lines for the accounts; returns the frames that their objects have. */
static uint64_t print_accounts(void)
{
	uint64_t sum = 0;

	for (struct account *account = &core_account; account; account = account_next(&core_account, account)) {
		struct ledger_use use = ledger_count(account);

		core_print_plain("ledger: %10llu  account \"%s\": used %u of %u pages, %u of %u caps", (unsigned long long)use.own_pages, account->label,
		                 account->ram_used, account->ram_limit, account->caps_used, account->caps_limit);
		sum += use.own_pages;
	}
	return sum;
}

void ledger_print(void)
{
	struct ledger_frames frames = {};
	uint64_t sum = print_ranges(&frames), accounts, machine = 0;
	bool right;

	line(frames.map, "core's map of frames", "");
	line(frames.unused, "page 0 and other frames that nobody uses", "");
	line(frames.free, "free", "");
	accounts = print_accounts();
	sum += frames.map + frames.unused + frames.free + accounts;
	for (uint32_t i = 0; i < info->range_count; i++)
		machine += ledger_range_frames(&info->ranges[i]);
	line(sum, "sum", "");
	line(machine, "in the firmware's memory map", "");
	right = ledger_is_right() && accounts == frames.given && frames.free == core_memory.free && sum == machine;
	core_print_plain(right ? "ledger: it adds up" : "ledger: it does not add up: %llu frames are given out, %llu are in accounts",
	                 (unsigned long long)frames.given, (unsigned long long)accounts);
}
