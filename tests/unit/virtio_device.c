/* SPDX-License-Identifier: MIT */
/*
 * The registers of a virtio device (against virtio_fake.h) and its PCI capabilities.
 */
#include "unit.h"
#include "virtio_fake.h"
#include <virtio/capabilities.h>

/* --- Tests --- */

static struct virtio_device device;

static void start(void)
{
	fake_reset();
	device = (struct virtio_device) { .registers = fake_registers };
}

static void start_negotiated(void)
{
	start();
	ck_assert_int_eq(virtio_device_reset(&device), STATUS_OK);
	ck_assert_int_eq(virtio_device_negotiate(&device, 0, 0), STATUS_OK);
}

static struct virtio_queue const queue = { .memory = { .address = UINT64_C(0x123456000), .size = 32 } };

START_TEST(a_device_goes_from_reset_to_work_in_the_order_of_the_specification)
{
	start();
	fake.status = 0x0f;
	fake.resets_late = 3;
	ck_assert_int_eq(virtio_device_reset(&device), STATUS_OK);
	ck_assert_int_eq(virtio_device_negotiate(&device, 0x05, 0x20), STATUS_OK);
	ck_assert_uint_eq(fake.accepted, VIRTIO_VERSION_1 | 0x21);
	ck_assert_uint_eq(device.features, VIRTIO_VERSION_1 | 0x21);
	ck_assert_int_eq(virtio_device_config_vector(&device, 0), STATUS_OK);
	ck_assert_int_eq(virtio_device_add_queue(&device, 1, &queue, 1), STATUS_OK);
	virtio_device_start(&device);
	ck_assert_uint_eq(fake.status, 0x0f);
	ck_assert_uint_eq(fake.queues[1].size, 32);
	ck_assert_uint_eq(fake.queues[1].addresses[0], 0x23456000);
	ck_assert_uint_eq(fake.queues[1].addresses[1], 1);
	ck_assert_uint_eq(fake.queues[1].addresses[2], 0x23456000 + virtio_queue_available_start(32));
	ck_assert_uint_eq(fake.queues[1].addresses[4], 0x23456000 + virtio_queue_used_start(32));
	ck_assert(fake.queues[1].enable && !fake.queues[0].enable && fake.queues[1].vector == 1);
	virtio_device_notify(&device, 1);
	ck_assert_uint_eq(fake.queues[1].notified, 1);
}
END_TEST

START_TEST(a_device_that_stays_in_reset_is_given_up)
{
	start();
	fake.resets_late = UINT32_MAX;
	ck_assert_int_eq(virtio_device_reset(&device), STATUS_TIMEOUT);
}
END_TEST

START_TEST(what_is_required_and_missing_is_unsupported)
{
	start();
	ck_assert_int_eq(virtio_device_reset(&device), STATUS_OK);
	ck_assert_int_eq(virtio_device_negotiate(&device, 0, 0x40), STATUS_UNSUPPORTED);
	ck_assert(!(fake.status & 8));
	start();
	fake.offered = 0x21;
	ck_assert_int_eq(virtio_device_reset(&device), STATUS_OK);
	ck_assert_int_eq(virtio_device_negotiate(&device, 0x21, 0), STATUS_UNSUPPORTED);
	start();
	fake.refuses_features = true;
	ck_assert_int_eq(virtio_device_reset(&device), STATUS_OK);
	ck_assert_int_eq(virtio_device_negotiate(&device, 0x21, 0), STATUS_UNSUPPORTED);
}
END_TEST

START_TEST(configuration_is_read_as_it_was_at_one_time)
{
	uint8_t  bytes[6];
	uint16_t word;

	start_negotiated();
	fake.changes = 5;
	ck_assert_int_eq(virtio_device_config(&device, 0, 1, 6, bytes), STATUS_OK);
	ck_assert_uint_eq(bytes[0], 0x10 + 5);
	ck_assert_uint_eq(bytes[5], 0x15);
	ck_assert_int_eq(virtio_device_config(&device, 6, 2, 1, &word), STATUS_OK);
	ck_assert_uint_eq(word, 0x1716);
	fake.changes = UINT32_MAX;
	ck_assert_int_eq(virtio_device_config(&device, 0, 1, 6, bytes), STATUS_BUSY);
	ck_assert_int_eq(virtio_device_config(&device, 8, 2, 1, &word), STATUS_NOT_FOUND);
	ck_assert_int_eq(virtio_device_config(&device, 3, 1, 6, bytes), STATUS_NOT_FOUND);
}
END_TEST

START_TEST(a_queue_that_is_not_there_or_too_small_is_not_found)
{
	start_negotiated();
	ck_assert_uint_eq(virtio_device_queue_size(&device, QUEUES), 0);
	ck_assert_uint_eq(virtio_device_queue_size(&device, 0), QUEUE_SIZE);
	ck_assert_int_eq(virtio_device_add_queue(&device, QUEUES, &queue, 0), STATUS_NOT_FOUND);
	fake.queues[2].size = 16;
	ck_assert_int_eq(virtio_device_add_queue(&device, 2, &queue, 0), STATUS_NOT_FOUND);
}
END_TEST

START_TEST(a_notification_outside_of_the_registers_is_a_violation)
{
	start_negotiated();
	for (uint32_t offset = 0; offset <= UINT16_MAX; offset++) {
		fake.queues[0].notify_offset = offset;
		if (offset < QUEUES)
			continue;
		CHECK(virtio_device_add_queue(&device, 0, &queue, 0) == STATUS_PROTOCOL && !fake.queues[0].enable && !device.notify_at[0]);
	}
	device.registers.notify_multiplier = 1;
	fake.queues[0].notify_offset = 1;
	ck_assert_int_eq(virtio_device_add_queue(&device, 0, &queue, 0), STATUS_PROTOCOL);
	device.registers.notify_multiplier = UINT32_MAX;
	fake.queues[0].notify_offset = 2;
	ck_assert_int_eq(virtio_device_add_queue(&device, 0, &queue, 0), STATUS_PROTOCOL);
}
END_TEST

START_TEST(a_device_without_room_for_a_vector_is_unsupported)
{
	start_negotiated();
	fake.has_no_vectors = true;
	ck_assert_int_eq(virtio_device_config_vector(&device, 0), STATUS_UNSUPPORTED);
	ck_assert_int_eq(virtio_device_add_queue(&device, 0, &queue, 1), STATUS_UNSUPPORTED);
	ck_assert(!fake.queues[0].enable);
}
END_TEST

START_TEST(the_cause_of_an_interrupt_is_told_once)
{
	start_negotiated();
	fake.cause = 3;
	ck_assert_uint_eq(virtio_device_interrupt_cause(&device), VIRTIO_CAUSE_QUEUE | VIRTIO_CAUSE_CONFIG);
	ck_assert_uint_eq(virtio_device_interrupt_cause(&device), 0);
	device.registers.interrupt = 0;
	ck_assert_uint_eq(virtio_device_interrupt_cause(&device), 0);
	ck_assert(!virtio_device_needs_reset(&device));
	fake.status |= 64;
	ck_assert(virtio_device_needs_reset(&device));
}
END_TEST

/* --- Capabilities --- */

static void note(struct virtio_capabilities *capabilities, unsigned kind, unsigned bar, uint32_t offset, uint32_t bytes)
{
	uint32_t const words[VIRTIO_CAPABILITY_WORDS] = { 0x09 | 20u << 16 | kind << 24, bar, offset, bytes, 4 };

	virtio_capability_note(capabilities, words);
}

static void note_all(struct virtio_capabilities *capabilities)
{
	memset(capabilities, 0, sizeof(*capabilities));
	note(capabilities, VIRTIO_COMMON, 4, 0, 0x38);
	note(capabilities, VIRTIO_NOTIFY, 4, 0x3000, 0x1000);
	note(capabilities, VIRTIO_CONFIG, 2, 0x2000, 12);
}

START_TEST(the_first_usable_capability_of_a_kind_counts)
{
	struct virtio_capabilities capabilities;

	memset(&capabilities, 0, sizeof(capabilities));
	note(&capabilities, VIRTIO_COMMON, 6, 0, 0x38);                 /* there is no BAR 6 */
	note(&capabilities, VIRTIO_COMMON, 4, 0, 0x37);                 /* too short */
	note(&capabilities, VIRTIO_COMMON, 4, 2, 0x38);                 /* not aligned */
	note(&capabilities, VIRTIO_COMMON, 4, 0xfffffffc, 0x38);        /* beyond 4 GiB */
	ck_assert(!capabilities.places[VIRTIO_COMMON].bytes && !virtio_capabilities_are_complete(&capabilities));
	note(&capabilities, VIRTIO_COMMON, 4, 0x100, 0x40);
	note(&capabilities, VIRTIO_COMMON, 1, 0, 0x38);
	ck_assert_uint_eq(capabilities.places[VIRTIO_COMMON].bar, 4);
	ck_assert_uint_eq(capabilities.places[VIRTIO_COMMON].offset, 0x100);
	note(&capabilities, VIRTIO_NOTIFY, 4, 0x3000, 0);
	ck_assert(!virtio_capabilities_are_complete(&capabilities));
	note(&capabilities, VIRTIO_NOTIFY, 4, 0x3000, 0x1000);
	ck_assert_uint_eq(capabilities.notify_multiplier, 4);
	note(&capabilities, 5, 0, 0, 4);
	note(&capabilities, 200, 0, 0, 4);
	ck_assert(virtio_capabilities_are_complete(&capabilities));
}
END_TEST

START_TEST(a_capability_that_is_too_short_for_its_kind_is_skipped)
{
	struct virtio_capabilities capabilities = { 0 };
	uint32_t words[VIRTIO_CAPABILITY_WORDS] = { 0x09 | 15u << 16 | 1u << 24, 4, 0, 0x38, 0 };

	virtio_capability_note(&capabilities, words);
	ck_assert(!capabilities.places[VIRTIO_COMMON].bytes);
	words[0] = 0x09 | 16u << 16 | 1u << 24;
	virtio_capability_note(&capabilities, words);
	ck_assert(capabilities.places[VIRTIO_COMMON].bytes);
	words[0] = 0x09 | 16u << 16 | 2u << 24;
	virtio_capability_note(&capabilities, words);
	ck_assert(!capabilities.places[VIRTIO_NOTIFY].bytes);
}
END_TEST

START_TEST(the_window_of_a_bar_holds_all_that_is_there)
{
	struct virtio_capabilities capabilities;
	struct virtio_place        window;

	note_all(&capabilities);
	window = virtio_capabilities_window(&capabilities, 4);
	ck_assert(window.offset == 0 && window.bytes == 0x4000 && window.bar == 4);
	window = virtio_capabilities_window(&capabilities, 2);
	ck_assert(window.offset == 0x2000 && window.bytes == 12);
	ck_assert_uint_eq(virtio_capabilities_window(&capabilities, 0).bytes, 0);
}
END_TEST

START_TEST(random_capabilities_never_lead_outside_of_a_window)
{
	for (int round = 0; round < 100000; round++) {
		struct virtio_capabilities capabilities = { 0 };

		for (int i = 0; i < 6; i++) {
			uint32_t words[VIRTIO_CAPABILITY_WORDS];
			for (unsigned w = 0; w < ARRAY_SIZE(words); w++)
				words[w] = (uint32_t)(unit_below(2) ? unit_random() : unit_below(8) * 4);
			words[0] = (uint32_t)(9 | unit_below(40) << 16 | unit_below(8) << 24);
			virtio_capability_note(&capabilities, words);
		}
		for (unsigned kind = 0; kind < VIRTIO_PLACES; kind++) {
			struct virtio_place const place = capabilities.places[kind];
			if (!place.bytes)
				continue;
			struct virtio_place const window = virtio_capabilities_window(&capabilities, place.bar);
			CHECK(place.bar < 6 && place.offset >= window.offset && place.offset - window.offset + (uint64_t)place.bytes <= window.bytes);
		}
	}
}
END_TEST

UNIT_MAIN(a_device_goes_from_reset_to_work_in_the_order_of_the_specification, a_device_that_stays_in_reset_is_given_up,
          what_is_required_and_missing_is_unsupported, configuration_is_read_as_it_was_at_one_time, a_queue_that_is_not_there_or_too_small_is_not_found,
          a_notification_outside_of_the_registers_is_a_violation, a_device_without_room_for_a_vector_is_unsupported,
          the_cause_of_an_interrupt_is_told_once, the_first_usable_capability_of_a_kind_counts,
          a_capability_that_is_too_short_for_its_kind_is_skipped, the_window_of_a_bar_holds_all_that_is_there,
          random_capabilities_never_lead_outside_of_a_window)
