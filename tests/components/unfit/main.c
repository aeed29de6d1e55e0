/* SPDX-License-Identifier: MIT */
/*
 * Brings a note of its own, which comes before that of base and asks for a later platform. The loader never starts it.
 */
#include <base/component.h>
#include <base/startup.h>

__attribute__((section(".note.banyan"), used, aligned(4))) static struct platform_note const note = {
	.name_size = sizeof("Banyan"), .size = 2 * sizeof(uint16_t), .type = NOTE_PLATFORM, .name = "Banyan", .major = PLATFORM_MAJOR, .minor = 99,
};

enum status component_construct(struct env *env)
{
	log_error("an unfit component was started");
	return STATUS_OK;
}
