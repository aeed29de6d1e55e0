/* SPDX-License-Identifier: MIT */
/*
 * The capabilities that hostile has collected: a bounded set, from which an old one goes when a new one comes, and a few
 * slots behind which nothing is.
 */
#include "hostile.h"

#include <base/cap_alloc.h>

enum { POOL_MAX = 160, OF_TYPE_MAX = 7, DEAD = 6 };

static struct held pool[POOL_MAX];
static unsigned    count;

bool pool_newest;

/* Slots that stay empty. */
static struct cap dead[DEAD];

/* The table must not grow later: its frames stay. */
enum status pool_init(struct env *env)
{
	static struct cap all[600];

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		TRY(cap_reserve(&all[i]));
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		cap_release(all[i]);
	for (unsigned i = 0; i < DEAD; i++)
		TRY(cap_reserve(&dead[i]));
	return STATUS_OK;
}

static bool is_alive(struct cap cap)
{
	struct platform_regs regs = { .target = cap.selector };

	platform_invoke(PLATFORM_CAP_INFO, &regs);
	return platform_status(regs.header) == STATUS_OK && regs.w[0] != CAP_NONE;
}

static void take_out(unsigned at)
{
	cap_release(pool[at].cap);
	memmove(&pool[at], &pool[at + 1], (count - at - 1) * sizeof(pool[0]));
	count--;
}

/* Makes room: the oldest of a type that has many, else any of the old half. */
static void thin_out(int type)
{
	unsigned of_type = 0, oldest = POOL_MAX;

	for (unsigned i = count; i-- > 0; )
		if (pool[i].type == type && !pool[i].fixed) {
			of_type++;
			oldest = i;
		}
	if (of_type < OF_TYPE_MAX && count < POOL_MAX)
		return;
	while (oldest == POOL_MAX) {
		unsigned const at = (unsigned)below(POOL_MAX / 2);

		if (!pool[at].fixed)
			oldest = at;
	}
	take_out(oldest);
}

void pool_add(struct held held)
{
	thin_out(held.type);
	pool[count++] = held;
}

static bool fits(struct held const *held, int type, bool is_target)
{
	return held->type == type && !(is_target && held->is_argument);
}

struct held *pool_pick(int type, bool is_target)
{
	unsigned found = 0;
	unsigned places[POOL_MAX];

	for (unsigned i = 0; i < count; i++) {
		if (!fits(&pool[i], type, is_target))
			continue;
		if (!is_alive(pool[i].cap) && !pool[i].fixed) {
			take_out(i--);
			continue;
		}
		places[found++] = i;
	}
	if (!found)
		return NULL;
	/* What is new has not been through much: it gets half of the calls. */
	return &pool[pool_newest || one_in(2) ? places[found - 1] : places[below(found)]];
}

struct held *pool_pick_any(bool is_target)
{
	for (unsigned i = 0; i < 32 && count; i++) {
		struct held *held = &pool[below(count)];

		if (!is_target || (!held->is_argument && held->type < INTERFACES_MAX))
			return held;
	}
	return NULL;
}

uint64_t pool_dead(void)
{
	/* beyond the table, in the middle of it, an empty slot */
	if (one_in(8))
		return random_next();
	if (one_in(8))
		return UINT64_C(0x1000) * (8 + below(8));
	return dead[below(DEAD)].selector;
}

void pool_clear(void)
{
	for (unsigned i = count; i-- > 0; )
		if (pool[i].fixed != FIXED_IN_RUN)
			take_out(i);
}
