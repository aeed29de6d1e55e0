/* SPDX-License-Identifier: MIT */
/* Linked into components that say HEAVY in their component.mk, or that use a library that does: all their threads have FPU state. */
#include <base/startup.h>

bool const component_is_heavy = true;

/* The loader sees to it that the main thread is heavy before the first instruction of the component. */
__attribute__((section(".note.banyan"), used, aligned(4))) static struct { uint32_t name_size, size, type; char name[8]; } const note = {
	.name_size = sizeof("Banyan"), .type = NOTE_HEAVY, .name = "Banyan",
};
