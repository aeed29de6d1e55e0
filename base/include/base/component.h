/* SPDX-License-Identifier: MIT */
/*
 * What a component's main file includes: everything that nearly all components use. A component consists of
 * component_construct; when that returns OK, the main entrypoint serves what it set up, until env_exit.
 */
#pragma once

#include <base/attached.h>
#include <base/env.h>
#include <base/ep.h>
#include <base/heap.h>
#include <base/log.h>
#include <base/node.h>
#include <base/signal.h>
#include <base/string.h>
#include <base/time.h>
#include <base/try.h>

/*
 * Sets the component up: opens sessions, provides services, registers handlers. Everything else happens in those. A
 * status other than OK ends the component: it is logged with the place where it was noted, and the parent is told.
 * Written by the component's author; called once, on the main thread.
 */
enum status component_construct(struct env *env);
