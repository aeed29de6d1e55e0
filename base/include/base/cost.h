/* SPDX-License-Identifier: MIT */
/*
 * What sessions cost their clients, in bytes and caps: the base, to which an interface's `cost` adds its buffers. The session account
 * itself costs the client another ACCOUNT_CAPS (account.rpc). Estimates that are too small heal themselves: the server
 * answers NEEDS, and open follows.
 */
#pragma once

#include <base/rpc.h>
#include <base/types.h>

enum {
	COST_ACCOUNT_CAPS  = 3,                /* an account, charged to its origin */

	/* At a component: a page of state and its page table; gate, dataspace of the state (1) and its region (2). */
	COST_SESSION_RAM   = 2 * PAGE_SIZE,
	COST_SESSION_CAPS  = 4,

	/* At core: the session object. */
	COST_CORE_RAM      = 0,
	COST_CORE_CAPS     = 1,

	/* A LOG session at core: with the label, if that is of up to 87 bytes. */
	COST_LOG_CAPS      = 2,

	/* A ROM session at core, with its dataspace. */
	COST_ROM_CAPS      = 2,

	/* An RM session at core; one cap more for a managed dataspace, which NEEDS tells. */
	COST_RM_CAPS       = 2,

	/* Of devices, at core. */
	COST_IRQ_CAPS      = 3,
	COST_IO_MEM_CAPS   = 3,
	COST_IO_PORT_CAPS  = 2,

	/* A PD session at core: one capability frame, the top-level page table and two more; PD (3) and session. */
	COST_PD_RAM        = 4 * PAGE_SIZE,
	COST_PD_CAPS       = 4,

	COST_REGION_CAPS   = 2,                /* rm.attach; and a page for a new 2 MiB window */
	COST_DATASPACE_CAPS = 1,
	COST_THREAD_CAPS   = 9,                /* cpu.create_thread; and COST_THREAD_RAM */
	COST_THREAD_RAM    = PAGE_SIZE,
	COST_BUDGET_CAPS   = 5,                /* cpu.give_share, charged to the session that gets it; a share of 0 costs 2 */
	COST_PACK_CAPS     = 63,               /* a component account's caps come in packs of so many, */
	COST_PACK_RAM      = 2 * PAGE_SIZE,    /* each of which costs this */
};

/* What a session of this service costs beyond what its interface says: at core if only core gives it, else at a component. NEEDS corrects it. */
struct rpc_cost cost_base(char const *service);
