/* SPDX-License-Identifier: MIT */
/*
 * The results that a call can list, and those that every call may end with. The assertion keeps this in step with the list
 * that it copies; base/rpc.h has the implicit ones once more, as RPC_IMPLICIT.
 */
#include "rpcgen.h"

#include "../../kernel/abi/status.h"

static struct { char const *name; bool is_implicit; } const statuses[] = {
	[STATUS_OK]          = { "OK", true },
	[STATUS_AGAIN]       = { "AGAIN", true },
	[STATUS_PENDING]     = { "PENDING", false },
	[STATUS_DENIED]      = { "DENIED", false },
	[STATUS_INVALID]     = { "INVALID", false },
	[STATUS_TOO_LONG]    = { "TOO_LONG", true },
	[STATUS_OVERFLOW]    = { "OVERFLOW", false },
	[STATUS_NOT_FOUND]   = { "NOT_FOUND", false },
	[STATUS_EXISTS]      = { "EXISTS", false },
	[STATUS_PROTOCOL]    = { "PROTOCOL", true },
	[STATUS_VERSION]     = { "VERSION", false },
	[STATUS_UNSUPPORTED] = { "UNSUPPORTED", false },
	[STATUS_NEEDS]       = { "NEEDS", false },
	[STATUS_OUT_OF_RAM]  = { "OUT_OF_RAM", true },
	[STATUS_OUT_OF_CAPS] = { "OUT_OF_CAPS", true },
	[STATUS_NO_TABLE]    = { "NO_TABLE", true }, /* never seen beyond core */
	[STATUS_BUSY]        = { "BUSY", false },
	[STATUS_BAD_CAP]     = { "BAD_CAP", true },
	[STATUS_PEER_GONE]   = { "PEER_GONE", true },
	[STATUS_PEER_FAULT]  = { "PEER_FAULT", false },
	[STATUS_NO_REPLY]    = { "NO_REPLY", true },
	[STATUS_CANCELLED]   = { "CANCELLED", true },
	[STATUS_TIMEOUT]     = { "TIMEOUT", false },
	[STATUS_DEADLOCK]    = { "DEADLOCK", true },
	[STATUS_TOO_DEEP]    = { "TOO_DEEP", true },
	[STATUS_LOST]        = { "LOST", false },
	[STATUS_INTERNAL]    = { "INTERNAL", true },
};

_Static_assert(sizeof(statuses) / sizeof(statuses[0]) == STATUS_COUNT, "a status without a name");

bool status_is_known(char const *name)
{
	for (size_t i = 0; i < STATUS_COUNT; i++)
		if (text_is(statuses[i].name, name))
			return true;
	return false;
}

bool status_is_implicit(char const *name)
{
	for (size_t i = 0; i < STATUS_COUNT; i++)
		if (text_is(statuses[i].name, name))
			return statuses[i].is_implicit;
	return false;
}
