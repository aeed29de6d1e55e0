/* SPDX-License-Identifier: MIT */
/* Checks a Timer service against the clock of the kernel: that timeouts come, never early, and as many as there should be. */
#include "../check.h"

#include <timer/timer.h>

enum { ROUNDS = 5, PERIODS = 40, PERIOD_US = 1000, SLOW_US = 10 * PERIOD_US, FOREVER_US = 10000000, VICTIM_PERIOD_US = 300, QUIET_US = 5000 };

static struct test {
	struct timer          timer;
	struct handler        unused;    /* signals are waited for one by one */
	struct signal_context timeout, never;
	uint64_t              late_us, drift_permille;
} self;

static uint64_t now_us(void) { return time_now_ns() / TIME_NS_PER_US; }

/* Is it `us` now since a moment of the kernel's clock, which the timer's may differ from? */
static bool has_passed(uint64_t since_us, uint64_t us)
{
	uint64_t passed = now_us() - since_us;

	if (passed + us * self.drift_permille / 1000 < us)
		log_error("only %lu of %lu us have passed", passed, us);
	return passed + us * self.drift_permille / 1000 >= us;
}

/* Does nothing, without using the CPU. */
static void pass_time(uint64_t us)
{
	enum status status = signal_wait(self.never, time_now_ns() + us * TIME_NS_PER_US);

	if (status != STATUS_TIMEOUT)
		log_error("a signal that nobody submits came");
}

/* How often the timeout was submitted since the last time; 0: not until then. */
static uint64_t wait_count(uint64_t until_us)
{
	unsigned const       flags = SYS_FLAG_ONE | SYS_FLAG_DEADLINE;
	struct platform_regs regs  = { .header = (uint64_t)flags << 24, .target = self.timeout.cap.selector, .w = { until_us * TIME_NS_PER_US } };

	platform_invoke(PLATFORM_WAIT, &regs);
	return platform_status(regs.header) == STATUS_OK ? regs.w[0] : 0;
}

static enum status check_once(uint64_t us)
{
	uint64_t before = now_us(), count;

	TRY(timer_trigger_once(&self.timer, us));
	count = wait_count(before + us + self.late_us);
	CHECK(count == 1);
	CHECK(has_passed(before, us));
	return STATUS_OK;
}

/* Nothing comes for a while. */
static enum status check_quiet(void)
{
	CHECK(wait_count(now_us() + QUIET_US) == 0);
	return STATUS_OK;
}

/* A timeout was cancelled; it may have come before that, on a machine that is slow enough. */
static enum status check_cancelled(void)
{
	(void)wait_count(now_us());
	return check_quiet();
}

static enum status check_clock(uint64_t opened_us)
{
	uint64_t elapsed, own, difference;

	TRY(timer_elapsed_us(&self.timer, &elapsed));
	own = now_us() - opened_us;
	difference = own > elapsed ? own - elapsed : elapsed - own;
	if (difference > self.late_us + own * self.drift_permille / 1000)
		log_error("after %lu us the timer says %lu", own, elapsed);
	CHECK(difference <= self.late_us + own * self.drift_permille / 1000);
	return STATUS_OK;
}

static enum status test_once(void)
{
	static uint64_t const times_us[] = { 1, 100, 777, 5000, 20000, 120000 };
	uint64_t              opened_us  = now_us();

	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < ARRAY_SIZE(times_us); i++)
			TRY(check_once(times_us[i]));

	/* A new time replaces the old one, whichever is earlier; 0 is none; the end of time never comes. */
	TRY(timer_trigger_once(&self.timer, FOREVER_US));
	TRY(check_once(500));
	TRY(timer_trigger_once(&self.timer, self.late_us));
	TRY(check_once(2 * self.late_us));
	TRY(check_quiet());
	TRY(timer_trigger_once(&self.timer, 1000));
	TRY(timer_trigger_once(&self.timer, 0));
	TRY(check_cancelled());
	TRY(timer_trigger_once(&self.timer, UINT64_MAX));
	TRY(check_quiet());
	TRY(timer_trigger_once(&self.timer, 0));
	TRY(check_clock(opened_us));
	return test_passed();
}

static enum status test_periodic(void)
{
	uint64_t opened_us = now_us(), start, count = 0;

	CHECK(timer_trigger_periodic(&self.timer, 99) == STATUS_INVALID);
	start = now_us();
	TRY(timer_trigger_periodic(&self.timer, PERIOD_US));
	while (count < PERIODS) {
		uint64_t more = wait_count(start + (count + 1) * PERIOD_US + self.late_us);

		CHECK(more > 0);
		count += more;
		CHECK(has_passed(start, count * PERIOD_US));
	}

	/* What comes while the client is busy elsewhere is one signal, which counts. */
	pass_time(SLOW_US);
	count = wait_count(now_us() + self.late_us);
	CHECK(count >= SLOW_US / PERIOD_US - 1 && count <= SLOW_US / PERIOD_US + self.late_us / PERIOD_US + 1);

	/* An interval becomes a single time, and that ends it. */
	TRY(check_once(3 * PERIOD_US + PERIOD_US / 2));
	TRY(check_quiet());
	TRY(timer_trigger_periodic(&self.timer, PERIOD_US));
	TRY(timer_trigger_periodic(&self.timer, 0));
	TRY(check_cancelled());

	/* Without a handler nobody is told; with one again, there are no old signals. */
	TRY(timer_handler(&self.timer, (struct signal_context) { CAP_NULL }));
	TRY(timer_trigger_periodic(&self.timer, PERIOD_US));
	TRY(check_quiet());
	TRY(timer_trigger_periodic(&self.timer, 0));
	TRY(timer_handler(&self.timer, self.timeout));
	TRY(check_quiet());
	TRY(check_clock(opened_us));
	return test_passed();
}

static enum status test_victim(void)
{
	TRY(timer_trigger_periodic(&self.timer, VICTIM_PERIOD_US));
	CHECK(wait_count(now_us() + VICTIM_PERIOD_US + self.late_us) > 0);
	log_info("exits with its timer running");
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct node config = env_config(env);
	char        mode[16];

	TRY(node_string(config, "mode", "once", mode, sizeof(mode)));
	self.late_us = node_u64(config, "late_us", 1000, 1, FOREVER_US);
	self.drift_permille = node_u64(config, "drift_permille", 2, 0, 1000);
	TRY(ep_signal(&env->ep, &self.unused, &self.timeout));
	TRY(ep_signal(&env->ep, &self.unused, &self.never));
	TRY(timer_open(&self.timer, env, ""));
	TRY(timer_handler(&self.timer, self.timeout));
	if (string_equal(mode, "victim")) {
		TRY(test_victim());
		return env_exit(env, 0);
	}
	TRY(string_equal(mode, "periodic") ? test_periodic() : test_once());
	timer_close(&self.timer);
	return STATUS_OK;
}
