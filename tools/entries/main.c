/* SPDX-License-Identifier: MIT */
/*
 * A plugin for QEMU that counts the instructions of each kernel entry, from the first one in the kernel to the next one in user mode, to
 * where the kernel lets interrupts in, or to the next interrupt, and keeps the longest of each operation. The kernel under it is the one of every other run.
 *
 *   -plugin build/host/entries.so,map=MAP,out=FILE
 *
 * MAP has lines `function START END NAME` and `operation START END NAME`, addresses in hexadecimal. An entry is of the operation whose code it runs
 * first; operation `-` makes that nothing is counted until the kernel is left. FILE gets a line `OPERATION MAXIMUM ENTRIES FUNCTION:INSTRUCTIONS...`
 * for each, always up to date, since QEMU may be killed. Each iteration of a repeated string instruction counts, as under -icount.
 */
#include "qemu_plugin.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATIONS = 128, FUNCTIONS = 1024, RANGES = 4096, VCPUS = 16, LOG_MAX = 65536, NOT_COUNTED = 0, FAST = 1 };

#define HLT           0xf4
#define STI           0xfb
#define KERNEL        0xffffffff80000000UL
#define KERNEL_WINDOW 0x200000UL                  /* each CPU runs in a window of its own */
#define KERNEL_IMAGE  0x100000UL                  /* where the image begins in it */

struct range { uint64_t start, end; unsigned id; };

struct block { unsigned instructions, function, operation; };

struct operation {
	char     name[48];
	uint64_t max, entries;
	uint64_t of_function[FUNCTIONS];
};

static struct vcpu {
	uint64_t      count;
	unsigned      operation;
	bool          decided;
	unsigned      logged;
	struct block *log[LOG_MAX];
} vcpus[VCPUS];

static struct operation operations[OPERATIONS];
static unsigned operation_count;
static char functions[FUNCTIONS][48] = { "?" };
static unsigned function_count = 1;
static struct range function_ranges[RANGES], operation_ranges[RANGES];
static unsigned function_range_count, operation_range_count;
static char const *out_path;

int qemu_plugin_version = 1;

/* The id of the range that an address is in, or 0. */
static unsigned find(struct range const *ranges, unsigned count, uint64_t address)
{
	for (unsigned i = 0; i < count; i++)
		if (ranges[i].start <= address && address < ranges[i].end)
			return ranges[i].id;
	return 0;
}

static void write_out(void)
{
	FILE *out = fopen(out_path, "w");

	if (!out)
		return;
	for (unsigned i = 1; i < operation_count; i++) {
		struct operation const *operation = &operations[i];

		if (!operation->entries)
			continue;
		fprintf(out, "%s %lu %lu", operation->name, operation->max, operation->entries);
		for (unsigned f = 0; f < function_count; f++)
			if (operation->of_function[f])
				fprintf(out, " %s:%lu", functions[f], operation->of_function[f]);
		fprintf(out, "\n");
	}
	fclose(out);
}

/* An entry is over, if there was one. */
static void finish(unsigned number, void *data)
{
	struct vcpu *vcpu = &vcpus[number % VCPUS];
	struct operation *operation = &operations[vcpu->decided ? vcpu->operation : FAST];

	if (!vcpu->count)
		return;
	operation->entries++;
	if (operation != &operations[NOT_COUNTED] && vcpu->count > operation->max) {
		operation->max = vcpu->count;
		memset(operation->of_function, 0, sizeof(operation->of_function));
		for (unsigned i = 0; i < vcpu->logged; i++)
			operation->of_function[vcpu->log[i]->function] += vcpu->log[i]->instructions;
		write_out();
	}
	vcpu->count = vcpu->logged = 0;
	vcpu->decided = false;
}

static void run_kernel(unsigned number, void *data)
{
	struct vcpu *vcpu = &vcpus[number % VCPUS];
	struct block *block = data;

	vcpu->count += block->instructions;
	if (vcpu->logged < LOG_MAX)
		vcpu->log[vcpu->logged++] = block;
	if (block->operation != UINT32_MAX && (!vcpu->decided || block->operation == NOT_COUNTED)) {
		vcpu->decided = true;
		vcpu->operation = block->operation;
	}
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);
	uint64_t first = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));

	if (first < KERNEL) {
		qemu_plugin_register_vcpu_tb_exec_cb(tb, finish, QEMU_PLUGIN_CB_NO_REGS, NULL);
		return;
	}

	struct block *block = calloc(1, sizeof(*block));

	block->instructions = count;
	block->operation = UINT32_MAX;
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = KERNEL + KERNEL_IMAGE + (qemu_plugin_insn_vaddr(insn) - KERNEL - KERNEL_IMAGE) % KERNEL_WINDOW;
		uint8_t const *code = qemu_plugin_insn_data(insn);
		unsigned operation = find(operation_ranges, operation_range_count, address);

		if (!i)
			block->function = find(function_ranges, function_range_count, address);
		if (operation && block->operation == UINT32_MAX)
			block->operation = operation - 1;
		if (qemu_plugin_insn_size(insn) == 1 && (code[0] == HLT || code[0] == STI)) /* runs after the block is counted */
			qemu_plugin_register_vcpu_insn_exec_cb(insn, finish, QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
	if (!strcmp(functions[block->function], "interrupt_stubs")) /* an interrupt may have come before the first instruction in user mode */
		qemu_plugin_register_vcpu_tb_exec_cb(tb, finish, QEMU_PLUGIN_CB_NO_REGS, NULL);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, run_kernel, QEMU_PLUGIN_CB_NO_REGS, block);
}

static unsigned operation_named(char const *name)
{
	for (unsigned i = 0; i < operation_count; i++)
		if (!strcmp(operations[i].name, name))
			return i;
	if (operation_count == OPERATIONS)
		return NOT_COUNTED;
	snprintf(operations[operation_count].name, sizeof(operations[0].name), "%s", name);
	return operation_count++;
}

static bool read_map(char const *path)
{
	FILE *map = fopen(path, "r");
	char kind[16], name[48];
	uint64_t start, end;

	if (!map)
		return false;
	while (fscanf(map, "%15s %lx %lx %47s", kind, &start, &end, name) == 4) {
		if (!strcmp(kind, "function") && function_range_count < RANGES && function_count < FUNCTIONS) {
			strcpy(functions[function_count], name);
			function_ranges[function_range_count++] = (struct range) { start, end, function_count++ };
		} else if (!strcmp(kind, "operation") && operation_range_count < RANGES) {
			operation_ranges[operation_range_count++] = (struct range) { start, end, operation_named(name) + 1 };
		}
	}
	fclose(map);
	return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, void const *info, int argc, char **argv)
{
	bool mapped = false;

	operation_named("-");           /* NOT_COUNTED */
	operation_named("fast_path");   /* FAST */
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "map=", 4))
			mapped = read_map(argv[i] + 4);
		if (!strncmp(argv[i], "out=", 4))
			out_path = argv[i] + 4;
	}
	if (!mapped || !out_path) {
		fprintf(stderr, "entries: map=FILE and out=FILE are needed\n");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
