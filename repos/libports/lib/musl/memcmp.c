/* SPDX-License-Identifier: MIT */
/* memcmp by words of eight bytes, as programs compare much with it; musl's own goes byte by byte. */
#include <stdint.h>
#include <string.h>

struct __attribute__((packed, may_alias)) word64 { uint64_t value; };

int memcmp(void const *first, void const *second, size_t size)
{
	unsigned char const *left = first, *right = second;

	while (size >= 8 && ((struct word64 const *)left)->value == ((struct word64 const *)right)->value)
		left += 8, right += 8, size -= 8;
	while (size && *left == *right)
		left++, right++, size--;
	return size ? *left - *right : 0;
}
