/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the sandbox: not for those who use it.
 */
#pragma once

#include "sandbox.h"
#include "explain.h"
#include "quota.h"

#include <base/cap_alloc.h>

/* --- child.c: from start to end --- */

enum { CPU_PARTS_PER_PERCENT = 100, CPU_SHARED_CAPS = 2 };    /* cpu.rpc: of the share that a child has, and what its further sessions cost for it */

/* Has it a thread? */
static inline bool child_runs(struct sandbox_child const *child)
{
	return child->state == CHILD_STARTING || child->state == CHILD_ALIVE;
}

/* Is there, or will there be, somebody to serve what is asked of it? */
static inline bool child_is_expected(struct sandbox_child const *child)
{
	return child_runs(child) || child->state == CHILD_WAITING || child->state == CHILD_BACKOFF;
}

/* Bit n: it may be on CPU n. */
uint32_t sandbox_child_cpus(struct sandbox_child const *child);

/* Starts it: it waits, and all sessions of its last life are over. */
void sandbox_child_begin(struct sandbox_child *child);

/*
 * Ends it at once, whatever it does: its sessions, its servers' and its own, and its account. Not within a call of that child. `state`: why; if its start
 * says that it is to be started again after that, it is in BACKOFF then. With CHILD_WAITING it is started again soon.
 */
void sandbox_child_end(struct sandbox_child *child, enum child_state state);

/* The same, as soon as the call that is served is over. */
void sandbox_child_end_soon(struct sandbox_child *child, enum child_state state);

/* It is not to come back: whoever waits for it hears so. It does not run. */
void sandbox_child_leave(struct sandbox_child *child);

/* The configuration has it no more; it does not run. Its struct stays until its sessions are over. */
void sandbox_child_forget(struct sandbox_child *child);

/* A slot of it became free: if it is dead and that was the last, the memory of its slots goes, too. */
void sandbox_child_slot_freed(struct sandbox_child *child);

/* --- load.c: from a document to children --- */

/* A configuration, the children that its starts stand for, and room for what they provide, by the index of the start. */
struct load {
	struct config            config;
	struct sandbox_child   **by_start;
	struct sandbox_service **services;
	struct list              fresh;       /* children that are not in the sandbox yet, by of_sandbox */
};

/* Decodes; the sandbox is as before, and keeps its children. INVALID, OUT_OF_RAM: nothing is left. */
enum status load_config(struct sandbox *sandbox, struct load *load, struct node root);

/* Gives a configuration back that was not taken over. */
void load_drop(struct sandbox *sandbox, struct load *load);

/* The sandbox has the configuration from now on, and its children. The one before is still there: give it back with arena_fini. */
void load_commit(struct sandbox *sandbox, struct load *load);

/* --- sandbox.c --- */

/* Sets up what does not change in the life of its struct. */
void sandbox_child_init(struct sandbox_child *child);

/* Something is to be done that cannot be done within a call: soon. */
void sandbox_work_soon(struct sandbox *sandbox);

/* --- parent.c: what a child can ask --- */

extern struct parent_ops const sandbox_parent_ops;

/* Tells a child that there is something new. Fine for one that is dead. */
void sandbox_child_tell(struct sandbox_child *child, uint32_t news);

/* --- request.c: opening sessions --- */

enum status request_open(struct sandbox_child *client, struct session_open_args const *args, struct rpc_cap const *pay, uint32_t *id,
                         struct session_status *status, struct cap *session);

/* --- forward.c: sessions at the own parent --- */

/* Passes the request in `slot` on, under that label; the slot's state says what came of it, and `answer` what the parent said. */
enum status forward_open(struct session_slot *slot, char const *label, struct account payer, struct session_status *answer);

/* Is it a CPU session of a child that has a share of the CPU? Then its threads use up that share. */
bool forward_shares_cpu(struct session_slot const *slot);

/* Ends the session there. */
void forward_close(struct session_slot *slot);

/* The route of a session has gone: it is ended up there, its client loses it. */
void forward_revoke(struct session_slot *slot);

/* Its payer is over. Not within a call of a child. */
void forward_repay(struct session_slot *slot);

/* Asks about all sessions that wait for news. */
void forward_news(struct sandbox *sandbox);

/* Passes on what could not go up from within a child's call. */
void forward_late(struct sandbox *sandbox);

/* --- serve.c: sessions at a child --- */

/* Its server has something to do about it, and is told. */
void serve_attend(struct session_slot *slot);

/* Makes the account, and queues the request for the server. */
enum status serve_open(struct session_slot *slot, struct account payer);

enum status serve_next(struct sandbox_child *server, struct session_answer const *answer, struct rpc_cap const *session,
                       struct session_request *request, struct cap *account);

/* The client wants no more of it. */
void serve_close(struct session_slot *slot);

/* The server is gone. */
void serve_end(struct sandbox_child *server);

/* The client's account pays for the request anew, and it is back in its server's queue. */
enum status serve_again(struct session_slot *slot);

/* The route of a session at a child has gone: its client loses it, its server is told that it ends. */
void serve_revoke(struct session_slot *slot);

/* The payer of a session at a child is over: the same, and its server has to agree soon. */
void serve_repay(struct session_slot *slot);

/* A service is there from now on: requests of another version than `hash` are refused. */
void serve_announced(struct sandbox_child *server, struct sandbox_service const *service);

/* Ends the servers with which the patience is over. Not within a call of a child. */
void serve_patience_over(struct sandbox *sandbox);

/* --- pay.c: sessions that others pay for --- */

/*
 * The session here whose account `pay` is part of; NULL: none. BAD_CAP: it is over, or `pay` is no account. BUSY: it pays for too many.
 * INVALID: core cannot tell, there are too many accounts between.
 */
enum status pay_find(struct sandbox *sandbox, struct account pay, struct session_slot **payer);

/* A session is paid by another one, NULL: by none, from now on, or no more: then its account is gone. */
void pay_begin(struct session_slot *slot, struct session_slot *payer);
void pay_end(struct session_slot *slot);

/* It is over when those are that it pays for: then it becomes REFUSED if there is a reason, else FREE. Its server has agreed. */
void pay_settle(struct session_slot *slot, enum status reason);

/* Something is to be done about sessions that pay, or are paid for: soon. */
void pay_soon(struct sandbox *sandbox);
void pay_work(struct sandbox *sandbox);

/* --- export.c: sessions of clients outside --- */

/* The session of a client outside whose account has that number; NULL: none. */
struct session_slot *export_find(struct sandbox *sandbox, uint32_t account_number);

/* Calls work for each slot of a client outside; it may become FREE, but stays. */
void export_pay_work(struct sandbox *sandbox, void (*work)(struct session_slot *slot));

/* Has the configuration anything to export, or had it? */
static inline bool export_is_wanted(struct sandbox const *sandbox)
{
	return sandbox->config.outside.route || !list_is_empty(&sandbox->exports);
}

void export_init(struct sandbox *sandbox);

/* Something happened to a session of a client outside, or a child has announced a service: the parent will be told from the loop. */
void export_soon(struct sandbox *sandbox);

/* The configuration has changed: sessions whose rule leads elsewhere end. */
void export_reroute(struct sandbox *sandbox);

/* Announces, answers and fetches. */
void export_serve(struct sandbox *sandbox);

/* --- grow.c: more quota --- */

/* Its start says another quota now: gives what there is more, takes what there is less. */
void grow_to_start(struct sandbox_child *child);

/* What children wait for because the own account has too little: asks the parent for it, from the loop; tries again when there is more. */
void grow_ask_parent(struct sandbox *sandbox);
void grow_again(struct sandbox *sandbox);

/* Grants what a child asks for, or logs why not. */
void grow_child(struct sandbox_child *child, struct quota more);

/* --- yield.c: less quota --- */

/* Takes it back, at once if it is not in use; else the child is asked, and started anew if it does not give it in time. Nothing: forgets what was asked. */
void yield_ask(struct sandbox_child *child, struct quota less);

/* The child says that it has done what it can. */
void yield_done(struct sandbox_child *child);

/* Nothing is wanted of it any more. */
void yield_forget(struct sandbox_child *child);

/* --- slot.c: the memory of sessions, and the client's side of them --- */

/* The slot of the client that goes by this id; NULL: none. *is_stale: it was one. */
struct session_slot *slot_lookup(struct sandbox_child *client, uint32_t id, bool *is_stale);

/* A slot to use, with its next generation; NULL: all are in use. */
struct session_slot *slot_acquire(struct sandbox_child *client);

/* Ends the session's account and drops its capabilities; then the slot is FREE. It pays for no other one. */
void slot_release(struct session_slot *slot);

/* The same, once those are over that it pays for. */
void slot_end(struct session_slot *slot);

/* The request that it was made for, as a route wants to know it. */
struct route_request slot_request(struct session_slot const *slot);

/* What its provider is told. */
void slot_label(struct session_slot const *slot, char to[static LABEL_SIZE]);

/* Gives the donation back. */
void slot_refund(struct session_slot *slot);

uint32_t slot_id(struct session_slot const *slot);
void     slot_status(struct session_slot const *slot, struct session_status *status, struct cap *session);

/* The client closes it, or is dead. */
void slot_close(struct session_slot *slot);

/* --- config_rom.c: the ROM "config" of a child whose configuration is inline --- */

enum status config_rom_start(struct sandbox_child *child);

/* Opens a session in a slot, and closes one. */
enum status config_rom_open(struct session_slot *slot);
void        config_rom_close(struct sandbox_child *child);

/* Another text, once the child asks for it. OUT_OF_RAM, OUT_OF_CAPS: of the child's account; it keeps what it has. */
enum status config_rom_change(struct sandbox_child *child);
void        config_rom_stop(struct sandbox_child *child);

/* --- heartbeat.c --- */

/* Asks children for a sign of life, at the rate of the configuration in force. */
void heartbeat_start(struct sandbox *sandbox);
void heartbeat_stop(struct sandbox *sandbox);

/* --- report.c: the state report --- */

/* The configuration in force says what is reported. */
void report_start(struct sandbox *sandbox);
void report_stop(struct sandbox *sandbox);

/* Something has changed. */
void report_soon(struct sandbox *sandbox);

/* Writes it; returns its size, or 0 if it does not fit. */
size_t report_write(struct sandbox *sandbox, char *to, size_t size);

/* --- state_rom.c: the same as a ROM of init's own --- */

/* Opens it for a child that its route leads there, in this slot. BUSY: it has it open already. OUT_OF_RAM, OUT_OF_CAPS: the child's account. */
enum status state_rom_open(struct session_slot *slot);
void        state_rom_close(struct sandbox_child *child);

/* There is a newer one. */
void state_rom_newer(struct sandbox_child *child);

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

/* Where an explanation is made, which is too large for a stack; there is one thread, which writes it at once. */
extern struct explanation deny_explanation;

/* Writes it: to the log, and for the state report. */
void deny_write(struct sandbox *sandbox);

/* --- Small things --- */

/* Keeps the signal context that came with a request, in the place of the one before; a null capability: none any more. BAD_CAP: it is init's own. */
static inline MUST_CHECK enum status replace_handler(struct signal_context *held, struct rpc_cap const *handler)
{
	struct cap kept = CAP_NULL;

	if (handler->kind == GOT_OWN)
		return STATUS_BAD_CAP;
	if (handler->kind == GOT_SLOT)
		RPC_TRY(rpc_cap_keep(handler, &kept));
	cap_release(held->cap);
	held->cap = kept;
	return STATUS_OK;
}
