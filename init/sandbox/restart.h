/* SPDX-License-Identifier: MIT */
/*
 * When a child that has ended is started again: <restart/> of its start, and what happened before. Pure arithmetic on the clock.
 */
#pragma once

#include "config.h"

enum restart_reason { RESTART_FAULT, RESTART_EXIT, RESTART_HANG };

struct restart_history {
	uint32_t total;          /* restarts in all */
	uint32_t count;          /* since `since_ns` */
	uint64_t since_ns;
	uint32_t backoff_ms;     /* before the last one; 0: there was none */
};

enum restart_verdict {
	RESTART_NEVER,           /* its start does not say so */
	RESTART_AGAIN,           /* at *at_ns */
	RESTART_GIVE_UP,         /* it would be one too many */
};

/* Decides, and notes the restart that it promises. */
enum restart_verdict restart_decide(struct config_restart const *policy, struct restart_history *history, enum restart_reason reason,
                                    uint64_t now_ns, uint64_t *at_ns);
