/* SPDX-License-Identifier: MIT */
/*
 * Calls a server and allocates in a loop, and checks at each round that nothing was lost: every call and every allocation
 * succeeds, and the account is the same at the end of each round.
 */
#include <base/component.h>
#include <hello/hello.h>

enum { ROUNDS = 20, SIZE = 4 * PAGE_SIZE };

static struct worker {
	struct env           *env;
	struct handler        next;
	struct signal_context again;
	struct hello          hello;
	struct account_state  at_first;
	int32_t               rounds;
} self;

static enum status work(void)
{
	struct attached_ram ram;
	void               *block;
	int32_t             sum;

	TRY(hello_add(&self.hello, self.rounds, 1, &sum));
	TRY(attached_ram_init(&ram, self.env->account, SIZE));
	*(int32_t *)ram.address = sum;
	TRY(heap_alloc(&self.env->heap, SIZE, &block));
	heap_free(&self.env->heap, block);
	self.rounds = *(int32_t *)ram.address;
	attached_ram_fini(&ram);
	return STATUS_OK;
}

static enum status check_account(void)
{
	struct account_state now;

	TRY(account_info(self.env->account, &now));
	return now.ram_limit == self.at_first.ram_limit && now.ram_used == self.at_first.ram_used &&
	       now.caps_limit == self.at_first.caps_limit && now.caps_used == self.at_first.caps_used ? STATUS_OK : STATUS_INTERNAL;
}

/* Twenty rounds in one turn of the event loop, then the next turn. */
static enum status take_turn(void)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		TRY(work());
	TRY(check_account());
	log_info("round %d: nothing lost, RAM %lu of %lu KiB, caps %lu of %lu", self.rounds, self.at_first.ram_used >> 10,
	         self.at_first.ram_limit >> 10, self.at_first.caps_used, self.at_first.caps_limit);
	return signal_submit(self.again);
}

static void handle_next(struct handler *handler, uint64_t count)
{
	enum status status = take_turn();

	if (status) {
		log_error("lost something in round %d: %s", self.rounds, status_name(status));
		env_exit(self.env, 1);
	}
}

enum status component_construct(struct env *env)
{
	self.env = env;
	self.next.handle = handle_next;
	TRY(hello_open(&self.hello, env, "", NULL));
	TRY(ep_signal(&env->ep, &self.next, &self.again));
	TRY(work());
	TRY(account_info(env->account, &self.at_first));
	return signal_submit(self.again);
}
