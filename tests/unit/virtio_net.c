/* SPDX-License-Identifier: MIT */
/* The virtio network device (os/drivers/virtio_net_drv/net.c) against virtio_fake.h: whole and malformed frames, full queues, and devices that lie. */
#include "unit.h"
#include "virtio_fake.h"

#include "os/drivers/virtio_net_drv/net.h"

enum { BASE = 0x100000, RX = 8, TX = 4, STATUS_FEATURE = 1 << 16, CONTROL_FEATURES = 3 << 17, HEADER = 12, SLOT_FRAME = HEADER + NET_FRAME_MAX };

static struct virtio_device    device;
static struct net              net;
static _Alignas(4096) uint8_t  memory[1 << 17];
static struct net_counts const counts = { .rx = RX, .tx = TX };

static void begin(uint64_t features)
{
	fake_reset();
	fake.offered = VIRTIO_VERSION_1 | 1 << 5 | features;
	fake.memory = memory;
	fake.base = BASE;
	fake.bytes = net_bytes(counts);
	memset(memory, 0, sizeof(memory));
	device = (struct virtio_device) { .registers = fake_registers };
	ck_assert_uint_le(net_bytes(counts), sizeof(memory));
	ck_assert_int_eq(net_init(&net, &device), STATUS_OK);
}

static void start(uint64_t features)
{
	struct net_memory const where = { .start = memory, .address = BASE };

	begin(features);
	ck_assert_int_eq(net_start(&net, &where, counts, true), STATUS_OK);
}

static uint8_t byte_of(unsigned number, unsigned i) { return (uint8_t)(number * 31 + i * 7 + 1); }

/* A frame of `size` bytes arrives. False: the driver has no place for it. */
static bool arrive(unsigned number, unsigned size)
{
	struct fake_part part;
	unsigned         parts;
	int const        head = fake_take(&fake.queues[NET_RX], &part, 1, &parts);

	if (head < 0)
		return false;
	CHECK(part.is_written && part.size == SLOT_FRAME && HEADER + size <= part.size);
	memset(part.data, 0, HEADER);
	part.data[10] = 1; /* num_buffers */
	for (unsigned i = 0; i < size; i++)
		part.data[HEADER + i] = byte_of(number, i);
	fake_use(&fake.queues[NET_RX], (uint32_t)head, HEADER + size);
	return true;
}

static bool is_frame(void const *data, size_t size, unsigned number)
{
	for (unsigned i = 0; i < size; i++) {
		if (((uint8_t const *)data)[i] != byte_of(number, i))
			return false;
	}
	return true;
}

static enum status send(unsigned number, unsigned size)
{
	uint8_t frame[NET_FRAME_MAX];

	for (unsigned i = 0; i < size; i++)
		frame[i] = byte_of(number, i);
	return net_send(&net, frame, size);
}

/* The device sends the next frame, which must be `number`. */
static void expect_sent(unsigned number, unsigned size)
{
	static uint8_t const header[HEADER];
	struct fake_part     part;
	unsigned             parts;
	int const            head = fake_take(&fake.queues[NET_TX], &part, 1, &parts);

	CHECK(head >= 0 && !part.is_written && part.size == HEADER + size && !memcmp(part.data, header, HEADER));
	CHECK(is_frame(part.data + HEADER, size, number));
	fake_use(&fake.queues[NET_TX], (uint32_t)head, 0);
}

START_TEST(it_starts_with_its_address_and_all_places_at_the_device)
{
	static uint8_t const address[] = { 0x10, 0x11, 0x12, 0x13, 0x14, 0x15 };

	start(STATUS_FEATURE);
	ck_assert(!memcmp(net.address, address, sizeof(address)));
	ck_assert(fake.queues[NET_RX].enable && fake.queues[NET_TX].enable && !fake.queues[NET_CONTROL].enable);
	ck_assert(fake.queues[NET_RX].vector == NET_VECTOR_QUEUES && fake.config_vector == NET_VECTOR_CONFIG && fake.queues[NET_RX].notified == 1);
	for (unsigned i = 0; i < RX; i++)
		ck_assert(arrive(i, 60));
	ck_assert(!arrive(RX, 60));
}
END_TEST

START_TEST(a_device_without_an_address_is_unsupported)
{
	begin(0);
	fake.offered = VIRTIO_VERSION_1;
	ck_assert_int_eq(net_init(&net, &device), STATUS_UNSUPPORTED);
}
END_TEST

START_TEST(small_queues_make_do_with_fewer_frames)
{
	struct net_memory const where = { .start = memory, .address = BASE };

	begin(0);
	fake.queues[NET_RX].size = 2;
	fake.queues[NET_TX].size = 3;
	ck_assert_int_eq(net_start(&net, &where, counts, true), STATUS_OK);
	ck_assert(net.counts.rx == 2 && net.counts.tx == 2);
	ck_assert(arrive(0, 60) && arrive(1, 60) && !arrive(2, 60));
}
END_TEST

START_TEST(the_link_is_what_the_device_says)
{
	bool is_up;

	start(STATUS_FEATURE);
	fake.config[6] = 0;
	ck_assert_int_eq(net_link(&net, &is_up), STATUS_OK);
	ck_assert(!is_up);
	fake.config[6] = 1;
	ck_assert_int_eq(net_link(&net, &is_up), STATUS_OK);
	ck_assert(is_up);
	fake.config[6] = 0;
	start(0);
	ck_assert_int_eq(net_link(&net, &is_up), STATUS_OK);
	ck_assert(is_up);
}
END_TEST

START_TEST(it_asks_to_receive_everything)
{
	struct fake_part parts[3];
	unsigned         count;

	for (unsigned answer = 0; answer < 2; answer++) {
		start(CONTROL_FEATURES);
		int const head = fake_take(&fake.queues[NET_CONTROL], parts, 3, &count);
		ck_assert(head >= 0 && count == 2 && parts[0].size == 3 && !parts[0].is_written && parts[1].size == 1 && parts[1].is_written);
		ck_assert(parts[0].data[0] == 0 && parts[0].data[1] == 0 && parts[0].data[2] == 1);
		ck_assert_int_eq(net_reclaim(&net), STATUS_OK);
		ck_assert(!net.is_promiscuous);
		parts[1].data[0] = (uint8_t)answer;
		fake_use(&fake.queues[NET_CONTROL], (uint32_t)head, 1);
		ck_assert_int_eq(net_reclaim(&net), STATUS_OK);
		ck_assert(net.is_promiscuous == !answer);
	}
}
END_TEST

START_TEST(frames_go_through_both_ways_whole_and_in_order)
{
	unsigned arrived = 0, received = 0, sent = 0, gone = 0;

	start(STATUS_FEATURE);
	while (received < 100000 || gone < 100000) {
		struct net_frame frame;
		enum status      status;

		switch (unit_below(6)) {
		case 0:
			arrived += arrive(arrived, NET_FRAME_MIN + arrived % 1501);
			break;
		case 1:
			status = net_receive(&net, &frame);
			CHECK(status == (arrived == received ? STATUS_NOT_FOUND : STATUS_OK));
			if (status)
				break;
			CHECK(frame.size == NET_FRAME_MIN + received % 1501 && is_frame(frame.data, MIN(frame.size, 20u), received));
			received++;
			CHECK(net_recycle(&net, &frame) == STATUS_OK);
			break;
		case 2:
			if (net_has_room(&net)) {
				CHECK(send(sent, NET_FRAME_MIN + sent % 1501) == STATUS_OK);
				sent++;
			}
			break;
		case 3:
			net_flush(&net);
			while (unit_below(4) && fake.queues[NET_TX].seen != fake_number(fake_area(&fake.queues[NET_TX], 1) + 2, 2)) {
				expect_sent(gone, NET_FRAME_MIN + gone % 1501);
				gone++;
			}
			break;
		default:
			CHECK(net_reclaim(&net) == STATUS_OK);
			CHECK(net_has_room(&net) == (sent - gone < TX));
		}
	}
	ck_assert_uint_eq(net.malformed, 0);
}
END_TEST

START_TEST(what_is_too_short_for_a_frame_is_counted_and_its_place_used_again)
{
	struct net_frame frame;

	start(0);
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned size = 0; size < NET_FRAME_MIN && arrive(0, size); size++)
			;
		ck_assert_int_eq(net_receive(&net, &frame), STATUS_NOT_FOUND);
		net_flush(&net);
	}
	ck_assert_uint_eq(net.malformed, 10 * RX);
	fake_use(&fake.queues[NET_RX], (uint32_t)fake_take(&fake.queues[NET_RX], &(struct fake_part) { 0 }, 1, &(unsigned) { 0 }), HEADER - 1);
	ck_assert_int_eq(net_receive(&net, &frame), STATUS_NOT_FOUND);
}
END_TEST

START_TEST(interrupts_come_for_frames_and_for_room_only_when_it_is_wanted)
{
	struct net_frame frame;

	start(0);
	ck_assert(!fake_interrupts(&fake.queues[NET_RX]) && !fake_interrupts(&fake.queues[NET_TX]));
	ck_assert(net_sleep(&net, true, false));
	ck_assert(fake_interrupts(&fake.queues[NET_RX]) && !fake_interrupts(&fake.queues[NET_TX]));
	net_awake(&net);
	ck_assert(!fake_interrupts(&fake.queues[NET_RX]));
	ck_assert(net_sleep(&net, false, false) && !fake_interrupts(&fake.queues[NET_RX]));
	ck_assert(net_sleep(&net, true, true) && fake_interrupts(&fake.queues[NET_TX]));
	net_awake(&net);
	ck_assert_int_eq(send(0, 60), STATUS_OK);
	net_flush(&net);
	expect_sent(0, 60);
	ck_assert(net_sleep(&net, true, false));
	ck_assert(!net_sleep(&net, true, true));
	ck_assert_int_eq(net_reclaim(&net), STATUS_OK);
	ck_assert(net_sleep(&net, true, true));
	net_awake(&net);
	arrive(0, 60);
	ck_assert(!net_sleep(&net, true, false));
	ck_assert_int_eq(net_receive(&net, &frame), STATUS_OK);
}
END_TEST

START_TEST(a_device_that_lies_is_found_out)
{
	struct net_frame frame;
	struct fake_part part;
	unsigned         parts;

	start(0);
	int const head = fake_take(&fake.queues[NET_RX], &part, 1, &parts);
	fake_use(&fake.queues[NET_RX], (uint32_t)head, SLOT_FRAME + 1);
	ck_assert_int_eq(net_receive(&net, &frame), STATUS_PROTOCOL);
	start(0);
	fake_use(&fake.queues[NET_TX], 0, 0);
	ck_assert_int_eq(net_reclaim(&net), STATUS_PROTOCOL);
	start(0);
	ck_assert_int_eq(send(0, 60), STATUS_OK);
	net_flush(&net);
	fake_use(&fake.queues[NET_TX], 0, 1);
	ck_assert_int_eq(net_reclaim(&net), STATUS_PROTOCOL);
	ck_assert_int_eq(send(0, 60), STATUS_PROTOCOL);
}
END_TEST

/* Whatever it writes into its memory, nothing but that memory is touched (ASan), and frames have possible sizes. */
START_TEST(a_device_that_writes_anything_gets_nowhere)
{
	for (int session = 0; session < 2000; session++) {
		start(CONTROL_FEATURES);
		for (int round = 0; round < 60; round++) {
			struct net_frame frame;

			memory[unit_below(net_bytes(counts))] = (uint8_t)unit_random();
			memory[unit_below(virtio_queue_bytes(RX))] = (uint8_t)unit_below(RX + 1);
			if (net_receive(&net, &frame) == STATUS_OK) {
				CHECK(frame.size >= NET_FRAME_MIN && frame.size <= NET_FRAME_MAX && frame.place < RX);
				(void)!net_recycle(&net, &frame);
			}
			if (net_has_room(&net))
				(void)!send(0, 60);
			(void)!net_reclaim(&net);
			CHECK(net.tx_free_count <= TX);
			virtio_queue_publish(&net.queues[NET_RX]);
			virtio_queue_publish(&net.queues[NET_TX]);
		}
	}
}
END_TEST

UNIT_MAIN(it_starts_with_its_address_and_all_places_at_the_device, a_device_without_an_address_is_unsupported,
          small_queues_make_do_with_fewer_frames, the_link_is_what_the_device_says, it_asks_to_receive_everything,
          frames_go_through_both_ways_whole_and_in_order, what_is_too_short_for_a_frame_is_counted_and_its_place_used_again,
          interrupts_come_for_frames_and_for_room_only_when_it_is_wanted, a_device_that_lies_is_found_out,
          a_device_that_writes_anything_gets_nowhere)
