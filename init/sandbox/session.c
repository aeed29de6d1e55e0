/* SPDX-License-Identifier: MIT */
/* The states of a session, and the numbers by which others know it. */
#include "session.h"
#include <base/assert.h>

#define TO(name) (1u << SLOT_##name)

static unsigned const edges[SLOT_STATES] = {
	[SLOT_FREE]          = TO(QUEUED),
	[SLOT_QUEUED]        = TO(OFFERED) | TO(REFUSED) | TO(FREE),
	[SLOT_OFFERED]       = TO(READY) | TO(REFUSED) | TO(CANCELLED) | TO(QUEUED) | TO(SETTLING) | TO(LOST),
	[SLOT_READY]         = TO(OPEN) | TO(CLOSING) | TO(LOST),
	[SLOT_OPEN]          = TO(CLOSING) | TO(LOST),
	[SLOT_CANCELLED]     = TO(CLOSING) | TO(FREE) | TO(SETTLING),
	[SLOT_CLOSING]       = TO(CLOSE_OFFERED) | TO(FREE) | TO(SETTLING),
	[SLOT_CLOSE_OFFERED] = TO(FREE) | TO(SETTLING),
	[SLOT_REFUSED]       = TO(FREE),
	[SLOT_SETTLING]      = TO(FREE) | TO(REFUSED),
	[SLOT_LOST]          = TO(FREE) | TO(CLOSING) | TO(CLOSE_OFFERED) | TO(SETTLING),    /* while the server, or the own parent, has to agree */
};

bool session_may_move(enum slot_state from, enum slot_state to)
{
	return from < SLOT_STATES && to < SLOT_STATES && edges[from] >> to & 1;
}

void session_set_state(struct session_slot *slot, enum slot_state state)
{
	assert(session_may_move(slot->state, state));
	slot->state = (uint8_t)state;
}

char const *session_state_name(enum slot_state state)
{
	static char const *const names[SLOT_STATES] = {
		[SLOT_FREE] = "FREE", [SLOT_QUEUED] = "QUEUED", [SLOT_OFFERED] = "OFFERED", [SLOT_READY] = "READY", [SLOT_OPEN] = "OPEN",
		[SLOT_CANCELLED] = "CANCELLED", [SLOT_CLOSING] = "CLOSING", [SLOT_CLOSE_OFFERED] = "CLOSE_OFFERED",
		[SLOT_REFUSED] = "REFUSED", [SLOT_SETTLING] = "SETTLING", [SLOT_LOST] = "LOST"
	};

	return state < SLOT_STATES ? names[state] : "UNKNOWN";
}

bool session_is_clients(struct session_slot const *slot)
{
	switch ((enum slot_state)slot->state) {
	case SLOT_QUEUED:
	case SLOT_OFFERED:
	case SLOT_READY:
	case SLOT_OPEN:
	case SLOT_REFUSED:
	case SLOT_LOST:
		return true;
	case SLOT_SETTLING:
		return slot->reason;
	default:
		return false;
	}
}

/* child: 12 bits, index: 10 bits, generation: 10 bits, which is never 0. */
uint32_t session_id_encode(struct session_id id)
{
	assert(id.child <= CONFIG_STARTS_MAX && id.index < CONFIG_SESSIONS_MAX && id.generation && id.generation < SESSION_GENERATIONS);
	return (uint32_t)(id.generation << 22 | id.child << 10 | id.index);
}

struct session_id session_id_decode(uint32_t number)
{
	return (struct session_id) { .child = number >> 10 & 0xfff, .index = number & 0x3ff, .generation = number >> 22 };
}
