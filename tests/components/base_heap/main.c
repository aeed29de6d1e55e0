/* SPDX-License-Identifier: MIT */
/*
 * The heap of a component, on its real source: pieces of all sizes keep their content, freed chunks go back to the account
 * at once, and a request that the account cannot pay for is a status and changes nothing.
 */
#include "../check.h"

enum { PIECES = 200, STEPS = 4000, SIZE_MAX_SMALL = 500, SIZE_MAX_LARGE = 9000 };

static struct piece {
	unsigned char *bytes;
	size_t         size;
	unsigned char  pattern;
} pieces[PIECES];

/* The same numbers in every run. */
static uint32_t next_random(void)
{
	static uint32_t state = 0x2545f491;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static bool is_filled(struct piece const *piece, unsigned char with)
{
	for (size_t i = 0; i < piece->size; i++)
		if (piece->bytes[i] != with)
			return false;
	return true;
}

static enum status take(struct heap *heap, struct piece *piece)
{
	void *block;

	piece->size = 1 + next_random() % (next_random() % 16 ? SIZE_MAX_SMALL : SIZE_MAX_LARGE);
	piece->pattern = (unsigned char)(1 + next_random() % 255);
	TRY(heap_alloc(heap, piece->size, &block));
	piece->bytes = block;
	CHECK(is_aligned((uintptr_t)block, HEAP_ALIGN) && is_filled(piece, 0));
	memset(block, piece->pattern, piece->size);
	return STATUS_OK;
}

static enum status give_back(struct heap *heap, struct piece *piece)
{
	CHECK(is_filled(piece, piece->pattern));
	heap_free(heap, piece->bytes);
	piece->bytes = NULL;
	return STATUS_OK;
}

static enum status test_pieces(struct env *env)
{
	struct books before, after;

	TRY(books_read(env, &before));
	for (unsigned step = 0; step < STEPS; step++) {
		struct piece *piece = &pieces[next_random() % PIECES];

		TRY(piece->bytes ? give_back(&env->heap, piece) : take(&env->heap, piece));
	}
	heap_check(&env->heap);
	for (unsigned i = 0; i < PIECES; i++)
		if (pieces[i].bytes)
			TRY(give_back(&env->heap, &pieces[i]));
	heap_check(&env->heap);
	CHECK(env->heap.used == 0 && env->heap.size == 0);
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	return STATUS_OK;
}

static enum status test_too_much(struct env *env)
{
	struct books before, after;
	void        *block;
	uint64_t   (*array)[64];

	TRY(books_read(env, &before));
	CHECK_STATUS(heap_alloc(&env->heap, before.account.ram_limit, &block), STATUS_OUT_OF_RAM);
	CHECK_STATUS(heap_alloc(&env->heap, UINT64_MAX, &block), STATUS_OUT_OF_RAM);
	CHECK_STATUS(heap_new_array(&env->heap, UINT64_MAX / 8, &array), STATUS_OVERFLOW);
	TRY(books_read(env, &after));
	CHECK(books_equal(&before, &after));
	return STATUS_OK;
}

enum status component_construct(struct env *env)
{
	TRY(test_pieces(env));
	TRY(test_too_much(env));
	return test_passed();
}
