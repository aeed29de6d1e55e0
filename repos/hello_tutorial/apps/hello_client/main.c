/* SPDX-License-Identifier: MIT */
/* Asks a Hello service for a greeting, a sum and a counter, prints what comes back, and exits. */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <hello/hello.h>

/* Counts to `end` with a counter, which is a capability to an object of the server. */
static enum status count_to(struct hello *hello, uint64_t end)
{
	struct hello_counter counter;
	uint64_t             count;

	TRY(hello_counter(hello, &counter));
	do {
		TRY(hello_counter_increment(counter, &count));
	} while (count < end);
	log_info("counted to %lu", count);
	cap_release(counter.cap);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	static struct hello hello;
	struct hello_args   args;
	char                who[32], text[64];
	int32_t             sum;

	TRY(node_string(env_config(env), "who", "world", who, sizeof(who)));
	TRY(node_string(env_config(env), "language", "en", args.language, sizeof(args.language)));
	TRY(hello_open(&hello, env, "", &args));
	TRY(hello_greet(&hello, who, text));
	log_info("%s", text);
	TRY(hello_add(&hello, 40, 2, &sum));
	log_info("40 + 2 = %d", sum);
	TRY(count_to(&hello, 3));
	hello_close(&hello);
	return env_exit(env, 0);
}
