/* SPDX-License-Identifier: MIT */
/*
 * The selector allocator: a bitmap of free slots and a byte for each slot. Threads claim slots by atomic operations on the
 * bitmap. Only growing the table is under a lock; whoever finds it low waits for that. Those of the near slots are here; those of the far
 * ones are in pages that come with them, so only components that have far slots pay for them.
 *
 * cap_reserve is called by RPC stubs that have laid out a message already, so growing, which makes calls itself, must leave
 * the UTCB as it was.
 */
#include <account/account.h>
#include <base/cap_alloc.h>
#include <base/heap.h>
#include <base/platform.h>
#include <base/string.h>
#include <base/sync.h>
#include <pd/pd.h>

enum {
	WORD_BITS  = 64,
	SAVED_WORDS = 16,           /* more than any call of growing has */
	SLOTS_MAX  = PD_CAP_FRAMES * SLOTS_PER_FRAME,
	NEAR_SLOTS = PD_NEAR_FRAMES * SLOTS_PER_FRAME,
	PART_SLOTS = 28 * SLOTS_PER_FRAME,
	PARTS      = (SLOTS_MAX - NEAR_SLOTS) / PART_SLOTS,
};

/* A page of what there is to know about far slots. */
struct part {
	uint64_t free[PART_SLOTS / WORD_BITS];
	uint8_t  count[PART_SLOTS];
};

static_assert(sizeof(struct part) <= PAGE_SIZE && NEAR_SLOTS + PARTS * PART_SLOTS == SLOTS_MAX, "all slots are in one part each");

static struct {
	uint64_t     free[NEAR_SLOTS / WORD_BITS]; /* bit i of word w: slot w * 64 + i is free */
	uint8_t      count[NEAR_SLOTS];            /* holders */
	struct part *parts[PARTS];
	uint32_t     slots;                        /* that the table has */
	uint32_t     used;
	uint32_t     lowest;                       /* word where the search begins: below it was none free, when that was last seen */
	struct mutex growing;
} caps;

/* What user[UTCB_USER_LAST] says of a thread. */
enum { MAY_NOT_USE_LAST, MAY_USE_LAST, GROWS };

static unsigned slot_of(struct cap cap)
{
	return (unsigned)(cap.selector / SLOT_SIZE);
}

static uint64_t *free_word(unsigned word)
{
	unsigned const far = word - NEAR_SLOTS / WORD_BITS, words = PART_SLOTS / WORD_BITS;

	return word < NEAR_SLOTS / WORD_BITS ? &caps.free[word] : &caps.parts[far / words]->free[far % words];
}

static uint8_t *count_of(unsigned slot)
{
	unsigned const far = slot - NEAR_SLOTS;

	return slot < NEAR_SLOTS ? &caps.count[slot] : &caps.parts[far / PART_SLOTS]->count[far % PART_SLOTS];
}

static void mark_free(unsigned slot)
{
	unsigned const word = slot / WORD_BITS;

	__atomic_fetch_or(free_word(word), 1UL << slot % WORD_BITS, __ATOMIC_RELEASE);
	if (word < __atomic_load_n(&caps.lowest, __ATOMIC_RELAXED))
		__atomic_store_n(&caps.lowest, word, __ATOMIC_RELAXED);
}

void cap_alloc_init(uint64_t first_free)
{
	unsigned const first = slot_of((struct cap) { first_free });

	assert(!caps.slots && first < SLOTS_PER_FRAME);
	caps.slots = SLOTS_PER_FRAME;
	caps.used = first;
	for (unsigned i = 0; i < first; i++)
		caps.count[i] = 1;
	for (unsigned i = first; i < SLOTS_PER_FRAME; i++)
		mark_free(i);
}

/* Claims the lowest free slot of a word. */
static bool claim(unsigned word, unsigned *slot)
{
	uint64_t *bits = free_word(word);
	uint64_t  free = __atomic_load_n(bits, __ATOMIC_RELAXED);

	while (free) {
		if (__atomic_compare_exchange_n(bits, &free, free & (free - 1), false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			*slot = word * WORD_BITS + (unsigned)__builtin_ctzl(free);
			return true;
		}
	}
	return false;
}

static enum status take(struct cap *cap)
{
	unsigned const words = __atomic_load_n(&caps.slots, __ATOMIC_ACQUIRE) / WORD_BITS;
	unsigned word = __atomic_load_n(&caps.lowest, __ATOMIC_RELAXED), slot = 0;

	for (unsigned looked = 0; looked < words; looked++, word++) {
		if (word >= words)
			word = 0;
		if (!claim(word, &slot))
			continue;
		__atomic_store_n(&caps.lowest, word, __ATOMIC_RELAXED);
		__atomic_fetch_add(&caps.used, 1, __ATOMIC_RELAXED);
		*count_of(slot) = 1;
		cap->selector = (uint64_t)slot * SLOT_SIZE;
		return STATUS_OK;
	}
	return STATUS_OUT_OF_CAPS;
}

/* The page for the slots from `slot` on, if they begin one. It is there for good, even if the table does not grow then. */
static enum status add_part(unsigned slot)
{
	unsigned const far = slot - NEAR_SLOTS;
	void          *page;

	if (slot < NEAR_SLOTS || far % PART_SLOTS || caps.parts[far / PART_SLOTS])
		return STATUS_OK;
	RPC_TRY(heap_source_ram.get(cap_well_known(SLOT_ACCOUNT), PAGE_SIZE, &page));
	caps.parts[far / PART_SLOTS] = page;
	return STATUS_OK;
}

static enum status grow_to(uint64_t *limit)
{
	struct pd      pd      = { .connection.cap = cap_well_known(SLOT_PD) };
	struct account account = { cap_well_known(SLOT_ACCOUNT) };

	RPC_TRY(add_part(caps.slots));
	return pd_grow_table(&pd, account, limit);
}

/* What the calls of growing write in the UTCB is put back afterwards: a message may be waiting there. */
static enum status call_grow(uint64_t *limit)
{
	struct utcb *utcb = thread_utcb();
	enum { CAP_WORDS = (offsetof(struct utcb, user) - offsetof(struct utcb, send)) / sizeof(uint64_t) };
	uint64_t     words[SAVED_WORDS], caps_of_message[CAP_WORDS], may = utcb->user[UTCB_USER_LAST];

	memcpy(words, utcb->words, sizeof(words));
	memcpy(caps_of_message, utcb->send, sizeof(caps_of_message));
	utcb->user[UTCB_USER_LAST] = GROWS;

	enum status status = grow_to(limit);

	utcb->user[UTCB_USER_LAST] = may;
	memcpy(utcb->words, words, sizeof(words));
	memcpy(utcb->send, caps_of_message, sizeof(caps_of_message));
	return status;
}

static bool is_low(void)
{
	return __atomic_load_n(&caps.used, __ATOMIC_RELAXED) + CAP_RESERVE >= __atomic_load_n(&caps.slots, __ATOMIC_RELAXED);
}

/* The lock is held. */
static enum status grow_locked(void)
{
	uint64_t    limit;
	enum status status;

	if (!is_low())
		return STATUS_OK;    /* another thread was faster */
	if (caps.slots == SLOTS_MAX)
		return STATUS_OUT_OF_CAPS;
	status = call_grow(&limit);
	if (status == STATUS_OK) {
		uint32_t const before = caps.slots, now = slot_of((struct cap) { limit });

		assert(now > before && now <= SLOTS_MAX);
		for (unsigned i = before; i < now; i++)
			mark_free(i);
		__atomic_store_n(&caps.slots, now, __ATOMIC_RELEASE);
	}
	return status;
}

static enum status grow(void)
{
	enum status status;

	mutex_lock(&caps.growing);
	status = grow_locked();
	mutex_unlock(&caps.growing);
	return status;
}

enum status cap_reserve(struct cap *cap)
{
	if (__builtin_expect(is_low(), 0)) {
		uint64_t const may = thread_utcb()->user[UTCB_USER_LAST];
		enum status status = may == GROWS ? STATUS_OK : grow();

		if (status != STATUS_OK && may != MAY_USE_LAST)
			return status;
	}
	return take(cap);
}

void cap_use_last(bool may)
{
	thread_utcb()->user[UTCB_USER_LAST] = may ? MAY_USE_LAST : MAY_NOT_USE_LAST;
}

void cap_acquire(struct cap cap)
{
	unsigned const slot = slot_of(cap);
	uint8_t        count;

	if (slot < SLOT_FIRST_FREE)
		return;
	assert(slot < caps.slots);
	count = __atomic_fetch_add(count_of(slot), 1, __ATOMIC_RELAXED);
	assert(count > 0 && count < UINT8_MAX);
}

static void give_back(unsigned slot)
{
	__atomic_fetch_sub(&caps.used, 1, __ATOMIC_RELAXED);
	mark_free(slot);
}

void cap_release(struct cap cap)
{
	struct platform_regs regs = { .target = cap.selector };
	unsigned const       slot = slot_of(cap);

	if (slot < SLOT_FIRST_FREE)
		return;
	assert(slot < caps.slots && *count_of(slot) > 0);
	if (__atomic_fetch_sub(count_of(slot), 1, __ATOMIC_ACQ_REL) > 1)
		return;
	platform_invoke(PLATFORM_CAP_DROP, &regs);
	give_back(slot);
}

void cap_unreserve(struct cap cap)
{
	unsigned const slot = slot_of(cap);

	assert(slot >= SLOT_FIRST_FREE && slot < caps.slots && *count_of(slot) == 1);
	*count_of(slot) = 0;
	give_back(slot);
}

unsigned cap_slots_used(void)
{
	return caps.used;
}

unsigned cap_slots(void)
{
	return caps.slots;
}
