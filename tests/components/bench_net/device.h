/* SPDX-License-Identifier: MIT */
/* A virtio network device of plain memory, behind Platform: for one driver, once. */
#pragma once

#include <base/component.h>

enum { DEVICE_COUNT = 64 /* descriptors of each of its queues */ };

/* Announces Platform. */
MUST_CHECK enum status device_provide(struct env *env);

/* Takes all frames that the driver has made available; returns how many. They are not looked at. */
unsigned device_take_sent(void);

/* Puts `count` frames into the places that the driver has made available, and interrupts if it wants that. False: there are fewer places. */
bool device_receive(unsigned count, void const *frame, size_t size);
