/* SPDX-License-Identifier: MIT */
/*
 * A machine for core on the host: memory, and a model of the kernel behind kernel_call that refuses whatever the real one would
 * refuse (a test then fails in core's own assertion) and keeps its own account of objects, page tables and mappings. It
 * shares no code with kernel/. core_fake_boot starts core on it like the real one, with an init that never runs.
 */
#pragma once

#include <setjmp.h>
#include <sys/mman.h>

#include <base/cap.h>
#include <base/platform.h>
#include <base/string.h>
#include <kernel/abi/trace.h>
#include <core/account.h>
#include <core/boot.h>
#include <core/core.h>
#include <core/kernel_calls.h>
#include <core/ledger.h>
#include <core/session.h>

#include "unit.h"

enum {
	FAKE_CPUS = 4, FAKE_FRAMES   = 4096,
	FAKE_GRANULES = FAKE_FRAMES * FRAME_GRANULES,
	FAKE_TABLES   = 64,     /* in use in one domain */
	FAKE_MAPPINGS = 4096,   /* in all */
	FAKE_LINES    = 24,     /* inputs of the I/O APIC */
	FAKE_SERIAL   = 4,      /* the kernel's own */
	FAKE_FPU_GRANULES = 14,
};

enum fake_frame { FAKE_NONE, FAKE_OBJECTS, FAKE_CAPS, FAKE_TOP, FAKE_TABLE };
enum fake_type { FAKE_EMPTY, FAKE_PART, FAKE_PD, FAKE_THREAD, FAKE_GATE, FAKE_SIGNAL, FAKE_IRQ, FAKE_BUDGET, FAKE_FPU };

struct fake_object {
	enum fake_type type;
	unsigned       granules;
	uint64_t       target;                      /* thread: its domain; gate, signal: its thread; IRQ: its line */
	uint64_t       badge;
	unsigned       bound;                       /* what refers to it */
	unsigned       sweeps;                      /* slices left of its end */
	/* of a domain */
	uint64_t       top, list, caps[PD_CAP_FRAMES], free_tables[256];
	unsigned       cap_count, free_count, used_count;
	struct { uint64_t key, frame; } used[FAKE_TABLES];
	bool           slots[16];
	unsigned       submitted;                   /* of a signal; a thread: has FPU state */
	uint64_t       budget;                      /* of a thread */
	uint64_t       amount, period;              /* of a budget */
};

static struct fake_object *fake_objects[FAKE_GRANULES];   /* by physical address / 64 */
static uint8_t fake_frames[FAKE_FRAMES];
static uint32_t fake_maps[FAKE_FRAMES];                   /* how often a frame is mapped */
static struct { uint64_t pd, va, frame; } fake_mappings[FAKE_MAPPINGS];
static unsigned fake_mapping_count;
static struct utcb fake_utcb;
static char fake_console[1 << 16];
static size_t fake_console_size;
static bool fake_lines[FAKE_LINES];                       /* those with an IRQ */
static jmp_buf fake_end;                                  /* where MACHINE_END goes */
static int fake_exit;

static struct fake_object *fake_at(uint64_t at, enum fake_type type)
{
	struct fake_object *object = at % GRANULE == 0 && at / GRANULE < FAKE_GRANULES ? fake_objects[at / GRANULE] : NULL;

	return object && (object->type == type || (type == FAKE_EMPTY && object->type != FAKE_PART)) ? object : NULL;
}

static bool fake_take_frame(uint64_t at, enum fake_frame kind)
{
	if (at % PAGE_SIZE || !at || at / PAGE_SIZE >= FAKE_FRAMES || fake_frames[at / PAGE_SIZE] != FAKE_NONE)
		return false;
	CHECK(!fake_maps[at / PAGE_SIZE]);
	fake_frames[at / PAGE_SIZE] = kind;
	return true;
}

static void fake_drop_frame(uint64_t at, enum fake_frame kind)
{
	CHECK(fake_frames[at / PAGE_SIZE] == kind);
	fake_frames[at / PAGE_SIZE] = FAKE_NONE;
}

static struct fake_object *fake_create(uint64_t at, unsigned granules, enum fake_type type)
{
	uint64_t first = at / GRANULE;

	if (at % GRANULE || at / PAGE_SIZE >= FAKE_FRAMES || fake_frames[at / PAGE_SIZE] != FAKE_OBJECTS || !(at % PAGE_SIZE) ||
	    at % PAGE_SIZE / GRANULE + granules > FRAME_GRANULES)
		return NULL;
	for (unsigned i = 0; i < granules; i++)
		if (fake_objects[first + i])
			return NULL;

	struct fake_object *object = calloc(1, sizeof(*object));

	object->type = type;
	object->granules = granules;
	object->sweeps = unit_below(3);
	for (unsigned i = 0; i < granules; i++)
		fake_objects[first + i] = i ? calloc(1, sizeof(*object)) : object;
	for (unsigned i = 1; i < granules; i++)
		fake_objects[first + i]->type = FAKE_PART;
	return object;
}

static void fake_free(uint64_t at)
{
	unsigned granules = fake_objects[at / GRANULE]->granules;

	for (unsigned i = 0; i < granules; i++) {
		free(fake_objects[at / GRANULE + i]);
		fake_objects[at / GRANULE + i] = NULL;
	}
}

/* --- Domains --- */

static void fake_unmap(uint64_t pd, uint64_t va, uint64_t pages)
{
	for (unsigned i = 0; i < fake_mapping_count;) {
		if (fake_mappings[i].pd != pd || fake_mappings[i].va < va || fake_mappings[i].va - va >= pages * PAGE_SIZE) {
			i++;
			continue;
		}
		fake_maps[fake_mappings[i].frame]--;
		fake_mappings[i] = fake_mappings[--fake_mapping_count];
	}
}

/* Is there a table for the address on that level, or can there be one? */
static bool fake_table(struct fake_object *pd, uint64_t va, unsigned level)
{
	uint64_t key = (va >> (12 + 9 * level)) << 2 | level;

	for (unsigned i = 0; i < pd->used_count; i++)
		if (pd->used[i].key == key)
			return true;
	if (!pd->free_count)
		return false;
	CHECK(pd->used_count < FAKE_TABLES);
	pd->used[pd->used_count].key = key;
	pd->used[pd->used_count++].frame = pd->free_tables[--pd->free_count];
	return true;
}

static enum status fake_map(uint64_t at, uint64_t va, uint64_t pa, uint64_t pages)
{
	struct fake_object *pd = fake_at(at, FAKE_PD);

	if (!pd || va % PAGE_SIZE || pa % PAGE_SIZE || !pages || pages > MAP_PAGES_MAX)
		return STATUS_INVALID;
	for (; pages; pages--, va += PAGE_SIZE, pa += PAGE_SIZE) {
		for (unsigned level = 3; level; level--)
			if (!fake_table(pd, va, level))
				return STATUS_NO_TABLE;
		CHECK(fake_frames[pa / PAGE_SIZE] == FAKE_NONE && fake_mapping_count < FAKE_MAPPINGS);
		fake_unmap(at, va, 1);
		fake_mappings[fake_mapping_count].pd = at;
		fake_mappings[fake_mapping_count].va = va;
		fake_mappings[fake_mapping_count++].frame = pa / PAGE_SIZE;
		fake_maps[pa / PAGE_SIZE]++;
	}
	return STATUS_OK;
}

static enum status fake_recycle(uint64_t at)
{
	struct fake_object *pd = fake_at(at, FAKE_PD);

	if (!pd)
		return STATUS_INVALID;
	fake_unmap(at, 0, UINT64_MAX / PAGE_SIZE);
	for (unsigned i = 0; i < 4 && pd->used_count; i++)
		pd->free_tables[pd->free_count++] = pd->used[--pd->used_count].frame;
	return pd->used_count ? STATUS_AGAIN : STATUS_OK;
}

static enum status fake_grow(uint64_t at, uint64_t frame, enum frame_kind kind)
{
	struct fake_object *pd = fake_at(at, FAKE_PD);

	if (!pd || (kind == FRAME_CAPS && pd->cap_count == (pd->list ? PD_CAP_FRAMES : PD_NEAR_FRAMES)))
		return STATUS_OVERFLOW;
	if (!fake_take_frame(frame, kind == FRAME_TABLE ? FAKE_TABLE : FAKE_CAPS) || (kind == FRAME_LIST && pd->list))
		return STATUS_INVALID;
	if (kind == FRAME_CAPS)
		pd->caps[pd->cap_count++] = frame;
	else if (kind == FRAME_LIST)
		pd->list = frame;
	else
		pd->free_tables[pd->free_count++] = frame;
	CHECK(pd->free_count <= ARRAY_SIZE(pd->free_tables));
	return STATUS_OK;
}

static enum status fake_pd_create(uint64_t at, uint64_t caps, uint64_t top)
{
	struct fake_object *pd = fake_create(at, PD_GRANULES, FAKE_PD);

	if (!pd || !fake_take_frame(caps, FAKE_CAPS) || !fake_take_frame(top, FAKE_TOP))
		return STATUS_INVALID;
	pd->top = top;
	pd->caps[pd->cap_count++] = caps;
	return STATUS_OK;
}

/* --- All objects --- */

static enum status fake_destroy(uint64_t at)
{
	struct fake_object *object = fake_at(at, FAKE_EMPTY);

	if (!object)
		return STATUS_INVALID;
	if (object->sweeps) {
		object->sweeps--;
		return STATUS_AGAIN;
	}
	if (object->bound)
		return STATUS_BUSY;
	if (object->type == FAKE_PD) {
		CHECK(!object->free_count && !object->used_count);
		fake_drop_frame(object->top, FAKE_TOP);
		for (unsigned i = 0; i < object->cap_count; i++)
			fake_drop_frame(object->caps[i], FAKE_CAPS);
		if (object->list)
			fake_drop_frame(object->list, FAKE_CAPS);
	} else if (object->type == FAKE_IRQ) {
		if (object->target < FAKE_LINES)
			fake_lines[object->target] = false;
	} else if (object->type != FAKE_BUDGET) {
		if (object->budget)
			fake_at(object->budget, FAKE_BUDGET)->bound--;
		fake_objects[object->target / GRANULE]->bound--;
	}
	fake_free(at);
	return STATUS_OK;
}

static enum status fake_deliver(uint64_t at, uint64_t thread, uint64_t badge, enum fake_type type)
{
	struct fake_object *receiver = fake_at(thread, FAKE_THREAD), *object = receiver ? fake_create(at, 1, type) : NULL;

	if (!object)
		return STATUS_INVALID;
	object->target = thread;
	object->badge = badge;
	receiver->bound++;
	return STATUS_OK;
}

static enum status fake_irq_create(uint64_t at, uint64_t line, uint64_t flags)
{
	struct fake_object *irq;

	if (flags == IRQ_MSI) {
		irq = line ? NULL : fake_create(at, IRQ_GRANULES, FAKE_IRQ);
		if (irq)
			irq->target = FAKE_LINES;
		return irq ? STATUS_OK : STATUS_INVALID;
	}
	if (line >= FAKE_LINES)
		return STATUS_NOT_FOUND;
	if (line == FAKE_SERIAL || fake_lines[line])
		return line == FAKE_SERIAL ? STATUS_DENIED : STATUS_BUSY;
	irq = flags < 2 * IRQ_BUS ? fake_create(at, IRQ_GRANULES, FAKE_IRQ) : NULL;
	if (!irq)
		return STATUS_INVALID;
	irq->target = line;
	fake_lines[line] = true;
	return STATUS_OK;
}

static enum status fake_thread_create(uint64_t at, uint64_t domain, uint64_t utcb)
{
	struct fake_object *pd = fake_at(domain, FAKE_PD), *thread = pd && utcb % UTCB_SIZE == 0 ? fake_create(at, THREAD_GRANULES, FAKE_THREAD) : NULL;

	if (!thread)
		return STATUS_INVALID;
	thread->target = domain;
	pd->bound++;
	return STATUS_OK;
}

/* A selector of core's window is, here, the address of the object. */
/* What GIVE_SENT stands for, core has found to be one of its gates. */
static enum status fake_put(uint64_t domain, uint64_t selector, uint64_t object)
{
	struct fake_object *pd = fake_at(domain, FAKE_PD);

	if (!pd || selector / SLOT_SIZE >= ARRAY_SIZE(pd->slots))
		return STATUS_INVALID;
	if (object != GIVE_SENT(0) && !fake_at(object, FAKE_GATE) && !fake_at(object, FAKE_SIGNAL))
		return STATUS_PEER_GONE;
	if (pd->slots[selector / SLOT_SIZE])
		return STATUS_EXISTS;
	pd->slots[selector / SLOT_SIZE] = true;
	return STATUS_OK;
}

static enum status fake_object(struct kernel_regs *regs)
{
	bool gate = fake_at(regs->target, FAKE_GATE), signal = fake_at(regs->target, FAKE_SIGNAL);

	regs->w[0] = gate ? CAP_GATE : CAP_SIGNAL;
	return gate || signal ? STATUS_OK : STATUS_PEER_GONE;
}

static enum status fake_frame_give(uint64_t at)
{
	/* It must not look like one already. */
	if (*(uint64_t *)ram_at((struct paddr) { at }) || !fake_take_frame(at, FAKE_OBJECTS))
		return STATUS_INVALID;
	memset(ram_at((struct paddr) { at }), 0, PAGE_SIZE);
	return STATUS_OK;
}

static enum status fake_frame_take(uint64_t at)
{
	for (unsigned i = 0; i < FRAME_GRANULES; i++)
		if (fake_objects[at / GRANULE + i])
			return STATUS_BUSY;
	fake_drop_frame(at, FAKE_OBJECTS);
	return STATUS_OK;
}

static enum status fake_take_table(struct kernel_regs *regs)
{
	struct fake_object *pd = fake_at(regs->target, FAKE_PD);

	if (!pd)
		return STATUS_INVALID;
	if (regs->w[0]) {
		uint64_t window = regs->w[0] & ~0x1fffffUL, at = regs->target;
		unsigned i = 0;

		while (i < pd->used_count && pd->used[i].key != ((window >> 21) << 2 | 1))
			i++;
		if (i == pd->used_count)
			return STATUS_NOT_FOUND;
		fake_unmap(at, window, 512);
		regs->target = pd->used[i].frame;
		pd->used[i] = pd->used[--pd->used_count];
		fake_drop_frame(regs->target, FAKE_TABLE);
		return STATUS_OK;
	}
	if (!pd->free_count)
		return STATUS_NOT_FOUND;
	regs->target = pd->free_tables[--pd->free_count];
	fake_drop_frame(regs->target, FAKE_TABLE);
	return STATUS_OK;
}

static enum status fake_submit(uint64_t at)
{
	struct fake_object *signal = fake_at(at, FAKE_SIGNAL);

	if (!signal)
		return STATUS_INVALID;
	signal->submitted++;
	return STATUS_OK;
}

static enum status fake_set_budget(struct fake_object *thread, uint64_t budget)
{
	struct fake_object *now = budget ? fake_at(budget & ~1UL, FAKE_BUDGET) : NULL;

	if (budget && !now)
		return STATUS_INVALID;
	if (thread->budget)
		fake_at(thread->budget, FAKE_BUDGET)->bound--;
	if (now)
		now->bound++;
	thread->budget = budget & ~1UL;
	return STATUS_OK;
}

static enum status fake_budget(uint64_t at, uint64_t amount, uint64_t period, bool create)
{
	struct fake_object *budget = create ? fake_create(at, BUDGET_GRANULES, FAKE_BUDGET) : fake_at(at, FAKE_BUDGET);

	if (!budget || period < BUDGET_PERIOD_MIN || period > BUDGET_PERIOD_MAX || amount > period * FAKE_CPUS || (amount && amount < period / BUDGET_PARTS))
		return STATUS_INVALID;
	budget->amount = amount;
	budget->period = period;
	return STATUS_OK;
}

/* One for each thread, which outlives it. */
static enum status fake_fpu_create(uint64_t at, uint64_t of)
{
	struct fake_object *thread = fake_at(of, FAKE_THREAD), *fpu;

	if (thread && thread->submitted)
		return STATUS_BUSY;
	fpu = thread ? fake_create(at, FAKE_FPU_GRANULES, FAKE_FPU) : NULL;
	if (!fpu)
		return STATUS_INVALID;
	fpu->target = of;
	thread->submitted = 1;
	thread->bound++;
	return STATUS_OK;
}

static enum status fake_set(uint64_t at, uint64_t attribute, uint64_t value)
{
	if (!fake_at(at, FAKE_THREAD))
		return STATUS_INVALID;
	if (attribute == THREAD_BUDGET)
		return fake_set_budget(fake_at(at, FAKE_THREAD), value);
	if (attribute == THREAD_TRACE)
		return value <= TRACE_RINGS ? STATUS_OK : STATUS_INVALID;
	if (attribute == THREAD_NAME || attribute == THREAD_STEP)
		return STATUS_OK;
	if (attribute == THREAD_CPU)
		return value < FAKE_CPUS ? STATUS_OK : STATUS_INVALID;
	return attribute == THREAD_PRIORITY ? (value < PRIORITIES ? STATUS_OK : STATUS_INVALID) : fake_at(value, FAKE_GATE) ? STATUS_OK : STATUS_INVALID;
}

static enum status fake_print(struct kernel_regs *regs)
{
	uint64_t size = MIN(regs->header >> 32, 1 + unit_below(32));    /* the serial line takes what it can */

	CHECK(regs->header >> 32 <= 32);
	if (fake_console_size + size > sizeof(fake_console))
		fake_console_size = 0;
	memcpy(fake_console + fake_console_size, regs->w, size);
	fake_console_size += size;
	regs->target = size;
	return STATUS_OK;
}

static enum status fake_call(struct kernel_regs *regs)
{
	uint64_t a = regs->target, b = regs->w[0], c = regs->w[1];

	switch (regs->header & 0xff) {
	case SYS_FRAME_GIVE:    return fake_frame_give(a);
	case SYS_FRAME_TAKE:    return fake_frame_take(a);
	case SYS_PD_CREATE:     return fake_pd_create(a, b, c);
	case SYS_PD_GROW:       return fake_grow(a, b, (enum frame_kind)c);
	case SYS_MAP:           return fake_map(a, b, c, regs->w[2]);
	case SYS_UNMAP:         return c <= MAP_PAGES_MAX && fake_at(a, FAKE_PD) ? fake_unmap(a, b, c), STATUS_OK : STATUS_INVALID;
	case SYS_RECYCLE:       return fake_recycle(a);
	case SYS_PD_TAKE:       return fake_take_table(regs);
	case SYS_THREAD_CREATE: return fake_thread_create(a, b, c);
	case SYS_THREAD_CTL:
	case SYS_THREAD_STATE:
	case SYS_THREAD_INFO:   return regs->target = 1000, fake_at(a, FAKE_THREAD) ? STATUS_OK : STATUS_INVALID;
	case SYS_THREAD_SET:    return fake_set(a, b, c);
	case SYS_FPU_CREATE:    return fake_fpu_create(a, b);
	case SYS_BUDGET_CREATE: return fake_budget(a, b, c, true);
	case SYS_BUDGET_SET:    return fake_budget(a, b, c, false);
	case SYS_GATE_CREATE:   return fake_deliver(a, b, c, FAKE_GATE);
	case SYS_SIGNAL_CREATE: return fake_deliver(a, b, c, FAKE_SIGNAL);
	case SYS_SIGNAL_SUBMIT: return fake_submit(a);
	case SYS_IRQ_CREATE:    return fake_irq_create(a, b, c);
	case SYS_IRQ_BIND:      return fake_at(a, FAKE_IRQ) && (!b || fake_at(b, FAKE_SIGNAL)) ? STATUS_OK : STATUS_INVALID;
	case SYS_CAP_INSTALL:   return fake_put(a, b, c);
	case SYS_CAP_GIVE:      return fake_put(b, c, a);
	case SYS_CAP_OBJECT:    return fake_object(regs);
	case SYS_DESTROY:       return fake_destroy(a);
	case SYS_SYNC:          return STATUS_OK;
	case SYS_TRACE_RING:    return a && a <= TRACE_RINGS ? STATUS_OK : STATUS_INVALID;
	case SYS_CONSOLE:       return fake_print(regs);
	case SYS_CONSOLE_READ:  return STATUS_NOT_FOUND;
	case SYS_CONSOLE_BIND:  return fake_at(a, FAKE_SIGNAL) ? STATUS_OK : STATUS_INVALID;
	case SYS_MACHINE:
		fake_exit = b;
		longjmp(fake_end, 1);
	}
	return STATUS_UNSUPPORTED;
}

/* As in a real UTCB, nothing of what core left in scratch registers is kept. */
void kernel_call(struct kernel_regs *regs)
{
	enum status status = fake_call(regs);

	regs->header = status;
}

/* --- The machine --- */

/* Memory as after a boot: the object frame of core's thread, modules at the end. */
static void fake_memory(void)
{
	static void *arena;

	if (!arena)
		arena = mmap(NULL, FAKE_FRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert(arena != MAP_FAILED);
	memset(arena, 0x5a, FAKE_FRAMES * PAGE_SIZE);
	core_ram = (uintptr_t)arena;
	core_utcb = &fake_utcb;
}

static void fake_add_range(struct info *info, enum range_kind kind, uint64_t first, uint64_t frames, char const *name)
{
	struct info_range *range = &info->ranges[info->range_count++];

	*range = (struct info_range) { .base = first << PAGE_SHIFT, .size = frames << PAGE_SHIFT, .kind = kind };
	snprintf(range->name, sizeof(range->name), "%s", name);
}

/* What the kernel tells core; the test may change it before it boots. */
static struct info fake_info(void)
{
	static char const elf[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	struct platform platform = { .magic = PLATFORM_MAGIC, .major = PLATFORM_MAJOR, .loader = PLATFORM_ADDRESS + 0x100 };
	struct info info = { .magic = INFO_MAGIC, .cpus = FAKE_CPUS, .fpu_granules = FAKE_FPU_GRANULES };

	fake_memory();
	fake_add_range(&info, RANGE_FREE, 0, 100, "");
	fake_add_range(&info, RANGE_CORE, 100, 1, "");
	fake_add_range(&info, RANGE_FREE, 101, FAKE_FRAMES - 111, "");
	fake_add_range(&info, RANGE_MODULE, FAKE_FRAMES - 10, 2, "platform_page");
	fake_add_range(&info, RANGE_MODULE, FAKE_FRAMES - 8, 5, "init");
	fake_add_range(&info, RANGE_MODULE, FAKE_FRAMES - 3, 2, "config");
	info.ranges[info.range_count - 1].size -= 100;
	memcpy(ram_at(paddr_of_frame(FAKE_FRAMES - 10)), &platform, sizeof(platform));
	memcpy(ram_at(paddr_of_frame(FAKE_FRAMES - 8)), elf, sizeof(elf));

	fake_frames[100] = FAKE_OBJECTS;
	info.core_pd = (100UL << PAGE_SHIFT) + GRANULE;
	info.core_thread = info.core_pd + PD_GRANULES * GRANULE;
	ck_assert(fake_create(info.core_pd, PD_GRANULES, FAKE_PD) && fake_create(info.core_thread, THREAD_GRANULES, FAKE_THREAD));
	return info;
}

/* Starts core; true: init was started, false: core gave up, and what it said is in fake_console. */
static inline bool fake_boot(struct info const *info)
{
	if (setjmp(fake_end))
		return false;
	boot(info);
	return true;
}

/* Opens a session, paid by `payer`; returns its object. `size`: of a managed dataspace, 0: the default arguments. */
static inline struct record *fake_session(struct account *payer, struct rpc_type const *type, uint64_t pages, uint64_t caps, uint64_t size)
{
	struct session_open_args args = { .hash = type->hash, .ram = pages << PAGE_SHIFT, .caps = caps, .args.size = type->args_size,
	                                  .affinity = UINT32_MAX };
	struct session_status status;
	struct cap session;
	uint32_t id;

	strcpy(args.service, type->name);
	if (size)
		memcpy(args.args.data, &size, sizeof(size));
	else if (type->args_size)
		memcpy(args.args.data, type->args_default, type->args_size);
	ck_assert(session_open(&args, &(struct label) { "init -> test", 12 }, payer, &id, &status, &session) == STATUS_OK);
	ck_assert(status.state == SESSION_STATE_OPEN);
	return list_object(list_last(&session_lookup(id)->objects), struct record, of_account);
}
