/* SPDX-License-Identifier: MIT */
/* Protection domains: see thread.h for the struct, x86_64/paging.h for the address space. */
#pragma once

#include <kernel/thread.h>

/* Slots that one slice of a revocation or of a destruction visits. */
#define SWEEP_SLOTS 32

/* Callers of a thread that one slice of its destruction tells. */
#define SWEEP_WAITERS 4

struct cap_info {
	uint64_t badge;  /* of a gate that the domain itself serves, else 0 */
	uint64_t type;   /* enum cap_type */
	uint64_t rights;
	uint64_t same;   /* the other selector names the same object */
};

/* BAD_CAP: no such slot, or nothing in it. EXISTS: the target is not empty. DENIED: no right to copy. PEER_GONE: a dead capability. */
enum status pd_cap_copy(struct pd *pd, uint64_t from, struct pd *to_pd, uint64_t to, unsigned mask);
enum status pd_cap_move(struct pd *pd, uint64_t from, uint64_t to);
enum status pd_cap_drop(struct pd *pd, uint64_t selector);
enum status pd_cap_revoke(struct pd *pd, uint64_t selector);
enum status pd_cap_info(struct pd *pd, uint64_t selector, uint64_t other, struct cap_info *info);

/* Core's: made of granules and frames that core names by physical address. See SYS_PD_CREATE and the following. */
enum status pd_create(uint64_t place, uint64_t cap_frame, uint64_t top_table);
enum status pd_grow(struct pd *pd, uint64_t frame, enum frame_kind kind);
