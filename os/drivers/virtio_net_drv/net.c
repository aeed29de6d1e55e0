/* SPDX-License-Identifier: MIT */
/* The virtio network device: where things are in DMA memory, and what travels in which queue. */
#include "net.h"

#include <base/assert.h>
#include <base/string.h>

/* 5.1.3 */
#define FEATURE_ADDRESS    (UINT64_C(1) << 5)
#define FEATURE_STATUS     (UINT64_C(1) << 16)
#define FEATURE_CONTROL    (UINT64_C(1) << 17)
#define FEATURE_CONTROL_RX (UINT64_C(1) << 18)

/* 5.1.4 */
enum { CONFIG_ADDRESS = 0, CONFIG_STATUS = 6, STATUS_LINK_UP = 1 };

/* Before each frame, 5.1.6: all zero for one without offloads. With VIRTIO_VERSION_1 it has 12 bytes, always. */
enum { HEADER = 12 };

/* 5.1.6.5: command, data, answer */
enum { CONTROL_RX = 0, CONTROL_RX_PROMISCUOUS = 0, CONTROL_OK = 0, CONTROL_UNANSWERED = 0xff };
struct control { uint8_t class, command, is_on, answer; };

enum { CONTROL_COUNT = 2 };

/* --- Memory: the rings one after the other, the control command, then, by pages, the places for frames --- */

bool net_counts_are_valid(struct net_counts counts)
{
	return is_power_of_two(counts.rx) && is_power_of_two(counts.tx) && counts.rx <= NET_COUNT_MAX && counts.tx <= NET_COUNT_MAX;
}

static uint16_t count_of(struct net_counts counts, enum net_queue queue)
{
	return queue == NET_RX ? counts.rx : queue == NET_TX ? counts.tx : CONTROL_COUNT;
}

static uint64_t ring_at(struct net_counts counts, enum net_queue queue)
{
	uint64_t at = 0;

	for (unsigned before = 0; before < queue; before++)
		at += virtio_queue_bytes(count_of(counts, before));
	return at;
}

static uint64_t control_at(struct net_counts counts)
{
	return ring_at(counts, NET_QUEUES);
}

static uint64_t place_at(struct net_counts counts, unsigned place)
{
	return align_up(control_at(counts) + sizeof(struct control), PAGE_SIZE) + (uint64_t)place * NET_SLOT;
}

uint64_t net_bytes(struct net_counts counts)
{
	return align_up(place_at(counts, (unsigned)counts.rx + counts.tx), PAGE_SIZE);
}

static char *at(struct net const *net, uint64_t offset)
{
	return (char *)net->memory.start + offset;
}

/* Places of frames that come in are the first, then come those of frames that go out. */
static char *place_of(struct net const *net, unsigned place)
{
	return at(net, place_at(net->counts, place));
}

static struct virtio_part part_of(struct net const *net, unsigned place, uint32_t size, bool is_written)
{
	return (struct virtio_part) { .address = net->memory.address + place_at(net->counts, place), .size = size, .is_written = is_written };
}

/* --- Start --- */

enum status net_init(struct net *net, struct virtio_device *device)
{
	enum status status;

	*net = (struct net) { .device = device };
	status = virtio_device_reset(device);
	if (status == STATUS_OK)
		status = virtio_device_negotiate(device, FEATURE_STATUS | FEATURE_CONTROL | FEATURE_CONTROL_RX | VIRTIO_ACCESS_PLATFORM, FEATURE_ADDRESS);
	if (status == STATUS_OK)
		status = virtio_device_config(device, CONFIG_ADDRESS, 1, NET_ADDRESS, net->address);
	net->has_control = (device->features & FEATURE_CONTROL) && (device->features & FEATURE_CONTROL_RX);
	return status;
}

static enum status add_queue(struct net *net, enum net_queue index, uint16_t vector)
{
	unsigned const                   first  = index == NET_RX ? 0 : index == NET_TX ? net->counts.rx : (unsigned)net->counts.rx + net->counts.tx;
	uint64_t const                   offset = ring_at(net->counts, index);
	struct virtio_queue_memory const memory = { .start = at(net, offset), .address = net->memory.address + offset,
	                                            .size = count_of(net->counts, index) };

	virtio_queue_init(&net->queues[index], &memory, net->slots + first);
	virtio_queue_awake(&net->queues[index]);
	return virtio_device_add_queue(net->device, index, &net->queues[index], vector);
}

/* As much of `count` as the device can have. */
static uint16_t limit(struct net const *net, enum net_queue index, uint16_t count)
{
	uint16_t const max = virtio_device_queue_size(net->device, index);

	while (count > 1 && count > max)
		count /= 2;
	return count;
}

/* The answer comes by net_reclaim. */
static enum status ask_for_everything(struct net *net)
{
	uint64_t const     offset  = control_at(net->counts);
	uint64_t const     address = net->memory.address + offset;
	struct virtio_part parts[] = { { .address = address, .size = offsetof(struct control, answer) },
	                               { .address = address + offsetof(struct control, answer), .size = 1, .is_written = true } };

	*(struct control *)at(net, offset) = (struct control) { CONTROL_RX, CONTROL_RX_PROMISCUOUS, true, CONTROL_UNANSWERED };
	return virtio_queue_put(&net->queues[NET_CONTROL], parts, ARRAY_SIZE(parts), 0);
}

static enum status fill(struct net *net)
{
	for (uint32_t place = 0; place < net->counts.rx; place++) {
		enum status status = net_recycle(net, &(struct net_frame) { .place = place });
		if (status)
			return status;
	}
	net->tx_free_count = net->counts.tx;
	for (unsigned i = 0; i < net->counts.tx; i++)
		net->tx_free[i] = (uint16_t)(net->counts.rx + net->counts.tx - 1 - i);
	return STATUS_OK;
}

enum status net_start(struct net *net, struct net_memory const *memory, struct net_counts counts, bool has_vectors)
{
	uint16_t const vector = has_vectors ? NET_VECTOR_QUEUES : VIRTIO_NO_VECTOR;
	enum status    status;

	assert(net_counts_are_valid(counts));
	net->memory = *memory;
	net->counts = (struct net_counts) { .rx = limit(net, NET_RX, counts.rx), .tx = limit(net, NET_TX, counts.tx) };
	status = virtio_device_config_vector(net->device, has_vectors ? NET_VECTOR_CONFIG : VIRTIO_NO_VECTOR);
	for (unsigned index = 0; status == STATUS_OK && index < (net->has_control ? NET_QUEUES : NET_CONTROL); index++)
		status = add_queue(net, index, vector);
	if (status == STATUS_OK)
		status = fill(net);
	if (status == STATUS_OK && net->has_control)
		status = ask_for_everything(net);
	if (status)
		return status;
	virtio_device_start(net->device);
	net_flush(net);
	return STATUS_OK;
}

enum status net_link(struct net const *net, bool *is_up)
{
	uint16_t    word = STATUS_LINK_UP;
	enum status status;

	if (net->device->features & FEATURE_STATUS) {
		status = virtio_device_config(net->device, CONFIG_STATUS, 2, 1, &word);
		if (status)
			return status;
	}
	*is_up = word & STATUS_LINK_UP;
	return STATUS_OK;
}

/* --- Frames in --- */

enum status net_receive(struct net *net, struct net_frame *frame)
{
	for (;;) {
		uint32_t    place, written;
		enum status status = virtio_queue_take(&net->queues[NET_RX], &place, &written);

		if (status)
			return status;
		*frame = (struct net_frame) { .data = place_of(net, place) + HEADER, .size = written - HEADER, .place = place };
		if (written >= HEADER + NET_FRAME_MIN)
			return STATUS_OK;
		net->malformed++;
		status = net_recycle(net, frame);
		if (status)
			return status;
	}
}

enum status net_recycle(struct net *net, struct net_frame const *frame)
{
	struct virtio_part const part = part_of(net, frame->place, HEADER + NET_FRAME_MAX, true);

	return virtio_queue_put(&net->queues[NET_RX], &part, 1, frame->place);
}

/* --- Frames out --- */

enum status net_send(struct net *net, void const *data, size_t size)
{
	unsigned const           place = net->tx_free[net->tx_free_count - 1];
	struct virtio_part const part  = part_of(net, place, (uint32_t)(HEADER + size), false);
	enum status              status;

	assert(net->tx_free_count && size >= NET_FRAME_MIN && size <= NET_FRAME_MAX);
	memset(place_of(net, place), 0, HEADER);
	memcpy(place_of(net, place) + HEADER, data, size);
	status = virtio_queue_put(&net->queues[NET_TX], &part, 1, place);
	if (status == STATUS_OK)
		net->tx_free_count--;
	return status;
}

static enum status reclaim_control(struct net *net)
{
	struct control const *control = (struct control const *)at(net, control_at(net->counts));
	uint32_t              token, written;
	enum status           status = virtio_queue_take(&net->queues[NET_CONTROL], &token, &written);

	if (status == STATUS_OK)
		net->is_promiscuous = *(uint8_t const volatile *)&control->answer == CONTROL_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status net_reclaim(struct net *net)
{
	uint32_t    place, written;
	enum status status;

	while ((status = virtio_queue_take(&net->queues[NET_TX], &place, &written)) == STATUS_OK)
		net->tx_free[net->tx_free_count++] = (uint16_t)place;
	if (status != STATUS_NOT_FOUND)
		return status;
	return net->has_control && virtio_queue_out(&net->queues[NET_CONTROL]) ? reclaim_control(net) : STATUS_OK;
}

/* --- Turns --- */

void net_flush(struct net *net)
{
	for (unsigned index = 0; index < (net->has_control ? NET_QUEUES : NET_CONTROL); index++) {
		if (virtio_queue_publish(&net->queues[index]))
			virtio_device_notify(net->device, index);
	}
}

bool net_sleep(struct net *net, bool wants_frames, bool wants_room)
{
	return (!wants_frames || virtio_queue_sleep(&net->queues[NET_RX])) && (!wants_room || virtio_queue_sleep(&net->queues[NET_TX]));
}

void net_awake(struct net *net)
{
	virtio_queue_awake(&net->queues[NET_RX]);
	virtio_queue_awake(&net->queues[NET_TX]);
}
