/* SPDX-License-Identifier: MIT */
/*
 * proves: core/account.c, core/account_end.c, core/places.c, judged by core/check.c (all included)
 * eva options: -eva-warn-undefined-pointer-comparison none
 * An account and one split from it or from the root, as a component or a session, by its origin or by another; then any split, growth, shrinking,
 * object or end; then the end of all, in either order. After each step what every account says is what is counted anew, nothing is spent beyond a
 * limit, a refusal changes nothing, and in the end the root and the free frames are what they were. (The root account is a variable, all others are
 * where their frames are: comparing the two is defined.)
 */
#include <string.h>

/* What the compiler has built in */
static int lowest_bit(unsigned long bits)
{
	int bit = 0;

	for (; !(bits & 1); bits >>= 1)
		bit++;
	return bit;
}

static int zeros_above(unsigned long bits)
{
	int zeros = 0;

	for (; !(bits >> 63); bits <<= 1)
		zeros++;
	return zeros;
}

#define __builtin_ctzll lowest_bit
#define __builtin_clzll zeros_above

#include <core/account.h>
#include <core/core.h>
#include <core/dataspace.h>
#include <core/io_mem.h>
#include <core/io_port.h>
#include <core/irq.h>
#include <core/ledger.h>
#include <core/log.h>
#include <core/pd.h>
#include <core/region.h>
#include <core/session.h>
#include <core/thread.h>
#include <core/trace.h>
#include <base/string.h>

#include "prove.h"

enum { FRAMES = 16, FIRST_FRAME = 0x10, ROOT_CAPS = 200, ACCOUNTS = 3, OPERATIONS = 5 };
enum { SIZES = PROVE_SCALE == 1 ? 1 : 2, KINDS = PROVE_SCALE == 1 ? 1 : 2, CASES = KINDS * 3 * SIZES * OPERATIONS * 2 * SIZES * KINDS };

/* --- What is around --- */

struct memory core_memory;
struct paddr core_thread;
uintptr_t core_ram;
unsigned core_work;
uint64_t core_extra_pages;
uint64_t ledger_objects[RECORD_TYPES];
static uint32_t frames_taken;

_Noreturn void assert_failed(char const *file, unsigned line, char const *condition)
{
	/*@ assert no_panic: \false; */
	for (;;)
		;
}

void kernel_call(struct kernel_regs *regs) { regs->header = STATUS_OK; }

size_t string_length_max(char const *text, size_t max)
{
	size_t size = 0;

	while (size < max && text[size])
		size++;
	return size;
}

enum status memory_alloc(struct memory *memory, uint64_t count, uint64_t align, uint64_t *first)
{
	/*@ assert one_frame: count == 1 && align == 1; */
	for (unsigned i = 0; i < FRAMES; i++) {
		if (frames_taken & 1u << i)
			continue;
		frames_taken |= 1u << i;
		memory->free--;
		*first = FIRST_FRAME + i;
		return STATUS_OK;
	}
	return STATUS_NOT_FOUND;
}

void memory_free(struct memory *memory, uint64_t first, uint64_t count)
{
	/*@ assert was_taken: first >= FIRST_FRAME && ((frames_taken >> (first - FIRST_FRAME)) & 1) == 1; */
	frames_taken &= ~(1u << (first - FIRST_FRAME));
	memory->free++;
}

/*@ assigns \nothing; */
void memory_mark_pack(struct memory *memory, uint64_t frame, bool pack);
/*@ assigns \nothing; */
void signal_ref_submit(struct signal_ref const *ref);
/*@ assigns \nothing; */
void signal_ref_clear(struct signal_ref *ref);
/*@ assigns \nothing; */
void session_forget(uint32_t id);

#include "../../core/account.c"
#include "../../core/account_end.c"
#include "../../core/places.c"
#define pages_of counted_pages_of
#include "../../core/check.c"

/* --- The cases --- */

static struct account *accounts[ACCOUNTS];

static void check(void)
{
	bool right = ledger_is_right();

	/*@ assert right: right == 1; */
}

static uint64_t any_pages(void)
{
	static uint64_t const pages[] = { 2, 5 };

	return pages[choose(SIZES)];
}

static enum status split(unsigned origin, unsigned splitter, bool component, uint64_t pages, struct account **made)
{
	struct account_split wanted = { .label = "a", .pages = pages, .caps = pages * 4, .component = component, .splitter = accounts[splitter] };
	struct account *account = NULL;
	uint32_t ram = accounts[origin]->ram_used, caps = accounts[origin]->caps_used;
	enum status status = account_split(accounts[origin], &wanted, &account);

	if (status != STATUS_OK) {
		/*@ assert refused: accounts[origin]->ram_used == ram && accounts[origin]->caps_used == caps; */
	}
	*made = account;
	return status;
}

static void end(unsigned i)
{
	enum status status = STATUS_AGAIN;

	for (unsigned slice = 0; slice < 8 && status == STATUS_AGAIN; slice++) {
		core_work = CORE_SLICE;
		status = account_destroy(accounts[i]);
	}
	/*@ assert ended: status == STATUS_OK; */
	accounts[i] = NULL;
}

static void step(void)
{
	unsigned operation = choose(OPERATIONS), i = 1 + choose(2);
	uint64_t pages = any_pages();
	struct account *made = NULL;
	void *record = NULL;
	enum status status = STATUS_OK;

	if (!accounts[i])
		return;
	if (operation == 0)
		status = account_grow(accounts[i], pages, pages);
	else if (operation == 1)
		status = account_shrink(accounts[i], pages / 2, pages);
	else if (operation == 2)
		status = object_create(accounts[i], 1 + pages, 0, RECORD_ROM, &record);
	else if (operation == 3)
		status = split(i, i, false, pages, &made);
	else if (operation == 4)
		end(i);
	check();
	if (operation == 2 && status == STATUS_OK) {
		object_destroy(record, 0);
		status = object_create(accounts[i], 1, 0, RECORD_ROM, &record);
		check();
	}
}

static void all_new(void)
{
	core_memory.free = FRAMES;
	frames_taken = 0;
	core_work = CORE_SLICE;
	account_init_root(ROOT_CAPS);
	accounts[0] = &core_account;
	accounts[1] = accounts[2] = NULL;
	check();
}

static void prove_one(void)
{
	bool component = choose(KINDS);
	unsigned from = choose(3);
	uint64_t pages = any_pages();

	all_new();
	enum status status = split(0, 0, true, 6, &accounts[1]);
	/*@ assert first: status == STATUS_OK; */
	/* From the first one for itself, from the root for the first one, from the first one for the root */
	status = split(from != 1, from != 2, component, pages, &accounts[2]);
	step();
	bool first = choose(KINDS);
	for (unsigned k = 0; k < 2; k++) {
		unsigned i = first == (k == 0) ? 1 : 2;
		/* What belongs to the first one has ended with it. */
		if (i == 2 && !accounts[1] && from != 2)
			accounts[2] = NULL;
		if (accounts[i])
			end(i);
		check();
	}
	/*@ assert pages_back: core_memory.free + 2 * core_account.pair_count == FRAMES && core_account.ram_used == 8; */
	/*@ assert caps_back: core_account.caps_used == 0; */
}

PROVE_ALL(CASES)
