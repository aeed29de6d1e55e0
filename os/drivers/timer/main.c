/* SPDX-License-Identifier: MIT */
/*
 * Timer: serves Timer sessions from one chip, the HPET or else the PIT. The sessions wait in a tree by their next time; the
 * chip is armed for the first. One turn signals each session that is due once, so the work of an interrupt is bounded by
 * the number of sessions, and a session whose interval has become too short for the machine gets counts, not a queue.
 */
#include "chip.h"

#include <timer/timer.h>

#define PERIOD_MIN_US 100
#define HPET_BASE     0xfed00000u    /* where firmware puts it on PCs; configurable */
#define TIME_MAX      (UINT64_MAX / 2) /* us: later is never, and adding to it does not overflow */

struct alarm {
	struct timer_session  session;    /* first: what the client talks to */
	struct tree_node      of_due;
	struct signal_context handler;
	bool                  armed;
	uint64_t              period_us;  /* 0: once */
	uint64_t              opened_us;
};

static struct chip *chip;
static struct tree  due;              /* of struct alarm by of_due; the key is the time in us of the chip's clock */

static struct alarm *to_alarm(struct timer_session *session) { return container_of(session, struct alarm, session); }

static void arm_chip(void)
{
	struct tree_node *first = tree_first(&due);

	chip->arm(chip, first ? first->key : UINT64_MAX);
}

static void disarm(struct alarm *alarm)
{
	if (alarm->armed)
		tree_remove(&due, &alarm->of_due);
	alarm->armed = false;
}

static void set(struct alarm *alarm, uint64_t at_us)
{
	disarm(alarm);
	alarm->of_due.key = at_us < TIME_MAX ? at_us : TIME_MAX;
	while (tree_insert(&due, &alarm->of_due)) /* EXISTS: that microsecond is another's; bound: the number of sessions */
		alarm->of_due.key++;
	alarm->armed = true;
}

static enum status handler(struct timer_session *session, struct rpc_cap const *cap)
{
	struct alarm *alarm = to_alarm(session);

	if (!cap_is_null(alarm->handler.cap))
		session_drop(&session->session, alarm->handler.cap);
	alarm->handler.cap = CAP_NULL;
	if (cap->kind == GOT_NULL)
		return STATUS_OK;
	return session_keep(&session->session, cap, &alarm->handler.cap);
}

static enum status trigger(struct alarm *alarm, uint64_t us, uint64_t period_us)
{
	alarm->period_us = period_us;
	if (us) /* the microsecond that has begun does not count */
		set(alarm, chip->now_us(chip) + 1 + (us < TIME_MAX ? us : TIME_MAX));
	else
		disarm(alarm);
	arm_chip();
	return STATUS_OK;
}

static enum status trigger_once(struct timer_session *session, uint64_t us)
{
	return trigger(to_alarm(session), us, 0);
}

static enum status trigger_periodic(struct timer_session *session, uint64_t us)
{
	if (us && us < PERIOD_MIN_US)
		return STATUS_INVALID;
	return trigger(to_alarm(session), us, us);
}

static enum status elapsed_us(struct timer_session *session, uint64_t *us)
{
	*us = chip->now_us(chip) - to_alarm(session)->opened_us;
	return STATUS_OK;
}

/* The next time of a periodic alarm is counted from the last, not from now: intervals add up. A time that was missed altogether is skipped. */
static void fire(struct alarm *alarm, uint64_t now)
{
	uint64_t at = alarm->of_due.key;

	disarm(alarm);
	if (alarm->period_us)
		set(alarm, at + (now - at) / alarm->period_us * alarm->period_us + alarm->period_us);
	/* A client that has gone is no reason to stop: its session is about to be closed. */
	if (!cap_is_null(alarm->handler.cap))
		(void)!signal_submit(alarm->handler);
}

static void handle_interrupt(struct handler *self, uint64_t count)
{
	uint64_t          now = chip->now_us(chip);
	struct tree_node *first;

	chip->acknowledge(chip);
	while ((first = tree_first(&due)) && first->key <= now)
		fire(container_of(first, struct alarm, of_due), now);
	arm_chip();
}

static enum status open(struct timer_session *session)
{
	to_alarm(session)->opened_us = chip->now_us(chip);
	return STATUS_OK;
}

static void close(struct timer_session *session)
{
	disarm(to_alarm(session));
}

static struct timer_service service = {
	.ops          = { .handler = handler, .trigger_once = trigger_once, .trigger_periodic = trigger_periodic, .elapsed_us = elapsed_us },
	.session_size = sizeof(struct alarm),
	.open         = open,
	.close        = close,
};

enum status component_construct(struct env *env)
{
	static struct handler        interrupt = { .handle = handle_interrupt };
	static struct signal_context context;
	struct node                  config = env_config(env);

	TRY(ep_signal(&env->ep, &interrupt, &context));
	bool wants_pit = node_bool(config, "pit", false);
	if (wants_pit || hpet_init(env, node_u64(config, "hpet", HPET_BASE, PAGE_SIZE, UINT64_MAX - PAGE_SIZE), context, &chip)) {
		if (!wants_pit)
			log_warning("no usable HPET: taking the PIT");
		TRY(pit_init(env, context, &chip));
	}
	log_info("%s", chip->name);
	arm_chip();
	return timer_provide(&service, env);
}
