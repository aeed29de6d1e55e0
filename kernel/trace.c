/* SPDX-License-Identifier: MIT */
/* The rings that events go to; trace.h says who is traced. */
#include <kernel/trace.h>

#include <kernel/x86_64/clock.h>

static struct ring {
	struct trace_ring *memory;   /* what is read back from there is never used */
	uint64_t           slots, written;
} rings[TRACE_RINGS + 1];

enum status trace_set_ring(uint64_t number, uint64_t phys, uint64_t pages)
{
	if (!number || number > TRACE_RINGS || phys % PAGE_SIZE || (phys && (!pages || pages > UINT32_MAX)))
		return STATUS_INVALID;
	struct ring *ring = &rings[number];

	*ring = (struct ring) { .memory = NULL };
	if (phys) {
		ring->memory = phys_to_virt(phys);
		ring->slots = pages * PAGE_SIZE / sizeof(struct trace_event) - 1;
		*ring->memory = (struct trace_ring) { .slots = ring->slots };
	}
	return STATUS_OK;
}

enum status trace_set_thread(struct thread *t, uint64_t number)
{
	if (number > TRACE_RINGS)
		return STATUS_INVALID;
	t->trace = number;
	cpu_reschedule(t->home); /* its keys are those of an ordinary thread until then, if it runs */
	return STATUS_OK;
}

static uint32_t number_of(struct thread const *t, unsigned ring)
{
	return t && t->trace == ring ? virt_to_phys(t) / GRANULE : 0;
}

/* A gate or signal context is told of by its badge to those alone who trace its receiver. */
static bool knows_value(struct trace_event const *event)
{
	switch (event->kind) {
	case TRACE_CALL:
	case TRACE_RECEIVE:
	case TRACE_SUBMIT:
		return event->partner;
	default:
		return event->thread;
	}
}

static void append(unsigned number, struct trace_event *event)
{
	struct ring *ring = &rings[number];

	if (!ring->memory)
		return;
	if (!knows_value(event))
		event->value = 0;
	((struct trace_event *)(ring->memory + 1))[ring->written % ring->slots] = *event;
	ring->memory->written = ++ring->written;
}

void trace_write(enum trace_kind kind, struct thread const *thread, struct thread const *partner, uint32_t label, uint64_t value)
{
	unsigned const of[] = { thread ? thread->trace : 0, partner ? partner->trace : 0 };
	uint64_t now = clock_now_ns();

	for (unsigned i = 0; i < ARRAY_SIZE(of); i++) {
		if (!of[i] || (i && of[i] == of[0]))
			continue;
		struct trace_event event = {
			.ns = now, .thread = number_of(thread, of[i]), .partner = number_of(partner, of[i]), .label = label, .kind = kind,
			.cpu = this_cpu.number, .value = value,
		};
		append(of[i], &event);
	}
}
