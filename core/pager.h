/* SPDX-License-Identifier: MIT */
/* What happens when a thread faults, raises an exception or exits: the kernel sends core a message for it. */
#pragma once

#include <core/core.h>

/* Answers a message of kind FAULT with enum fault_reply. */
uint32_t pager_handle(struct kernel_regs const *message);
