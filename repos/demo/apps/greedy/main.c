/* SPDX-License-Identifier: MIT */
/* Takes RAM, all that it has, then asks its parent for more, and so on, for ever: what it gets is for its parent to say. And so with the CPU, if it spins. */
#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/component.h>
#include <base/time.h>

enum { RESERVE = 64 << 10, BITES = 512, SPIN_MS = 2 };

static struct greedy {
	struct env         *env;
	struct handler      turn, spin;
	struct news_handler news;
	struct dataspace    bites[BITES];
	uint64_t            sizes[BITES];
	unsigned            count;
	uint64_t            bite, pause_ms;
} greedy;

static uint64_t ram_left(void)
{
	struct account_state state;

	return account_info(greedy.env->account, &state) == STATUS_OK ? state.ram_limit - state.ram_used : 0;
}

static void bite(void)
{
	if (greedy.count < BITES && ram_left() >= greedy.bite + RESERVE &&
	    ram_alloc(&greedy.env->ram, greedy.bite, RAM_CACHE_CACHED, 0, &greedy.bites[greedy.count]) == STATUS_OK)
		greedy.sizes[greedy.count++] = greedy.bite;
}

/* Does not wait for the answer: NEWS_RESOURCE tells when it was granted; else its parent's log says why not. */
static void handle_turn(struct handler *handler, uint64_t count)
{
	enum status status = STATUS_OK;

	bite();
	if (ram_left() < greedy.bite + RESERVE)
		status = parent_resource_request(greedy.env->parent, greedy.bite, 0);
	if (status != STATUS_OK)
		log_warning("cannot ask for more: %s", status_name(status));
	ep_timeout(&greedy.env->ep, &greedy.turn, time_now_ns() + greedy.pause_ms * TIME_NS_PER_MS);
}

/* Computes, in pieces, between which it hears what there is to be heard. */
static void handle_spin(struct handler *handler, uint64_t count)
{
	uint64_t const end = time_now_ns() + SPIN_MS * TIME_NS_PER_MS;

	while (time_now_ns() < end) { }
	ep_timeout(&greedy.env->ep, &greedy.spin, time_now_ns());
}

/* Who is asked gives back: greed is no malice. */
static enum status give_back(void)
{
	uint64_t ram, caps;

	TRY(parent_yield_demand(greedy.env->parent, &ram, &caps));
	while (greedy.count && ram_left() < ram) {
		TRY(ram_free(&greedy.env->ram, greedy.bites[--greedy.count]));
		cap_release(greedy.bites[greedy.count].cap);
	}
	return parent_yield_done(greedy.env->parent);
}

static void handle_news(struct news_handler *handler, uint32_t bits)
{
	enum status status = STATUS_OK;

	if (bits & NEWS_YIELD)
		status = give_back();
	if (status != STATUS_OK)
		log_error("cannot give back: %s", status_name(status));
	if (bits & NEWS_RESOURCE)
		log_info("was given more");
}

enum status component_construct(struct env *env)
{
	struct node const config = env_config(env);

	greedy = (struct greedy) {
		.env = env, .turn.handle = handle_turn, .spin.handle = handle_spin, .news = { .bits = NEWS_YIELD | NEWS_RESOURCE, .handle = handle_news },
		.bite = node_bytes(config, "bite", 512 << 10, PAGE_SIZE, 64 << 20), .pause_ms = node_u64(config, "pause_ms", 700, 1, 3600 * 1000),
	};
	env_on_news(env, &greedy.news);
	ep_timeout(&env->ep, &greedy.turn, time_now_ns());
	if (node_bool(config, "spins", false))
		ep_timeout(&env->ep, &greedy.spin, time_now_ns());
	return STATUS_OK;
}
