/* SPDX-License-Identifier: MIT */
/*
 * Core: the component that owns the machine's memory and makes everything out of it for others. One thread, one loop:
 * it answers calls and faults, and blocks nowhere but in the one wait between them; it calls nobody. So nobody can make it
 * wait, and every answer is a function of its books.
 *
 *   memory.c             which frames are free                     places.c record.c   frames for objects and their records; badges
 *   account*.c           who may spend what, and the end of all    dataspace.c         memory to attach
 *   region.c rm.c tables.c walk.c wave.c   address spaces          pager.c             page faults, exceptions, thread exits
 *   thread.c cpu.c pd.c signal.c                                   session.c parent.c  init's sessions; rom.c log.c
 *   irq.c io_mem.c io_port.c claims.c   trace.c   devices            boot.c ledger.c check.c machine_ledger.c machine_rom.c debug.c
 *   kernel_calls.h       the kernel
 *
 * An operation first decodes and checks all that it was given, then charges, then acts. What was charged is there: frames and
 * places are never promised twice, so acting does not fail (but for a run of places or frames, which is tried before).
 * Long work is done in slices, answered with AGAIN; what is half done is `dying`, still charged, and ends at the latest with its account.
 */
#include <core/main.h>

#include <base/cap_alloc.h>
#include <core/account_ops.h>
#include <core/boot.h>
#include <core/dataspace.h>
#include <core/debug.h>
#include <core/io_mem.h>
#include <core/io_port.h>
#include <core/irq.h>
#include <core/ledger.h>
#include <core/log.h>
#include <core/pager.h>
#include <core/parent.h>
#include <core/pd.h>
#include <core/rom.h>
#include <core/thread.h>
#include <core/trace.h>

/* 1: ledger_check after each operation (make CHECKS=deep). */
#ifndef CORE_CHECKS_DEEP
#define CORE_CHECKS_DEEP 0
#endif

enum { BADGE_PAGER = 1, BADGE_HANDLER, BADGE_SERIAL, FIRST_WINDOW = 8, QUIESCE_KEY = 'q', LEDGER_KEY = 'l' };

_Noreturn void core_main(struct info const *info);

struct memory core_memory;
struct paddr  core_thread, core_pd;
uint32_t      core_cpus;
bool          core_has_fpu;
struct utcb  *core_utcb;
uint64_t      core_extra_pages;
unsigned      core_work = CORE_SLICE;

static struct paddr make_place(enum record_type type)
{
	struct record *record;
	enum status status = object_create(&core_account, 1, 0, type, &record);

	assert(status == STATUS_OK);
	return place_address(record, 0);
}

void main_make_gates(void)
{
	struct paddr serial;

	pager_gate = make_place(RECORD_GATE);
	handler_gate = make_place(RECORD_GATE);
	serial = make_place(RECORD_SIGNAL);
	kernel_gate_create(pager_gate, core_thread, BADGE_PAGER);
	kernel_gate_create(handler_gate, core_thread, BADGE_HANDLER);
	kernel_signal_create(serial, core_thread, BADGE_SERIAL);
	kernel_console_bind(serial);
}

/* Of an account that ends, only `destroy` may go on. */
static enum status dispatch_account(struct record *record, unsigned bits, struct rpc *rpc)
{
	if (bits == ACCOUNT_CONTROL) {
		if (record->dying && rpc_label(rpc) != ACCOUNT_CONTROL_OP_DESTROY)
			return STATUS_PEER_GONE;
		return account_control_dispatch(&account_control_operations, (struct account_control_object *)record, rpc);
	}
	switch (rpc_tag(rpc)) {
	case ACCOUNT_TAG:     return account_dispatch(&account_operations, (struct account_object *)record, rpc);
	case RAM_TAG:         return ram_dispatch(&ram_operations, (struct ram_session *)record, rpc);
	case CAP_SESSION_TAG: return cap_session_dispatch(&cap_session_operations, (struct cap_session_session *)record, rpc);
	case SIGNAL_TAG:      return signal_dispatch(&signal_operations, (struct signal_session *)record, rpc);
	}
	return STATUS_PROTOCOL;
}

static enum status op_size(struct dataspace_object *self, uint64_t *size)
{
	*size = (uint64_t)((struct dataspace *)self)->frames << PAGE_SHIFT;
	return STATUS_OK;
}

static struct dataspace_ops const dataspace_operations = { .size = op_size };

enum status main_dispatch(struct rpc *rpc)
{
	unsigned bits;
	struct record *record = badge_record(rpc->badge, &bits);

	if (!record || (record->dying && !(record->type == RECORD_ACCOUNT && bits == ACCOUNT_CONTROL)))
		return STATUS_PEER_GONE;
	switch ((enum record_type)record->type) {
	case RECORD_ACCOUNT:   return dispatch_account(record, bits, rpc);
	case RECORD_DATASPACE: return dataspace_dispatch(&dataspace_operations, (struct dataspace_object *)record, rpc);
	case RECORD_THREAD:    return thread_dispatch(&thread_operations, (struct thread_object *)record, rpc);
	case RECORD_PARENT:    return parent_dispatch(&parent_operations, (struct parent_object *)record, rpc);
	case RECORD_LOG:       return log_dispatch(&log_operations, (struct log_session *)record, rpc);
	case RECORD_ROM:       return rom_dispatch(&rom_operations, (struct rom_session *)record, rpc);
	case RECORD_CPU:       return cpu_dispatch(&cpu_operations, (struct cpu_session *)record, rpc);
	case RECORD_PD:        return pd_dispatch(&pd_operations, (struct pd_session *)record, rpc);
	case RECORD_RM:        return rm_dispatch(&rm_operations, (struct rm_session *)record, rpc);
	case RECORD_IRQ:       return irq_dispatch(&irq_operations, (struct irq_session *)record, rpc);
	case RECORD_IO_MEM:    return io_mem_dispatch(&io_mem_operations, (struct io_mem_session *)record, rpc);
	case RECORD_IO_PORT:   return io_port_dispatch(&io_port_operations, (struct io_port_session *)record, rpc);
	case RECORD_TRACE:     return trace_dispatch(&trace_operations, (struct trace_session *)record, rpc);
	case RECORD_NONE:
	case RECORD_REGION:
	case RECORD_GATE:
	case RECORD_SIGNAL:
	case RECORD_BUDGET:
	case RECORD_TYPES:
		break;
	}
	return STATUS_PEER_GONE;
}

static void read_serial_line(void)
{
	char byte;

	while (kernel_console_read(&byte) == STATUS_OK) {
		if (byte == QUIESCE_KEY)
			parent_submit(NEWS_QUIESCE);
		else if (byte == DEBUG_KEY)
			debug_print_accounts();
		else if (byte == LEDGER_KEY)
			ledger_print();
	}
}

static struct kernel_regs answer_call(struct kernel_regs const *regs)
{
	struct platform_regs received = { .header = regs->header, .target = regs->target, .w = { regs->w[0], regs->w[1], regs->w[2], regs->w[3] } };
	struct rpc rpc = rpc_received(&received, core_utcb);
	struct platform_regs reply = rpc_reply(&rpc, main_dispatch(&rpc));

	return (struct kernel_regs) { .header = reply.header, .w = { reply.w[0], reply.w[1], reply.w[2], reply.w[3] } };
}

static struct kernel_regs answer(struct kernel_regs const *regs)
{
	core_work = CORE_SLICE;
	if (platform_status(regs->header) != STATUS_OK)
		return (struct kernel_regs) { .header = 0 };
	switch (platform_kind(regs->header)) {
	case MESSAGE_RPC:
		return answer_call(regs);
	case MESSAGE_FAULT:
		return (struct kernel_regs) { .header = (uint64_t)pager_handle(regs) << 32 };
	case MESSAGE_SIGNAL:
		read_serial_line();
	}
	return (struct kernel_regs) { .header = 0 };
}

_Noreturn void core_main(struct info const *info)
{
	struct kernel_regs regs = { .header = 0 };

	core_utcb = thread_utcb();
	for (unsigned i = 0; i < UTCB_CAPS; i++)
		core_utcb->window[i] = (FIRST_WINDOW + i) * SLOT_SIZE;
	boot(info);
	for (;;) {
		if (CORE_CHECKS_DEEP)
			ledger_check();
		regs.header |= SYS_REPLY_WAIT;
		kernel_call(&regs);
		regs = answer(&regs);
	}
}

/* base's half for clients, which the half for servers is linked with, names these; core is nobody's client. */
enum status cap_reserve(struct cap *cap)
{
	assert(false);
	return STATUS_OUT_OF_CAPS;
}

void cap_release(struct cap cap)
{
	assert(false);
}

void cap_unreserve(struct cap cap)
{
	assert(false);
}
