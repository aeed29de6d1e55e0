/* SPDX-License-Identifier: MIT */
/* Uses services in all the ways that a monitor could get wrong, and says what it got. */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <hello/hello.h>
#include <timer/timer.h>

static struct env    *env;
static struct timer   timer;
static struct handler woken;

/* Memory of the server's, attached here. */
static enum status read_rom(void)
{
	struct attached_rom rom;
	bool                changed;

	TRY(attached_rom_open(&rom, env, "poem"));
	log_info("ROM of %zu bytes: %.*s", rom.size, (int)rom.size, (char const *)rom.address);
	TRY(attached_rom_update(&rom, &changed));
	log_info("ROM changed: %s", changed ? "yes" : "no");
	attached_rom_close(&rom);
	return STATUS_OK;
}

/* Do two capabilities name the same object? */
static bool is_same(struct cap a, struct cap b)
{
	struct platform_regs regs = { .target = a.selector, .w = { b.selector } };

	platform_invoke(PLATFORM_CAP_INFO, &regs);
	return platform_status(regs.header) == STATUS_OK && regs.w[2];
}

static enum status use_hello(void)
{
	struct hello         hello, other;
	struct hello_counter first, second;
	char                 text[64], who[40] = "a name that is longer than 31 bytes";
	int32_t              sum;
	uint64_t             count;
	enum status          status;

	status = hello_open(&other, env, "own word", &(struct hello_args) { .language = "xx" });
	log_info("a Hello in another language: %s", status_name(status));
	TRY(hello_open(&hello, env, "own word", &(struct hello_args) { .language = "de" }));
	TRY(hello_greet(&hello, "you\n\"quoted\"", text));
	log_info("%s", text);
	status = hello_greet(&hello, "", text);
	log_info("a greeting for nobody: %s", status_name(status));
	status = hello_greet(&hello, who, text);
	log_info("a greeting for a long name: %s", status_name(status));
	status = hello_add(&hello, INT32_MAX, 1, &sum);
	log_info("too large a sum: %s", status_name(status));
	TRY(hello_add(&hello, -3, 1, &sum));
	log_info("-3 + 1 = %d", sum);
	TRY(hello_counter(&hello, &first));
	TRY(hello_counter(&hello, &second));
	TRY(hello_counter_increment(first, &count));
	TRY(hello_counter_increment(second, &count));
	log_info("counters are %s, counted to %lu", is_same(first.cap, second.cap) ? "the same" : "different", count);
	hello_close(&hello);
	cap_release(first.cap);
	cap_release(second.cap);
	return STATUS_OK;
}

static void handle_timer(struct handler *handler, uint64_t count)
{
	uint64_t us = 0;
	enum status status = timer_elapsed_us(&timer, &us);

	log_info("woken %lu time: %s, %s", count, status_name(status), us >= 20000 ? "in time" : "too early");
	timer_close(&timer);
	env_exit(env, 0);
}

static enum status use_timer(void)
{
	struct signal_context context;

	woken.handle = handle_timer;
	TRY(ep_signal(&env->ep, &woken, &context));
	TRY(timer_open(&timer, env, ""));
	TRY(timer_handler(&timer, context));
	return timer_trigger_once(&timer, 20000);
}

enum status component_construct(struct env *e)
{
	env = e;
	TRY(read_rom());
	TRY(use_hello());
	return node_bool(env_config(env), "timer", false) ? use_timer() : env_exit(env, 0);
}
