/* SPDX-License-Identifier: MIT */
/*
 * Takes all the RAM that it is given, and gives back what its parent wants back, if it is of the co-operating kind; takes more when it gets more.
 */
#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/component.h>

enum { BLOCK = 64 << 10, BLOCKS = 256, RESERVE = 32 << 10 };

static struct env         *own_env;
static struct dataspace    blocks[BLOCKS];
static unsigned            count;
static struct news_handler news;

static uint64_t ram_left(void)
{
	struct account_state state;
	enum status          status = account_info(own_env->account, &state);

	return status == STATUS_OK ? state.ram_limit - state.ram_used : 0;
}

static void inflate(void)
{
	while (count < BLOCKS && ram_left() >= BLOCK + RESERVE && ram_alloc(&own_env->ram, BLOCK, RAM_CACHE_CACHED, 0, &blocks[count]) == STATUS_OK)
		count++;
	log_info("holds %u KiB", count * (BLOCK >> 10));
}

static enum status deflate(void)
{
	uint64_t ram, caps;

	TRY(parent_yield_demand(own_env->parent, &ram, &caps));
	log_info("is asked for %lu KiB", ram >> 10);
	while (count && ram_left() < ram) {
		TRY(ram_free(&own_env->ram, blocks[--count]));
		cap_release(blocks[count].cap);
	}
	log_info("holds %u KiB", count * (BLOCK >> 10));
	return parent_yield_done(own_env->parent);
}

static void handle_news(struct news_handler *handler, uint32_t bits)
{
	enum status status = STATUS_OK;

	if (bits & NEWS_YIELD && node_bool(env_config(own_env), "cooperates", true))
		status = deflate();
	if (bits & NEWS_RESOURCE)
		inflate();
	if (status != STATUS_OK)
		log_error("cannot give back: %s", status_name(status));
}

enum status component_construct(struct env *env)
{
	own_env = env;
	news = (struct news_handler) { .bits = NEWS_YIELD | NEWS_RESOURCE, .handle = handle_news };
	(void)env_config(env);
	env_on_news(env, &news);
	inflate();
	return STATUS_OK;
}
