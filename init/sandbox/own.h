/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the sandbox: not for those who use it.
 */
#pragma once

#include "sandbox.h"
#include "explain.h"
#include "quota.h"

/* --- child.c: from start to end --- */

void sandbox_child_begin(struct sandbox_child *child);

/* Ends it at once, whatever it does: its sessions, its servers' and its own, and its account. Not within a call of that child. */
void sandbox_child_end(struct sandbox_child *child, enum child_state state);

/* The same, as soon as the call that is served is over. */
void sandbox_child_end_soon(struct sandbox_child *child, enum child_state state);

/* A slot of it became free: if it is dead and that was the last, the memory of its slots goes, too. */
void sandbox_child_slot_freed(struct sandbox_child *child);

/* --- parent.c: what a child can ask --- */

extern struct parent_ops const sandbox_parent_ops;

/* Tells a child that there is something new. Fine for one that is dead. */
void sandbox_child_tell(struct sandbox_child *child, uint32_t news);

/* --- request.c: opening sessions --- */

enum status request_open(struct sandbox_child *client, struct session_open_args const *args, struct rpc_cap const *pay, uint32_t *id,
                         struct session_status *status, struct cap *session);

/* --- forward.c: sessions at the own parent --- */

/* Passes the request in `slot` on; the slot's state says what came of it, and `answer` what the parent said. */
enum status forward_open(struct session_slot *slot, struct account payer, struct session_status *answer);

/* Ends the session there. */
void forward_close(struct session_slot *slot);

/* Asks about all sessions that wait for news. */
void forward_news(struct sandbox *sandbox);

/* Passes on what could not go up from within a child's call. */
void forward_late(struct sandbox *sandbox);

/* --- serve.c: sessions at a child --- */

/* Makes the account, and queues the request for the server. */
enum status serve_open(struct session_slot *slot, struct account payer);

enum status serve_next(struct sandbox_child *server, struct session_answer const *answer, struct rpc_cap const *session,
                       struct session_request *request, struct cap *account);

/* The client wants no more of it. */
void serve_close(struct session_slot *slot);

/* The server is gone. */
void serve_end(struct sandbox_child *server);

/* A service is there from now on: requests of another version than `hash` are refused. */
void serve_announced(struct sandbox_child *server, struct sandbox_service const *service);

/* Ends the servers with which the patience is over. Not within a call of a child. */
void serve_patience_over(struct sandbox *sandbox);

/* --- export.c: sessions of clients outside --- */

/* Has the configuration anything to export? */
static inline bool export_is_wanted(struct sandbox const *sandbox) { return sandbox->config.outside.route != NULL; }

void export_init(struct sandbox *sandbox);

/* Something happened to a session of a client outside, or a child has announced a service: the parent will be told from the loop. */
void export_soon(struct sandbox *sandbox);

/* Announces, answers and fetches. */
void export_serve(struct sandbox *sandbox);

/* --- grow.c: more quota --- */

/* Grants what a child asks for, or logs why not. */
void grow_child(struct sandbox_child *child, struct quota more);

/* --- slot.c: the memory of sessions, and the client's side of them --- */

/* The slot of the client that goes by this id; NULL: none. *is_stale: it was one. */
struct session_slot *slot_lookup(struct sandbox_child *client, uint32_t id, bool *is_stale);

/* A slot to use, with its next generation; NULL: all are in use. */
struct session_slot *slot_acquire(struct sandbox_child *client);

/* Ends the session's account and drops its capabilities; then the slot is FREE. */
void slot_release(struct session_slot *slot);

/* Gives the donation back. */
void slot_refund(struct session_slot *slot);

uint32_t slot_id(struct session_slot const *slot);
void     slot_status(struct session_slot const *slot, struct session_status *status, struct cap *session);

/* The client closes it, or is dead. */
void slot_close(struct session_slot *slot);

/* --- config_rom.c: the ROM "config" of a child whose configuration is inline --- */

enum status config_rom_start(struct sandbox_child *child);
void        config_rom_stop(struct sandbox_child *child);

/* --- deny.c: telling why --- */

/* Logs a denial, unless it was before. Config and client are filled in here. */
void deny(struct sandbox_child *client, struct denial *denial);

/* The same for what a route led to: rule, target, server and label come from the slot. */
void deny_slot(struct session_slot const *slot, enum denial_kind kind, enum status reason);

/* The payer's account is exhausted; `status` is OUT_OF_RAM or OUT_OF_CAPS. */
void deny_quota(struct session_slot const *slot, enum status status);

/* A child's account has refused something. */
void deny_exhausted(struct sandbox_child *child);

/* A child asked for more, and does not get it. */
void deny_request(struct sandbox_child *child, struct refused_request const *refused);

/* It announced a service that its start does not say it provides. */
void deny_announce(struct sandbox_child *child, char const *service);

void deny_write(struct explanation const *explanation);
