/* SPDX-License-Identifier: MIT */
/* Sends packets up and takes those that come down; both sides check all of them. */
#include "client.h"
#include "../bench.h"
#include "../stream_pump.h"

static struct {
	struct env        *env;
	struct link        link;
	struct pump_source up;
	struct pump_sink   down;
	struct handler     done;          /* outside the turns */
	uint64_t           expected;      /* from below */
	uint64_t           began;
	struct books       before;
	char               figure[32];
} self;

static void check_done(void)
{
	if (self.up.acked == self.up.total && self.down.taken == self.expected && !self.done.armed)
		ep_timeout(&self.env->ep, &self.done, time_now_ns());
}

static void up_turn(struct stream_source *source)
{
	pump_out(&self.up);
	check_done();
}

static void down_turn(struct stream_sink *sink)
{
	pump_in(&self.down);
	check_done();
}

static void source_broken(struct stream_source *source)
{
	log_error("the server's sink breaks the rules");
	env_exit(self.env, 1);
}

static void sink_broken(struct stream_sink *sink)
{
	log_error("the server's source breaks the rules");
	env_exit(self.env, 1);
}

static enum status finish(void)
{
	struct stream_counts const *counts = &self.up.stream.end.counts;
	struct stream_report        report;
	uint64_t                    ticks = bench_ticks() - self.began, most = MAX(self.up.most, self.down.most);

	/* The last acks are on their way. */
	TRY(stream_report(&self.link.stream, &report));
	for (unsigned i = 0; i < 1000 && report.down_acked < self.expected; i++) {
		TRY(sleep_ns(self.env, TIME_NS_PER_MS));
		TRY(stream_report(&self.link.stream, &report));
	}
	CHECK(report.up_packets == self.up.total && report.down_acked == self.expected);
	CHECK(!report.wrong && !self.up.wrong && !self.down.wrong);
	CHECK(report.most_in_turn <= self.link.args.count && most <= self.link.args.count);
	if (self.figure[0]) {
		bench_print(self.figure, ticks / self.up.total, "instructions");
	} else {
		log_info("the server has ended %lu sessions of others", report.broken);
		log_info("%lu packets up, %lu down, all checksums right; at most %lu of %u in a turn", report.up_packets, self.down.taken,
		         MAX(report.most_in_turn, most), self.link.args.count);
		log_info("up waits: room %lu, bulk %lu, ack %lu, packet %lu", counts->waits_room, self.up.waits_bulk, counts->waits_ack, report.waits_packet);
		log_info("down waits: room %lu, bulk %lu, ack %lu, packet %lu", report.waits_room, report.waits_bulk, report.waits_ack,
		         self.down.stream.end.counts.waits_packet);
		CHECK(counts->waits_room && self.up.waits_bulk && counts->waits_ack && report.waits_packet);
		CHECK(report.waits_room && report.waits_bulk && report.waits_ack && self.down.stream.end.counts.waits_packet);
	}
	stream_source_fini(&self.up.stream);
	stream_sink_fini(&self.down.stream);
	link_close(&self.link);
	TRY(books_settle(self.env, &self.before));
	return test_passed();
}

static void handle_done(struct handler *handler, uint64_t count)
{
	env_exit(self.env, finish() == STATUS_OK ? 0 : 1);
}

static enum status begin(struct env *env, struct stream_args const *args, uint64_t packets)
{
	TRY(books_read(env, &self.before));
	self.done.handle = handle_done;
	self.expected = args->down;
	self.up = (struct pump_source) { .stream = { .turn = up_turn, .broken = source_broken }, .total = packets, .is_checked = args->is_checked };
	self.down = (struct pump_sink) { .stream = { .turn = down_turn, .broken = sink_broken }, .is_checked = args->is_checked };
	TRY(link_open(&self.link, env, args));
	TRY(stream_source_init(&self.up.stream, &env->ep, env->account, &env->heap, &self.link.up));
	TRY(stream_sink_init(&self.down.stream, &env->ep, env->account, &self.link.down));
	TRY(stream_start(&self.link.stream, self.up.stream.end.context, self.down.stream.end.context, &self.link.up_wake, &self.link.down_wake));
	self.began = bench_ticks();
	stream_source_start(&self.up.stream, self.link.up_wake);
	stream_sink_start(&self.down.stream, self.link.down_wake);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct node const  config  = env_config(env);
	uint64_t const     packets = node_u64(config, "packets", 10000, 0, 1000000);
	uint64_t const     attacks = node_u64(config, "attacks", 0, 0, 100000);
	struct stream_args args    = {
		.count = (uint32_t)node_u64(config, "count", 4, 1, 1024), .bulk = (uint32_t)node_bytes(config, "bulk", PAGE_SIZE, PAGE_SIZE, 1 << 20),
	};

	self.env = env;
	TRY(node_string(config, "figure", "", self.figure, sizeof(self.figure)));
	if (attacks) {
		TRY(attack(env, attacks, node_u64(config, "seed", 1, 1, UINT64_MAX)));
		return env_exit(env, 0);
	}
	args.is_checked = !self.figure[0];
	args.down = args.is_checked ? (uint32_t)packets : 0;
	return begin(env, &args, packets);
}
