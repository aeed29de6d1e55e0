/* SPDX-License-Identifier: MIT */
/*
 * Checks of the C library: each prints one line, and the same program on the host, with its C library, says which lines are right. So a check is an
 * expression with a format, and nothing that differs between implementations may be in it (addresses, texts of errors, sizes of buffers).
 */
#pragma once

#include <stdio.h>

extern char const *section;     /* what the lines begin with */
extern int         number;      /* of the check in it */

#define SHOW(format, ...) printf("%s %d: %s = " format "\n", section, ++number, #__VA_ARGS__, __VA_ARGS__)

void check_stdio(char const *directory);
void check_strings(void);
void check_numbers(void);
void check_math(void);
void check_time(void);
void check_threads(void);
void check_files(char const *directory);
void check_polls(void);
