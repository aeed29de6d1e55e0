/* SPDX-License-Identifier: MIT */
/*
 * The capabilities that unruly has collected: a bounded set, of which a random one goes when another comes. Each file has its own
 * copy of the tables of an interface, so types are compared by their tags.
 */
#include "unruly.h"

#include <base/cap_alloc.h>
#include <base/env.h>
#include <hello/hello.h>
#include <rom/rom.h>

enum { POOL_MAX = 48 };

static struct held pool[POOL_MAX];
static unsigned    count;

struct rpc_type const *const all_types[] = {
	&parent_type, &account_type, &account_control_type, &ram_type, &cap_session_type, &signal_type, &pd_type, &rm_type, &cpu_type,
	&thread_type, &dataspace_type, &rom_type, &log_type, &hello_type, &hello_counter_type,
};

unsigned const type_count = ARRAY_SIZE(all_types);

struct rpc_type const *type_by_name(char const *name, size_t size)
{
	for (unsigned i = 0; i < type_count; i++)
		if (string_equal_slice(name, size, all_types[i]->name))
			return all_types[i];
	return NULL;
}

void pool_add(struct cap cap, struct rpc_type const *type, bool fixed)
{
	unsigned at = count;

	if (count < POOL_MAX) {
		count++;
	} else {
		do
			at = next_random() % POOL_MAX;
		while (pool[at].fixed);
		cap_release(pool[at].cap);
	}
	pool[at] = (struct held) { .cap = cap, .type = type, .fixed = fixed };
}

struct held const *pool_any(void)
{
	return &pool[next_random() % count];
}

struct held const *pool_of_type(struct rpc_type const *type)
{
	unsigned const from = next_random() % count;

	for (unsigned i = 0; i < count; i++) {
		struct held const *held = &pool[(from + i) % count];

		if (held->type && held->type->tag == type->tag)
			return held;
	}
	return pool_any();
}
