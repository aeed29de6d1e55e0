/* SPDX-License-Identifier: MIT */
/* Runs all checks; the argument is a directory that can be written. */
#include "checks.h"

#include <stdlib.h>
#include <string.h>

char const *section;
int         number;

static int total;

static void begin(char const *name)
{
	total += number;
	section = name;
	number = 0;
}

int main(int argc, char **argv)
{
	char const *directory = argc > 1 ? argv[1] : "/tmp";

	begin("strings");
	check_strings();
	begin("numbers");
	check_numbers();
	begin("math");
	check_math();
	begin("stdio");
	check_stdio(directory);
	begin("time");
	check_time();
	begin("files");
	check_files(directory);
	begin("polls");
	check_polls();
	begin("threads");
	check_threads();
	begin("all");
	SHOW("%s", getenv("LIBC_CHECKS"));
	printf("%d checks made\n", total);
	return 0;
}
