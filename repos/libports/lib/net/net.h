/* SPDX-License-Identifier: MIT */
/*
 * A component's own place in an IP network: a session of NIC, an IP address on it, by DHCP or as configured, and lwIP between
 * that and the component. Frames, timeouts and changes of the link arrive on the main entrypoint. lwIP's raw API (lwip/tcp.h, lwip/udp.h) is
 * used from handlers there; whoever does something with lwIP outside of its callbacks calls net_flush afterwards. Sockets are on top of
 * this (../socket).
 *
 * A component with further threads that use lwIP says how they exclude each other (struct net_lock): all of lwIP is entered with the lock
 * held, net does so itself for what arrives, and net_flush may be called by any thread that holds it.
 *
 * There is one in a component; it stays until the component ends. When its server goes away, the session is opened anew and connections
 * survive, as they do while a cable is unplugged.
 */
#pragma once

#include <base/env.h>
#include <base/node.h>

struct net_lock { void (*lock)(void), (*unlock)(void); };

/*
 * Opens the session and sets up the address as the element `net` says, of which README.md has the attributes; one that does not exist is
 * all defaults: DHCP. Returns at once: with DHCP there is an address only later. `lock`: NULL, if only the main thread uses lwIP; it is free when
 * this is called. INVALID: a bad attribute, which is told on the log; what opening a session says; OUT_OF_RAM, OUT_OF_CAPS. Nothing can be
 * undone: the caller exits. Context: main thread.
 */
MUST_CHECK enum status net_start(struct env *env, struct node net, struct net_lock const *lock);

/* Is there an address, and a link? */
bool net_is_up(void);

/* `changed` is called each time that net_is_up has changed, the lock held. */
void net_on_change(void (*changed)(void));

/*
 * Something was done with lwIP outside of its callbacks: what it sent goes out, to this component itself too, and its timeouts are looked
 * at, soon, on the main thread.
 */
void net_flush(void);

/* Frames so far. */
struct net_counts {
	uint64_t received, sent;
	uint64_t dropped;        /* received, and no memory for it, or in this component's own name */
	uint64_t opened;         /* sessions of NIC, one after the other */
};

struct net_counts net_counts(void);
