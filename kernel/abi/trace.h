/* SPDX-License-Identifier: MIT */
/*
 * A ring of events, written by the kernel, read by whoever core gives the memory to. The first 32 bytes are struct trace_ring; event number n (from 0)
 * stands at n modulo `slots` behind it. A reader that has fallen behind by more than `slots` has lost what was overwritten. Threads are numbers that
 * stay as long as they live; 0 is a thread that is not in this trace (or none, for SWITCH), of which nothing else is told either.
 */
#pragma once

#include <stdint.h>

enum trace_kind {
	TRACE_CALL = 1, /* thread calls partner. label: operation; value: badge of the gate */
	TRACE_RECEIVE,  /* partner begins to serve thread, the same label and value */
	TRACE_REPLY,    /* thread answers partner. label: status of the operation */
	TRACE_RETURN,   /* the call or wait of thread ends without an answer. label: status */
	TRACE_SUBMIT,   /* thread submits a signal to partner, which has not got it yet (then it is counted only). value: its badge */
	TRACE_SIGNAL,   /* thread gets a signal. label: how often it was submitted; value: its badge */
	TRACE_SWITCH,   /* this CPU goes on with thread, after partner */
	TRACE_FAULT,    /* thread faults. label: vector; value: address */
	TRACE_MARK,     /* thread says so. label and value are its own words */
	TRACE_KINDS
};

struct trace_event {
	uint64_t ns;       /* since boot */
	uint32_t thread, partner;
	uint32_t label;
	uint8_t  kind;     /* enum trace_kind */
	uint8_t  cpu;
	uint16_t reserved;
	uint64_t value;
};

struct trace_ring {
	uint64_t written;  /* events so far */
	uint64_t slots;
	uint64_t reserved[2];
};

enum { TRACE_RINGS = 15 };

_Static_assert(sizeof(struct trace_event) == 32 && sizeof(struct trace_ring) == 32, "layout");
