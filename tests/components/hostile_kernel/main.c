/* SPDX-License-Identifier: MIT */
/*
 * Random system calls: any operation, any register, selectors within the table and beyond, addresses of the kernel, of devices and of nobody. Two
 * threads make them, and serve gates and signal contexts that these calls find, so that messages and capabilities do travel between
 * them. The main thread watches: it ends waits that nobody else ends, replaces threads that ended themselves, and puts capabilities back
 * that the calls have dropped, moved and revoked.
 *
 * The calls reach all slots but those below `own_limit`, by which this component itself lives. How others fare is for them to say; here
 * the kept registers must be kept, and the own account in the end what it was.
 */
#include <base/cap_alloc.h>
#include <base/component.h>
#include <base/thread.h>

#include "attack.h"

enum { ATTACKERS = 2, TARGETS = 9, TICK_US = 1000, SLOT_MASK = 31, RARE = 256, NOBLOCK = SYS_FLAG_NOBLOCK << 24 };

struct attacker {
	struct local_thread thread;
	uint64_t            seed;
	uint64_t volatile   calls;
	uint64_t            succeeded;
	uint64_t            seen;       /* calls at the tick before */
	uint32_t            lives;
	struct cap          gate, signal;
};

static struct hostile {
	struct env          *env;
	struct handler       tick;
	struct attacker      attackers[ATTACKERS];
	struct account_state before;
	uint64_t             goal, cancelled;
	uint64_t             own_limit, table_limit;    /* selectors in between are fair game */
	void const          *entry;                     /* of the bare system call */
	uint64_t             random;                    /* of the main thread */
	bool                 broken;
} self;

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* --- The calls --- */

/* A selector that is not the component's own: mostly of the table, else of nothing. */
static uint64_t any_selector(uint64_t *random)
{
	uint64_t const value = random_next(random);

	if (value % 16 < 13)
		return self.own_limit + (value >> 8) % (self.table_limit - self.own_limit);
	return value % 16 == 13 ? value >> 40 & SLOT_MASK : self.table_limit + (value >> (value >> 4) % 60);
}

static uint64_t any_value(uint64_t *random)
{
	static uint64_t const bases[] = {
		0, 0x200000, 0x7ffffffff000, 0x800000000000, 0xffff800000000000, 0xffffffff80000000, 0xffffffffffffffff, 0xfee00000, 0xfec00000,
		0xb8000, 0x100000000000, 0x1f0000,
	};
	uint64_t const value = random_next(random);

	switch (value % 4) {
	case 0:  return random_next(random);
	case 1:  return bases[(value >> 8) % ARRAY_SIZE(bases)] + (value >> 16) % 0x200000;
	case 2:  return bases[(value >> 8) % ARRAY_SIZE(bases)] - (value >> 16) % 64;
	default: return any_selector(random);
	}
}

/* As a value, but never a selector of the component's own. */
static uint64_t any_target(uint64_t *random)
{
	uint64_t const value = random_next(random) % 4 ? any_selector(random) : any_value(random);

	return value > SLOT_MASK && value < self.own_limit ? value + self.own_limit : value;
}

static bool blocks(uint64_t operation)
{
	return operation == SYS_REPLY_WAIT || operation == SYS_WAIT;
}

/* Everybody's operations mostly, core's, and any other number. What ends a thread or blocks it is made rarer, or nothing else happened. */
static uint64_t any_header(uint64_t *random)
{
	uint64_t const value = random_next(random);
	uint64_t header = random_next(random);
	uint64_t operation = value % 8 < 5 ? (value >> 8) % SYS_CORE_FIRST : value % 8 < 7 ? SYS_CORE_FIRST + (value >> 8) % 64 : header & 0xff;

	if (operation == SYS_THREAD_EXIT && (value >> 20) % RARE)
		operation = SYS_CALL;
	if ((value >> 16) % 8)
		header &= 0x0fff;                             /* a plain one: few capabilities, no flags */
	if ((value >> 14) % 4)
		header = (header & ~UINT64_C(0xff00)) | (value >> 50 & 7) << 8 | (value >> 40 & 3) << 16 | (value >> 44 & 3) << 20;
	if (blocks(operation) && (value >> 20) % RARE)
		header |= NOBLOCK;
	return (header & ~UINT64_C(0xff)) | operation;
}

static void fill_utcb(struct utcb *utcb, uint64_t *random)
{
	unsigned const at = random_next(random) % UTCB_CAPS;

	utcb->words[random_next(random) % UTCB_WORDS] = any_value(random);
	utcb->send[at] = (any_selector(random) & ~(uint64_t)SLOT_MASK) | (random_next(random) & 3);
	utcb->window[UTCB_CAPS - 1 - at] = any_selector(random);
}

static bool is_kept(struct registers const *a, struct registers const *b)
{
	return a->rbx == b->rbx && a->rbp == b->rbp && a->r12 == b->r12 && a->r13 == b->r13 && a->r14 == b->r14 && a->r15 == b->r15;
}

static void attack_once(struct attacker *attacker)
{
	uint64_t *random = &attacker->seed;
	struct registers before, after;

	before = (struct registers) {
		.rax = any_header(random), .rdi = any_target(random), .rsi = any_target(random), .rdx = any_value(random), .r8 = any_value(random),
		.r9 = any_value(random), .rbx = any_value(random), .rbp = any_value(random), .r10 = any_value(random), .r12 = any_value(random),
		.r13 = any_value(random), .r14 = any_value(random), .r15 = any_value(random),
	};
	fill_utcb(thread_utcb(), random);
	after = before;
	attack_call(&after, self.entry);
	if (!is_kept(&before, &after)) {
		log_error("registers were not kept by the call with header 0x%lx", before.rax);
		self.broken = true;
	}
	attacker->succeeded += !(after.rax & 0xff);
	attacker->calls++;
}

static void attack(struct local_thread *thread)
{
	struct attacker *attacker = container_of(thread, struct attacker, thread);

	while (attacker->calls < self.goal)
		attack_once(attacker);
	platform_invoke(PLATFORM_THREAD_EXIT, &(struct platform_regs) { 0 }); /* to return would end the gate, which is for `end` to do */
}

/* --- The main thread --- */

/* Finds the instruction in the primitive `time`, which does nothing else. */
static enum status find_entry(void)
{
	struct platform const *page = (struct platform const *)PLATFORM_ADDRESS;
	uint8_t const *code = (uint8_t const *)page->entry[PLATFORM_TIME];

	for (unsigned i = 0; i < 16; i++) {
		if (code[i] == 0x0f && code[i + 1] == 0x05 && code[i + 2] == 0xc3) {
			self.entry = &code[i];
			return STATUS_OK;
		}
	}
	return STATUS_NOT_FOUND;
}

/* Slots that base knows nothing of; it has enough below them. */
static enum status grow_table(void)
{
	TRY(pd_grow_table(&self.env->pd, self.env->account, &self.table_limit));
	self.own_limit = self.table_limit - (uint64_t)SLOTS_PER_FRAME * SLOT_SIZE;
	return pd_grow_table(&self.env->pd, self.env->account, &self.table_limit);
}

static enum status start(struct attacker *attacker)
{
	struct signal_context signal;

	TRY(local_thread_create(&attacker->thread, self.env, "attacker", 1, STACK_DEFAULT));
	TRY(cap_session_alloc(&self.env->cap_session, attacker->thread.thread, 0xa77ac0, &attacker->gate));
	TRY(signal_alloc_context(&self.env->signal, attacker->thread.thread, 0xa77ac1, &signal));
	attacker->signal = signal.cap;
	attacker->lives++;
	return local_thread_start(&attacker->thread, attack);
}

static enum status end(struct attacker *attacker)
{
	struct signal_context const signal = { attacker->signal };

	TRY(cap_session_free(&self.env->cap_session, attacker->gate));
	TRY(signal_free_context(&self.env->signal, signal));
	cap_release(attacker->gate);
	cap_release(attacker->signal);
	local_thread_destroy(&attacker->thread);
	return STATUS_OK;
}

/* Puts a copy of something into a slot that the calls reach, if it is empty. */
static void put_back(void)
{
	struct cap const targets[TARGETS] = {
		self.attackers[0].gate, self.attackers[1].gate, self.attackers[0].signal, self.attackers[1].signal, self.env->account.cap,
		self.env->parent.cap, self.env->rm.connection.cap, self.attackers[0].gate, self.attackers[1].gate,
	};
	struct platform_regs regs = { .target = targets[random_next(&self.random) % TARGETS].selector };

	regs.w[0] = self.own_limit + (random_next(&self.random) % (self.table_limit - self.own_limit) & ~(uint64_t)SLOT_MASK);
	regs.w[1] = random_next(&self.random) % 8 ? RIGHTS_ALL : RIGHT_USE;
	platform_invoke(PLATFORM_CAP_COPY, &regs);
}

static enum status look_after(struct attacker *attacker)
{
	enum thread_state state;
	struct thread_fault fault;

	TRY(thread_state(attacker->thread.thread, &state, &fault));
	if (state == THREAD_STATE_FAULTED || self.broken)
		return STATUS_PEER_FAULT;
	if (state == THREAD_STATE_EXITED) {
		TRY(end(attacker));
		TRY(start(attacker));
	} else if (attacker->seen == attacker->calls) {
		self.cancelled++;
		TRY(thread_cancel(attacker->thread.thread));
	}
	attacker->seen = attacker->calls;
	return STATUS_OK;
}

/* Nothing of the calls is left but what they put into slots, which goes with them. */
static enum status clean_up(void)
{
	struct account_state now;

	for (unsigned i = 0; i < ATTACKERS; i++)
		TRY(end(&self.attackers[i]));
	for (uint64_t selector = self.own_limit; selector < self.table_limit; selector += SLOT_SIZE) {
		struct platform_regs regs = { .target = selector };

		platform_invoke(PLATFORM_CAP_DROP, &regs);
	}
	TRY(account_info(self.env->account, &now));
	if (now.ram_used == self.before.ram_used && now.caps_used == self.before.caps_used)
		return STATUS_OK;
	log_error("RAM was %lu, is %lu; caps were %lu, are %lu", self.before.ram_used, now.ram_used, self.before.caps_used, now.caps_used);
	return STATUS_INTERNAL;
}

static enum status watch(void)
{
	uint64_t calls = 0, succeeded = 0, lives = 0;
	bool done = true;

	for (unsigned i = 0; i < ATTACKERS; i++) {
		struct attacker *attacker = &self.attackers[i];

		done &= attacker->calls >= self.goal;
		if (attacker->calls < self.goal)
			TRY(look_after(attacker));
		calls += attacker->calls;
		succeeded += attacker->succeeded;
		lives += attacker->lives;
	}
	for (unsigned i = 0; i < 32; i++)
		put_back();
	if (!done) {
		ep_timeout(&self.env->ep, &self.tick, time_now_ns() + TICK_US * TIME_NS_PER_US);
		return STATUS_OK;
	}
	TRY(clean_up());
	log_info("%lu system calls by %lu threads, %lu succeeded, %lu waits were ended: the account is what it was", calls, lives, succeeded,
	         self.cancelled);
	return env_exit(self.env, 0);
}

static void handle_tick(struct handler *handler, uint64_t count)
{
	enum status status = watch();

	if (status) {
		struct try_place const *place = try_noted(status);
		log_error("failed: %s at %s", status_name(status), place ? place->text : "?");
		env_exit(self.env, 1);
	}
}

/* What the first thread of a component costs that stays: its wait context. */
static enum status warm_up(void)
{
	struct local_thread thread;

	TRY(local_thread_create(&thread, self.env, "first", 1, STACK_DEFAULT));
	local_thread_destroy(&thread);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	struct node config = env_config(env);
	uint64_t const seed = node_u64(config, "seed", 1, 1, UINT64_MAX);

	self.env = env;
	self.tick.handle = handle_tick;
	self.random = seed * UINT64_C(0x9e3779b97f4a7c15);
	self.goal = node_u64(config, "calls", 100000, 1, UINT32_MAX) / ATTACKERS;
	log_info("seed %lu, %lu calls", seed, self.goal * ATTACKERS);
	TRY(find_entry());
	TRY(grow_table());
	TRY(warm_up());
	TRY(account_info(env->account, &self.before));
	for (unsigned i = 0; i < ATTACKERS; i++) {
		self.attackers[i].seed = random_next(&self.random) | 1;
		TRY(start(&self.attackers[i]));
	}
	return watch();
}
