/* SPDX-License-Identifier: MIT */
/* Stands in for init and loses a page and a capability between the two looks that core takes at its account. */
#include <base/component.h>

static struct news_handler quiesce;
static struct env         *own_env;

static void handle_quiesce(struct news_handler *handler, uint32_t bits)
{
	enum status status = parent_quiescent(own_env->parent);

	log_error("cannot tell that there are no children: %s", status_name(status));
}

/* One page, and one cap for the dataspace; nobody keeps its name. */
static enum status lose_a_page(struct env *env)
{
	struct dataspace lost;

	TRY(ram_alloc(&env->ram, PAGE_SIZE, RAM_CACHE_CACHED, 0, &lost));
	log_info("has lost a page and a capability");
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	own_env = env;
	quiesce = (struct news_handler) { .bits = NEWS_QUIESCE, .handle = handle_quiesce };
	env_on_news(env, &quiesce);
	TRY(parent_quiescent(env->parent));
	return lose_a_page(env);
}
