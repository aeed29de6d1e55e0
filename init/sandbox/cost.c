/* SPDX-License-Identifier: MIT */
/* Costs of a child, in the order in which child_start, the sandbox and the loader spend. */
#include "cost.h"
#include <base/cost.h>
#include <base/platform.h>
#include <base/stack.h>
#include <base/string.h>

enum {
	WINDOW     = 2 << 20,    /* one page table */
	LOG_SHORT  = 87,         /* a label of LOG that is in the base cost, and what each cap beyond holds: core/README.md */
	LOG_PIECE  = 64,
	NEWS_CAPS  = 1,          /* the signal context that base makes */
};

/* Packs, PD, RM, CPU, the main thread, its stack, and the platform page. */
static struct quota cost_of_domain(uint64_t caps)
{
	uint64_t const packs = (caps + COST_PACK_CAPS - 1) / COST_PACK_CAPS;

	return (struct quota) {
		.ram  = packs * COST_PACK_RAM + COST_PD_RAM + 2 * COST_CORE_RAM + COST_THREAD_RAM + STACK_DEFAULT + PAGE_SIZE,
		.caps = 3 * COST_ACCOUNT_CAPS + COST_PD_CAPS + COST_RM_CAPS + COST_CORE_CAPS + COST_THREAD_CAPS + COST_DATASPACE_CAPS + 2 * COST_REGION_CAPS + 1,
	};
}

static struct quota cost_of_image(struct cost_image const *image)
{
	struct quota quota = { .caps = COST_ACCOUNT_CAPS + COST_ROM_CAPS + image->mapped * COST_REGION_CAPS + NEWS_CAPS };

	/* The first window has its table from the platform page. */
	quota.ram = image->data_bytes + (IMAGE_ADDRESS + image->end) / WINDOW * PAGE_SIZE - PLATFORM_ADDRESS / WINDOW * PAGE_SIZE;
	if (image->data_bytes)
		quota.caps += COST_DATASPACE_CAPS + COST_REGION_CAPS;
	return quota;
}

struct quota cost_of_start(struct config_start const *start, size_t config_size, struct cost_image const *image)
{
	struct quota const domain = cost_of_domain(start->caps.value), slots = quota_of_slots(start->sessions, config_size), loaded = cost_of_image(image);
	uint64_t const     share  = start->cpu.value ? COST_BUDGET_CAPS : 0;

	return (struct quota) { domain.ram + slots.ram + loaded.ram, domain.caps + COST_ACCOUNT_CAPS + slots.caps + loaded.caps + share };
}

struct quota cost_of_session(char const *service, size_t label_size)
{
	struct rpc_cost const base  = cost_base(service);
	struct quota          quota = { base.ram, base.caps + COST_ACCOUNT_CAPS };

	if (string_equal(service, "LOG") && label_size > LOG_SHORT)
		quota.caps += (label_size - LOG_SHORT + LOG_PIECE - 1) / LOG_PIECE;
	return quota;
}
