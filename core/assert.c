/* SPDX-License-Identifier: MIT */
/* A failed assertion of core is the end of the machine. */
#include <core/core.h>

void assert_failed(char const *file, unsigned line, char const *text)
{
	core_print("panic: assert %s at %s:%u", text, file, line);
	kernel_machine_end(MACHINE_EXIT_PANIC);
}
