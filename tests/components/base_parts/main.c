/* SPDX-License-Identifier: MIT */
/*
 * Tests the parts of base in the guest. Each part is a function; after each, the account must hold exactly what it held
 * before. Parts that need the main loop (signals, timeouts) come last, one setting off the next.
 */
#include "parts.h"

#include <base/cap_alloc.h>
#include <base/thread.h>

static struct env *env;

void check_failed(unsigned line, char const *text)
{
	log_error("line %u: does not hold: %s", line, text);
	env_exit(env, 1);
}

static struct account_state state_of(struct account account)
{
	struct account_state state;

	CHECK(account_info(account, &state) == STATUS_OK);
	return state;
}

/* --- Heap --- */

static void test_heap(void)
{
	struct heap heap;
	void       *blocks[40];

	heap_init(&heap, env->account.cap, &heap_source_ram);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < ARRAY_SIZE(blocks); i++) {
			CHECK(heap_alloc(&heap, 16 + i * 37 % 900, &blocks[i]) == STATUS_OK);
			memset(blocks[i], (int)i, 16 + i * 37 % 900);
		}
		heap_check(&heap);
		for (unsigned i = 0; i < ARRAY_SIZE(blocks); i++)
			heap_free(&heap, blocks[i * 7 % ARRAY_SIZE(blocks)]);
		CHECK(!heap.size);
	}
	CHECK(heap_alloc(&heap, 1 << 30, &blocks[0]) == STATUS_OUT_OF_RAM && !heap.size);
}

/* --- Selectors --- */

/* The table grows, which is not given back, so this runs once before the accounts are compared. */
static void grow_table(void)
{
	static struct cap caps[300];

	for (unsigned i = 0; i < ARRAY_SIZE(caps); i++)
		CHECK(cap_reserve(&caps[i]) == STATUS_OK);
	CHECK(cap_slots() == 384);
	for (unsigned i = 0; i < ARRAY_SIZE(caps); i++)
		cap_release(caps[i]);
}

static void test_selectors(void)
{
	struct cap     gate;
	unsigned const before = cap_slots_used();

	CHECK(cap_session_alloc(&env->cap_session, env->main_thread, 0, &gate) == STATUS_OK);
	CHECK(cap_slots_used() == before + 1);
	cap_acquire(gate);
	cap_release(gate);
	CHECK(cap_session_free(&env->cap_session, gate) == STATUS_OK);
	cap_release(gate);
	CHECK(cap_slots_used() == before);
}

/* --- Memory --- */

static void test_memory(void)
{
	struct attached_ram ram;
	uint64_t           *words;

	CHECK(attached_ram_init(&ram, env->account, 20000) == STATUS_OK && ram.size == 5 * PAGE_SIZE);
	words = ram.address;
	for (unsigned i = 0; i < ram.size / sizeof(*words); i++) {
		CHECK(!words[i]);
		words[i] = i;
	}
	attached_ram_fini(&ram);
	CHECK(attached_ram_init(&ram, env->account, 0) == STATUS_INVALID);
	CHECK(attached_ram_init(&ram, env->account, 1 << 30) == STATUS_OUT_OF_RAM);
}

/* --- Threads --- */

enum { THREADS = 3, ROUNDS = 200 };

static struct {
	struct mutex     mutex;
	struct condition all_in;
	struct semaphore start;
	unsigned         arrived;
	uint64_t         sum;
} shared;

/* All wait for each other; then each adds up under the mutex. */
static void work(struct local_thread *thread)
{
	semaphore_down(&shared.start);
	mutex_lock(&shared.mutex);
	if (++shared.arrived == THREADS)
		condition_wake_all(&shared.all_in);
	while (shared.arrived < THREADS)
		condition_wait(&shared.all_in, &shared.mutex);
	mutex_unlock(&shared.mutex);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct platform_regs regs = { 0 };

		mutex_lock(&shared.mutex);
		uint64_t sum = shared.sum;
		platform_invoke(PLATFORM_YIELD, &regs);
		shared.sum = sum + 1;
		mutex_unlock(&shared.mutex);
	}
}

static void test_threads(void)
{
	struct local_thread threads[THREADS];

	memset(&shared, 0, sizeof(shared));
	for (unsigned i = 0; i < THREADS; i++) {
		CHECK(local_thread_create(&threads[i], env, "worker", i, STACK_DEFAULT) == STATUS_OK);
		CHECK(local_thread_start(&threads[i], work) == STATUS_OK);
	}
	for (unsigned i = 0; i < THREADS; i++)
		semaphore_up(&shared.start);
	for (unsigned i = 0; i < THREADS; i++)
		local_thread_join(&threads[i]);
	CHECK(shared.sum == THREADS * ROUNDS);
}

/* One that was never started, and one that waits for ever, can be ended. */
static void test_ending_threads(void)
{
	struct local_thread idle, waits;

	memset(&shared, 0, sizeof(shared));
	CHECK(local_thread_create(&idle, env, "idle", 0, PAGE_SIZE) == STATUS_OK);
	CHECK(local_thread_create(&waits, env, "waits", 0, PAGE_SIZE) == STATUS_OK);
	CHECK(local_thread_start(&waits, work) == STATUS_OK);
	local_thread_destroy(&idle);
	local_thread_destroy(&waits);
}

/* --- Comparing --- */

static void run(char const *name, void (*test)(void))
{
	struct account_state const before = state_of(env->account);

	test();

	struct account_state const after = state_of(env->account);

	if (before.ram_used != after.ram_used || before.caps_used != after.caps_used)
		log_error("%s: used before %lu bytes, %lu caps, after %lu bytes, %lu caps", name, before.ram_used, before.caps_used, after.ram_used,
			after.caps_used);
	CHECK(before.ram_used == after.ram_used && before.caps_used == after.caps_used);
	log_info("%s: holds", name);
}

enum status component_construct(struct env *e)
{
	struct local_thread first;

	env = e;
	grow_table();
	log_info("growing: holds");

	/* The main thread's wait context stays; and so does the page table of the stack area, if it is the last one there. */
	TRY(local_thread_create(&first, env, "first", 0, PAGE_SIZE));
	local_thread_destroy(&first);
	run("heap", test_heap);
	run("selectors", test_selectors);
	run("memory", test_memory);
	run("threads", test_threads);
	run("ending threads", test_ending_threads);
	events_start(env);
	return STATUS_OK;
}
