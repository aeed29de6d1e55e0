/* SPDX-License-Identifier: MIT */
/* The smallest program of the C library: its need is measured by run/libc_small. */
#include <stdio.h>

int main(int argc, char **argv)
{
	printf("Hello from %s\n", argc > 1 ? argv[1] : "an ordinary program");
	return 0;
}
