/* SPDX-License-Identifier: MIT */
/* Core's main loop: messages in, answers out. */
#pragma once

#include <core/core.h>
#include <core/record.h>

/* The gates that faults go to, and the signal of the serial line. */
void main_make_gates(void);

/* Answers one message of kind RPC. */
MUST_CHECK enum status main_dispatch(struct rpc *rpc);
