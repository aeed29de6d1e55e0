/* SPDX-License-Identifier: MIT */
/* What the parts of base that are compiled into the program want. */
#include <stdio.h>
#include <stdlib.h>
_Noreturn void assert_failed(char const *file, unsigned line, char const *text);
_Noreturn void assert_failed(char const *file, unsigned line, char const *text) { fprintf(stderr, "%s:%u: assertion %s\n", file, line, text); abort(); }
