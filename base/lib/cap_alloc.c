/* SPDX-License-Identifier: MIT */
/*
 * The selector allocator: a bitmap of free slots and a byte for each slot. Threads claim slots by atomic operations on the
 * bitmap. Only growing the table is under a lock; whoever finds it low waits for that.
 *
 * cap_reserve is called by RPC stubs that have laid out a message already, so growing, which is a call itself, must leave
 * the UTCB as it was.
 */
#include <account/account.h>
#include <base/cap_alloc.h>
#include <base/platform.h>
#include <base/string.h>
#include <base/sync.h>
#include <pd/pd.h>

enum { SLOTS_MAX = PD_CAP_FRAMES * SLOTS_PER_FRAME, WORD_BITS = 64, WORDS = SLOTS_MAX / WORD_BITS };

static struct {
	uint64_t free[WORDS];       /* bit i of word w: slot w * 64 + i is free */
	uint8_t  count[SLOTS_MAX];  /* holders */
	uint32_t slots;             /* that the table has */
	uint32_t used;
	struct mutex growing;
	bool         largest;       /* the table cannot grow any more */
} caps;

static unsigned slot_of(struct cap cap)
{
	return (unsigned)(cap.selector / SLOT_SIZE);
}

static void mark_free(unsigned slot)
{
	__atomic_fetch_or(&caps.free[slot / WORD_BITS], 1UL << slot % WORD_BITS, __ATOMIC_RELEASE);
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
	uint64_t free = __atomic_load_n(&caps.free[word], __ATOMIC_RELAXED);

	while (free) {
		if (__atomic_compare_exchange_n(&caps.free[word], &free, free & (free - 1), false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			*slot = word * WORD_BITS + (unsigned)__builtin_ctzl(free);
			return true;
		}
	}
	return false;
}

static enum status take(struct cap *cap)
{
	unsigned slot = 0;

	for (unsigned word = 0; word < WORDS; word++) {
		if (!claim(word, &slot))
			continue;
		__atomic_fetch_add(&caps.used, 1, __ATOMIC_RELAXED);
		caps.count[slot] = 1;
		cap->selector = (uint64_t)slot * SLOT_SIZE;
		return STATUS_OK;
	}
	return STATUS_OUT_OF_CAPS;
}

/* Calls the PD session. What the call writes in the UTCB is put back afterwards: a message may be waiting there. */
static enum status call_grow(uint64_t *limit)
{
	struct pd      pd      = { .connection.cap = cap_well_known(SLOT_PD) };
	struct account account = { cap_well_known(SLOT_ACCOUNT) };
	struct utcb   *utcb    = thread_utcb();
	uint64_t const send    = utcb->send[0];
	uint64_t       words[8];

	memcpy(words, utcb->words, sizeof(words));

	enum status status = pd_grow_table(&pd, account, limit);

	memcpy(utcb->words, words, sizeof(words));
	utcb->send[0] = send;
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
	if (caps.largest)
		return STATUS_OUT_OF_CAPS;
	status = call_grow(&limit);
	if (status == STATUS_OK) {
		uint32_t const before = caps.slots, now = slot_of((struct cap) { limit });

		assert(now > before && now <= SLOTS_MAX);
		for (unsigned i = before; i < now; i++)
			mark_free(i);
		__atomic_store_n(&caps.slots, now, __ATOMIC_RELAXED);
	}
	caps.largest = status == STATUS_OUT_OF_CAPS || caps.slots == SLOTS_MAX;
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
		enum status status = grow();

		if (status != STATUS_OK && !thread_utcb()->user[UTCB_USER_LAST])
			return status;
	}
	return take(cap);
}

void cap_use_last(bool may)
{
	thread_utcb()->user[UTCB_USER_LAST] = may;
}

void cap_acquire(struct cap cap)
{
	unsigned const slot = slot_of(cap);
	uint8_t        count;

	if (slot < SLOT_FIRST_FREE)
		return;
	assert(slot < caps.slots);
	count = __atomic_fetch_add(&caps.count[slot], 1, __ATOMIC_RELAXED);
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
	assert(slot < caps.slots && caps.count[slot] > 0);
	if (__atomic_fetch_sub(&caps.count[slot], 1, __ATOMIC_ACQ_REL) > 1)
		return;
	platform_invoke(PLATFORM_CAP_DROP, &regs);
	give_back(slot);
}

void cap_unreserve(struct cap cap)
{
	unsigned const slot = slot_of(cap);

	assert(slot >= SLOT_FIRST_FREE && slot < caps.slots && caps.count[slot] == 1);
	caps.count[slot] = 0;
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
