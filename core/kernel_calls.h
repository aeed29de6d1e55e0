/* SPDX-License-Identifier: MIT */
/*
 * The kernel's operations as C functions, for core. This is the one seam between core and the machine: each wrapper
 * fills in registers and goes through kernel_call, which is a `syscall` instruction in core and a model of the kernel
 * in the host tests. Objects and frames are named by physical address; what each operation does is in kernel/abi/syscall.h.
 *
 * Core names only what it made, so a refusal that the text there does not list is a bug of core and asserted.
 */
#pragma once

#include <base/assert.h>
#include <base/platform.h>
#include <base/status.h>
#include <base/types.h>
#include <kernel/abi/syscall.h>

/* rax, rdi, rsi, rdx, r8, r9: in and out. */
struct kernel_regs { uint64_t header, target, w[4]; };

void kernel_call(struct kernel_regs *regs);

static inline enum status kernel_op(enum syscall_op op, uint64_t a, uint64_t b, uint64_t c)
{
	struct kernel_regs regs = { .header = op, .target = a, .w = { b, c } };

	kernel_call(&regs);
	return (enum status)(regs.header & 0xff);
}

/* For what cannot fail. AGAIN: other CPUs have yet to see something; each does so within microseconds. */
static inline void kernel_must(enum syscall_op op, uint64_t a, uint64_t b, uint64_t c)
{
	enum status status;

	do
		status = kernel_op(op, a, b, c);
	while (status == STATUS_AGAIN);
	assert(status == STATUS_OK);
}

/* All CPUs have seen what was unmapped or destroyed before: its memory may be used anew. */
static inline void kernel_sync(void) { kernel_must(SYS_SYNC, 0, 0, 0); }

static inline void kernel_frame_give(struct paddr frame) { kernel_must(SYS_FRAME_GIVE, frame.value, 0, 0); }
static inline void kernel_frame_take(struct paddr frame) { kernel_must(SYS_FRAME_TAKE, frame.value, 0, 0); }

static inline void kernel_pd_create(struct paddr place, struct paddr caps, struct paddr top)
{
	kernel_must(SYS_PD_CREATE, place.value, caps.value, top.value);
}

static inline void kernel_pd_grow(struct paddr pd, struct paddr frame, enum frame_kind kind)
{
	kernel_must(SYS_PD_GROW, pd.value, frame.value, kind);
}

/* Maps `pages` pages; NO_TABLE: some are, and the domain needs more page tables, or a recycling. */
MUST_CHECK static inline enum status kernel_map(struct paddr pd, struct vaddr to, struct paddr from, uint64_t pages, uint64_t attributes)
{
	enum status status;

	/* Bound: the tables on the way to two neighbours, three at a time. */
	do {
		struct kernel_regs regs = { .header = SYS_MAP, .target = pd.value, .w = { to.value, from.value, pages, attributes } };

		kernel_call(&regs);
		status = (enum status)(regs.header & 0xff);
	} while (status == STATUS_AGAIN);
	assert(status == STATUS_OK || status == STATUS_NO_TABLE);
	return status;
}

static inline void kernel_unmap(struct paddr pd, struct vaddr at, uint64_t pages)
{
	kernel_must(SYS_UNMAP, pd.value, at.value, pages);
}

/* One slice; AGAIN until all page tables are empty and free. */
MUST_CHECK static inline enum status kernel_recycle(struct paddr pd)
{
	enum status status = kernel_op(SYS_RECYCLE, pd.value, 0, 0);

	assert(status == STATUS_OK || status == STATUS_AGAIN);
	return status;
}

/* The same for who looks at the tables that are free, not at the end. */
static inline void kernel_recycle_slice(struct paddr pd)
{
	enum status status = kernel_recycle(pd);

	assert(status == STATUS_OK || status == STATUS_AGAIN);
}

/* The page table of the 2 MiB around an address, which are unmapped by this; or, with address 0, one that is free. NOT_FOUND: there is none. */
MUST_CHECK static inline enum status kernel_pd_take(struct paddr pd, struct vaddr around, struct paddr *frame)
{
	enum status status;

	do {
		struct kernel_regs regs = { .header = SYS_PD_TAKE, .target = pd.value, .w = { around.value } };
		kernel_call(&regs);
		status = (enum status)(regs.header & 0xff);
		frame->value = regs.target;
	} while (status == STATUS_AGAIN);
	assert(status == STATUS_OK || status == STATUS_NOT_FOUND);
	return status;
}

/* The registers that it starts with are set by kernel_thread_write. */
static inline void kernel_thread_create(struct paddr place, struct paddr pd, struct paddr utcb)
{
	struct kernel_regs regs = { .header = SYS_THREAD_CREATE, .target = place.value, .w = { pd.value, utcb.value, 0, 0 } };

	kernel_call(&regs);
	assert((regs.header & 0xff) == STATUS_OK);
}

static inline void kernel_thread_ctl(struct paddr thread, enum thread_ctl what)
{
	kernel_must(SYS_THREAD_CTL, thread.value, what, 0);
}

static inline void kernel_thread_set(struct paddr thread, enum thread_attribute attribute, uint64_t value)
{
	kernel_must(SYS_THREAD_SET, thread.value, attribute, value);
}

/* Takes the registers from words[] of core's UTCB. */
static inline void kernel_thread_write(struct paddr thread) { kernel_must(SYS_THREAD_STATE, thread.value, 1, 0); }

/* To and from words[] of core's UTCB; BUSY: it executes, or waits in a call. */
static inline void kernel_thread_read(struct paddr thread) { kernel_must(SYS_THREAD_STATE, thread.value, 0, 0); }

MUST_CHECK static inline enum status kernel_thread_change(struct paddr thread)
{
	enum status status = kernel_op(SYS_THREAD_STATE, thread.value, 1, 0);

	assert(status == STATUS_OK || status == STATUS_BUSY);
	return status;
}

/* Nanoseconds that it executed. */
static inline uint64_t kernel_thread_consumed(struct paddr thread)
{
	struct kernel_regs regs = { .header = SYS_THREAD_INFO, .target = thread.value };

	kernel_call(&regs);
	assert((regs.header & 0xff) == STATUS_OK);
	return regs.target;
}

/* BUSY: the thread runs, and does not wait for core to answer. */
MUST_CHECK static inline enum status kernel_fpu_create(struct paddr place, struct paddr thread)
{
	enum status status = kernel_op(SYS_FPU_CREATE, place.value, thread.value, 0);

	assert(status == STATUS_OK || status == STATUS_BUSY);
	return status;
}

/* `amount` of `period`, in nanoseconds. */
static inline void kernel_budget_create(struct paddr place, uint64_t amount, uint64_t period)
{
	kernel_must(SYS_BUDGET_CREATE, place.value, amount, period);
}

static inline void kernel_budget_set(struct paddr budget, uint64_t amount, uint64_t period) { kernel_must(SYS_BUDGET_SET, budget.value, amount, period); }

static inline void kernel_gate_create(struct paddr place, struct paddr thread, uint64_t badge)
{
	kernel_must(SYS_GATE_CREATE, place.value, thread.value, badge);
}

static inline void kernel_signal_create(struct paddr place, struct paddr thread, uint64_t badge)
{
	kernel_must(SYS_SIGNAL_CREATE, place.value, thread.value, badge);
}

static inline void kernel_signal_submit(struct paddr signal) { kernel_must(SYS_SIGNAL_SUBMIT, signal.value, 0, 0); }

/* DENIED: the kernel's own line. BUSY: there is one for it. NOT_FOUND: no such line. OVERFLOW: the kernel has no vector left. */
MUST_CHECK static inline enum status kernel_irq_create(struct paddr place, uint32_t line, uint64_t flags)
{
	enum status status = kernel_op(SYS_IRQ_CREATE, place.value, line, flags);

	assert(status == STATUS_OK || status == STATUS_DENIED || status == STATUS_BUSY || status == STATUS_NOT_FOUND || status == STATUS_OVERFLOW);
	return status;
}

/* A message: what the device is to write, and where. OVERFLOW: the kernel has no vector left. */
MUST_CHECK static inline enum status kernel_msi_create(struct paddr place, uint64_t *address, uint64_t *data)
{
	struct kernel_regs regs = { .header = SYS_IRQ_CREATE, .target = place.value, .w = { 0, IRQ_MSI } };

	kernel_call(&regs);
	enum status status = regs.header & 0xff;
	assert(status == STATUS_OK || status == STATUS_OVERFLOW);
	*address = regs.target;
	*data = regs.w[0];
	return status;
}

/* signal: 0 for none. */
static inline void kernel_irq_bind(struct paddr irq, struct paddr signal, enum irq_binding what)
{
	kernel_must(SYS_IRQ_BIND, irq.value, signal.value, what);
}

static inline uint32_t kernel_port_in(uint32_t port, unsigned size)
{
	struct kernel_regs regs = { .header = SYS_PORT_IO, .target = port, .w = { size } };

	kernel_call(&regs);
	assert((regs.header & 0xff) == STATUS_OK);
	return regs.target;
}

static inline void kernel_port_out(uint32_t port, unsigned size, uint32_t value) { kernel_must(SYS_PORT_IO, port, size | 1 << 8, value); }

/* memory 0: none. */
static inline void kernel_trace_ring(uint32_t number, struct paddr memory, uint64_t frames)
{
	kernel_must(SYS_TRACE_RING, number, memory.value, frames);
}

/* EXISTS: the slot is taken. INVALID: there is no such slot. */
MUST_CHECK static inline enum status kernel_cap_install(struct paddr pd, uint64_t selector, struct paddr object)
{
	struct kernel_regs regs = { .header = SYS_CAP_INSTALL, .target = pd.value, .w = { selector, object.value, RIGHTS_ALL } };

	kernel_call(&regs);
	return (enum status)(regs.header & 0xff);
}

/* from: a selector of core's own table, or GIVE_SENT. EXISTS: the slot is taken. DENIED: it may not be copied. BAD_CAP, PEER_GONE: `from` is empty or dead. */
MUST_CHECK static inline enum status kernel_cap_give(uint64_t from, struct paddr pd, uint64_t selector)
{
	return kernel_op(SYS_CAP_GIVE, from, pd.value, selector);
}

/* The object behind a selector of core's own table. BAD_CAP, PEER_GONE. */
MUST_CHECK static inline enum status kernel_cap_object(uint64_t selector, struct paddr *object, enum cap_type *type)
{
	struct kernel_regs regs = { .header = SYS_CAP_OBJECT, .target = selector };

	kernel_call(&regs);
	object->value = regs.target;
	*type = (enum cap_type)regs.w[0];
	return (enum status)(regs.header & 0xff);
}

/* One slice; AGAIN until the object is gone. */
MUST_CHECK static inline enum status kernel_destroy_slice(struct paddr object)
{
	enum status status = kernel_op(SYS_DESTROY, object.value, 0, 0);

	assert(status == STATUS_OK || status == STATUS_AGAIN);
	return status;
}

/* All slices of it: the object is gone on return. Bound: the number of copies of its capability, 32 a slice. */
static inline void kernel_destroy(struct paddr object)
{
	while (kernel_destroy_slice(object) == STATUS_AGAIN)
		;
}

/* From here on no CPU uses what was unmapped or destroyed before. */

/* Returns how many of the `size` bytes, at most 32, were taken. */
static inline unsigned kernel_console(char const *text, unsigned size)
{
	struct kernel_regs regs = { .header = SYS_CONSOLE | (uint64_t)size << 32 };

	__builtin_memcpy(regs.w, text, size);
	kernel_call(&regs);
	assert((regs.header & 0xff) == STATUS_OK);
	return regs.target;
}

/* NOT_FOUND: no byte is there. */
MUST_CHECK static inline enum status kernel_console_read(char *byte)
{
	struct kernel_regs regs = { .header = SYS_CONSOLE_READ };

	kernel_call(&regs);
	*byte = regs.target;
	return (enum status)(regs.header & 0xff);
}

static inline void kernel_console_bind(struct paddr signal) { kernel_must(SYS_CONSOLE_BIND, signal.value, 0, 0); }

_Noreturn static inline void kernel_machine_end(enum machine_exit value)
{
	for (;;)
		(void)kernel_op(SYS_MACHINE, MACHINE_END, value, 0);
}
