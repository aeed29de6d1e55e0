/* SPDX-License-Identifier: MIT */
/*
 * Registers of a virtio device, in memory that is not cached. Fields are read and written with their own width, those of 64 bits as two of 32 (VIRTIO 1.1,
 * 4.1.3.1). Functions, so that a test on the host can put a device behind them.
 */
#pragma once

#include <base/types.h>

/* `bytes`: 1, 2 or 4; `at` is aligned to them. */
uint32_t virtio_read(uintptr_t at, unsigned bytes);
void     virtio_write(uintptr_t at, unsigned bytes, uint32_t value);
