/* SPDX-License-Identifier: MIT */
/*
 * What every file of the kernel uses: panics and asserts, the direct map, small helpers. The kernel sees all RAM but its
 * own image at DIRECT_MAP + physical address, writable and not executable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kernel/abi/status.h>
#include <kernel/abi/syscall.h>
#include <kernel/abi/utcb.h>

#ifndef DIRECT_MAP /* unit tests have it elsewhere */
#define DIRECT_MAP  0xffff800000000000UL
#endif
#define KERNEL_BASE 0xffffffff80000000UL /* virtual address of physical 0 as the image is linked */
#define PAGE_SIZE   4096UL
#define USER_END    0x00007ffffffff000UL /* the last page of the lower half is never mapped: see the exit path */

#define static_assert _Static_assert
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

/* Ends the machine with a message, registers and a backtrace. */
void panic(char const *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* %s %d %u %x %lu %lx %c and %p, no widths but %016lx; polls the serial port. For boot and panic only. */
void print(char const *format, ...) __attribute__((format(printf, 1, 2)));

#ifndef CHECKS /* 0 in the build that shows what asserts cost (build/unchecked) */
#define CHECKS 1
#endif

/* A failed assert is a bug of the kernel, never of what came from a register, a message or a device. */
#define assert(condition) \
	do { \
		if (CHECKS && __builtin_expect(!(condition), 0)) \
			panic("assert %s at %s:%d", #condition, __FILE__, __LINE__); \
	} while (0)

static inline void    *phys_to_virt(uint64_t phys)      { return (void *)(DIRECT_MAP + phys); }
static inline uint64_t virt_to_phys(void const *virt)   { return (uint64_t)virt - DIRECT_MAP; }

/* One instruction each, whatever the size. */
static inline void zero_quads(void *to, size_t quads)
{
	__asm__ volatile("rep stosq" : "+D"(to), "+c"(quads) : "a"(0UL) : "memory");
}

static inline void copy_quads(void *to, void const *from, size_t quads)
{
	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(quads) : : "memory");
}

/* The index of the first quad that is not zero, or `quads`, which is not 0. */
static inline size_t find_quad(void const *in, size_t quads)
{
	size_t left = quads;
	bool none;

	__asm__ volatile("repe scasq" : "+D"(in), "+c"(left), "=@ccz"(none) : "a"(0UL) : "memory");
	return none ? quads : quads - left - 1;
}

static inline void copy_bytes(void *to, void const *from, size_t bytes)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}
