/* SPDX-License-Identifier: MIT */
/*
 * The selector allocator: which slots of the component's capability table are in use, with one count (a byte) for each. A
 * reserved slot is empty until a message or a copy fills it; when its count returns to 0, what is in it is dropped.
 *
 * The table grows by itself, 128 slots for a page of the component's account. Beyond 1,024 slots a page comes once for the table and one for each 3,584
 * slots here, with three caps for it. The last CAP_RESERVE slots are given out only
 * when it cannot grow, and only between cap_use_last(true) and (false): so that whoever fills a server's table cannot keep it from hearing of closes.
 *
 * Any thread may call. All functions but cap_reserve* never block.
 */
#pragma once

#include <base/cap.h>
#include <base/status.h>

enum { CAP_RESERVE = 10 };

/* An empty slot, with count 1. OUT_OF_CAPS: the table has its largest size. OUT_OF_RAM: the account cannot pay for its growth. */
MUST_CHECK enum status cap_reserve(struct cap *cap);

/* May cap_reserve, called by this thread, use up the reserve? For base's own dealings with the parent. */
void cap_use_last(bool may);

/* One more holder of a slot that is in use; at most 255. A null capability is fine; well-known slots need no holders. */
void cap_acquire(struct cap cap);

/* One holder less. The last one's slot is emptied and free. A null capability is fine. Well-known slots stay. */
void cap_release(struct cap cap);

/* The end of a slot that was reserved, has one holder, and that nothing has been put into: cheaper, as nothing needs dropping. */
void cap_unreserve(struct cap cap);

/* What is in use, the well-known slots included, and what there is. */
unsigned cap_slots_used(void);
unsigned cap_slots(void);

/* Takes over from the loader: all slots below `first_free` are in use. Once, by base's start. */
void cap_alloc_init(uint64_t first_free);
