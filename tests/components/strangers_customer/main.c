/* SPDX-License-Identifier: MIT */
/* A client of Hello, whoever provides it: through a whole session, and through the end of its server. */
#include <hello/hello.h>
#include "../check.h"

enum { ROUNDS = 20 };

static struct customer {
	struct env    *env;
	struct hello   hello;
	struct handler lost;
	struct books   before;
} self;

static enum status trade(void)
{
	struct hello_counter counter;
	uint64_t             count;
	char                 text[64];
	int32_t              sum;

	TRY(hello_open(&self.hello, self.env, "groceries", NULL));
	TRY(hello_greet(&self.hello, "stranger", text));
	CHECK(string_equal(text, "Welcome, stranger"));
	CHECK_STATUS(hello_add(&self.hello, INT32_MAX, 1, &sum), STATUS_OVERFLOW);
	TRY(hello_upgrade(&self.hello, PAGE_SIZE, 5));
	TRY(hello_counter(&self.hello, &counter));
	TRY(hello_counter_increment(counter, &count));
	CHECK(count == 1);
	cap_release(counter.cap);
	hello_close(&self.hello);
	return books_settle(self.env, &self.before);
}

/* The server is no more; the next one would have to be asked for. */
static enum status after_the_end(void)
{
	struct hello hello;

	hello_close(&self.hello);
	TRY(books_settle(self.env, &self.before));
	log_info("the session was lost, and all is back");
	CHECK_STATUS(hello_open(&hello, self.env, "groceries", NULL), STATUS_PEER_GONE);
	TRY(books_settle(self.env, &self.before));
	return test_passed();
}

static void handle_lost(struct handler *handler, uint64_t count)
{
	if (after_the_end() != STATUS_OK)
		log_error("stopped: something was lost");
}

enum status component_construct(struct env *env)
{
	struct hello_counter counter;
	char                 text[64];

	self.env = env;
	self.lost.handle = handle_lost;
	TRY(books_read(env, &self.before));
	for (unsigned i = 0; i < ROUNDS; i++)
		TRY(trade());
	log_info("%u sessions, and all is back", ROUNDS);
	TRY(hello_open(&self.hello, env, "groceries", NULL));
	connection_on_lost(&self.hello.connection, &self.lost);
	TRY(hello_counter(&self.hello, &counter));
	cap_release(counter.cap);
	CHECK_STATUS(hello_greet(&self.hello, "somebody terrible", text), STATUS_PEER_GONE);
	return STATUS_OK;
}
