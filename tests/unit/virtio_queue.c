/* SPDX-License-Identifier: MIT */
/*
 * The virtqueue against a device that is written from the specification (VIRTIO 1.1, 2.6), reads the memory itself and keeps
 * to the rules, and against devices that do not.
 */
#include "unit.h"
#include <virtio/queue.h>
#include <string.h>

enum { SIZE_MAX_HERE = 16, BYTES = 4096, ADDRESS = 0x7000000, CHAINS = 66000 /* more than 2^16 */ };

static _Alignas(4096) uint8_t memory[BYTES];
static struct virtio_slot     slots[SIZE_MAX_HERE];
static struct virtio_queue    queue;
static uint16_t               size;

/* --- A device --- */

static struct {
	uint16_t seen, used;                  /* in the available and in the used ring */
	uint16_t held[SIZE_MAX_HERE];         /* heads of chains that it works on */
	unsigned holding;
} device;

static uint16_t read16(uint64_t at) { return (uint16_t)(memory[at] | memory[at + 1] << 8); }
static uint64_t read_number(uint64_t at, unsigned bytes)
{
	uint64_t number = 0;

	for (unsigned i = bytes; i-- > 0;)
		number = number << 8 | memory[at + i];
	return number;
}
static void write_number(uint64_t at, uint64_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		memory[at + i] = (uint8_t)(number >> 8 * i);
}

static uint64_t available(void) { return virtio_queue_available_start(size); }
static uint64_t used(void) { return virtio_queue_used_start(size); }

static void start(uint16_t queue_size)
{
	struct virtio_queue_memory const where = { .start = memory, .address = ADDRESS, .size = queue_size };

	size = queue_size;
	memset(memory, 0, sizeof(memory));
	memset(&device, 0, sizeof(device));
	CHECK(virtio_queue_bytes(size) <= BYTES);
	virtio_queue_init(&queue, &where, slots);
}

static bool device_takes(void)
{
	if (device.seen == read16(available() + 2))
		return false;
	device.held[device.holding++] = read16(available() + 4 + 2 * (device.seen++ % size));
	return true;
}

/* What the test puts: parts whose addresses and sizes say which chain they are of. */
static uint64_t address_of(uint32_t token, unsigned part) { return (uint64_t)token << 16 | part << 12; }
static uint32_t size_of(uint32_t token, unsigned part) { return token % 100 + part + 1; }
static unsigned parts_of(uint32_t token) { return 1 + token % MIN(size, 3u); }
static unsigned read_parts_of(uint32_t token) { return (token >> 4) % (parts_of(token) + 1); }

static enum status put(uint32_t token)
{
	struct virtio_part parts[3];

	for (unsigned i = 0; i < parts_of(token); i++)
		parts[i] = (struct virtio_part) { .address = address_of(token, i), .size = size_of(token, i), .is_written = i >= read_parts_of(token) };
	return virtio_queue_put(&queue, parts, parts_of(token), token);
}

static uint32_t writable_of(uint32_t token)
{
	uint32_t sum = 0;

	for (unsigned i = read_parts_of(token); i < parts_of(token); i++)
		sum += size_of(token, i);
	return sum;
}

/* Follows a chain as a device does; returns its token. */
static uint32_t device_reads(uint16_t head)
{
	uint32_t const token = (uint32_t)(read_number(16u * head, 8) >> 16);
	uint16_t       at    = head;

	for (unsigned i = 0;; i++) {
		uint16_t const flags = read16(16u * at + 12);

		CHECK(at < size && i < parts_of(token));
		CHECK(read_number(16u * at, 8) == address_of(token, i) && read_number(16u * at + 8, 4) == size_of(token, i));
		CHECK((flags & 2) == (i >= read_parts_of(token) ? 2 : 0) && !(flags & ~3));
		CHECK((flags & 1) == (i + 1 < parts_of(token)));
		if (!(flags & 1))
			return token;
		at = read16(16u * at + 14);
	}
}

static void device_uses(uint32_t id, uint32_t length)
{
	uint64_t const at = used() + 4 + 8 * (device.used++ % size);

	write_number(at, id, 4);
	write_number(at + 4, length, 4);
	write_number(used() + 2, device.used, 2);
}

/* Uses a chain that it holds, any. Returns the token. */
static uint32_t device_gives_back(void)
{
	unsigned const pick  = (unsigned)unit_below(device.holding);
	uint16_t const head  = device.held[pick];
	uint32_t const token = device_reads(head);

	device.held[pick] = device.held[--device.holding];
	device_uses(head, writable_of(token) ? token % writable_of(token) : 0);
	return token;
}

/* --- Honest devices --- */

START_TEST(the_areas_are_where_the_device_looks_for_them)
{
	ck_assert_uint_eq(virtio_queue_available_start(256), 4096);
	ck_assert_uint_eq(virtio_queue_used_start(256), 4096 + 576 + 4);
	ck_assert_uint_ge(virtio_queue_bytes(256), 4096 + 576 + 4 + 8 * 256 + 2);
	for (unsigned n = 1; n <= VIRTIO_QUEUE_MAX; n *= 2) {
		ck_assert(is_aligned(virtio_queue_available_start((uint16_t)n), 2) && is_aligned(virtio_queue_used_start((uint16_t)n), 4));
		/* No element of the used ring, of 8 bytes behind a header of 4, crosses a page. */
		ck_assert(is_aligned(virtio_queue_used_start((uint16_t)n) + 4, 8));
		ck_assert_uint_ge(virtio_queue_used_start((uint16_t)n) - virtio_queue_available_start((uint16_t)n), 6 + 2 * n);
	}
}
END_TEST

/* Random turns of both sides, until the indices have wrapped. */
static void run_honest(uint16_t queue_size)
{
	static bool out[CHAINS + SIZE_MAX_HERE];
	uint32_t    next = 0, taken = 0, given_back = 0, out_parts = 0;

	start(queue_size);
	memset(out, 0, sizeof(out));
	while (taken < CHAINS) {
		uint32_t    token, written;
		enum status status;

		switch (unit_below(5)) {
		case 0:
			status = put(next);
			CHECK(status == (out_parts + parts_of(next) > size ? STATUS_BUSY : STATUS_OK));
			if (status == STATUS_OK) {
				out_parts += parts_of(next);
				out[next++] = true;
			}
			break;
		case 1:
			virtio_queue_publish(&queue);
			break;
		case 2:
			device_takes();
			break;
		case 3:
			if (device.holding) {
				device_gives_back();
				given_back++;
			}
			break;
		default:
			status = virtio_queue_take(&queue, &token, &written);
			CHECK(status == (given_back == taken ? STATUS_NOT_FOUND : STATUS_OK));
			if (status)
				break;
			CHECK(token < next && out[token]);
			CHECK(written == (writable_of(token) ? token % writable_of(token) : 0));
			out[token] = false;
			out_parts -= parts_of(token);
			taken++;
		}
		CHECK(virtio_queue_out(&queue) == next - taken && virtio_queue_has_room(&queue, size - out_parts));
		CHECK(!virtio_queue_has_room(&queue, size - out_parts + 1));
	}
}

START_TEST(each_chain_comes_back_once_with_its_length_when_indices_wrap)
{
	for (uint16_t n = 1; n <= SIZE_MAX_HERE; n = (uint16_t)(n * 2))
		run_honest(n);
}
END_TEST

START_TEST(nothing_is_visible_before_it_is_published)
{
	start(4);
	ck_assert_int_eq(put(0), STATUS_OK);
	ck_assert(!device_takes());
	ck_assert(virtio_queue_publish(&queue));
	ck_assert(!virtio_queue_publish(&queue));
	ck_assert(device_takes());
	ck_assert(!device_takes());
}
END_TEST

START_TEST(a_device_that_looks_by_itself_is_not_notified)
{
	start(4);
	write_number(used(), 1, 2);
	ck_assert_int_eq(put(0), STATUS_OK);
	ck_assert(!virtio_queue_publish(&queue));
	ck_assert(device_takes());
}
END_TEST

START_TEST(an_interrupt_is_asked_for_only_when_there_is_nothing_to_do)
{
	uint32_t token, written;

	start(4);
	ck_assert_uint_eq(read16(available()), 0);
	virtio_queue_awake(&queue);
	ck_assert_uint_eq(read16(available()), 1);
	ck_assert_int_eq(put(0), STATUS_OK);
	virtio_queue_publish(&queue);
	ck_assert(virtio_queue_sleep(&queue));
	ck_assert_uint_eq(read16(available()), 0);
	device_takes();
	device_gives_back();
	ck_assert(!virtio_queue_sleep(&queue));
	ck_assert_uint_eq(read16(available()), 1);
	ck_assert_int_eq(virtio_queue_take(&queue, &token, &written), STATUS_OK);
	ck_assert(virtio_queue_sleep(&queue));
}
END_TEST

START_TEST(a_full_queue_is_busy_and_nothing_is_lost)
{
	uint32_t token, written;

	start(2);
	ck_assert_int_eq(put(0), STATUS_OK);
	ck_assert_int_eq(put(2), STATUS_OK);
	ck_assert_int_eq(put(4), STATUS_BUSY);
	virtio_queue_publish(&queue);
	while (device_takes())
		;
	ck_assert_uint_eq(device.holding, 2);
	device_gives_back();
	ck_assert_int_eq(put(4), STATUS_BUSY);
	ck_assert_int_eq(virtio_queue_take(&queue, &token, &written), STATUS_OK);
	ck_assert_int_eq(put(4), STATUS_OK);
	ck_assert_int_eq(put(6), STATUS_BUSY);
}
END_TEST

/* --- Devices that lie --- */

/* Three chains are out, 0 (nothing is written), 16 and 32; the third was not published. */
static void start_lies(void)
{
	start(8);
	CHECK(put(0) == STATUS_OK);
	CHECK(put(16) == STATUS_OK);
	virtio_queue_publish(&queue);
	CHECK(put(32) == STATUS_OK);
}

static void expect_protocol(void)
{
	uint32_t token = 77, written = 77;

	ck_assert_int_eq(virtio_queue_take(&queue, &token, &written), STATUS_PROTOCOL);
	ck_assert(token == 77 && written == 77);
	ck_assert(queue.is_broken);
	ck_assert_int_eq(put(0), STATUS_PROTOCOL);
	ck_assert_int_eq(virtio_queue_take(&queue, &token, &written), STATUS_PROTOCOL);
}

START_TEST(an_id_that_is_no_descriptor_is_a_violation)
{
	uint32_t const ids[] = { 8, 9, 0xffff, 0x10000, UINT32_MAX };

	for (unsigned i = 0; i < ARRAY_SIZE(ids); i++) {
		start_lies();
		device_uses(ids[i], 0);
		expect_protocol();
	}
}
END_TEST

START_TEST(an_id_that_is_not_out_is_a_violation)
{
	for (uint32_t id = 0; id < 8; id++) {
		start_lies();
		if (queue.slots[id].count && queue.slots[id].token != 32)
			continue; /* a head that the device was told of */
		device_uses(id, 0);
		expect_protocol();
	}
}
END_TEST

START_TEST(a_chain_that_comes_back_twice_is_a_violation)
{
	uint32_t token, written;

	start_lies();
	device_takes();
	device_takes();
	device_uses(device.held[0], 0);
	device_uses(device.held[0], 0);
	ck_assert_int_eq(virtio_queue_take(&queue, &token, &written), STATUS_OK);
	expect_protocol();
}
END_TEST

START_TEST(a_length_beyond_what_can_be_written_is_a_violation)
{
	for (unsigned chain = 0; chain < 2; chain++) {
		uint32_t token, written, writable;

		start_lies();
		writable = writable_of(16 * chain);
		device_takes();
		device_takes();
		device_uses(device.held[chain], writable);
		ck_assert_int_eq(virtio_queue_take(&queue, &token, &written), STATUS_OK);
		ck_assert(token == 16 * chain && written == writable);
		start_lies();
		device_takes();
		device_takes();
		device_uses(device.held[chain], writable + 1);
		expect_protocol();
	}
}
END_TEST

START_TEST(a_used_index_that_jumps_is_a_violation)
{
	for (uint32_t jump = 3; jump <= UINT16_MAX; jump++) {
		start_lies();
		write_number(used() + 2, jump, 2);
		CHECK(!virtio_queue_sleep(&queue));
		uint32_t token, written;
		CHECK(virtio_queue_take(&queue, &token, &written) == STATUS_PROTOCOL);
	}
}
END_TEST

/* Whatever a device writes wherever, each chain comes back once at most, with a length that it can have. */
START_TEST(a_device_that_writes_anything_gets_nowhere)
{
	unsigned good = 0, broken = 0;

	for (int session = 0; session < 4000; session++) {
		bool     out[64] = { false };
		uint32_t next    = 0;

		start((uint16_t)(1u << unit_below(5)));
		for (int round = 0; round < 100; round++) {
			uint32_t    token, written;
			enum status status;

			switch (unit_below(6)) {
			case 0:
				if (next < ARRAY_SIZE(out) && put(next) == STATUS_OK)
					out[next++] = true;
				break;
			case 1:
				virtio_queue_publish(&queue);
				break;
			case 2:
				device_takes();
				if (device.holding == SIZE_MAX_HERE)
					device.holding = 0;
				break;
			case 3:
				if (device.holding) {
					unsigned const pick = (unsigned)unit_below(device.holding);

					device_uses(unit_below(8) ? device.held[pick] : unit_below(size + 1), unit_below(4) ? 0 : (uint32_t)unit_below(200));
					if (unit_below(8))
						device.held[pick] = device.held[--device.holding];
				}
				break;
			case 4:
				if (!unit_below(32))
					memory[unit_below(virtio_queue_bytes(size))] = (uint8_t)unit_random();
				break;
			default:
				status = virtio_queue_take(&queue, &token, &written);
				if (status == STATUS_OK) {
					CHECK(token < next && out[token] && written <= writable_of(token));
					out[token] = false;
					good++;
				}
				broken += status == STATUS_PROTOCOL;
			}
		}
	}
	ck_assert(good > 1000 && broken > 1000);
}
END_TEST

UNIT_MAIN(the_areas_are_where_the_device_looks_for_them, each_chain_comes_back_once_with_its_length_when_indices_wrap,
          nothing_is_visible_before_it_is_published, a_device_that_looks_by_itself_is_not_notified,
          an_interrupt_is_asked_for_only_when_there_is_nothing_to_do, a_full_queue_is_busy_and_nothing_is_lost,
          an_id_that_is_no_descriptor_is_a_violation, an_id_that_is_not_out_is_a_violation, a_chain_that_comes_back_twice_is_a_violation,
          a_length_beyond_what_can_be_written_is_a_violation, a_used_index_that_jumps_is_a_violation,
          a_device_that_writes_anything_gets_nowhere)
