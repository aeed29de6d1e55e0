/* SPDX-License-Identifier: MIT */
/*
 * The functions of the C library that the compiler itself calls. Below eight bytes a few branches do; from there on the
 * last eight bytes are moved as one unaligned word, which may overlap what `rep movsq` moves before it, so that no size
 * needs a loop over bytes. One repetition moves eight bytes: that counts under an instruction-counting emulator, and
 * real processors do the same string operations in microcode at full width.
 *
 * This file needs optimization that does not turn these bodies into calls of themselves: it has no loop that looks like
 * memcpy or memset, and words are read through types that may alias anything.
 */
#include "words.h"

#include <base/string.h>

struct __attribute__((packed, may_alias)) word64 { uint64_t value; };
struct __attribute__((packed, may_alias)) word32 { uint32_t value; };
struct __attribute__((packed, may_alias)) word16 { uint16_t value; };

static inline uint64_t load64(void const *from) { return ((struct word64 const *)from)->value; }
static inline uint32_t load32(void const *from) { return ((struct word32 const *)from)->value; }
static inline uint16_t load16(void const *from) { return ((struct word16 const *)from)->value; }
static inline void     store64(void *to, uint64_t value) { ((struct word64 *)to)->value = value; }
static inline void     store32(void *to, uint32_t value) { ((struct word32 *)to)->value = value; }
static inline void     store16(void *to, uint16_t value) { ((struct word16 *)to)->value = value; }

/* Fewer than eight bytes, in any overlap: everything is read before anything is written. */
static inline void move_small(char *to, char const *from, size_t size)
{
	if (size >= 4) {
		uint32_t first = load32(from), last = load32(from + size - 4);
		store32(to, first);
		store32(to + size - 4, last);
	} else if (size >= 2) {
		uint16_t first = load16(from), last = load16(from + size - 2);
		store16(to, first);
		store16(to + size - 2, last);
	} else if (size) {
		*to = *from;
	}
}

/* Eight bytes and more, upwards: right for any overlap where `to` is below `from`. */
static inline void move_up(char *to, char const *from, size_t size)
{
	char    *end   = to + size - 8;
	uint64_t last  = load64(from + size - 8);
	size_t   words = (size - 1) / 8;

	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	store64(end, last);
}

/* Eight bytes and more, downwards: right for any overlap where `to` is above `from`. */
static void move_down(char *to, char const *from, size_t size)
{
	uint64_t first = load64(from);

	for (; size >= 8; size -= 8)
		store64(to + size - 8, load64(from + size - 8));
	if (size)
		store64(to, first);
}

void *memcpy(void *restrict to, void const *restrict from, size_t size)
{
	if (size < 8)
		move_small(to, from, size);
	else
		move_up(to, from, size);
	return to;
}

void *memmove(void *to, void const *from, size_t size)
{
	if (size < 8)
		move_small(to, from, size);
	else if ((uintptr_t)to - (uintptr_t)from >= size)
		move_up(to, from, size);
	else
		move_down(to, from, size);
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	uint64_t const pattern = (uint8_t)byte * UINT64_C(0x0101010101010101);
	char          *start   = to, *at = to;
	size_t         words   = size / 8;

	if (size >= 8) {
		__asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(pattern) : "memory");
		store64(start + size - 8, pattern);
	} else if (size >= 4) {
		store32(start, (uint32_t)pattern);
		store32(start + size - 4, (uint32_t)pattern);
	} else if (size >= 2) {
		store16(start, (uint16_t)pattern);
		store16(start + size - 2, (uint16_t)pattern);
	} else if (size) {
		*start = (char)byte;
	}
	return to;
}

int memcmp(void const *a, void const *b, size_t size)
{
	unsigned char const *left = a, *right = b;

	for (; size >= 8; left += 8, right += 8, size -= 8) {
		uint64_t x = __builtin_bswap64(load64(left)), y = __builtin_bswap64(load64(right));
		if (x != y)
			return x < y ? -1 : 1;
	}
	for (; size; left++, right++, size--) {
		if (*left != *right)
			return *left < *right ? -1 : 1;
	}
	return 0;
}

size_t strlen(char const *text)
{
	return words_length(text, SIZE_MAX);
}

int strcmp(char const *a, char const *b)
{
	size_t i = 0;

	while (a[i] && a[i] == b[i])
		i++;
	return (int)(unsigned char)a[i] - (int)(unsigned char)b[i];
}
