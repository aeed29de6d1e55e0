/* SPDX-License-Identifier: MIT */
/*
 * The pager. A page fault within a region maps up to 16 pages around it, never beyond the region; page tables that are missing
 * are made by recycling, a slice at a time: then the thread just faults again. Everything else stops the thread: it is
 * FAULTED, the log says why and where, and whoever registered for its exceptions is signalled.
 */
#include <core/pager.h>

#include <base/platform.h>
#include <base/string.h>
#include <core/dataspace.h>
#include <core/log.h>
#include <core/parent.h>
#include <core/pd.h>
#include <core/rom.h>
#include <core/thread.h>
#include <kernel/abi/info.h>

enum { AROUND = 16 * PAGE_SIZE, FRAMES_MAX = 16, PAGE_FAULT = 14 };

struct fault {
	struct thread *thread;
	uint32_t       vector, error;
	uint64_t       address, ip, sp, bp;
};

/* --- Page faults --- */

static uint64_t frame_at(struct region const *region, uint64_t address)
{
	uint64_t page = (address - region_start(region)) >> PAGE_SHIFT;

	return page + region->offset + (region->dataspace ? region->dataspace->frame : 0);
}

static bool is_allowed(struct region const *region, uint32_t error)
{
	unsigned access = region->record.state & REGION_ACCESS;

	if (error & FAULT_WRITE)
		return access == RM_ACCESS_WRITE;
	return !(error & FAULT_EXECUTE) || access == RM_ACCESS_EXECUTE;
}

static uint64_t attributes(struct region const *region)
{
	static uint64_t const of_access[] = { [RM_ACCESS_READ] = 0, [RM_ACCESS_WRITE] = MAP_WRITE, [RM_ACCESS_EXECUTE] = MAP_EXECUTE };
	static uint64_t const of_cache[] = {
		[RAM_CACHE_CACHED] = 0, [RAM_CACHE_UNCACHED] = MAP_UNCACHED, [RAM_CACHE_WRITE_COMBINED] = MAP_WRITE_COMBINE,
	};

	return of_access[region->record.state & REGION_ACCESS] | (region->dataspace ? of_cache[region->dataspace->cache] : 0);
}

static void map_around(struct pd *pd, struct region *region, uint64_t address)
{
	uint64_t from = MAX(align_down(address, AROUND), region_start(region));
	uint64_t to = MIN(align_down(address, AROUND) + AROUND, region_end(region));

	region->record.state |= REGION_MAPPED;
	while (kernel_map(pd_object(pd), (struct vaddr) { from }, paddr_of_frame(frame_at(region, from)), (to - from) >> PAGE_SHIFT,
	                  attributes(region)) == STATUS_NO_TABLE) {
		if (kernel_recycle(pd_object(pd)) == STATUS_AGAIN || !work_step())
			return;
	}
}

static bool resolve(struct fault const *fault)
{
	struct pd *pd = fault->thread->pd;
	struct region *region = pd->rm ? region_lookup(pd->rm, fault->address) : NULL;

	/* Mapping what is mapped, but at no address that the CPU has, would bring the same fault for ever. */
	if (!region || fault->error & FAULT_RESERVED || !is_allowed(region, fault->error))
		return false;
	map_around(pd, region, fault->address);
	return true;
}

/* --- The report --- */

static char const *cause(struct fault const *fault)
{
	static char const *const exceptions[] = {
		"division by zero", "debug", "NMI", "breakpoint", "overflow", "bound", "invalid opcode", "no FPU", "double fault",
		NULL, "invalid TSS", "segment not present", "stack segment", "general protection", "page fault", NULL, "FPU error",
		"alignment", "machine check", "SIMD error",
	};

	if (fault->vector != PAGE_FAULT)
		return fault->vector < ARRAY_SIZE(exceptions) && exceptions[fault->vector] ? exceptions[fault->vector] : "exception";
	if (fault->address - fault->thread->slot < STACK_SLOT_UTCB &&
	    !(fault->thread->pd->rm && region_lookup(fault->thread->pd->rm, fault->address)))
		return "stack overflow";
	if (fault->error & FAULT_EXECUTE)
		return "page fault: execute";
	return fault->error & FAULT_WRITE ? "page fault: write" : "page fault: read";
}

/* A word of the thread's memory, read through its region map. */
static bool user_word(struct rm *rm, uint64_t address, uint64_t *value)
{
	struct region *region = is_aligned(address, sizeof(*value)) ? region_lookup(rm, address) : NULL;

	if (!region || (region->dataspace && region->dataspace->rights & DATASPACE_DEVICE))
		return false;
	*value = *(uint64_t const *)ram_at((struct paddr) { paddr_of_frame(frame_at(region, address)).value + address % PAGE_SIZE });
	return true;
}

/* Which boot module the domain's image comes from, so that whoever reads the log knows whose symbols to look up; "" if from none. */
static char const *image_name(struct rm *rm)
{
	struct region *region = rm ? region_lookup(rm, IMAGE_ADDRESS) : NULL;
	struct rom_module const *module = region && region->dataspace ? rom_module_of_content(region->dataspace) : NULL;

	return module ? module->name : "";
}

static void report(struct fault const *fault)
{
	struct pd *pd = fault->thread->pd;
	char trace[INFO_NAME + FRAMES_MAX * 20];
	uint64_t bp = fault->bp, next, ip = fault->ip;
	char const *image = image_name(pd->rm);
	size_t end;

	log_line(pd->label, "fault: thread \"%s\" %s at 0x%llx, ip 0x%llx sp 0x%llx", fault->thread->name, cause(fault),
	         (unsigned long long)(fault->vector == PAGE_FAULT ? fault->address : fault->ip), (unsigned long long)fault->ip,
	         (unsigned long long)fault->sp);
	format_cut(trace, sizeof(trace), "%s%s", *image ? " " : "", image);
	end = strlen(trace);
	for (unsigned i = 0; i < FRAMES_MAX; i++) {
		format_cut(trace + end, sizeof(trace) - end, " 0x%llx", (unsigned long long)ip);
		while (trace[end])
			end++;
		if (!pd->rm || !user_word(pd->rm, bp, &next) || !user_word(pd->rm, bp + 8, &ip) || next <= bp || !ip)
			break;
		bp = next;
	}
	log_line(pd->label, "backtrace:%s", trace);
}

uint32_t pager_handle(struct kernel_regs const *message)
{
	uint64_t const *words = core_utcb->words;
	struct thread *thread = (struct thread *)record_of_object((struct paddr) { message->w[0] });
	struct fault fault = {
		.thread = thread, .vector = message->header >> 32, .error = message->w[1], .address = message->w[2], .ip = message->w[3],
		.sp = words[4], .bp = words[5],
	};

	assert(thread && thread->record.type == RECORD_THREAD && thread->pd);
	if (fault.vector == FAULT_EXIT) {
		thread->record.state = THREAD_STATE_EXITED;
	} else {
		if (fault.vector == PAGE_FAULT && resolve(&fault))
			return FAULT_RESUME;
		report(&fault);
		thread->record.state = THREAD_STATE_FAULTED;
		thread->fault = (struct thread_fault) { fault.vector, fault.error, fault.address, fault.ip, fault.sp };
	}
	signal_ref_submit(&thread->exception);
	parent_thread_stopped(thread);
	return FAULT_STOP;
}
