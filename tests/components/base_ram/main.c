/* SPDX-License-Identifier: MIT */
/*
 * Memory: what is new is zeroed, freed memory is back in the account at once, and memory that its owner frees while
 * somebody else has it mapped lives on there, still charged, until that ends.
 */
#include <pass/pass.h>
#include "../check.h"

#define PATTERN UINT64_C(0x0123456789abcdef)

enum { SIZE = 8 * PAGE_SIZE };

static enum status ram_used_now(struct env *env, uint64_t *bytes)
{
	struct account_state state;

	TRY(account_info(env->account, &state));
	*bytes = state.ram_used;
	return STATUS_OK;
}

static enum status test_zeroed(struct env *env)
{
	struct attached_ram ram;

	for (unsigned round = 0; round < 3; round++) {
		TRY(attached_ram_init(&ram, env->account, SIZE));
		for (size_t i = 0; i < SIZE / 8; i++)
			CHECK(((uint64_t volatile *)ram.address)[i] == 0);
		memset(ram.address, 0xa5, SIZE);
		attached_ram_fini(&ram);
	}
	return STATUS_OK;
}

static enum status test_arguments(struct env *env)
{
	struct dataspace memory;
	uint64_t         size = 0;

	CHECK_STATUS(ram_alloc(&env->ram, 0, RAM_CACHE_CACHED, 0, &memory), STATUS_INVALID);
	CHECK_STATUS(ram_alloc(&env->ram, PAGE_SIZE, RAM_CACHE_CACHED, 3, &memory), STATUS_INVALID);
	CHECK(ram_alloc(&env->ram, UINT64_MAX, RAM_CACHE_CACHED, 0, &memory) != STATUS_OK);
	TRY(ram_alloc(&env->ram, 1, RAM_CACHE_CACHED, 16 * PAGE_SIZE, &memory));
	TRY(dataspace_size(memory, &size));
	CHECK(size == PAGE_SIZE);
	TRY(ram_free(&env->ram, memory));
	CHECK(ram_free(&env->ram, memory) != STATUS_OK);
	CHECK(dataspace_size(memory, &size) != STATUS_OK);
	cap_release(memory.cap);
	return STATUS_OK;
}

static enum status test_freed_while_mapped(struct env *env, struct pass *pass)
{
	struct dataspace memory;
	void            *address, *again;
	uint64_t         before, mapped, freed, after, value = 0;

	TRY(ram_used_now(env, &before));
	TRY(ram_alloc(&env->ram, SIZE, RAM_CACHE_CACHED, 0, &memory));
	TRY(dataspace_attach(memory, RM_ACCESS_WRITE, env->account, &address));
	*(uint64_t volatile *)address = PATTERN;
	TRY(pass_map(pass, memory));
	TRY(pass_read(pass, &value));
	CHECK(value == PATTERN);
	dataspace_detach(address);
	TRY(ram_used_now(env, &mapped));
	TRY(ram_free(&env->ram, memory));
	TRY(ram_used_now(env, &freed));
	CHECK(freed == mapped && freed == before + SIZE);
	CHECK(dataspace_attach(memory, RM_ACCESS_WRITE, env->account, &again) != STATUS_OK);
	TRY(pass_read(pass, &value));
	CHECK(value == PATTERN);
	TRY(pass_unmap(pass));
	TRY(ram_used_now(env, &after));
	CHECK(after == before);
	cap_release(memory.cap);
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	static struct pass pass;
	struct books       before, after;

	TRY(pass_open(&pass, env, ""));
	TRY(test_zeroed(env));
	TRY(test_freed_while_mapped(env, &pass));
	TRY(books_read(env, &before));
	TRY(test_zeroed(env));
	TRY(test_arguments(env));
	TRY(test_freed_while_mapped(env, &pass));
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	pass_close(&pass);
	return test_passed();
}
