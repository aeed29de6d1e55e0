/* SPDX-License-Identifier: MIT */
/*
 * For unit tests of the kernel's own files: memory where they expect it. Physical address p is at DIRECT_MAP + p, which
 * tools/rules.mk moves to where a program can have memory; MEMORY bytes from MEMORY_BASE up are there, zero at first.
 */
#pragma once

#include "unit.h"

#undef assert
#undef static_assert
#undef ARRAY_SIZE
#undef container_of
#undef PAGE_SIZE
#include <kernel/kernel.h>

#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

enum { MEMORY_BASE = 0x100000, MEMORY = 16 << 20 };

static uint64_t kernel_next_frame;

/* A failed assert of the kernel, or a panic that the test expects (CHECK_ASSERTS). */
void panic(char const *format, ...)
{
	va_list args;

	if (unit_assertion)
		longjmp(*unit_assertion, 1);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	abort();
}

/* To be called at the beginning of each test: all memory is zero then, and free for kernel_frame. */
static inline void kernel_memory(void)
{
	void *at = mmap(phys_to_virt(MEMORY_BASE), MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

	ck_assert_ptr_eq(at, phys_to_virt(MEMORY_BASE));
	kernel_next_frame = MEMORY_BASE;
}

/* A frame of it, each once; physical address. */
static inline uint64_t kernel_frame(void)
{
	uint64_t frame = kernel_next_frame;

	kernel_next_frame += PAGE_SIZE;
	CHECK(kernel_next_frame <= MEMORY_BASE + MEMORY);
	return frame;
}

static inline bool kernel_is_zero(uint64_t phys, size_t size)
{
	unsigned char const *byte = phys_to_virt(phys);

	for (size_t i = 0; i < size; i++)
		if (byte[i])
			return false;
	return true;
}
