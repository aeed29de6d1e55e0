/* SPDX-License-Identifier: MIT */
/*
 * Lets allocations fail, one after the other. A hoard takes all of the own account but so much; then a session is opened,
 * or a child started, which fails at a later point each time, and at last succeeds.
 */
#include "../check.h"

#include <base/child.h>
#include <hello/hello.h>

/* What the account is filled up with. */
struct hoard {
	struct signal_context contexts[400];
	unsigned              count;
	struct attached_ram   room;      /* only its dataspace counts; not attached */
	bool                  has_room;
};

static struct hoard hoard;

static void let_go(struct env *env)
{
	enum status status = STATUS_OK;

	if (hoard.has_room) {
		status = ram_free(&env->ram, hoard.room.memory);
		assert(status == STATUS_OK);
		cap_release(hoard.room.memory.cap);
	}
	while (hoard.count) {
		struct signal_context context = hoard.contexts[--hoard.count];

		status = signal_free_context(&env->signal, context);
		assert(status == STATUS_OK);
		cap_release(context.cap);
	}
	hoard.has_room = false;
}

/* Takes all RAM but `ram` bytes and all caps but `caps`. */
static enum status take_all_but(struct env *env, uint64_t ram, uint64_t caps)
{
	struct account_state state;

	TRY(account_info(env->account, &state));
	if (state.ram_limit - state.ram_used > ram) {
		TRY(ram_alloc(&env->ram, state.ram_limit - state.ram_used - ram, RAM_CACHE_CACHED, 0, &hoard.room.memory));
		hoard.has_room = true;
	}
	TRY(account_info(env->account, &state));
	for (uint64_t left = state.caps_limit - state.caps_used; left > caps; left--)
		TRY(signal_alloc_context(&env->signal, env->main_thread, 0, &hoard.contexts[hoard.count++]));
	return STATUS_OK;
}

static bool is_shortage(enum status status)
{
	return status == STATUS_OUT_OF_RAM || status == STATUS_OUT_OF_CAPS;
}

/* --- Sessions --- */

/* Everything that a client and its session can run out of. */
static enum status use_hello(struct env *env)
{
	struct hello         hello;
	struct hello_counter counter;
	uint64_t             count;
	enum status          status;

	RPC_TRY(hello_open(&hello, env, "scarce", NULL));
	status = hello_counter(&hello, &counter);
	if (status == STATUS_OK) {
		status = hello_counter_increment(counter, &count);
		cap_release(counter.cap);
	}
	hello_close(&hello);
	return status;
}

static enum status open_with(struct env *env, uint64_t ram, uint64_t caps, bool *works)
{
	struct books before;
	enum status  status;

	TRY(books_read(env, &before));
	TRY(take_all_but(env, ram, caps));
	status = use_hello(env);
	let_go(env);
	CHECK(status == STATUS_OK || is_shortage(status));
	*works = status == STATUS_OK;
	return books_settle(env, &before);
}

static enum status test_sessions(struct env *env)
{
	bool     works = false;
	unsigned n;

	for (n = 0; !works; n++)
		TRY(open_with(env, UINT64_MAX, n, &works));
	log_info("a session needs %u caps", n - 1);
	CHECK(n > 4 && n < 40);
	works = false;
	for (n = 0; !works; n++)
		TRY(open_with(env, n * PAGE_SIZE, UINT64_MAX, &works));
	log_info("a session needs %u pages", n - 1);
	CHECK(n > 1 && n < 10);
	return STATUS_OK;
}

/* --- Children --- */

/* What a child asks its parent; none of those here lives long enough for an answer that matters. */
static enum status refuse(struct rpc_object *object, struct rpc *rpc)
{
	return STATUS_DENIED;
}

static struct rpc_object      parent = { .dispatch = refuse };
static struct child_platform  platform;

static enum status start_with(struct env *env, uint64_t ram, uint64_t caps, bool *works)
{
	struct child_args args = {
		.name = "child", .ram = ram, .caps = caps, .priority = 10, .platform = &platform, .ep = &env->ep, .parent = &parent,
	};
	struct books before;
	struct child child;
	enum status  status;

	TRY(books_read(env, &before));
	status = child_start(&child, env, &args);
	if (status == STATUS_OK)
		child_stop(&child);
	CHECK(status == STATUS_OK || is_shortage(status) || status == STATUS_INVALID);
	*works = status == STATUS_OK;
	return books_settle(env, &before);
}

static enum status test_children(struct env *env)
{
	bool     works = false;
	unsigned n;

	for (n = 1; !works; n++)
		TRY(start_with(env, 64 * PAGE_SIZE, n, &works));
	log_info("starting a child needs %u caps", n - 1);
	CHECK(n > 20 && n < 100);
	works = false;
	for (n = 1; !works; n++)
		TRY(start_with(env, n * PAGE_SIZE, 100, &works));
	log_info("starting a child needs %u pages", n - 1);
	CHECK(n > 5 && n < 40);
	return STATUS_OK;
}

/* The child would have enough, its parent has not. */
static enum status test_poor_parent(struct env *env)
{
	bool         works = false;
	struct books before;
	unsigned     n;

	for (n = 0; !works; n++) {
		TRY(books_read(env, &before));
		TRY(take_all_but(env, UINT64_MAX, 60 + n));
		TRY(start_with(env, 64 * PAGE_SIZE, 60, &works));
		let_go(env);
		TRY(books_settle(env, &before));
	}
	log_info("a parent needs %u caps of its own for a child", n - 1);
	CHECK(n > 1 && n < 20);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	bool works;

	TRY(child_platform_open(&platform, env));

	/* What stays for good is there after the first time: the table of capabilities has grown, the heap of news is there. */
	TRY(take_all_but(env, UINT64_MAX, 0));
	let_go(env);
	TRY(open_with(env, UINT64_MAX, UINT64_MAX, &works));
	CHECK(works);
	TRY(test_sessions(env));
	TRY(test_children(env));
	TRY(test_poor_parent(env));
	return test_passed();
}
