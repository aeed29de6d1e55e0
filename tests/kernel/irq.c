/* SPDX-License-Identifier: MIT */
/* Interrupts as signals, with the PC's interval timer as the device (8254 datasheet), and the memory map that core is told. */
#include "test.h"

#define PIT_CONTROL 0x43
#define PIT_COUNTER 0x40
#define PIT_GSI     2         /* where every PC's firmware says that it is */
#define SERIAL_GSI  4         /* the kernel's own */
#define MS          1000000UL

static void out(unsigned port, unsigned value) { OK(op3(SYS_PORT_IO, port, 1 | 1 << 8, value)); }

/* One interrupt in half a ms. */
static void start_timer(void)
{
	out(PIT_CONTROL, 0x30);
	out(PIT_COUNTER, 0x55);
	out(PIT_COUNTER, 0x02);
}

/* An IRQ object that submits `signal`; returns its address. */
static uint64_t irq_new(uint64_t signal)
{
	uint64_t irq = place(IRQ_GRANULES);

	out(PIT_CONTROL, 0x30);             /* quiet */
	OK(op3(SYS_IRQ_CREATE, irq, PIT_GSI, 0));
	OK(op2(SYS_IRQ_BIND, irq, signal));
	return note(irq);
}

TEST(an_interrupt_is_a_signal)
{
	irq_new(signal_new(&self, 0x1e9));
	start_timer();
	struct msg m = await();
	CHECK(m.badge == 0x1e9 && m.w[0] == 1);
}

TEST(interrupts_before_the_acknowledgement_are_one_signal_after_it)
{
	uint64_t irq = irq_new(signal_new(&self, 0x1e9)), cap = child_give(&self, irq);

	for (unsigned i = 0; i < 3; i++) {
		start_timer();
		CHECK_IS(await().badge, 0x1e9);
		for (unsigned more = 0; more < 3; more++) {
			start_timer();
			settle();               /* nothing comes */
		}
		OK(op1(SYS_IRQ_ACK, cap));
		struct msg m = await();
		CHECK(m.badge == 0x1e9 && m.w[0] == 1);
		OK(op1(SYS_IRQ_ACK, cap));
		settle();
		OK(op1(SYS_IRQ_ACK, cap));      /* once too often */
		settle();
	}
	OK(destroy(irq));
}

TEST(an_interrupt_that_is_bound_to_nothing_stays_masked)
{
	uint64_t irq = irq_new(signal_new(&self, 0x1e9)), cap = child_give(&self, irq);

	OK(op2(SYS_IRQ_BIND, irq, 0));
	start_timer();
	settle();
	OK(op1(SYS_IRQ_ACK, cap));
	start_timer();
	settle();
	OK(destroy(irq));
}

TEST(a_destroyed_irq_is_gone_for_its_driver_and_can_be_made_again)
{
	uint64_t signal = signal_new(&self, 0x1e9), irq = irq_new(signal), cap = child_give(&self, irq);

	CHECK_IS(op3(SYS_IRQ_CREATE, place(IRQ_GRANULES), PIT_GSI, 0), STATUS_BUSY);
	OK(destroy(irq));
	CHECK_IS(op1(SYS_IRQ_ACK, cap), STATUS_PEER_GONE);
	start_timer();
	settle();
	irq = irq_new(signal);
	CHECK_IS(op1(SYS_IRQ_ACK, cap), STATUS_PEER_GONE);
	start_timer();
	await();
	OK(destroy(irq));
}

TEST(an_irq_destroyed_in_slices_does_not_disturb_the_next_of_its_source)
{
	uint64_t signal = signal_new(&self, 0x1e9), irq = irq_new(signal), cap = child_give(&self, irq), next;

	for (unsigned i = 0; i < 70; i++)
		OK(cap_copy(cap, own_slot()));
	CHECK_IS(op1(SYS_DESTROY, irq), STATUS_AGAIN);
	next = irq_new(signal);
	OK(destroy(irq));
	start_timer();
	CHECK_IS(await().badge, 0x1e9);
	OK(destroy(next));
}

TEST(an_irq_whose_signal_context_is_gone_is_quiet)
{
	uint64_t signal = signal_new(&self, 0x1e9), irq = irq_new(signal);

	OK(destroy(signal));
	start_timer();
	settle();
	OK(destroy(irq));
}

TEST(irqs_have_bounds)
{
	uint64_t where = place(IRQ_GRANULES);

	CHECK_IS(op3(SYS_IRQ_CREATE, where, 1000, 0), STATUS_NOT_FOUND);
	CHECK_IS(op3(SYS_IRQ_CREATE, where, 1UL << 32 | PIT_GSI, 0), STATUS_NOT_FOUND);
	CHECK_IS(op3(SYS_IRQ_CREATE, where + 8, PIT_GSI, 0), STATUS_INVALID);
	CHECK_IS(op3(SYS_IRQ_CREATE, where, PIT_GSI, IRQ_MSI | IRQ_LEVEL), STATUS_INVALID);
	CHECK_IS(op3(SYS_IRQ_CREATE, where, PIT_GSI, IRQ_MSI), STATUS_INVALID);
	CHECK_IS(op3(SYS_IRQ_CREATE, where, SERIAL_GSI, 0), STATUS_DENIED);
	CHECK_IS(op2(SYS_IRQ_BIND, gate_new(&self, 0), 0), STATUS_INVALID);
	uint64_t irq = irq_new(signal_new(&self, 0));
	CHECK_IS(op2(SYS_IRQ_BIND, irq, gate_new(&self, 0)), STATUS_INVALID);
	CHECK_IS(op1(SYS_IRQ_ACK, child_give(&self, gate_new(&self, 0))), STATUS_BAD_CAP);
	OK(destroy(irq));
}

/* --- What core is told at boot --- */

TEST(the_memory_map_is_sorted_and_without_overlap)
{
	CHECK_IS(info->magic, INFO_MAGIC);
	CHECK(info->range_count > 3 && info->range_count <= INFO_RANGES);
	for (unsigned i = 1; i < info->range_count; i++) {
		struct info_range const *a = &info->ranges[i - 1], *b = &info->ranges[i];
		CHECK(a->size > 0 && a->base + a->size <= b->base);
	}
}

static struct info_range const *range_of(uint64_t phys)
{
	for (unsigned i = 0; i < info->range_count; i++)
		if (info->ranges[i].base <= phys && phys - info->ranges[i].base < info->ranges[i].size)
			return &info->ranges[i];
	return NULL;
}

TEST(free_memory_is_whole_frames_and_most_of_the_machine)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < info->range_count; i++) {
		struct info_range const *r = &info->ranges[i];
		if (r->kind == RANGE_FREE) {
			CHECK(r->base % PAGE_SIZE == 0 && r->size % PAGE_SIZE == 0);
			sum += r->size;
		}
	}
	CHECK(sum > 250UL << 20 && sum < 256UL << 20);
}

TEST(cores_objects_are_in_memory_that_is_cores)
{
	CHECK(range_of(info->core_pd)->kind == RANGE_CORE && range_of(info->core_thread)->kind == RANGE_CORE);
	CHECK_IS(info->core_objects, info->core_pd & ~(PAGE_SIZE - 1));
	CHECK_IS(info->core_objects, info->core_thread & ~(PAGE_SIZE - 1));
	CHECK_IS(range_of(0)->kind, RANGE_RESERVED);
	CHECK_IS(range_of(0x110000)->kind, RANGE_KERNEL);
	CHECK(info->tsc_khz > 0 && info->cpus >= 1);
}
