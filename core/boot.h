/* SPDX-License-Identifier: MIT */
/* From the kernel's hand-over to init running. */
#pragma once

#include <kernel/abi/info.h>

/* Takes the machine over and starts init. What is missing or wrong ends the machine with a line that says so. */
void boot(struct info const *info);
