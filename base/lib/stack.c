/* SPDX-License-Identifier: MIT */
/*
 * Stacks in their slots. The slots of this component's stack area are claimed in an atomic bitmap.
 */
#include <base/attached.h>
#include <base/cap_alloc.h>
#include <base/stack.h>

enum { WORD_BITS = 64 };

static uint64_t used[STACK_SLOTS / WORD_BITS];

static void free_ram(struct account payer, struct dataspace memory)
{
	struct ram  ram    = { .connection.cap = payer.cap };
	enum status status = ram_free(&ram, memory);

	assert(status == STATUS_OK);
	cap_release(memory.cap);
}

enum status stack_attach(struct rm *rm, struct account payer, uint64_t slot, size_t size_bytes, struct dataspace *memory)
{
	size_t const          size = align_up(size_bytes, PAGE_SIZE);
	struct ram            ram  = { .connection.cap = payer.cap };
	struct rm_attach_args args = { .size = size, .address = slot + STACK_SLOT_UTCB - size, .access = RM_ACCESS_WRITE };
	struct dataspace      made;
	uint64_t              address;
	enum status           status;

	if (!size || size_bytes > STACK_SIZE_MAX)
		return STATUS_INVALID;
	RPC_TRY(ram_alloc(&ram, size, RAM_CACHE_CACHED, 0, &made));
	status = rm_attach(rm, made, &args, payer, &address);
	if (status) {
		free_ram(payer, made);
		return status;
	}
	*memory = made;
	return STATUS_OK;
}

static bool claim(unsigned index)
{
	uint64_t const bit = 1UL << index % WORD_BITS;

	return !(__atomic_fetch_or(&used[index / WORD_BITS], bit, __ATOMIC_ACQUIRE) & bit);
}

static void release(unsigned index)
{
	__atomic_fetch_and(&used[index / WORD_BITS], ~(1UL << index % WORD_BITS), __ATOMIC_RELEASE);
}

enum status stack_create(struct account payer, size_t size_bytes, uint64_t *slot, struct dataspace *memory)
{
	struct rm rm = { .connection.cap = cap_well_known(SLOT_RM) };

	for (unsigned i = 0; i < STACK_SLOTS; i++) {
		if (!claim(i))
			continue;
		*slot = STACK_AREA + i * STACK_SLOT_SIZE;

		enum status status = stack_attach(&rm, payer, *slot, size_bytes, memory);

		if (status == STATUS_OK)
			return STATUS_OK;
		release(i);

		/* Something else may stand there. */
		if (status != STATUS_EXISTS)
			return status;
	}
	return STATUS_BUSY;
}

void stack_destroy(struct account payer, uint64_t slot, size_t size_bytes, struct dataspace memory)
{
	dataspace_detach((void *)(slot + STACK_SLOT_UTCB - align_up(size_bytes, PAGE_SIZE)));
	free_ram(payer, memory);
	release((unsigned)((slot - STACK_AREA) / STACK_SLOT_SIZE));
}
