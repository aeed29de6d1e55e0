/* SPDX-License-Identifier: MIT */
/* What sessions cost before their interface adds to it. */
#include <base/cost.h>
#include <base/string.h>

struct rpc_cost cost_base(char const *service)
{
	static struct { char const *name; struct rpc_cost cost; } const core[] = {
		{ "ROM", { COST_CORE_RAM, COST_ROM_CAPS } }, { "LOG", { COST_CORE_RAM, COST_LOG_CAPS } },
		{ "PD", { COST_PD_RAM, COST_PD_CAPS } },     { "RM", { COST_CORE_RAM, COST_RM_CAPS } },
		{ "CPU", { COST_CORE_RAM, COST_CORE_CAPS } }, { "RAM", { COST_CORE_RAM, COST_CORE_CAPS } },
		{ "IRQ", { COST_CORE_RAM, COST_IRQ_CAPS } }, { "IO_MEM", { COST_CORE_RAM, COST_IO_MEM_CAPS } },
		{ "IO_PORT", { COST_CORE_RAM, COST_IO_PORT_CAPS } },
		{ "CAP", { COST_CORE_RAM, COST_CORE_CAPS } }, { "SIGNAL", { COST_CORE_RAM, COST_CORE_CAPS } },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(core); i++)
		if (string_equal(service, core[i].name))
			return core[i].cost;
	return (struct rpc_cost) { COST_SESSION_RAM, COST_SESSION_CAPS };
}
