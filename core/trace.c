/* SPDX-License-Identifier: MIT */
/* TRACE sessions; see trace.h. */
#include <core/trace.h>

#include <base/string.h>
#include <core/core.h>
#include <core/pd.h>
#include <core/thread.h>
#include <kernel/abi/trace.h>

enum { RING_PAGES_MAX = 4096, ARROW = 4 /* bytes between the parts of a label */ };

/* Those with a ring, at most TRACE_RINGS. */
static struct list traces = LIST_INIT(traces);

unsigned trace_places(size_t label_size) { return places_with_label(offsetof(struct trace, label), label_size); }

enum status trace_create(struct account *payer, struct label const *label, struct trace **trace)
{
	RPC_TRY(object_create_labelled(payer, RECORD_TRACE, offsetof(struct trace, label), label, trace));
	(*trace)->label_size = label->size;
	list_init(&(*trace)->threads);
	return STATUS_OK;
}

/* The kernel writes no more. */
static void end_ring(struct trace *trace)
{
	kernel_trace_ring(trace->number, (struct paddr) { 0 }, 0);
	trace->ring = NULL;
}

enum status trace_destroy(struct trace *trace)
{
	trace->record.dying = true;
	if (trace->ring)
		end_ring(trace);
	while (!list_is_empty(&trace->threads)) {
		if (!work_step())
			return STATUS_AGAIN;
		trace_thread_ends(list_first_object(&trace->threads, struct thread, of_trace));
	}
	if (trace->number)
		list_remove(&trace->of_traces);
	kernel_destroy(place_address(&trace->record, 0));
	object_destroy(&trace->record, 0);
	return STATUS_OK;
}

void trace_dataspace_ends(struct dataspace const *dataspace)
{
	list_for_each(trace, &traces, struct trace, of_traces)
		if (trace->ring == dataspace)
			end_ring(trace);
}

/* Is the domain below the label of the trace? */
static bool is_below(struct pd const *pd, struct trace const *trace)
{
	size_t const size = trace->label_size;

	return pd->label_size >= size + ARROW && !memcmp(pd->label, trace->label, size) && !memcmp(pd->label + size, " -> ", ARROW);
}

void trace_thread_bound(struct thread *thread, struct pd const *pd)
{
	list_for_each(trace, &traces, struct trace, of_traces) {
		if (trace->ring && !trace->record.dying && is_below(pd, trace)) {
			thread->trace = trace;
			list_append(&trace->threads, &thread->of_trace);
			kernel_thread_set(thread_object(thread), THREAD_TRACE, trace->number);
			return;
		}
	}
}

void trace_thread_ends(struct thread *thread)
{
	struct trace *trace = thread->trace;

	if (!trace)
		return;
	if (trace->cursor == &thread->of_trace)
		trace->cursor = list_next(&trace->threads, trace->cursor);
	list_remove(&thread->of_trace);
	thread->trace = NULL;
	kernel_thread_set(thread_object(thread), THREAD_TRACE, 0);
}

/* --- Operations --- */

static struct trace *trace_of(struct trace_session *self)
{
	return (struct trace *)self;
}

/* A number that no trace has; 0: they all are taken. Bound: TRACE_RINGS squared. */
static uint32_t free_number(void)
{
	for (uint32_t number = 1; number <= TRACE_RINGS; number++) {
		bool taken = false;

		list_for_each(trace, &traces, struct trace, of_traces)
			taken |= trace->number == number;
		if (!taken)
			return number;
	}
	return 0;
}

static void write_ring(struct trace const *trace)
{
	kernel_trace_ring(trace->number, paddr_of_frame(trace->ring->frame), trace->ring->frames);
}

static enum status op_start(struct trace_session *self, uint64_t size, struct cap *ring)
{
	struct trace *trace = trace_of(self);
	struct dataspace_want want = { .frames = size >> PAGE_SHIFT, .align = 1, .cache = RAM_CACHE_CACHED };
	uint32_t number = free_number();

	if (trace->number)
		return STATUS_EXISTS;
	if (!size || !is_aligned(size, PAGE_SIZE) || want.frames > RING_PAGES_MAX)
		return STATUS_INVALID;
	if (!number)
		return STATUS_BUSY;
	RPC_TRY(dataspace_alloc(trace->record.account, &want, &trace->ring));
	trace->number = number;
	list_append(&traces, &trace->of_traces);
	write_ring(trace);
	*ring = cap_of(&trace->ring->record, 0);
	return STATUS_OK;
}

static enum status op_pause(struct trace_session *self)
{
	struct trace *trace = trace_of(self);

	if (!trace->ring)
		return STATUS_INVALID;
	kernel_trace_ring(trace->number, (struct paddr) { 0 }, 0);
	return STATUS_OK;
}

static enum status op_resume(struct trace_session *self)
{
	struct trace *trace = trace_of(self);

	if (!trace->ring)
		return STATUS_INVALID;
	write_ring(trace);
	return STATUS_OK;
}

/* The thread at the cursor. */
static enum status tell(struct trace *trace, struct trace_thread *told)
{
	if (!trace->cursor)
		return STATUS_NOT_FOUND;

	struct thread *thread = container_of(trace->cursor, struct thread, of_trace);

	*told = (struct trace_thread) { .consumed_ns = thread_consumed(thread), .id = thread_object(thread).value / GRANULE };
	format_cut(told->name, sizeof(told->name), "%s", thread->name);
	format_cut(told->component, sizeof(told->component), "%s", thread->pd->label + trace->label_size + ARROW);
	trace->cursor = list_next(&trace->threads, trace->cursor);
	return STATUS_OK;
}

static enum status op_first(struct trace_session *self, struct trace_thread *thread)
{
	struct trace *trace = trace_of(self);

	trace->cursor = list_first(&trace->threads);
	return tell(trace, thread);
}

static enum status op_next(struct trace_session *self, struct trace_thread *thread)
{
	return tell(trace_of(self), thread);
}

struct trace_ops const trace_operations = {
	.start = op_start, .pause = op_pause, .resume = op_resume, .first = op_first, .next = op_next,
};
