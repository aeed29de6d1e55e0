/* SPDX-License-Identifier: MIT */
/* The capabilities of a virtio device. */
#include <virtio/capabilities.h>
#include <virtio/device.h>

/* 4.1.4: the capability itself, and with the multiplier behind it */
enum { CAPABILITY_BYTES = 16, CAPABILITY_NOTIFY_BYTES = 20 };

static uint32_t bytes_needed(unsigned kind)
{
	return kind == VIRTIO_COMMON ? VIRTIO_COMMON_BYTES : kind == VIRTIO_NOTIFY ? 2 : 1;
}

static uint32_t alignment_needed(unsigned kind)
{
	return kind == VIRTIO_INTERRUPT ? 1 : kind == VIRTIO_NOTIFY ? 2 : 4;
}

void virtio_capability_note(struct virtio_capabilities *capabilities, uint32_t const words[VIRTIO_CAPABILITY_WORDS])
{
	unsigned const            length = words[0] >> 16 & 0xff;
	unsigned const            kind   = words[0] >> 24;
	struct virtio_place const place  = { .bar = words[1] & 0xff, .offset = words[2], .bytes = words[3] };

	if (kind < VIRTIO_COMMON || kind >= VIRTIO_PLACES || capabilities->places[kind].bytes)
		return;
	if (length < (kind == VIRTIO_NOTIFY ? CAPABILITY_NOTIFY_BYTES : CAPABILITY_BYTES) || place.bar >= VIRTIO_BARS)
		return;
	if (place.bytes < bytes_needed(kind) || !is_aligned(place.offset, alignment_needed(kind)) || !is_within(place.offset, place.bytes, UINT32_MAX))
		return;
	capabilities->places[kind] = place;
	if (kind == VIRTIO_NOTIFY)
		capabilities->notify_multiplier = words[4];
}

bool virtio_capabilities_are_complete(struct virtio_capabilities const *capabilities)
{
	return capabilities->places[VIRTIO_COMMON].bytes && capabilities->places[VIRTIO_NOTIFY].bytes;
}

struct virtio_place virtio_capabilities_window(struct virtio_capabilities const *capabilities, unsigned bar)
{
	uint32_t start = UINT32_MAX, end = 0;

	for (unsigned kind = VIRTIO_COMMON; kind < VIRTIO_PLACES; kind++) {
		struct virtio_place const *place = &capabilities->places[kind];

		if (!place->bytes || place->bar != bar)
			continue;
		start = MIN(start, place->offset);
		end = MAX(end, place->offset + place->bytes);
	}
	return (struct virtio_place) { .bar = (uint8_t)bar, .offset = start, .bytes = end > start ? end - start : 0 };
}
