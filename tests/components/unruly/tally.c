/* SPDX-License-Identifier: MIT */
/* How often each operation ended with each status. */
#include "unruly.h"

enum { TYPES_MAX = 16, OPS_MAX = 16, LINE = 400 };

static uint32_t tally[TYPES_MAX][OPS_MAX][STATUS_COUNT];

void tally_count(struct rpc_type const *type, unsigned op, enum status status)
{
	for (unsigned i = 0; i < type_count; i++)
		if (all_types[i]->tag == type->tag && rpc_is_status(status))
			tally[i][op][status]++;
}

static void print_operation(struct rpc_type const *type, unsigned op, uint32_t const counts[static STATUS_COUNT])
{
	char line[LINE], part[48];

	(void)format_cut(line, sizeof(line), "%s.%s:", type->name, type->calls[op].name);
	for (unsigned status = 0; status < STATUS_COUNT; status++) {
		if (!counts[status])
			continue;
		(void)format_cut(part, sizeof(part), " %s %u", status_name(status), counts[status]);
		if (string_append(line, sizeof(line), part) != STATUS_OK)
			break;
	}
	log_info("%s", line);
}

void tally_print(void)
{
	for (unsigned i = 0; i < type_count; i++)
		for (unsigned op = 0; op < all_types[i]->call_count; op++)
			print_operation(all_types[i], op, tally[i][op]);
}

uint64_t tally_total(void)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < type_count; i++)
		for (unsigned op = 0; op < OPS_MAX; op++)
			for (unsigned status = 0; status < STATUS_COUNT; status++)
				total += tally[i][op][status];
	return total;
}
