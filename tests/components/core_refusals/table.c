/* SPDX-License-Identifier: MIT */
/*
 * The rows of refusals.h. Letters: a the component's account, A one that was split off it, k the control of that; m and M memory of the two, s and S signal
 * contexts, g and G gates; r a region map, p a domain, c the CPU session; t the main thread, u one that is bound nowhere, b one that is bound and has
 * not been started, v one that is stopped, U one of another CPU session; l o i w x y sessions of LOG, ROM, IRQ, IO_MEM, IO_PORT and TRACE; P the parent.
 */
#include "refusals.h"

#include <account/account.h>
#include <cap_session/cap_session.h>
#include <cpu/cpu.h>
#include <dataspace/dataspace.h>
#include <io_mem/io_mem.h>
#include <io_port/io_port.h>
#include <irq/irq.h>
#include <log/log.h>
#include <pd/pd.h>
#include <ram/ram.h>
#include <rm/rm.h>
#include <rom/rom.h>
#include <signal/signal.h>
#include <trace/trace.h>

#define MINUS_PAGE  (-(uint64_t)PAGE_SIZE)
#define KERNEL_HALF UINT64_C(0xffff800000000000)
#define USER_END    UINT64_C(0x7ffffffff000)
#define WIDE        (UINT64_C(1) << 32)    /* more than 32 bits */
#define NO_TEXT     UINT64_C(0x4141414141414141)    /* without an end */

#define OF(type_, call_, target_)  .type = &type_##_type, .call = #call_, .target = (target_)
#define WORDS(words_)              .wrong = (words_), .wrong_count = ARRAY_SIZE(words_)

/* Where two operations take the same. */
static struct wrong const quota_words[] = {
	{ 0, 1, 1, STATUS_INVALID }, { 0, 1, PAGE_SIZE + 8, STATUS_INVALID }, { 0, 1, UINT64_MAX, STATUS_INVALID }, { 0, 1, MINUS_PAGE, STATUS_OUT_OF_RAM },
	{ 0, 1, UINT64_C(1) << 44, STATUS_OUT_OF_RAM }, { 1, 1, UINT64_MAX, STATUS_OUT_OF_CAPS }, { 1, 1, WIDE, STATUS_OUT_OF_CAPS },
};
static struct wrong const split_words[] = {
	{ 0, 1, 2, STATUS_PROTOCOL }, { 1, 8, NO_TEXT, STATUS_PROTOCOL }, { 9, 1, 1, STATUS_INVALID }, { 9, 1, UINT64_MAX, STATUS_INVALID },
	{ 9, 1, MINUS_PAGE, STATUS_OUT_OF_RAM }, { 9, 1, UINT64_C(1) << 44, STATUS_OUT_OF_RAM }, { 10, 1, UINT64_MAX, STATUS_OUT_OF_CAPS },
	{ 10, 1, WIDE, STATUS_OUT_OF_CAPS },
};
static struct wrong const alloc_words[] = {
	{ 0, 1, 0, STATUS_INVALID }, { 0, 1, UINT64_MAX, STATUS_OUT_OF_RAM }, { 0, 1, MINUS_PAGE + 1, STATUS_OUT_OF_RAM }, { 0, 1, MINUS_PAGE, STATUS_OUT_OF_RAM },
	{ 0, 1, UINT64_C(1) << 44, STATUS_OUT_OF_RAM }, { 1, 1, 3, STATUS_PROTOCOL }, { 2, 1, 3, STATUS_INVALID },
	{ 2, 1, PAGE_SIZE + 1, STATUS_INVALID }, { 2, 1, UINT64_MAX, STATUS_INVALID }, { 2, 1, MINUS_PAGE + 1, STATUS_INVALID },
	{ 2, 1, UINT64_C(1) << 63, STATUS_NOT_FOUND }, { 2, 1, UINT64_C(1) << 45, STATUS_NOT_FOUND },
};
static struct wrong const ram_transfer_words[] = {
	{ 0, 1, 1, STATUS_INVALID }, { 0, 1, UINT64_MAX, STATUS_INVALID }, { 0, 1, MINUS_PAGE, STATUS_OUT_OF_RAM }, { 0, 1, UINT64_C(1) << 44, STATUS_OUT_OF_RAM },
};
static struct wrong const cap_transfer_words[] = { { 0, 1, UINT64_MAX, STATUS_OUT_OF_CAPS }, { 0, 1, WIDE, STATUS_OUT_OF_CAPS } };
static struct wrong const thread_words[] = {
	{ 0, 4, NO_TEXT, STATUS_PROTOCOL }, { 4, 1, 0, STATUS_INVALID }, { 4, 1, 1, STATUS_INVALID }, { 4, 1, PAGE_SIZE, STATUS_INVALID },
	{ 4, 1, 0x70000001, STATUS_INVALID }, { 4, 1, USER_END, STATUS_INVALID }, { 4, 1, KERNEL_HALF, STATUS_INVALID },
	{ 4, 1, UINT64_C(0x7fffffff0000), STATUS_INVALID }, { 4, 1, UINT64_MAX, STATUS_INVALID }, { 4, 1, -(uint64_t)0x10000, STATUS_INVALID },
	{ 6, 1, 2, STATUS_PROTOCOL }, { 6, 1, UINT64_MAX, STATUS_PROTOCOL },
};
static struct wrong const share_words[] = { { 0, 1, 0, STATUS_INVALID }, { 0, 1, 1, STATUS_DENIED }, { 0, 1, UINT32_MAX, STATUS_DENIED } };
static struct wrong const start_words[] = {
	{ 0, 1, KERNEL_HALF, STATUS_INVALID }, { 0, 1, UINT64_MAX, STATUS_INVALID }, { 0, 1, UINT64_C(0x800000000000), STATUS_INVALID },
	{ 0, 1, USER_END, STATUS_INVALID }, { 1, 1, KERNEL_HALF, STATUS_INVALID }, { 1, 1, UINT64_MAX, STATUS_INVALID },
};
static struct wrong const register_words[] = {
	{ 15, 1, KERNEL_HALF, STATUS_INVALID }, { 15, 1, UINT64_MAX, STATUS_INVALID }, { 17, 1, KERNEL_HALF, STATUS_INVALID },
	{ 17, 1, UINT64_C(0x800000000000), STATUS_INVALID },
};
static struct wrong const bool_words[] = { { 0, 1, 2, STATUS_PROTOCOL }, { 0, 1, UINT64_MAX, STATUS_PROTOCOL } };
static struct wrong const install_words[] = {
	{ 0, 1, 0, STATUS_INVALID }, { 0, 1, 1, STATUS_INVALID }, { 0, 1, 6, STATUS_INVALID }, { 0, 1, UINT32_MAX, STATUS_INVALID }
};
/* offset, size, address; access and flags. The memory has four pages. */
static struct wrong const attach_ram_words[] = {
	{ 0, 1, 0, STATUS_INVALID }, { 0, 1, UINT64_MAX, STATUS_OUT_OF_RAM }, { 0, 1, MINUS_PAGE + 1, STATUS_OUT_OF_RAM }, { 0, 1, MINUS_PAGE, STATUS_OUT_OF_RAM },
	{ 0, 1, UINT64_C(1) << 44, STATUS_OUT_OF_RAM },
};
static struct wrong const attach_words[] = {
	{ 0, 1, 1, STATUS_INVALID }, { 0, 1, UINT64_MAX, STATUS_INVALID }, { 0, 1, 4 * PAGE_SIZE, STATUS_INVALID }, { 0, 1, 5 * PAGE_SIZE, STATUS_INVALID },
	{ 0, 1, MINUS_PAGE, STATUS_INVALID }, { 1, 1, 1, STATUS_INVALID }, { 1, 1, PAGE_SIZE + 1, STATUS_INVALID }, { 1, 1, 5 * PAGE_SIZE, STATUS_INVALID },
	{ 1, 1, UINT64_MAX, STATUS_INVALID }, { 1, 1, MINUS_PAGE, STATUS_INVALID }, { 2, 1, 1, STATUS_INVALID }, { 2, 1, PAGE_SIZE, STATUS_INVALID },
	{ 2, 1, 0x400001, STATUS_INVALID }, { 2, 1, USER_END, STATUS_INVALID }, { 2, 1, USER_END + PAGE_SIZE, STATUS_INVALID }, { 2, 1, KERNEL_HALF, STATUS_INVALID },
	{ 2, 1, UINT64_C(0x800000000000), STATUS_INVALID }, { 2, 1, MINUS_PAGE, STATUS_INVALID }, { 3, 1, RM_ACCESS_ALL, STATUS_INVALID },
	{ 3, 1, 17, STATUS_PROTOCOL }, { 3, 1, UINT64_C(4) << 32, STATUS_INVALID }, { 3, 1, (uint64_t)RM_ATTACH_AT << 32, STATUS_INVALID },
	{ 0, 2, 3 * PAGE_SIZE, STATUS_INVALID },
};
static struct wrong const detach_words[] = {
	{ 0, 1, 0, STATUS_NOT_FOUND }, { 0, 1, 1, STATUS_NOT_FOUND }, { 0, 1, KERNEL_HALF, STATUS_NOT_FOUND }, { 0, 1, UINT64_MAX, STATUS_NOT_FOUND },
};
static struct wrong const text_words[] = { { 0, 1, 513, STATUS_PROTOCOL }, { 0, 1, UINT32_MAX, STATUS_PROTOCOL } };
/* The session has two ports. */
static struct wrong const port_words[] = {
	{ 0, 1, 0x6f, STATUS_INVALID }, { 0, 1, 0x72, STATUS_INVALID }, { 0, 1, 0x10070, STATUS_INVALID }, { 0, 1, UINT32_MAX, STATUS_INVALID },
};
static struct wrong const port_words_16[] = { { 0, 1, 0x71, STATUS_INVALID }, { 0, 1, 0x6f, STATUS_INVALID }, { 0, 1, UINT64_MAX, STATUS_INVALID } };
static struct wrong const port_words_32[] = { { 0, 1, 0x70, STATUS_INVALID }, { 0, 1, 0x6e, STATUS_INVALID }, { 0, 1, UINT64_MAX, STATUS_INVALID } };
static struct wrong const trace_words[] = {
	{ 0, 1, 0, STATUS_INVALID }, { 0, 1, 1, STATUS_INVALID }, { 0, 1, UINT64_MAX, STATUS_INVALID }, { 0, 1, MINUS_PAGE, STATUS_INVALID },
	{ 0, 1, 4097 * PAGE_SIZE, STATUS_INVALID }, { 0, 1, 4096 * PAGE_SIZE, STATUS_OUT_OF_RAM },
};

struct row const refusals[] = {
	{ OF(account, split, 'a'), .good = { ACCOUNT_KIND_SESSION }, WORDS(split_words) },
	{ OF(account, split_from, 'a'), .right = { "Aa" }, .good = { ACCOUNT_KIND_SESSION }, WORDS(split_words) },
	{ OF(account, loan, 'A'), .right = { "Aa" }, .foreign = "a", .foreign_status = STATUS_DENIED },
	{ OF(account, info, 'a') },

	{ OF(account_control, grow, 'k'), WORDS(quota_words) },
	{ OF(account_control, shrink, 'k'), WORDS(quota_words) },
	{ OF(account_control, destroy, 'k') },
	{ OF(account_control, info, 'k') },
	{ OF(account_control, refusal_handler, 'k'), .right = { "sS0d" } },

	{ OF(ram, alloc, 'a'), .good = { PAGE_SIZE }, WORDS(alloc_words) },
	{ OF(ram, alloc_below_4g, 'a'), .good = { PAGE_SIZE }, WORDS(alloc_words) },
	{ OF(ram, physical, 'a'), .right = { "mM" }, .foreign = "mM", .foreign_status = STATUS_DENIED },
	{ OF(ram, devices_silent, 'a') },
	{ OF(ram, free, 'a'), .right = { "mM" }, .foreign = "M", .foreign_status = STATUS_NOT_FOUND },
	{ OF(ram, ref_account, 'a'), .right = { "Aa" }, .foreign = "Aa", .foreign_status = STATUS_INVALID },
	{ OF(ram, transfer_quota, 'a'), .right = { "Aa" }, .foreign = "a", .foreign_status = STATUS_DENIED, .good = { PAGE_SIZE }, WORDS(ram_transfer_words) },
	{ OF(ram, quota, 'a') },
	{ OF(ram, used, 'a') },

	{ OF(cap_session, alloc, 'a'), .right = { "tuvbU" }, .foreign = "uU", .foreign_status = STATUS_INVALID },
	{ OF(cap_session, free, 'a'), .right = { "gGP" }, .foreign = "G", .foreign_status = STATUS_NOT_FOUND },
	{ OF(cap_session, ref_account, 'a'), .right = { "Aa" }, .foreign = "Aa", .foreign_status = STATUS_INVALID },
	{ OF(cap_session, transfer_quota, 'a'), .right = { "Aa" }, .foreign = "a", .foreign_status = STATUS_DENIED, .good = { 1 }, WORDS(cap_transfer_words) },
	{ OF(cap_session, quota, 'a') },
	{ OF(cap_session, used, 'a') },

	{ OF(signal, alloc_context, 'a'), .right = { "tuvbU" }, .foreign = "uU", .foreign_status = STATUS_INVALID },
	{ OF(signal, free_context, 'a'), .right = { "sS" }, .foreign = "S", .foreign_status = STATUS_NOT_FOUND },

	{ OF(cpu, create_thread, 'c'), .right = { "aA0d" }, .good = { 0, 0, 0, 0, 0x70010000 }, WORDS(thread_words) },
	{ OF(cpu, cpus, 'c') },
	{ OF(cpu, kill_thread, 'c'), .right = { "utvbU" }, .foreign = "U", .foreign_status = STATUS_NOT_FOUND },
	{ OF(cpu, give_share, 'c'), .right = { "c" }, .foreign = "c", .foreign_status = STATUS_INVALID, .cap_status = STATUS_INVALID, .good = { 1, 1000 } },
	{ OF(cpu, give_thread_share, 'c'), .right = { "utvbU" }, .foreign = "U", .foreign_status = STATUS_NOT_FOUND, .good = { 1, 1000 }, WORDS(share_words) },
	{ OF(cpu, share, 'c') },
	{ OF(cpu, consumed, 'c') },

	{ OF(thread, start, 'b'), .good = { 0x400000, 0x500000 }, WORDS(start_words) },
	{ OF(thread, pause, 'u') },
	{ OF(thread, resume, 'u') },
	{ OF(thread, cancel, 'u') },
	{ OF(thread, registers, 'u') },
	{ OF(thread, set_registers, 'v'), WORDS(register_words) },
	{ OF(thread, single_step, 'v'), WORDS(bool_words) },
	{ OF(thread, state, 'u') },
	{ OF(thread, exception_handler, 'u'), .right = { "sS0d" } },
	{ OF(thread, add_fpu, 'u') },
	{ OF(thread, consumed, 'u') },
	{ OF(thread, disconnect, 'u'), WORDS(bool_words) },

	{ OF(pd, bind_thread, 'p'), .right = { "utvbU" }, .foreign = "tvb", .foreign_status = STATUS_BUSY },
	{ OF(pd, main_thread, 'p') },
	{ OF(pd, assign_parent, 'p'), .right = { "PaAkmMrpctubvUsSgGloiwxy" } },
	{ OF(pd, install, 'p'), .right = { "aPAkmMrpctubvUsSgGloiwxy" }, .good = { 3 }, WORDS(install_words) },
	{ OF(pd, grow_table, 'p'), .right = { "aA0d" }, .foreign = "A", .foreign_status = STATUS_BAD_CAP },

	{ OF(rm, attach, 'r'), .right = { "mM", "aA0d" }, .good = { 0, PAGE_SIZE }, WORDS(attach_words) },
	{ OF(rm, attach_ram, 'r'), .right = { "aA0d" }, .good = { PAGE_SIZE }, WORDS(attach_ram_words) },
	{ OF(rm, detach, 'r'), WORDS(detach_words) },
	{ OF(rm, add_client, 'r'), .right = { "utvbU" }, .foreign = "utvbU", .foreign_status = STATUS_BUSY },
	{ OF(rm, dataspace, 'r') },
	{ OF(rm, fault_handler, 'r'), .right = { "sS0d" } },
	{ OF(rm, state, 'r') },

	{ OF(dataspace, size, 'm') },
	{ OF(log, write, 'l'), WORDS(text_words) },
	{ OF(rom, dataspace, 'o') },
	{ OF(rom, update, 'o') },
	{ OF(rom, change_handler, 'o'), .right = { "sS0d" } },
	{ OF(irq, bind, 'i'), .right = { "sS0d" } },
	{ OF(irq, message, 'i') },
	{ OF(irq, storm_handler, 'i'), .right = { "sS0d" } },
	{ OF(io_mem, dataspace, 'w') },
	{ OF(io_port, in8, 'x'), .good = { 0x70 }, WORDS(port_words) },
	{ OF(io_port, in16, 'x'), .good = { 0x70 }, WORDS(port_words_16) },
	{ OF(io_port, in32, 'x'), .good = { 0x70 }, WORDS(port_words_32) },
	{ OF(io_port, out8, 'x'), .good = { 0x70 }, WORDS(port_words) },
	{ OF(io_port, out16, 'x'), .good = { 0x70 }, WORDS(port_words_16) },
	{ OF(io_port, out32, 'x'), .good = { 0x70 }, WORDS(port_words_32) },
	{ OF(trace, start, 'y'), .good = { PAGE_SIZE }, WORDS(trace_words) },
	{ OF(trace, pause, 'y') },
	{ OF(trace, resume, 'y') },
	{ OF(trace, first, 'y') },
	{ OF(trace, next, 'y') },
};
unsigned const refusals_count = ARRAY_SIZE(refusals);

struct rpc_type const *const refusals_types[] = {
	&account_type, &account_control_type, &ram_type, &cap_session_type, &signal_type, &cpu_type, &thread_type, &pd_type, &rm_type, &dataspace_type, &log_type,
	&rom_type, &irq_type, &io_mem_type, &io_port_type, &trace_type,
};
unsigned const refusals_type_count = ARRAY_SIZE(refusals_types);
