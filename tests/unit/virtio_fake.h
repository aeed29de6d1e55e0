/* SPDX-License-Identifier: MIT */
/*
 * A virtio device behind its registers, written from the specification (VIRTIO 1.1, 2.1, 3.1, 4.1.4), with an eye on the order of what the
 * driver does. It works on its queues when the test says so, by addresses in `fake.memory`.
 */
#pragma once

#include <virtio/device.h>
#include <virtio/registers.h>
#include <string.h>

enum { COMMON = 0x1000, NOTIFY = 0x2000, INTERRUPT = 0x3000, CONFIG = 0x4000, QUEUES = 3, QUEUE_SIZE = 64 };

struct fake_queue {
	uint32_t size, vector, enable, notify_offset;
	uint32_t addresses[6];                /* descriptors, available, used: low and high half */
	uint16_t seen, used;                  /* in the available and in the used ring */
	unsigned notified;
};

static struct {
	uint32_t          status, selected[2], queue, config_vector, generation;
	uint64_t          offered, accepted;
	struct fake_queue queues[QUEUES];
	uint8_t           config[8], cause;
	uint8_t          *memory;             /* that the device reaches, from address `base` on */
	uint64_t          base, bytes;
	/* how it misbehaves */
	unsigned          resets_late, changes;
	bool              refuses_features, has_no_vectors;
} fake;

static uint32_t read_queue(unsigned at)
{
	struct fake_queue const *queue = &fake.queues[fake.queue];

	if (fake.queue >= QUEUES)
		return 0;
	switch (at) {
	case 0x18: return queue->size;
	case 0x1a: return queue->vector;
	case 0x1c: return queue->enable;
	case 0x1e: return queue->notify_offset;
	default:   return 0xdead;
	}
}

static unsigned width_of(unsigned at)
{
	return at == 0x14 || at == 0x15 ? 1 : at >= 0x10 && at < 0x20 ? 2 : 4;
}

static uint32_t read_common(unsigned at, unsigned bytes)
{
	CHECK(at < VIRTIO_COMMON_BYTES && bytes == width_of(at));
	switch (at) {
	case 0x04: return fake.selected[0] < 2 ? (uint32_t)(fake.offered >> 32 * fake.selected[0]) : 0;
	case 0x10: return fake.config_vector;
	case 0x12: return QUEUES;
	case 0x14: return fake.resets_late ? fake.resets_late--, 0x0f : fake.status;
	case 0x15: return fake.changes ? fake.changes--, fake.config[0]++, ++fake.generation & 0xff : fake.generation & 0xff;
	default:   return read_queue(at);
	}
}

/* The steps of 3.1.1: each status bit comes after those before it, queues and features where they may be set. */
static void write_status(uint32_t value)
{
	if (!value) {
		fake.status = 0;
		fake.accepted = 0;
		return;
	}
	CHECK((value & fake.status) == fake.status);
	CHECK(!(value & 2) || (value & 1));
	CHECK(!(value & 8) || (value & 2));
	CHECK(!(value & 4) || (fake.status & 8));
	if (fake.refuses_features)
		value &= ~8u;
	fake.status = value;
}

static void write_queue(unsigned at, uint32_t value)
{
	struct fake_queue *queue = &fake.queues[fake.queue];

	CHECK(fake.queue < QUEUES && (fake.status & 8) && !(fake.status & 4));
	switch (at) {
	case 0x18: CHECK(is_power_of_two(value) && value <= queue->size && !queue->enable); queue->size = value; break;
	case 0x1a: queue->vector = fake.has_no_vectors ? VIRTIO_NO_VECTOR : value; break;
	case 0x1c: CHECK(value == 1 && queue->addresses[0] && queue->addresses[2] && queue->addresses[4]); queue->enable = 1; break;
	default:   CHECK(at >= 0x20 && !queue->enable); queue->addresses[(at - 0x20) / 4] = value;
	}
}

static void write_common(unsigned at, unsigned bytes, uint32_t value)
{
	CHECK(at < VIRTIO_COMMON_BYTES && bytes == width_of(at));
	switch (at) {
	case 0x00: fake.selected[0] = value; break;
	case 0x08: fake.selected[1] = value; break;
	case 0x0c:
		CHECK((fake.status & 3) == 3 && !(fake.status & 8) && fake.selected[1] < 2);
		fake.accepted = (fake.accepted & ~(UINT64_C(0xffffffff) << 32 * fake.selected[1])) | (uint64_t)value << 32 * fake.selected[1];
		CHECK(!(fake.accepted & ~fake.offered));
		break;
	case 0x10: fake.config_vector = fake.has_no_vectors ? VIRTIO_NO_VECTOR : value; break;
	case 0x14: write_status(value); break;
	case 0x16: fake.queue = value; break;
	default:   write_queue(at, value);
	}
}

uint32_t virtio_read(uintptr_t at, unsigned bytes)
{
	uint32_t value = 0;

	CHECK(is_aligned(at, bytes));
	if (at == INTERRUPT) {
		value = fake.cause;
		fake.cause = 0;
		return value;
	}
	if (at < NOTIFY)
		return read_common((unsigned)(at - COMMON), bytes);
	CHECK(at >= CONFIG && at + bytes <= CONFIG + sizeof(fake.config));
	memcpy(&value, fake.config + (at - CONFIG), bytes);
	return value;
}

void virtio_write(uintptr_t at, unsigned bytes, uint32_t value)
{
	CHECK(is_aligned(at, bytes));
	if (at < NOTIFY) {
		write_common((unsigned)(at - COMMON), bytes, value);
		return;
	}
	CHECK(at >= NOTIFY && at < NOTIFY + 4 * QUEUES && bytes == 2 && value < QUEUES && (fake.status & 4));
	CHECK(at == NOTIFY + 4 * fake.queues[value].notify_offset);
	fake.queues[value].notified++;
}

static struct virtio_registers const fake_registers = { .common = COMMON, .notify = NOTIFY, .interrupt = INTERRUPT, .config = CONFIG,
	                                                .notify_bytes = 4 * QUEUES, .notify_multiplier = 4, .config_bytes = sizeof(fake.config) };

/* Out of reset, with nothing negotiated. */
static inline void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.offered = VIRTIO_VERSION_1 | 0x21;
	for (unsigned i = 0; i < QUEUES; i++) {
		fake.queues[i].size = QUEUE_SIZE;
		fake.queues[i].notify_offset = QUEUES - 1 - i;
	}
	for (unsigned i = 0; i < sizeof(fake.config); i++)
		fake.config[i] = (uint8_t)(0x10 + i);
}

/* --- Queues --- */

struct fake_part { uint8_t *data; uint32_t size; bool is_written; };

static inline uint8_t *fake_at(uint64_t address, uint64_t bytes)
{
	CHECK(address >= fake.base && is_within(address - fake.base, bytes, fake.bytes));
	return fake.memory + (address - fake.base);
}

static inline uint64_t fake_area(struct fake_queue const *queue, unsigned area)
{
	return queue->addresses[2 * area] | (uint64_t)queue->addresses[2 * area + 1] << 32;
}

static inline uint64_t fake_number(uint64_t address, unsigned bytes)
{
	uint64_t number = 0;

	memcpy(&number, fake_at(address, bytes), bytes);
	return number;
}

/* Takes the next chain: its head, and its parts, at most `max`. -1: there is none. */
static inline int fake_take(struct fake_queue *queue, struct fake_part parts[], unsigned max, unsigned *count)
{
	uint64_t const available = fake_area(queue, 1);
	uint16_t       head, at;

	if (queue->seen == fake_number(available + 2, 2))
		return -1;
	head = at = (uint16_t)fake_number(available + 4 + 2 * (queue->seen++ % queue->size), 2);
	for (*count = 0; *count < max;) {
		uint64_t const descriptor = fake_area(queue, 0) + 16u * at;
		uint16_t const flags      = (uint16_t)fake_number(descriptor + 12, 2);
		uint32_t const size       = (uint32_t)fake_number(descriptor + 8, 4);

		CHECK(at < queue->size);
		parts[(*count)++] = (struct fake_part) { fake_at(fake_number(descriptor, 8), size), size, flags & 2 };
		if (!(flags & 1))
			return head;
		at = (uint16_t)fake_number(descriptor + 14, 2);
	}
	ck_abort_msg("a chain is too long");
}

static inline void fake_use(struct fake_queue *queue, uint32_t id, uint32_t length)
{
	uint64_t const used = fake_area(queue, 2);
	uint32_t const entry[2] = { id, length };

	memcpy(fake_at(used + 4 + 8 * (queue->used++ % queue->size), 8), entry, 8);
	memcpy(fake_at(used + 2, 2), &queue->used, 2);
}

/* Does the driver want an interrupt for what is used? */
static inline bool fake_interrupts(struct fake_queue const *queue)
{
	return !(fake_number(fake_area(queue, 1), 2) & 1);
}
