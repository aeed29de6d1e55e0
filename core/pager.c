/* SPDX-License-Identifier: MIT */
/*
 * The pager. A page fault within a region maps up to 16 pages around it, never beyond the region; page tables that are missing
 * are made by recycling, a slice at a time: then the thread just faults again. Where nothing stands, the map's
 * fault handler is asked. Everything else stops the thread: it is FAULTED, the log says why and where, and whoever registered for
 * its exceptions is signalled.
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
#include <core/walk.h>
#include <kernel/abi/info.h>

enum { AROUND = 16 * PAGE_SIZE, FRAMES_MAX = 16, DEBUG = 1, PAGE_FAULT = 14, FAULTS_TOLD = 16 };

struct fault {
	struct thread *thread;
	uint32_t       vector, error;
	uint64_t       address, ip, sp, bp;
};

/* --- Page faults --- */

static uint64_t attributes(struct walk const *walk)
{
	static uint64_t const of_cache[] = {
		[RAM_CACHE_CACHED] = 0, [RAM_CACHE_UNCACHED] = MAP_UNCACHED, [RAM_CACHE_WRITE_COMBINED] = MAP_WRITE_COMBINE,
	};

	return (walk->write ? MAP_WRITE : 0) | (walk->execute ? MAP_EXECUTE : 0) |
	       (walk->region->dataspace ? of_cache[walk->region->dataspace->cache] : 0);
}

static void map_around(struct pd *pd, struct walk const *walk)
{
	uint64_t from = align_down(walk->start, PAGE_SIZE) - walk->before, pages = (walk->before + walk->after) / PAGE_SIZE + 1;
	struct paddr frames = paddr_of_frame(walk_frame(walk) - walk->before / PAGE_SIZE);

	while (kernel_map(pd_object(pd), (struct vaddr) { from }, frames, pages, attributes(walk)) == STATUS_NO_TABLE) {
		if (kernel_recycle(pd_object(pd)) == STATUS_AGAIN || !work_step())
			return;
	}
}

/* False: the thread has faulted; else `reply` is what becomes of it. */
static bool resolve(struct fault const *fault, enum fault_reply *reply)
{
	struct thread *thread = fault->thread;
	struct walk *walk = &thread->walk;

	/* Mapping what is mapped, but at no address that the CPU has, would bring the same fault for ever. */
	if (!thread->pd->rm || fault->error & FAULT_RESERVED)
		return false;
	*reply = FAULT_RESUME;
	if (!walk->rm || walk->epoch != region_epoch || walk->start != fault->address || walk->error != fault->error)
		walk_begin(walk, thread->pd->rm, fault->address, fault->error, AROUND);
	switch (walk_go(walk)) {
	case WALK_DEEPER:
		return true;    /* it faults again, and so goes on */
	case WALK_FOUND:
		map_around(thread->pd, walk);
		walk->rm = NULL;
		return true;
	case WALK_MISSING:
		if (walk->rm->handler.signal) {
			walk_wait(walk, thread);
			*reply = FAULT_STOP;
			return true;
		}
		break;
	case WALK_DENIED:
		break;
	}
	walk->rm = NULL;
	return false;
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
	struct walk walk;

	walk_begin(&walk, rm, address, 0, PAGE_SIZE);
	if (!is_aligned(address, sizeof(*value)) || walk_go(&walk) != WALK_FOUND)
		return false;
	if (walk.region->dataspace && walk.region->dataspace->rights & DATASPACE_DEVICE)
		return false;
	*value = *(uint64_t const *)ram_at((struct paddr) { paddr_of_frame(walk_frame(&walk)).value + address % PAGE_SIZE });
	return true;
}

/* Which boot module the domain's image comes from, so that whoever reads the log knows whose symbols to look up; "" if from none. */
static char const *image_name(struct rm *rm)
{
	struct region *region = rm ? region_lookup(rm, IMAGE_ADDRESS) : NULL;
	struct rom_module const *module = region && region->dataspace ? rom_module_of_content(region->dataspace) : NULL;

	return module ? module->name : "";
}

/* Is one more fault of the domain worth its lines? The first are, then each at which their number has doubled: somebody may resume a thread for ever. */
static bool report_counts(struct pd *pd)
{
	if (pd->faults < UINT16_MAX)
		pd->faults++;
	return pd->faults <= FAULTS_TOLD || (pd->faults < UINT16_MAX && is_power_of_two(pd->faults));
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

	enum fault_reply reply;

	assert(thread && thread->record.type == RECORD_THREAD && thread->pd);
	if (fault.vector == FAULT_EXIT) {
		thread->record.state = THREAD_STATE_EXITED;
	} else {
		if (fault.vector == PAGE_FAULT && resolve(&fault, &reply))
			return reply;
		if (!(fault.vector == DEBUG && thread->stepped) && report_counts(thread->pd))
			report(&fault);
		thread->record.state = THREAD_STATE_FAULTED;
		thread->fault = (struct thread_fault) { fault.vector, fault.error, fault.address, fault.ip, fault.sp };
	}
	signal_ref_submit(&thread->exception);
	parent_thread_stopped(thread);
	return FAULT_STOP;
}
