/* SPDX-License-Identifier: MIT */
/* CPUs for unit tests of the kernel's scheduling, and what those files of the kernel would do that need a machine. */
#pragma once

#include "kernel.h"
#include <kernel/budget.h>
#include <kernel/console.h>
#include <kernel/ipc.h>
#include <kernel/irq.h>
#include <kernel/pd.h>
#include <kernel/sched.h>
#include <kernel/syscall.h>
#include <kernel/x86_64/apic.h>
#include <kernel/x86_64/cpu_ops.h>
#include <kernel/x86_64/boot.h>
#include <kernel/x86_64/clock.h>
#include <kernel/x86_64/fpu.h>
#include <kernel/x86_64/machine.h>
#include <kernel/x86_64/paging.h>

#ifndef CPUS
#define CPUS 1 /* see kernel_smp.c */
#endif

/* Threads are on all CPUs, which take turns at random; interrupts between them arrive sometime later. */
static struct cpu cpus[CPUS];
static struct thread *idlers[CPUS];
static uint64_t timers[CPUS];
static bool kicks[CPUS];

static uint64_t ticks;

#define idler idlers[this_cpu.number]
#define timer timers[this_cpu.number]

/* --- What the kernel's other files would do --- */

uint64_t clock_ticks(void)                                { return ticks; }
uint64_t clock_now_ns(void)                               { return ticks; }
uint64_t clock_ns_to_ticks(uint64_t ns)                   { return ns; }
uint64_t clock_ticks_to_ns(uint64_t t)                    { return t; }
uint64_t clock_ns_to_deadline(uint64_t ns)                { return ns; }
void clock_set_timer(uint64_t now, uint64_t end)          { timer = end; }
void fpu_switch(struct thread *t)                         {}
enum status fpu_create(uint64_t at, struct thread *t)     { return STATUS_INVALID; }
enum status fpu_destroy(struct object *object)            { return STATUS_OK; }
enum status fpu_set_tls(struct thread *t, uint64_t base)  { return STATUS_UNSUPPORTED; }
unsigned console_write(char const *text, unsigned size)   { return size; }
enum status console_read(uint64_t *byte)                  { return STATUS_NOT_FOUND; }
enum status console_bind(struct signal *signal)           { return STATUS_INVALID; }
void console_forget(struct signal const *signal)          {}
void ioapic_mask(uint32_t gsi, bool masked)               {}
void apic_block(uint8_t vector)                           {}
void apic_unblock(void)                                   {}
void apic_eoi(void)                                       {}
void cpu_let_interrupts_in(void)                          {}
struct msi apic_msi(uint8_t vector)                       { return (struct msi) { 0, vector }; }
void apic_kick(unsigned number)                           { kicks[number] = true; }
void ap_start(unsigned number)                            { abort(); }
void apic_stop_cpu(unsigned number)                       { abort(); }
struct cpu *cpu_at(unsigned number)                       { return &cpus[number]; }
void paging_flush(void)                                   {}
bool ioapic_is_level(uint32_t gsi)                        { return false; }
uint64_t boot_alloc_frame(void)                           { return kernel_frame(); }
enum status ioapic_route(uint32_t gsi, uint8_t v, unsigned flags) { return STATUS_NOT_FOUND; }
void machine_end(enum machine_op op, unsigned value)      { abort(); }
enum status machine_port_io(uint64_t port, uint64_t how, uint64_t value, uint64_t *result) { return STATUS_INVALID; }
