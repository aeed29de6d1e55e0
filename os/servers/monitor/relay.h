/* SPDX-License-Identifier: MIT */
/*
 * The sessions that the monitor passes on. Each has two ends: the gate that its client got, and the session at the server, opened with what
 * the client donated. Objects that the server hands out have two ends likewise (struct proxy). All of it is paid by the client.
 */
#pragma once

#include <base/component.h>
#include <base/connection.h>
#include <base/rpc.h>
#include <base/service.h>

/* Announces the service that `interface` describes, with the hash from there. `name` is its name. Errors: service_provide, OUT_OF_RAM. */
MUST_CHECK enum status relay_provide(struct env *env, char const *name, struct node interface);
