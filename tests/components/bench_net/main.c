/* SPDX-License-Identifier: MIT */
/* Measures what a frame costs from a client of nic_bridge into the device's ring, and from there to the client: 60 and 1,514 bytes, 20 batches of each. */
#include "device.h"
#include "../bench.h"

#include <base/signal.h>
#include <base/string.h>
#include <frames/frames.h>

enum { COUNT = 32, ROUNDS = 20 };

static struct {
	char const *name;
	size_t      size;
	bool        is_out;
} const figures[] = {
	{ "net_frame_out_60", 60, true }, { "net_frame_out_1514", 1514, true }, { "net_frame_in_60", 60, false }, { "net_frame_in_1514", 1514, false },
};

static struct {
	struct env           *env;
	struct frame_link     link;
	struct handler        changed, next;
	struct signal_context changed_context, next_context;
	unsigned              figure, round, arrived;
	uint64_t              started;
	uint8_t               frame[FRAME_MAX];
} self;

static void handle_next(struct handler *handler, uint64_t count)
{
	size_t const size = figures[self.figure].size;

	if (figures[self.figure].is_out) {
		while (frame_has_room(&self.link.source))
			(void)frame_send(&self.link.source, self.frame, size);
	} else if (!device_receive(COUNT, self.frame, size)) {
		log_error("the driver has too few places for frames");
	}
}

/* After this turn, in which the bridge hears that there is room again. */
static void next_batch(void)
{
	if (signal_submit(self.next_context))
		log_error("cannot go on");
}

/* To the client, from somebody else; or the other way. */
static void begin_figure(void)
{
	uint8_t own[NIC_ADDRESS];

	if (self.figure == ARRAY_SIZE(figures)) {
		(void)env_exit(self.env, 0);
		return;
	}
	if (nic_address(&self.link.nic, own))
		log_error("the bridge tells no address");
	memset(self.frame, 0x42, sizeof(self.frame));
	memcpy(self.frame + (figures[self.figure].is_out ? NIC_ADDRESS : 0), own, NIC_ADDRESS);
	self.round = 0;
	self.started = bench_ticks();
	next_batch();
}

static void batch_done(unsigned count)
{
	if (count != COUNT)
		log_error("%s: %u frames of %u have arrived", figures[self.figure].name, count, (unsigned)COUNT);
	if (++self.round < ROUNDS) {
		next_batch();
		return;
	}
	bench_print(figures[self.figure].name, (bench_ticks() - self.started) / (ROUNDS * COUNT), "instructions");
	self.figure++;
	begin_figure();
}

/* The bridge has taken a batch; as it and the driver go first, all of it is at the device. */
static void handle_room(struct frame_source *source)
{
	if (self.started && self.link.source.free_count == COUNT && figures[self.figure].is_out)
		batch_done(device_take_sent());
}

static void handle_arrived(struct frame_sink *sink)
{
	size_t size;

	for (; frame_first(sink, &size); frame_done(sink))
		self.arrived++;
	if (self.arrived < COUNT)
		return;
	self.arrived = 0;
	batch_done(COUNT);
}

/* The driver has its uplink. */
static void handle_changed(struct handler *handler, uint64_t count)
{
	if (!self.started)
		begin_figure();
}

static enum status handle_opened(struct frame_link *link)
{
	return nic_link_signal(&link->nic, self.changed_context);
}

enum status component_construct(struct env *env)
{
	struct nic_args const args = { .tx_count = COUNT, .rx_count = COUNT };

	self.env = env;
	self.changed.handle = handle_changed;
	self.next.handle = handle_next;
	self.link.source.room = handle_room;
	self.link.sink.arrived = handle_arrived;
	self.link.opened = handle_opened;
	TRY(ep_signal(&env->ep, &self.next, &self.next_context));
	TRY(ep_signal(&env->ep, &self.changed, &self.changed_context));
	TRY(frame_link_open_nic(&self.link, env, "", &args));
	return device_provide(env);
}
