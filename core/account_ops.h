/* SPDX-License-Identifier: MIT */
/* The operations of accounts; `self` is the struct account behind the gate. */
#pragma once

#include <core/account.h>
#include <account/account.h>
#include <cap_session/cap_session.h>
#include <ram/ram.h>
#include <signal/signal.h>

extern struct account_ops const account_operations;
extern struct account_control_ops const account_control_operations;
extern struct ram_ops const ram_operations;
extern struct cap_session_ops const cap_session_operations;
extern struct signal_ops const signal_operations;
