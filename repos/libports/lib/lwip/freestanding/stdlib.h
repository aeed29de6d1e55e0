/* SPDX-License-Identifier: MIT */
/* What lwIP uses of the C library's <stdlib.h>, for components without one: the number in the name of an interface. */
#pragma once

static inline int atoi(char const *text)
{
	int value = 0;

	while (*text >= '0' && *text <= '9' && value < 1000)
		value = value * 10 + *text++ - '0';
	return value;
}
