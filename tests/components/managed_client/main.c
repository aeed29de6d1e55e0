/* SPDX-License-Identifier: MIT */
/*
 * Touches memory that a pager fills, or does not. With one that fills: what is read, through several windows and through maps of its own around
 * the pager's, is what the pager wrote, and what is written is seen through the others, until the page is taken away. With one that is mute or dies, a
 * thread of this component waits or faults, and the others go on.
 */
#include <base/thread.h>
#include <managed/managed.h>

#include "../check.h"
#include "../managed.h"

enum { PAGES = 32, LEVELS = 3, OWN_LEVELS = 2, LATER = 5, WAITERS = 4 };

#define WAIT_MS 20

static struct test {
	struct env           *env;
	struct handler        unused;
	struct signal_context never;
	struct managed        managed;
	struct dataspace      memory;
	uintptr_t             address;     /* of a window, for threads */
	uint64_t volatile     read[WAITERS];
} self;

static void pass_ms(uint64_t ms)
{
	if (signal_wait(self.never, time_now_ns() + ms * TIME_NS_PER_MS) != STATUS_TIMEOUT)
		log_error("a signal that nobody submits came");
}

static enum status open_managed(uint32_t levels)
{
	struct managed_args args = { .pages = PAGES, .levels = levels };

	TRY(managed_open(&self.managed, self.env, "", &args));
	return managed_memory(&self.managed, &self.memory);
}

static enum status close_managed(void)
{
	cap_release(self.memory.cap);
	return connection_end(&self.managed.connection);
}

static enum status attach(struct rm *rm, struct dataspace memory, enum rm_access access, uint64_t *address)
{
	struct rm_attach_args args = { .access = access, .flags = RM_ATTACH_MANAGED };

	return rm_attach(rm, memory, &args, self.env->account, address);
}

static uint64_t volatile *word(uint64_t window, uint32_t page, unsigned index)
{
	return (uint64_t volatile *)(window + page * PAGE_SIZE) + index;
}

/* --- A pager that fills --- */

static bool page_is(uint64_t window, uint32_t page, uint32_t time)
{
	bool same = true;

	for (unsigned i = 0; i < MANAGED_WORDS; i++)
		same &= *word(window, page, i) == managed_word(page, i, time);
	return same;
}

/* Each page comes when it is touched, once, and can be taken away again. */
static enum status test_filling(uint64_t window, uint64_t other)
{
	uint32_t count;

	TRY(managed_filled(&self.managed, &count));
	CHECK(count == 0);
	for (uint32_t page = 0; page < PAGES; page += 3) {
		CHECK(page_is(window, page, 1) && page_is(other, page, 1));
		TRY(managed_filled(&self.managed, &count));
		CHECK(count == page / 3 + 1);
	}
	*word(window, 3, 100) = 42;
	CHECK(*word(other, 3, 100) == 42);
	TRY(managed_evict(&self.managed, 3));
	CHECK_STATUS(managed_evict(&self.managed, 3), STATUS_NOT_FOUND);
	CHECK(page_is(other, 3, 2) && page_is(window, 3, 2));
	CHECK(page_is(window, 6, 1));
	for (uint32_t i = 0; i < 20; i++) {
		*word(window, 1, 0) = i;
		CHECK(*word(other, 1, 0) == i);
		TRY(managed_evict(&self.managed, 1));
		CHECK(*word(other, 1, 7) == managed_word(1, 7, i + 2));
	}
	return STATUS_OK;
}

/* Maps of its own around those of the pager, shown through two windows, one of which is for reading. */
static enum status test_nesting(void)
{
	struct rm_args        size = { .size = (PAGES + LATER) * PAGE_SIZE };
	struct rm_attach_args inside = { .size = PAGE_SIZE, .access = RM_ACCESS_ALL, .flags = RM_ATTACH_AT | RM_ATTACH_MANAGED };
	struct rm_attach_args later = { .address = LATER * PAGE_SIZE, .access = RM_ACCESS_ALL, .flags = RM_ATTACH_AT | RM_ATTACH_MANAGED };
	struct rm             maps[OWN_LEVELS];
	struct dataspace      inner = self.memory, outer;
	uint64_t              window, other, address;

	for (unsigned i = 0; i < OWN_LEVELS; i++) {
		TRY(rm_open(&maps[i], self.env, "", &size));
		CHECK_STATUS(rm_attach(&maps[i], inner, &(struct rm_attach_args) { .access = RM_ACCESS_ALL }, self.env->account, &address), STATUS_DENIED);
		if (i)
			later = (struct rm_attach_args) { .access = RM_ACCESS_ALL, .flags = RM_ATTACH_MANAGED };
		TRY(rm_attach(&maps[i], inner, &later, self.env->account, &address));
		CHECK(address == (i ? 0 : LATER * PAGE_SIZE));
		TRY(rm_dataspace(&maps[i], &outer));
		if (i)
			cap_release(inner.cap);
		inner = outer;
	}
	/* No map in itself, directly or not. */
	CHECK_STATUS(rm_attach(&maps[0], outer, &inside, self.env->account, &address), STATUS_INVALID);
	CHECK_STATUS(rm_attach(&maps[1], outer, &inside, self.env->account, &address), STATUS_INVALID);
	CHECK_STATUS(rm_add_client(&maps[0], (struct thread) { self.env->ep.thread }), STATUS_BUSY);

	TRY(attach(&self.env->rm, outer, RM_ACCESS_WRITE, &window));
	TRY(attach(&self.env->rm, outer, RM_ACCESS_READ, &other));
	TRY(test_filling(window + LATER * PAGE_SIZE, other + LATER * PAGE_SIZE));
	TRY(rm_detach(&self.env->rm, window));
	CHECK(page_is(other + LATER * PAGE_SIZE, 9, 1));
	TRY(rm_detach(&self.env->rm, other));
	cap_release(outer.cap);
	for (unsigned i = 0; i < OWN_LEVELS; i++)
		rm_close(&maps[i]);
	return STATUS_OK;
}

static void read_one(struct local_thread *thread)
{
	for (unsigned i = 0; i < WAITERS; i++)
		if (self.address)
			self.read[i] = *word(self.address, 20 + i, 5);
}

/* Several threads touch the same at once. */
static enum status test_threads(void)
{
	struct local_thread threads[WAITERS];
	uint64_t            window;
	uint32_t            count, before;

	TRY(attach(&self.env->rm, self.memory, RM_ACCESS_WRITE, &window));
	self.address = window;
	TRY(managed_filled(&self.managed, &before));
	for (unsigned i = 0; i < WAITERS; i++) {
		TRY(local_thread_create(&threads[i], self.env, "reader", 0, STACK_DEFAULT));
		TRY(local_thread_start(&threads[i], read_one));
	}
	for (unsigned i = 0; i < WAITERS; i++)
		local_thread_join(&threads[i]);
	for (unsigned i = 0; i < WAITERS; i++)
		CHECK(self.read[i] == managed_word(20 + i, 5, 1));
	TRY(managed_filled(&self.managed, &count));
	CHECK(count <= before + WAITERS);
	return rm_detach(&self.env->rm, window);
}

static enum status test_fills(void)
{
	TRY(open_managed(LEVELS));
	TRY(test_nesting());
	TRY(test_threads());
	return close_managed();
}

/* --- One that does not --- */

static void read_first(struct local_thread *thread)
{
	self.read[0] = *word(self.address, 0, 0) + 1;
}

static enum status start_reader(struct local_thread *reader)
{
	TRY(open_managed(LEVELS));
	TRY(attach(&self.env->rm, self.memory, RM_ACCESS_WRITE, &self.address));
	TRY(local_thread_create(reader, self.env, "reader", 0, STACK_DEFAULT));
	TRY(local_thread_start(reader, read_first));
	pass_ms(WAIT_MS);
	return STATUS_OK;
}

static enum status state_is(struct local_thread *reader, enum thread_state expected)
{
	struct thread_fault fault;
	enum thread_state   state;

	TRY(thread_state(reader->thread, &state, &fault));
	CHECK(state == expected && !self.read[0]);
	return STATUS_OK;
}

/* It hangs whoever touches its memory, and nobody else: not who takes the memory away, or ends the thread. */
static enum status test_mute(void)
{
	struct local_thread reader;

	TRY(start_reader(&reader));
	TRY(state_is(&reader, THREAD_STATE_RUNNING));
	TRY(thread_pause(reader.thread));
	TRY(thread_resume(reader.thread));
	TRY(thread_cancel(reader.thread));
	TRY(state_is(&reader, THREAD_STATE_RUNNING));
	TRY(rm_detach(&self.env->rm, self.address));
	pass_ms(WAIT_MS);
	TRY(state_is(&reader, THREAD_STATE_FAULTED));
	local_thread_destroy(&reader);
	TRY(close_managed());

	TRY(start_reader(&reader));
	local_thread_destroy(&reader);
	TRY(rm_detach(&self.env->rm, self.address));
	return close_managed();
}

/* It dies while a thread waits for it: then there is nothing any more where that thread reads. */
static enum status test_dies(void)
{
	struct local_thread reader;
	uint64_t            window;

	TRY(open_managed(LEVELS));
	TRY(attach(&self.env->rm, self.memory, RM_ACCESS_WRITE, &window));
	CHECK(page_is(window, 1, 1) && page_is(window, 2, 1));
	self.address = window;
	TRY(local_thread_create(&reader, self.env, "reader", 0, STACK_DEFAULT));
	TRY(local_thread_start(&reader, read_first));
	for (unsigned tries = 0; tries < 50; tries++) {
		struct thread_fault fault;
		enum thread_state   state;

		pass_ms(WAIT_MS);
		TRY(thread_state(reader.thread, &state, &fault));
		if (state == THREAD_STATE_FAULTED)
			break;
	}
	TRY(state_is(&reader, THREAD_STATE_FAULTED));
	local_thread_destroy(&reader);
	return close_managed();
}

/* --- */

enum status component_construct(struct env *env)
{
	struct books before;
	char         of[16];

	self.env = env;
	TRY(node_string(env_config(env), "of", "fills", of, sizeof(of)));
	TRY(ep_signal(&env->ep, &self.unused, &self.never));
	if (string_equal(of, "dies")) {
		TRY(test_dies());
		return test_passed();
	}
	TRY(string_equal(of, "mute") ? test_mute() : test_fills());
	TRY(books_read(env, &before));
	TRY(string_equal(of, "mute") ? test_mute() : test_fills());
	TRY(books_settle(env, &before));
	return test_passed();
}
