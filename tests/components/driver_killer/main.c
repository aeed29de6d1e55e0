/* SPDX-License-Identifier: MIT */
/*
 * Kills one of its children at random times, and leaves it to the sandbox to start it again. Every third time it pauses the driver where it is, sends frames
 * through the bridge, and kills it when the bridge has taken one: that one is at the uplink then.
 */
#include <base/component.h>
#include <base/string.h>
#include <frames/frames.h>
#include <sandbox/sandbox.h>

enum { LOOK_US = 200, PATIENCE_US = 20000, FRAMES = 16, FRAME_SIZE = 60 };

static struct {
	struct env           *env;
	struct sandbox        sandbox;
	struct sandbox_child *child;
	struct handler        look, kill, patience;
	struct news_handler   quiesce;
	struct frame_link     link;
	uint8_t               address[NIC_ADDRESS];
	bool                  sends_frames;
	bool                  is_burst;          /* the driver is paused, frames are at the bridge: it is killed when that has taken one */
	uint64_t              times, killed, faults, within_us, state;
} self;

/* xorshift64* */
static uint64_t below(uint64_t limit)
{
	self.state ^= self.state >> 12;
	self.state ^= self.state << 25;
	self.state ^= self.state >> 27;
	return (self.state * UINT64_C(0x2545f4914f6cdd1d) >> 11) % limit;
}

/* Up to the limit, a quarter of it on average: short ones, in which it starts, are as worth trying as those in which it works. */
static uint64_t random_while(uint64_t limit)
{
	return below(below(limit) + 1) + 1;
}

static void after(struct handler *handler, uint64_t us)
{
	ep_timeout(&self.env->ep, handler, time_now_ns() + us * TIME_NS_PER_US);
}

/* Sends it to an address where nothing is. BUSY: it waits for something. Either way it does nothing more. */
static enum status make_fault(struct thread thread)
{
	struct thread_registers const nowhere = { 0 };

	TRY(thread_pause(thread));
	TRY(thread_set_registers(thread, &nowhere));
	return thread_resume(thread);
}

static void kill_now(void)
{
	struct child *child  = &self.child->child;
	enum status   status = STATUS_BUSY;

	if (self.killed % 2 == 0)
		status = make_fault(child->main_thread);
	self.faults += status == STATUS_OK;
	log_info("kill %lu, by %s%s", ++self.killed, status == STATUS_OK ? "a fault" : "the end of its thread", self.is_burst ? ", with frames on their way" : "");
	if (status != STATUS_OK)
		status = cpu_kill_thread(&child->cpu, child->main_thread);
	if (status != STATUS_OK)
		log_error("cannot kill \"%s\": %s", self.child->name, status_name(status));
	self.is_burst = false;
	after(&self.look, LOOK_US);
}

/* --- Kills with frames on their way --- */

/* To all, with the type for local experiments (IEEE 802, 9.2). */
static void send_frames(void)
{
	uint8_t frame[FRAME_SIZE] = { 255, 255, 255, 255, 255, 255, [12] = 0x88, [13] = 0xb5 };

	memcpy(frame + NIC_ADDRESS, self.address, NIC_ADDRESS);
	while (frame_has_room(&self.link.source))
		(void)frame_send(&self.link.source, frame, sizeof(frame));
}

static void start_burst(void)
{
	enum status const status = thread_pause(self.child->child.main_thread);

	if (status != STATUS_OK)
		log_error("cannot pause \"%s\": %s", self.child->name, status_name(status));
	self.is_burst = true;
	send_frames();
	after(&self.patience, PATIENCE_US);
}

static void bridge_has_taken(struct frame_source *source)
{
	if (!self.is_burst)
		return;
	ep_timeout_cancel(&self.env->ep, &self.patience);
	kill_now();
}

/* The bridge has taken none: the uplink is full of other frames, or the bridge did not get to it. The driver goes on, until another time. */
static void handle_patience(struct handler *handler, uint64_t count)
{
	enum status const status = thread_resume(self.child->child.main_thread);

	if (status != STATUS_OK)
		log_error("cannot resume \"%s\": %s", self.child->name, status_name(status));
	self.is_burst = false;
	after(&self.kill, LOOK_US);
}

/* Is the next time one with frames on their way? */
static bool is_with_frames(void)
{
	return self.sends_frames && self.killed % 3 == 0;
}

static bool link_is_up(void)
{
	bool is_up = false;

	return nic_link(&self.link.nic, &is_up) == STATUS_OK && is_up;
}

static void handle_kill(struct handler *handler, uint64_t count)
{
	if (!is_with_frames())
		kill_now();
	else if (link_is_up() && self.link.source.free_count == FRAMES)
		start_burst();
	else
		after(&self.kill, LOOK_US);
}

/* It is killed when it runs again, and has for a while; with frames on their way, when it has been at work for a while. */
static void handle_look(struct handler *handler, uint64_t count)
{
	bool const runs = self.child->state == CHILD_STARTING || self.child->state == CHILD_ALIVE;

	if (!runs || self.child->restarts.total < self.killed || (is_with_frames() && !link_is_up()))
		after(&self.look, LOOK_US);
	else if (self.killed < self.times)
		after(&self.kill, random_while(self.within_us));
	else
		log_info("killed \"%s\" %lu times, %lu of them by a fault", self.child->name, self.killed, self.faults);
}

static void handle_quiesce(struct news_handler *handler, uint32_t bits)
{
	ep_timeout_cancel(&self.env->ep, &self.look);
	ep_timeout_cancel(&self.env->ep, &self.kill);
	ep_timeout_cancel(&self.env->ep, &self.patience);
	sandbox_stop(&self.sandbox);
}

static void ignore(struct frame_sink *sink)
{
	size_t size;

	while (frame_first(sink, &size))
		frame_done(sink);
}

static enum status handle_opened(struct frame_link *link)
{
	return nic_address(&link->nic, self.address);
}

static enum status connect(void)
{
	struct nic_args const args = { .tx_count = FRAMES, .rx_count = FRAMES };

	self.link.source.room = bridge_has_taken;
	self.link.sink.arrived = ignore;
	self.link.opened = handle_opened;
	return frame_link_open_nic(&self.link, self.env, "", &args);
}

enum status component_construct(struct env *env)
{
	struct node const config = env_config(env);
	char              name[CHILD_NAME_SIZE];

	self.env = env;
	TRY(node_string(config, "child", "", name, sizeof(name)));
	self.times = node_u64(config, "times", 10, 1, 100000);
	self.within_us = node_u64(config, "within_us", 100000, 1, 100000000);
	self.state = node_u64(config, "seed", 1, 1, UINT64_MAX);
	self.look.handle = handle_look;
	self.kill.handle = handle_kill;
	self.patience.handle = handle_patience;
	self.quiesce = (struct news_handler) { .bits = NEWS_QUIESCE, .handle = handle_quiesce };
	env_on_news(env, &self.quiesce);
	TRY(sandbox_init(&self.sandbox, env, node_child(config, "config")));
	list_for_each (child, &self.sandbox.children, struct sandbox_child, of_sandbox) {
		if (string_equal(child->name, name))
			self.child = child;
	}
	if (!self.child) {
		log_error("config: there is no child \"%s\" to kill", name);
		return STATUS_INVALID;
	}
	self.sends_frames = node_bool(config, "frames", true);
	if (self.sends_frames)
		TRY(connect());
	log_info("seed %lu", self.state);
	sandbox_start(&self.sandbox);
	handle_look(&self.look, 1);
	return STATUS_OK;
}
