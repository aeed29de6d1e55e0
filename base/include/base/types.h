/* SPDX-License-Identifier: MIT */
/*
 * The words that all code here shares: fixed-size integers, the helpers of intrusive containers, alignment, and one-field
 * structs for numbers that must not be mistaken for one another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The object of `type` whose `member` is at `pointer`. A pointer to anything but that member does not compile. */
#define container_of(pointer, type, member) ({                                                                 \
	__typeof__(((type *)0)->member) const *container_member_ = (pointer);                                      \
	(type *)((char *)(uintptr_t)container_member_ - offsetof(type, member));                                   \
})

/* The number of elements; the second factor makes a pointer in place of an array an error. */
#define ARRAY_SIZE(array) \
	(sizeof(array) / sizeof((array)[0]) + \
	 0 * sizeof(struct { int is_array : __builtin_types_compatible_p(__typeof__(array), __typeof__(&(array)[0])) ? -1 : 1; }))

/* Each argument is evaluated once. */
#define MIN(a, b) ({ __typeof__(a) min_a_ = (a); __typeof__(b) min_b_ = (b); min_a_ < min_b_ ? min_a_ : min_b_; })
#define MAX(a, b) ({ __typeof__(a) max_a_ = (a); __typeof__(b) max_b_ = (b); max_a_ > max_b_ ? max_a_ : max_b_; })

#define PAGE_SIZE  4096UL
#define PAGE_SHIFT 12

/* Frame numbers, offsets and sizes on the wire are 64 bits wide; a physical address is not a pointer, nor is it a virtual one. */
struct paddr     { uint64_t value; };
struct vaddr     { uint64_t value; };
struct ram_quota { uint64_t bytes; };
struct cap_quota { uint64_t count; };
struct badge     { uint64_t value; };

static inline bool is_power_of_two(uint64_t value)
{
	return value && !(value & (value - 1));
}

/* Alignments are powers of two. */
static inline uint64_t align_down(uint64_t value, uint64_t alignment)
{
	return value & ~(alignment - 1);
}

static inline bool is_aligned(uint64_t value, uint64_t alignment)
{
	return !(value & (alignment - 1));
}

/* For numbers known to be small: UINT64_MAX stands for an overflow, which no alignment but 1 can yield otherwise. */
static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
	uint64_t sum;

	return __builtin_add_overflow(value, alignment - 1, &sum) ? UINT64_MAX : align_down(sum, alignment);
}

/* For numbers that others chose: false, and `aligned` untouched, when there is no such number. */
static inline bool align_up_checked(uint64_t value, uint64_t alignment, uint64_t *aligned)
{
	uint64_t sum;

	if (__builtin_add_overflow(value, alignment - 1, &sum))
		return false;
	*aligned = align_down(sum, alignment);
	return true;
}

/* Does [start, start + size) lie within [0, limit)? Never overflows. */
static inline bool is_within(uint64_t start, uint64_t size, uint64_t limit)
{
	return start <= limit && size <= limit - start;
}
