/* SPDX-License-Identifier: MIT */
/* What lwIP uses of the C library's <string.h>, for components without one. */
#pragma once

#include <base/string.h>

static inline int strncmp(char const *a, char const *b, size_t size)
{
	size_t i = 0;

	while (i < size && a[i] && a[i] == b[i])
		i++;
	return i < size ? (unsigned char)a[i] - (unsigned char)b[i] : 0;
}
