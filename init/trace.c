/* SPDX-License-Identifier: MIT */
/*
 * Prints the events of a TRACE session, a line each: `trace: NS KIND CPU THREAD PARTNER LABEL VALUE`, numbers in hexadecimal; and before them the threads
 * that there are: `trace: thread ID TIME_US COMPONENT:NAME`. What was overwritten before it was read is told as `trace: lost COUNT`.
 */
#include "trace.h"

#include <base/component.h>
#include <base/trace.h>
#include <trace/trace.h>

enum { PERIOD_MS = 20 };

static struct tracer {
	struct env              *env;
	struct trace             trace;
	struct trace_ring const *ring;
	uint64_t                 read;     /* events */
	struct handler           tick;
} self;

static void print_threads(void)
{
	struct trace_thread thread;

	for (enum status status = trace_first(&self.trace, &thread); status == STATUS_OK; status = trace_next(&self.trace, &thread))
		log_info("trace: thread %x %lu %s:%s", thread.id, thread.consumed_ns / TIME_NS_PER_US, thread.component, thread.name);
}

static void print_event(struct trace_event const *event)
{
	log_info("trace: %lx %x %x %x %x %x %lx", event->ns, event->kind, event->cpu, event->thread, event->partner, event->label, event->value);
}

void tracer_flush(void)
{
	uint64_t written;

	if (!self.ring)
		return;
	written = __atomic_load_n(&self.ring->written, __ATOMIC_ACQUIRE);
	if (written == self.read)
		return;
	print_threads();
	if (written - self.read > self.ring->slots) {
		log_info("trace: lost %lu", written - self.read - self.ring->slots);
		self.read = written - self.ring->slots;
	}
	for (; self.read < written; self.read++)
		print_event((struct trace_event const *)(self.ring + 1) + self.read % self.ring->slots);
}

static void handle_tick(struct handler *handler, uint64_t count)
{
	tracer_flush();
	ep_timeout(&self.env->ep, &self.tick, time_now_ns() + PERIOD_MS * TIME_NS_PER_MS);
}

static enum status start(uint64_t size)
{
	struct connection_request request = { .type = &trace_type, .label = "", .ram = size, .caps = 1 };
	struct rm_attach_args where = { .access = RM_ACCESS_READ };
	struct dataspace ring;
	uint64_t address;

	TRY(connection_open_request(&self.trace.connection, self.env, &request));
	TRY(trace_start(&self.trace, size, &ring));
	TRY(rm_attach(&self.env->rm, ring, &where, self.env->account, &address));
	self.ring = (struct trace_ring const *)address;
	return STATUS_OK;
}

void tracer_start(struct env *env)
{
	struct node const node = node_child(env_config(env), "trace");
	enum status status;

	if (!node_exists(node))
		return;
	self = (struct tracer) { .env = env, .tick.handle = handle_tick };
	status = start(align_up(node_bytes(node, "size", 1 << 20, PAGE_SIZE, 16 << 20), PAGE_SIZE));
	if (status)
		log_error("cannot trace what is below: %s", status_name(status));
	else
		handle_tick(&self.tick, 1);
}
