/* SPDX-License-Identifier: MIT */
/*
 * Sessions as a client sees them: they cost what they cost and nothing stays behind, whoever of the two ends them, and
 * however. Each test leaves the account as it was; since the server takes part in a close, that can take a moment.
 */
#include <frail/frail.h>
#include <hello/hello.h>
#include <rom/rom.h>
#include "../check.h"
#include <base/cap_alloc.h>
#include <base/cost.h>

#define SHORT_NS (50 * TIME_NS_PER_MS)

enum { MANY = 100, SLOTS_MAX = 64 };

static struct env *own_env;

/* Nothing wakes this up. */
static enum status sleep_until(uint64_t at_ns)
{
	struct signal_context never;

	TRY(signal_alloc_context(&own_env->signal, own_env->main_thread, 0, &never));
	CHECK_STATUS(signal_wait(never, at_ns), STATUS_TIMEOUT);
	TRY(signal_free_context(&own_env->signal, never));
	cap_release(never.cap);
	return STATUS_OK;
}

static enum status test_open_close(void)
{
	struct hello hello;
	int32_t      sum = 0;

	for (unsigned i = 0; i < MANY; i++) {
		TRY(hello_open(&hello, own_env, "", NULL));
		TRY(hello_add(&hello, 1, (int32_t)i, &sum));
		CHECK(sum == (int32_t)i + 1);
		hello_close(&hello);
	}
	return STATUS_OK;
}

static enum status test_errors(void)
{
	struct hello hello;
	char         text[64], name[64];
	int32_t      sum;

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	TRY(hello_open(&hello, own_env, "", NULL));
	CHECK_STATUS(hello_add(&hello, INT32_MAX, 1, &sum), STATUS_OVERFLOW);
	CHECK_STATUS(hello_greet(&hello, "", text), STATUS_INVALID);
	CHECK_STATUS(hello_greet(&hello, name, text), STATUS_TOO_LONG);
	TRY(hello_greet(&hello, "all", text));
	CHECK(string_equal(text, "Hello, all (1)"));
	hello_close(&hello);
	CHECK_STATUS(hello_greet(&hello, "all", text), STATUS_BAD_CAP);
	return STATUS_OK;
}

/* The counter ends with its session, though the capability is still held. */
static enum status test_object_ends(void)
{
	struct hello         hello;
	struct hello_counter counter, again;
	uint64_t             count = 0;
	enum status          status = STATUS_OK;

	TRY(hello_open(&hello, own_env, "", NULL));
	TRY(hello_counter(&hello, &counter));
	TRY(hello_counter_increment(counter, &count));
	TRY(hello_counter(&hello, &again));
	TRY(hello_counter_increment(again, &count));
	CHECK(count == 2);
	cap_release(again.cap);
	hello_close(&hello);
	for (unsigned i = 0; i < 1000 && status == STATUS_OK; i++) {
		TRY(sleep_until(time_now_ns() + TIME_NS_PER_MS));
		status = hello_counter_increment(counter, &count);
	}
	CHECK(status == STATUS_PEER_GONE || status == STATUS_BAD_CAP);
	cap_release(counter.cap);
	return STATUS_OK;
}

static enum status test_upgrade(void)
{
	struct hello hello;
	struct books before, after;

	TRY(hello_open(&hello, own_env, "", NULL));
	TRY(books_read(own_env, &before));
	TRY(hello_upgrade(&hello, 2 * PAGE_SIZE, 3));
	TRY(books_read(own_env, &after));
	CHECK(after.account.ram_used == before.account.ram_used + 2 * PAGE_SIZE && after.account.caps_used == before.account.caps_used + 3);
	CHECK_STATUS(hello_upgrade(&hello, before.account.ram_limit, 0), STATUS_OUT_OF_RAM);
	CHECK_STATUS(hello_upgrade(&hello, 0, before.account.caps_limit), STATUS_OUT_OF_CAPS);
	hello_close(&hello);
	return STATUS_OK;
}

/* What the server lacks is there when it is asked again. */
static enum status test_upgrade_in_use(void)
{
	uint64_t const size = 16 * PAGE_SIZE;
	struct frail   frail;
	enum status    status;

	TRY(frail_open(&frail, own_env, "dies", NULL));
	status = frail_allocate(&frail, size - HEAP_CHUNK_FIRST);
	CHECK(status == STATUS_OUT_OF_RAM || status == STATUS_OUT_OF_CAPS);
	TRY(frail_upgrade(&frail, size + PAGE_SIZE, COST_REGION_CAPS + COST_DATASPACE_CAPS));
	TRY(frail_allocate(&frail, size - HEAP_CHUNK_FIRST));
	CHECK_STATUS(frail_allocate(&frail, size), STATUS_OUT_OF_RAM);
	frail_close(&frail);
	return STATUS_OK;
}

/* More than there are slots for. A slot is free again when the server has agreed. */
static enum status test_too_many(void)
{
	static struct hello sessions[SLOTS_MAX];
	unsigned            count  = 0;
	enum status         status = STATUS_OK;

	while (count < SLOTS_MAX && (status = hello_open(&sessions[count], own_env, "", NULL)) == STATUS_OK)
		count++;
	CHECK(status == STATUS_BUSY && count > 0);
	while (count)
		TRY(connection_end(&sessions[--count].connection));
	return STATUS_OK;
}

/* More than the account can pay for; and a session that needs more than others. */
static enum status test_too_large(void)
{
	struct books      books;
	struct frail_args args;
	struct frail      frail;

	TRY(books_read(own_env, &books));
	args.buffer = books.account.ram_limit;
	CHECK_STATUS(frail_open(&frail, own_env, "dies", &args), STATUS_OUT_OF_RAM);
	/* What wraps around is not little. */
	for (uint64_t less = 0; less < 5 * PAGE_SIZE; less += PAGE_SIZE / 4) {
		args.buffer = UINT64_MAX - less;
		CHECK_STATUS(frail_open(&frail, own_env, "dies", &args), STATUS_OUT_OF_RAM);
		CHECK(frail_type.cost(&args).ram >= args.buffer - PAGE_SIZE);
	}
	args.buffer = 3 * PAGE_SIZE;
	TRY(frail_open(&frail, own_env, "dies", &args));
	frail_close(&frail);
	return STATUS_OK;
}

static enum status test_deadline(void)
{
	struct connection         connection;
	struct connection_request request = {
		.type = &frail_type, .label = "absent", .args = &frail_args_default, .deadline_ns = time_now_ns() + SHORT_NS,
	};

	CHECK_STATUS(connection_open_request(&connection, own_env, &request), STATUS_TIMEOUT);
	CHECK(time_now_ns() >= request.deadline_ns);
	return STATUS_OK;
}

static enum status test_hang(void)
{
	struct frail frail, other;
	uint64_t     value = 0;

	TRY(frail_open(&frail, own_env, "hangs", NULL));
	TRY(frail_open(&other, own_env, "hangs", NULL));
	CHECK_STATUS(frail_misbehave(&frail), STATUS_INTERNAL);
	TRY(frail_hang_at_close(&frail));
	frail_close(&frail);
	TRY(sleep_until(time_now_ns() + SHORT_NS));

	/* Its patience over, init ends the server; this is an answer to a call that it never took. */
	CHECK_STATUS(frail_echo(&other, 1, &value), STATUS_PEER_GONE);
	frail_close(&other);
	return STATUS_OK;
}

static void handle_lost(struct handler *handler, uint64_t count);

static struct {
	struct frail   frail, idle;
	struct handler lost;
	struct books   before;
} dying = { .lost.handle = handle_lost };

static enum status start_dying(void)
{
	uint64_t value = 0;

	TRY(books_read(own_env, &dying.before));
	TRY(frail_open(&dying.frail, own_env, "dies", NULL));
	TRY(frail_open(&dying.idle, own_env, "dies", NULL));
	connection_on_lost(&dying.idle.connection, &dying.lost);
	TRY(frail_echo(&dying.frail, 42, &value));
	CHECK(value == 42);
	CHECK_STATUS(frail_die(&dying.frail), STATUS_PEER_GONE);
	CHECK_STATUS(frail_echo(&dying.frail, 42, &value), STATUS_PEER_GONE);
	return STATUS_OK;
}

static enum status end_dying(void)
{
	uint64_t value;

	CHECK_STATUS(frail_echo(&dying.idle, 1, &value), STATUS_PEER_GONE);
	CHECK_STATUS(frail_reopen(&dying.idle, "dies", NULL), STATUS_PEER_GONE);
	frail_close(&dying.frail);
	TRY(books_settle(own_env, &dying.before));
	return test_passed();
}

/* The session was LOST: that is the last test. */
static void handle_lost(struct handler *handler, uint64_t count)
{
	enum status status = end_dying();

	if (status) {
		log_error("failed: %s", status_name(status));
		env_exit(own_env, 1);
	}
}

/* The inline configuration is init's own ROM: its one gate answers as long as a session is open, and not after the last of them. */
static enum status test_config_ends(void)
{
	struct rom       first, second;
	struct cap       kept;
	struct dataspace content;
	uint64_t         size;

	TRY(rom_open(&first, own_env, "config"));
	TRY(rom_open(&second, own_env, "config"));
	kept = first.connection.cap;
	cap_acquire(kept);
	rom_close(&first);
	TRY(rom_dataspace(&second, &content, &size));
	CHECK(size > 0);
	cap_release(content.cap);
	rom_close(&second);
	first.connection.cap = kept;
	CHECK_STATUS(rom_dataspace(&first, &content, &size), STATUS_PEER_GONE);
	cap_release(kept);
	TRY(rom_open(&first, own_env, "config"));
	TRY(rom_dataspace(&first, &content, &size));
	cap_release(content.cap);
	rom_close(&first);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	static enum status (*const tests[])(void) = {
		test_open_close, test_errors, test_object_ends, test_upgrade, test_upgrade_in_use, test_too_many, test_too_large, test_deadline, test_hang, test_config_ends,
	};
	struct books before;

	own_env = env;

	/* The table of capabilities grows now, and not in between. */
	TRY(test_too_many());
	TRY(books_read(env, &before));
	for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
		TRY(tests[i]());
		TRY(books_settle(env, &before));
		log_info("test %u of %zu is done", i + 1, ARRAY_SIZE(tests) + 1);
	}
	return start_dying();
}
