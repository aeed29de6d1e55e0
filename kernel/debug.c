/* SPDX-License-Identifier: MIT */
/* The commands of the kernel debugger; debug.h says how it is entered. */
#include <kernel/debug.h>

#include <kernel/console.h>
#include <kernel/irq.h>
#include <kernel/sched.h>
#include <kernel/x86_64/clock.h>

static char const *const state_names[] = {
	[THREAD_NEW] = "new",         [THREAD_RUNNING] = "running", [THREAD_RECEPTIVE] = "receptive", [THREAD_CALLING] = "calling",
	[THREAD_QUEUED] = "queued",   [THREAD_BLOCKED] = "blocked", [THREAD_EXITED] = "exited",
};

static struct thread *to_thread(struct object *object) { return container_of(object, struct thread, object); }

static void print_name(struct thread const *t)
{
	for (unsigned i = 0; i < sizeof(t->name) && t->name[i]; i++)
		print("%c", t->name[i]);
	print("@%lx", virt_to_phys(t));
}

static void print_thread(struct thread const *t)
{
	print_name(t);
	print(": %s%s%s, priority %u, pd %lx, ip 0x%lx, %lu us", state_names[t->state], thread_is(t, THREAD_PAUSED) ? ", paused" : thread_is_dry(t) ? ", dry" : "",
	      thread_is(t, THREAD_FAULTING) ? ", faulting" : "", t->priority, virt_to_phys(t->pd), t->frame.rip,
	      clock_ticks_to_ns(sched_consumed(t)) / 1000);
	if (t->state == THREAD_CALLING || t->state == THREAD_QUEUED) {
		print(t->state == THREAD_CALLING ? ", called " : ", waits for ");
		print_name(t->partner);
	}
	if (t->caller) {
		print(", serves ");
		print_name(t->caller);
	}
	if (t->state == THREAD_BLOCKED && t->wait_one)
		print(", waits for signal with badge 0x%lx", t->wait_one->badge);
	if (t->signals)
		print(", signals pending");
	if (cpu_count > 1)
		print(", CPU %u", t->cpu);
	print("%s\n", t == t->home->current ? " <- executes" : t == t->home->sc ? " <- pays" : t->in_run_queue ? " <- ready" : "");
}

static void print_threads(void)
{
	for (struct object *object = object_next(NULL); object; object = object_next(object))
		if (object->type == OBJECT_THREAD)
			print_thread(to_thread(object));
}

static void print_capability(struct slot const *slot, uint64_t selector)
{
	struct object *object = slot_object(slot);

	print("  %lx: ", selector);
	if (slot->state == SLOT_DEAD) {
		print("dead\n");
	} else if (object->type == OBJECT_GATE) {
		struct gate *gate = container_of(object, struct gate, object);
		print("gate %lx, badge 0x%lx, served by ", virt_to_phys(object), gate->badge);
		print_name(gate->thread);
		print("\n");
	} else if (object->type == OBJECT_SIGNAL) {
		struct signal *signal = container_of(object, struct signal, object);
		print("signal %lx, badge 0x%lx, count %u, received by ", virt_to_phys(object), signal->badge, signal->count);
		print_name(signal->thread);
		print("\n");
	} else {
		print("irq %lx, gsi %u\n", virt_to_phys(object), container_of(object, struct irq, object)->gsi);
	}
}

static void print_capabilities(void)
{
	for (struct object *object = object_next(NULL); object; object = object_next(object)) {
		if (object->type != OBJECT_PD)
			continue;
		struct pd *pd = container_of(object, struct pd, object);
		print("pd %lx: %u threads, %lu slots\n", virt_to_phys(pd), pd->threads, pd->cap_frames * SLOTS_PER_FRAME);
		for (uint64_t selector = SLOT_SIZE; selector < pd->cap_frames * PAGE_SIZE; selector += SLOT_SIZE) {
			struct slot *slot = pd_slot(pd, selector);
			if (slot && slot->state != SLOT_EMPTY)
				print_capability(slot, selector);
		}
	}
}

static void print_queue(struct cpu const *cpu)
{
	print("CPU %u: %s\n", cpu->number, !cpu->is_up ? "not up" : cpu->idle ? "idle" : "runs");
	for (unsigned priority = PRIORITIES; priority--;) {
		struct thread *t = cpu->queue[priority];
		if (!t)
			continue;
		print("priority %u:", priority);
		do {
			print(" ");
			print_name(t);
			t = t->next;
		} while (t != cpu->queue[priority]);
		print("\n");
	}
}

static void print_queues(void)
{
	for (unsigned i = 0; i < cpu_count; i++)
		print_queue(cpu_at(i));
}

/* The keys; true: the accounts are wanted. */
static bool answer_keys(void)
{
	print("\nkernel debugger at %lu us: t threads, c capabilities, q run queue, a accounts (by core) and go on, g go on\n",
	      clock_now_ns() / 1000);
	for (;;) {
		switch (console_poll()) {
		case 't':
			print_threads();
			break;
		case 'c':
			print_capabilities();
			break;
		case 'q':
			print_queues();
			break;
		case 'a':
			print("kernel debugger: on\n");
			return true;
		case 'g':
			print("kernel debugger: on\n");
			return false;
		}
	}
}

bool debug_enter(void)
{
	cpu_stop_others();
	bool accounts = answer_keys();
	cpu_go_on();
	return accounts;
}
