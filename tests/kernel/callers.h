/* SPDX-License-Identifier: MIT */
/* Callers and servers of several kinds, for tests of what can happen to calls. */
#pragma once

#include "test.h"

/* SHARED: */
extern struct msg seen[40];               /* what each caller got; its head is ~0 while it waits */
extern uint64_t order[40], next;          /* the words in the order in which servers took them */
extern uint64_t go, served;               /* slow servers spin until the one, and count the other */

/* Whether the caller with this index still waits. */
bool waits(unsigned index);

/* Calls the gate that the low half of its argument names, with the high half as the word, and notes what comes back there in seen[]. */
child_function caller;

/* A child that calls the gate once with its index as the word. Starts at once. */
struct child *caller_new(unsigned index, unsigned priority, uint64_t gate);

/* Answers calls with their word plus one; notes their order. */
child_function server;

/* The same, but spins until `go` before each answer. */
child_function slow_server;

/* The same, but waits for one signal before each answer: its argument. */
child_function blocking_server;

/* Asks its argument, a gate, for 7 when it is called, and answers with what came back: the word, or 100 plus the status. */
child_function middle;
