/* SPDX-License-Identifier: MIT */
/*
 * A failed assertion in a component: a line on LOG, then a trap, for which core prints where it was.
 */
#include <base/assert.h>
#include <base/log.h>

_Noreturn void assert_failed(char const *file, unsigned line, char const *text)
{
	log_error("assertion failed at %s:%u: %s", file, line, text);
	__builtin_trap();
}
