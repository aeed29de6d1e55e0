/* SPDX-License-Identifier: MIT */
/* RAM and CAP: memory and gates, and the quota of both. */
#include "services.h"

enum { MEBIBYTE = 1 << 20, OWNED = 8 * MEBIBYTE, PIECES = 8 };

#define FOUR_GIB (UINT64_C(1) << 32)

static bool all_is(void const *address, size_t size, uint64_t word)
{
	uint64_t different = 0;

	for (size_t i = 0; i < size / sizeof(word); i++)
		different |= ((uint64_t volatile const *)address)[i] ^ word;
	return !different;
}

/* Each kind of memory, small and large, at each alignment: zero, writable, where it was asked for. */
static enum status test_kinds(struct env *env, struct ram *ram, enum ram_cache cache, bool low)
{
	static uint64_t const sizes[] = { 1, PAGE_SIZE, 5 * PAGE_SIZE + 1, MEBIBYTE }, aligns[] = { 0, 1, PAGE_SIZE, 64 * 1024, 2 * MEBIBYTE };

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
		for (unsigned k = 0; k < ARRAY_SIZE(aligns); k++) {
			uint64_t const   rounded = align_up(sizes[i], PAGE_SIZE);
			struct dataspace memory;
			uint64_t         at, size, used, before;
			void            *address;

			TRY(ram_used(ram, &before));
			if (low)
				TRY(ram_alloc_below_4g(ram, sizes[i], cache, aligns[k], &memory));
			else
				TRY(ram_alloc(ram, sizes[i], cache, aligns[k], &memory));
			TRY(ram_used(ram, &used));
			TRY(dataspace_size(memory, &size));
			CHECK(used == before + rounded && size == rounded);
			TRY(ram_physical(ram, memory, &at));
			CHECK(at % MAX(aligns[k], (uint64_t)PAGE_SIZE) == 0 && (!low || at + rounded <= FOUR_GIB));
			TRY(dataspace_attach(memory, RM_ACCESS_WRITE, env->account, &address));
			CHECK(all_is(address, rounded, 0));
			memset(address, PATTERN, rounded);
			CHECK(all_is(address, rounded, 0x5a5a5a5a5a5a5a5a));
			CHECK_STATUS(ram_free(&env->ram, memory), STATUS_NOT_FOUND);
			TRY(ram_free(ram, memory));
			CHECK_STATUS(ram_free(ram, memory), STATUS_BAD_CAP);
			TRY(ram_used(ram, &used));
			CHECK(used == before + rounded && all_is(address, rounded, 0x5a5a5a5a5a5a5a5a));    /* until nobody shows it */
			dataspace_detach(address);
			TRY(ram_used(ram, &used));
			CHECK(used == before);
			cap_release(memory.cap);
		}
	return STATUS_OK;
}

static enum status test_errors(struct env *env, struct ram *ram)
{
	struct dataspace memory;
	struct ram       plain;
	uint64_t         at;

	CHECK_STATUS(ram_alloc(ram, 0, RAM_CACHE_CACHED, 0, &memory), STATUS_INVALID);
	CHECK_STATUS(ram_alloc(ram, PAGE_SIZE, RAM_CACHE_CACHED, 3, &memory), STATUS_INVALID);
	CHECK_STATUS(ram_alloc(ram, PAGE_SIZE, RAM_CACHE_CACHED, UINT64_C(1) << 63, &memory), STATUS_NOT_FOUND);
	CHECK_STATUS(ram_alloc(ram, UINT64_MAX, RAM_CACHE_CACHED, 0, &memory), STATUS_OUT_OF_RAM);
	CHECK_STATUS(ram_alloc(ram, 1ul << 40, RAM_CACHE_CACHED, 0, &memory), STATUS_OUT_OF_RAM);
	CHECK_STATUS(ram_alloc_below_4g(ram, 0, RAM_CACHE_CACHED, 0, &memory), STATUS_INVALID);
	CHECK_STATUS(ram_alloc_below_4g(ram, PAGE_SIZE, RAM_CACHE_CACHED, UINT64_C(1) << 63, &memory), STATUS_NOT_FOUND);
	CHECK_STATUS(ram_physical(&env->ram, (struct dataspace) { CAP_NULL }, &at), STATUS_BAD_CAP);

	/* Without a grant no session learns where its memory is; with one, of its own only. */
	TRY(open_with(&plain.connection, env, &ram_type, "plain", 4 * PAGE_SIZE, 10));
	TRY(ram_alloc(&plain, PAGE_SIZE, RAM_CACHE_CACHED, 0, &memory));
	CHECK_STATUS(ram_physical(&plain, memory, &at), STATUS_DENIED);
	CHECK_STATUS(ram_physical(ram, memory, &at), STATUS_NOT_FOUND);
	ram_close(&plain);
	CHECK_STATUS(ram_physical(ram, memory, &at), STATUS_BAD_CAP);
	cap_release(memory.cap);
	return STATUS_OK;
}

/* Memory of one session, full of its pattern, comes to another: it is the same memory, and nothing of the pattern is left. */
static enum status test_zeroed(struct env *env)
{
	static enum ram_cache const kinds[] = { RAM_CACHE_CACHED, RAM_CACHE_UNCACHED, RAM_CACHE_WRITE_COMBINED };
	uint64_t where[PIECES];
	unsigned same = 0;

	for (unsigned round = 0; round < 4; round++) {
		struct ram       ram;
		struct dataspace pieces[PIECES];
		uint64_t         at;
		void            *address;

		TRY(open_with(&ram.connection, env, &ram_type, "", OWNED, 2 * PIECES));
		for (unsigned i = 0; i < PIECES; i++) {
			TRY(ram_alloc(&ram, OWNED / PIECES, kinds[(round + 1) % 3], 0, &pieces[i]));
			TRY(ram_physical(&ram, pieces[i], &at));
			for (unsigned k = 0; round && k < PIECES; k++)
				same += at == where[k];
			TRY(dataspace_attach(pieces[i], RM_ACCESS_WRITE, env->account, &address));
			CHECK(all_is(address, OWNED / PIECES, 0));
			memset(address, PATTERN, OWNED / PIECES);
			dataspace_detach(address);
		}
		for (unsigned i = 0; i < PIECES; i++) {
			TRY(ram_physical(&ram, pieces[i], &where[i]));
			TRY(ram_free(&ram, pieces[i]));
			cap_release(pieces[i].cap);
		}
		ram_close(&ram);
	}
	CHECK(same >= PIECES);
	return STATUS_OK;
}

static enum status test_quota(struct env *env, struct ram *ram)
{
	struct account_control control;
	struct account         use;
	struct ram             split;
	uint64_t               before, quota;

	TRY(split_account(env, &control, &use));
	split.connection.cap = use.cap;
	TRY(ram_quota(ram, &before));
	TRY(ram_ref_account(ram, env->account));
	CHECK_STATUS(ram_ref_account(ram, use), STATUS_INVALID);
	CHECK_STATUS(ram_transfer_quota(ram, use, PAGE_SIZE), STATUS_DENIED);
	CHECK_STATUS(ram_transfer_quota(ram, env->account, 1), STATUS_INVALID);
	CHECK_STATUS(ram_transfer_quota(ram, env->account, before + PAGE_SIZE), STATUS_OUT_OF_RAM);
	TRY(ram_transfer_quota(ram, env->account, PAGE_SIZE));
	TRY(ram_quota(ram, &quota));
	CHECK(quota == before - PAGE_SIZE);
	TRY(ram_transfer_quota(&env->ram, use, PAGE_SIZE));
	TRY(ram_quota(&split, &quota));
	CHECK(quota == 2 * PAGE_SIZE);
	return end_account(control, use);
}

enum status test_ram(struct env *env)
{
	static enum ram_cache const kinds[] = { RAM_CACHE_CACHED, RAM_CACHE_UNCACHED, RAM_CACHE_WRITE_COMBINED };
	struct ram ram;

	TRY(open_with(&ram.connection, env, &ram_type, "", 4 * MEBIBYTE, 40));
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		TRY(test_kinds(env, &ram, kinds[i], false));
		TRY(test_kinds(env, &ram, kinds[i], true));
	}
	TRY(test_errors(env, &ram));
	TRY(test_quota(env, &ram));
	ram_close(&ram);
	return test_zeroed(env);
}

enum status test_cap(struct env *env)
{
	struct cap_session     session;
	struct account_control control;
	struct account         use;
	struct thread          unbound;
	struct cap             gate;
	uint64_t               before, after, quota;

	TRY(open_with(&session.connection, env, &cap_session_type, "", 0, 10));
	TRY(split_account(env, &control, &use));
	TRY(unbound_thread(env, &unbound));
	TRY(cap_session_used(&session, &before));
	TRY(cap_session_alloc(&session, env->main_thread, 16, &gate));
	TRY(cap_session_used(&session, &after));
	CHECK(after == before + 1);
	CHECK_STATUS(cap_session_free(&env->cap_session, gate), STATUS_NOT_FOUND);
	TRY(cap_session_free(&session, gate));
	CHECK_STATUS(cap_session_free(&session, gate), STATUS_BAD_CAP);
	cap_release(gate);
	CHECK_STATUS(cap_session_alloc(&session, unbound, 16, &gate), STATUS_INVALID);
	CHECK_STATUS(cap_session_alloc(&session, (struct thread) { use.cap }, 16, &gate), STATUS_BAD_CAP);
	TRY(cap_session_quota(&session, &quota));
	TRY(cap_session_ref_account(&session, env->account));
	CHECK_STATUS(cap_session_ref_account(&session, use), STATUS_INVALID);
	CHECK_STATUS(cap_session_transfer_quota(&session, use, 1), STATUS_DENIED);
	CHECK_STATUS(cap_session_transfer_quota(&session, env->account, quota + 1), STATUS_OUT_OF_CAPS);
	TRY(cap_session_transfer_quota(&session, env->account, 2));
	TRY(cap_session_quota(&session, &after));
	TRY(cap_session_used(&session, &before));
	CHECK(after == quota - 2 && before == 0);
	TRY(cpu_kill_thread(&env->cpu, unbound));
	cap_release(unbound.cap);
	TRY(end_account(control, use));
	connection_close(&session.connection);
	return STATUS_OK;
}
