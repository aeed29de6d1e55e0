/* SPDX-License-Identifier: MIT */
/* System call dispatch; kernel/abi/syscall.h is the interface. */
#pragma once

#include <kernel/thread.h>

/* Called by the entry code with the current thread, whose registers are saved; the kernel is locked. */
void syscall_dispatch(struct thread *t);

/* The operations that core alone may use. */
void core_call_dispatch(struct thread *t, unsigned op);
