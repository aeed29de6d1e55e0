/* SPDX-License-Identifier: MIT */
/*
 * Names and sentences of results.
 */
#include <base/status.h>
#include <base/assert.h>
#include <base/types.h>

static struct { char const *name, *text; } const statuses[] = {
	[STATUS_OK]          = { "OK",          "done" },
	[STATUS_AGAIN]       = { "AGAIN",       "a part of long work is done, the rest needs another call" },
	[STATUS_PENDING]     = { "PENDING",     "accepted but not finished, news will come" },
	[STATUS_DENIED]      = { "DENIED",      "policy says no" },
	[STATUS_INVALID]     = { "INVALID",     "an argument has a value that it must not have" },
	[STATUS_TOO_LONG]    = { "TOO_LONG",    "text or data does not fit" },
	[STATUS_OVERFLOW]    = { "OVERFLOW",    "a number does not fit" },
	[STATUS_NOT_FOUND]   = { "NOT_FOUND",   "nothing goes by that name" },
	[STATUS_EXISTS]      = { "EXISTS",      "the place is taken" },
	[STATUS_PROTOCOL]    = { "PROTOCOL",    "the message is not what the interface says" },
	[STATUS_VERSION]     = { "VERSION",     "the two sides were built against different interfaces" },
	[STATUS_UNSUPPORTED] = { "UNSUPPORTED", "not on this machine or platform" },
	[STATUS_NEEDS]       = { "NEEDS",       "the donation is too small" },
	[STATUS_OUT_OF_RAM]  = { "OUT_OF_RAM",  "the account has too little RAM left" },
	[STATUS_OUT_OF_CAPS] = { "OUT_OF_CAPS", "the account has too few capabilities left" },
	[STATUS_NO_TABLE]    = { "NO_TABLE",    "the protection domain has no page table left" },
	[STATUS_BUSY]        = { "BUSY",        "in use, something must end first" },
	[STATUS_BAD_CAP]     = { "BAD_CAP",     "no capability of the kind and right that is needed" },
	[STATUS_PEER_GONE]   = { "PEER_GONE",   "the other side has ceased to exist" },
	[STATUS_PEER_FAULT]  = { "PEER_FAULT",  "the other side broke the rules" },
	[STATUS_NO_REPLY]    = { "NO_REPLY",    "the server turned to other work without an answer" },
	[STATUS_CANCELLED]   = { "CANCELLED",   "somebody with the right to do so ended the wait" },
	[STATUS_TIMEOUT]     = { "TIMEOUT",     "the deadline has passed" },
	[STATUS_DEADLOCK]    = { "DEADLOCK",    "the callee waits for the caller" },
	[STATUS_TOO_DEEP]    = { "TOO_DEEP",    "the chain of calls is too long" },
	[STATUS_LOST]        = { "LOST",        "the session has ended without its client closing it" },
	[STATUS_INTERNAL]    = { "INTERNAL",    "a bug on the other side" },
};
static_assert(ARRAY_SIZE(statuses) == STATUS_COUNT, "each status has a name and a sentence");

char const *status_name(enum status status)
{
	return (size_t)status < ARRAY_SIZE(statuses) ? statuses[status].name : "UNKNOWN";
}

char const *status_text(enum status status)
{
	return (size_t)status < ARRAY_SIZE(statuses) ? statuses[status].text : "no such status";
}
