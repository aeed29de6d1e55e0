/* SPDX-License-Identifier: MIT */
/*
 * Where a virtio device has its registers: vendor-specific capabilities of its PCI configuration space say so, one for each structure. Source: VIRTIO
 * 1.1, 4.1.4. What they say is checked here and by whoever gives out the BAR; a capability that cannot be used is skipped, as the specification wants.
 */
#pragma once

#include <base/types.h>

enum { VIRTIO_CAPABILITY_ID = 0x09, VIRTIO_CAPABILITY_WORDS = 5 /* of 32 bits, from the capability on */, VIRTIO_BARS = 6 };

/* The structures, by `cfg_type`; others are of no use here. */
enum virtio_structure { VIRTIO_COMMON = 1, VIRTIO_NOTIFY, VIRTIO_INTERRUPT, VIRTIO_CONFIG, VIRTIO_PLACES };

struct virtio_place {
	uint8_t  bar;
	uint32_t offset;
	uint32_t bytes;          /* 0: there is none */
};

struct virtio_capabilities {
	struct virtio_place places[VIRTIO_PLACES];     /* by virtio_structure */
	uint32_t            notify_multiplier;
};

/* Notes a capability with VIRTIO_CAPABILITY_ID; the first one of a kind that can be used counts. Start with zeroes. */
void virtio_capability_note(struct virtio_capabilities *capabilities, uint32_t const words[VIRTIO_CAPABILITY_WORDS]);

/* Is all there that a driver needs? An older device has none of it. */
bool virtio_capabilities_are_complete(struct virtio_capabilities const *capabilities);

/* The part of BAR `bar` that has all structures in it; 0 bytes: it has none. */
struct virtio_place virtio_capabilities_window(struct virtio_capabilities const *capabilities, unsigned bar);
