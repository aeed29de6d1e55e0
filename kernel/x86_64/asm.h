/* SPDX-License-Identifier: MIT */
/* What all assembly of kernel entries uses: this CPU's variables, and the kernel lock as in cpu.h. */
#pragma once

#include <kernel/x86_64/machine.h>

#define CPU(field) this_cpu + field(%rip)

.macro lock_kernel register=%ecx
	mov $1, \register
	lock xadd \register, the_lock(%rip)
1:	cmp \register, the_lock + 4(%rip)
	je 2f
	pause
	jmp 1b
2:
.endm

.macro unlock_kernel
	incl the_lock + 4(%rip)
.endm
