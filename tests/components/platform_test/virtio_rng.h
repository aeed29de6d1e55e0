/* SPDX-License-Identifier: MIT */
/* A session for a virtio-rng, with MSI-X: interrupts and DMA by a queue. */
#pragma once

#include <base/cap_alloc.h>
#include <pci/pci.h>

/* Opens it (label "rng"), has it make random numbers, and closes it. */
enum status virtio_rng_check(struct env *env);
