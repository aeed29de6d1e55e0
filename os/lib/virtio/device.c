/* SPDX-License-Identifier: MIT */
/* The common configuration of a virtio device. */
#include <virtio/device.h>
#include <virtio/registers.h>

#include <base/assert.h>
#include <base/string.h>

/* 4.1.4.3; the widths in bytes are 4, but where another one stands */
enum {
	DEVICE_FEATURE_SELECT = 0x00, DEVICE_FEATURE = 0x04, DRIVER_FEATURE_SELECT = 0x08, DRIVER_FEATURE = 0x0c,
	CONFIG_VECTOR = 0x10 /* 2 */, DEVICE_STATUS = 0x14 /* 1 */, CONFIG_GENERATION = 0x15 /* 1 */,
	QUEUE_SELECT = 0x16 /* 2 */, QUEUE_SIZE = 0x18 /* 2 */, QUEUE_VECTOR = 0x1a /* 2 */, QUEUE_ENABLE = 0x1c /* 2 */,
	QUEUE_NOTIFY_OFFSET = 0x1e /* 2 */, QUEUE_DESCRIPTORS = 0x20, QUEUE_AVAILABLE = 0x28, QUEUE_USED = 0x30,
};

/* 2.1 */
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64 };

enum { RESET_READS = 100000, CONFIG_TRIES = 16 };

static uint32_t get(struct virtio_device const *device, unsigned field, unsigned bytes)
{
	return virtio_read(device->registers.common + field, bytes);
}

static void set(struct virtio_device const *device, unsigned field, unsigned bytes, uint32_t value)
{
	virtio_write(device->registers.common + field, bytes, value);
}

static void set64(struct virtio_device const *device, unsigned field, uint64_t value)
{
	set(device, field, 4, (uint32_t)value);
	set(device, field + 4, 4, (uint32_t)(value >> 32));
}

static void add_status(struct virtio_device const *device, unsigned bits)
{
	set(device, DEVICE_STATUS, 1, get(device, DEVICE_STATUS, 1) | bits);
}

enum status virtio_device_reset(struct virtio_device *device)
{
	device->features = 0;
	memset(device->notify_at, 0, sizeof(device->notify_at));
	set(device, DEVICE_STATUS, 1, 0);
	for (unsigned i = 0; i < RESET_READS; i++) {
		if (!get(device, DEVICE_STATUS, 1))
			return STATUS_OK;
	}
	return STATUS_TIMEOUT;
}

static uint64_t offered(struct virtio_device const *device)
{
	uint64_t features;

	set(device, DEVICE_FEATURE_SELECT, 4, 0);
	features = get(device, DEVICE_FEATURE, 4);
	set(device, DEVICE_FEATURE_SELECT, 4, 1);
	return features | (uint64_t)get(device, DEVICE_FEATURE, 4) << 32;
}

enum status virtio_device_negotiate(struct virtio_device *device, uint64_t wanted, uint64_t required)
{
	uint64_t features;

	add_status(device, ACKNOWLEDGE);
	add_status(device, DRIVER);
	required |= VIRTIO_VERSION_1;
	features = offered(device) & (wanted | required);
	if (required & ~features)
		return STATUS_UNSUPPORTED;
	set(device, DRIVER_FEATURE_SELECT, 4, 0);
	set(device, DRIVER_FEATURE, 4, (uint32_t)features);
	set(device, DRIVER_FEATURE_SELECT, 4, 1);
	set(device, DRIVER_FEATURE, 4, (uint32_t)(features >> 32));
	add_status(device, FEATURES_OK);
	if (!(get(device, DEVICE_STATUS, 1) & FEATURES_OK))
		return STATUS_UNSUPPORTED;
	device->features = features;
	return STATUS_OK;
}

enum status virtio_device_config(struct virtio_device const *device, uint32_t offset, unsigned width, unsigned count, void *to)
{
	uint8_t  fields[64];
	uint32_t generation;

	assert(count * width <= sizeof(fields));
	if (!is_within(offset, count * width, device->registers.config_bytes))
		return STATUS_NOT_FOUND;
	for (unsigned i = 0; i < CONFIG_TRIES; i++) {
		generation = get(device, CONFIG_GENERATION, 1);
		for (unsigned field = 0; field < count; field++) {
			uint32_t const value = virtio_read(device->registers.config + offset + field * width, width);
			memcpy(fields + field * width, &value, width);
		}
		if (get(device, CONFIG_GENERATION, 1) == generation) {
			memcpy(to, fields, count * width);
			return STATUS_OK;
		}
	}
	return STATUS_BUSY;
}

uint16_t virtio_device_queue_size(struct virtio_device const *device, unsigned index)
{
	set(device, QUEUE_SELECT, 2, index);
	return (uint16_t)get(device, QUEUE_SIZE, 2);
}

/* The device says VIRTIO_NO_VECTOR if it cannot (4.1.5.1.2.2). */
static enum status set_vector(struct virtio_device *device, unsigned field, uint16_t vector)
{
	set(device, field, 2, vector);
	return get(device, field, 2) == vector ? STATUS_OK : STATUS_UNSUPPORTED;
}

enum status virtio_device_config_vector(struct virtio_device *device, uint16_t vector)
{
	return set_vector(device, CONFIG_VECTOR, vector);
}

enum status virtio_device_add_queue(struct virtio_device *device, unsigned index, struct virtio_queue const *queue, uint16_t vector)
{
	struct virtio_queue_memory const *memory = &queue->memory;
	uint64_t                          notify;
	enum status                       status;

	assert(index < VIRTIO_QUEUES);
	if (virtio_device_queue_size(device, index) < memory->size)
		return STATUS_NOT_FOUND;
	notify = (uint64_t)get(device, QUEUE_NOTIFY_OFFSET, 2) * device->registers.notify_multiplier;
	if (!is_aligned(notify, 2) || !is_within(notify, 2, device->registers.notify_bytes))
		return STATUS_PROTOCOL;
	set(device, QUEUE_SIZE, 2, memory->size);
	status = set_vector(device, QUEUE_VECTOR, vector);
	if (status)
		return status;
	set64(device, QUEUE_DESCRIPTORS, memory->address);
	set64(device, QUEUE_AVAILABLE, memory->address + virtio_queue_available_start(memory->size));
	set64(device, QUEUE_USED, memory->address + virtio_queue_used_start(memory->size));
	set(device, QUEUE_ENABLE, 2, 1);
	device->notify_at[index] = device->registers.notify + notify;
	return STATUS_OK;
}

void virtio_device_start(struct virtio_device *device)
{
	add_status(device, DRIVER_OK);
}

void virtio_device_notify(struct virtio_device const *device, unsigned index)
{
	virtio_write(device->notify_at[index], 2, index);
}

bool virtio_device_needs_reset(struct virtio_device const *device)
{
	return get(device, DEVICE_STATUS, 1) & NEEDS_RESET;
}

unsigned virtio_device_interrupt_cause(struct virtio_device const *device)
{
	return device->registers.interrupt ? virtio_read(device->registers.interrupt, 1) : 0;
}
