/* SPDX-License-Identifier: MIT */
/* The same as kernel_ipc.c on three CPUs: calls, signals, ends and budgets across them, with interrupts between them that come late. */
#define CPUS 3

#include "kernel_ipc.c"
