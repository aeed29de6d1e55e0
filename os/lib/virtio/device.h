/* SPDX-License-Identifier: MIT */
/*
 * A virtio device by its registers: from reset over the negotiation of features to work. Source: VIRTIO 1.1, sections 2.1 to 2.4, 3.1 and 4.1.4; devices
 * from before 1.0 are not driven. The order of calls: reset, negotiate, config and add_queue as often as needed, start; then notify.
 *
 * Nothing here waits but reset, which looks a bounded number of times.
 */
#pragma once

#include <virtio/queue.h>

enum { VIRTIO_QUEUES = 8 /* that a driver can have */, VIRTIO_NO_VECTOR = 0xffff };

/* Features of any device (section 6), by their bit. */
#define VIRTIO_VERSION_1       (UINT64_C(1) << 32)
#define VIRTIO_ACCESS_PLATFORM (UINT64_C(1) << 33)    /* an IOMMU stands between: addresses are what the platform says they are */

/* Where the registers are, by the structures that the device's PCI capabilities name (4.1.4). */
struct virtio_registers {
	uintptr_t common;              /* VIRTIO_COMMON_BYTES of them */
	uintptr_t notify;
	uintptr_t interrupt;           /* 1 byte; 0: none */
	uintptr_t config;              /* of the kind of device; 0: none */
	uint32_t  notify_bytes, notify_multiplier, config_bytes;
};

enum { VIRTIO_COMMON_BYTES = 0x38 };

struct virtio_device {
	struct virtio_registers registers;
	uint64_t                features;                     /* as negotiated */
	uintptr_t               notify_at[VIRTIO_QUEUES];     /* 0: no such queue */
};

/* After this the device does nothing, and touches no memory. TIMEOUT: it does not come out of its reset. */
MUST_CHECK enum status virtio_device_reset(struct virtio_device *device);

/* Takes those of `wanted` that there are. UNSUPPORTED: one of `required`, or VIRTIO_VERSION_1, is not there, or the device does not like the choice. */
MUST_CHECK enum status virtio_device_negotiate(struct virtio_device *device, uint64_t wanted, uint64_t required);

/*
 * Reads `count` fields of `width` bytes (1, 2, 4) from `offset` of the device's own configuration on, as they were at one time. NOT_FOUND: it is
 * shorter. BUSY: it does not stop changing.
 */
MUST_CHECK enum status virtio_device_config(struct virtio_device const *device, uint32_t offset, unsigned width, unsigned count, void *to);

/* How many descriptors queue `index` can have; 0: there is no such queue. */
uint16_t virtio_device_queue_size(struct virtio_device const *device, unsigned index);

/* Which MSI-X vector tells of changes of the configuration. UNSUPPORTED: the device has no place for it. */
MUST_CHECK enum status virtio_device_config_vector(struct virtio_device *device, uint16_t vector);

/*
 * Tells the device where `queue` is, which interrupts by MSI-X vector `vector`. NOT_FOUND: there is no such queue, or it is smaller. PROTOCOL: it is to be
 * notified where there are no registers. UNSUPPORTED: as above.
 */
MUST_CHECK enum status virtio_device_add_queue(struct virtio_device *device, unsigned index, struct virtio_queue const *queue, uint16_t vector);

/* The device works from now on. */
void virtio_device_start(struct virtio_device *device);

/* There is something new in a queue (virtio_queue_publish said so). */
void virtio_device_notify(struct virtio_device const *device, unsigned index);

/* Has it run into an error that only a reset mends (2.1.2)? */
bool virtio_device_needs_reset(struct virtio_device const *device);

/* Without MSI-X: what the interrupt line was raised for, as bits of virtio_cause. Lowers it. */
enum virtio_cause { VIRTIO_CAUSE_QUEUE = 1, VIRTIO_CAUSE_CONFIG = 2 };
unsigned virtio_device_interrupt_cause(struct virtio_device const *device);
