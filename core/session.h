/* SPDX-License-Identifier: MIT */
/*
 * Sessions at core. Each is an account, split off the one that pays, that holds the donation and, made from it, the session's object;
 * RAM, CAP and SIGNAL sessions are that account and nothing else. To close a session is to destroy its account.
 *
 * init, core's only child, names sessions by id: index into a table, and a generation, so that an old id is no other session's.
 */
#pragma once

#include <core/account.h>
#include <parent/parent.h>

/* The table for the ids; pays for it from core's account. */
void session_init(void);

/*
 * Opens a session with a donation from `payer`. On OK, status->state is OPEN, or REFUSED with the reason and id 0. `label` is the whole one.
 * OUT_OF_RAM, OUT_OF_CAPS: the payer. BUSY: all ids are in use. INVALID: the donation is not in pages.
 */
MUST_CHECK enum status session_open(struct session_open_args const *args, struct label const *label, struct account *payer, uint32_t *id,
                                    struct session_status *status, struct cap *session);

/* Its account; NULL: no such id. */
struct account *session_lookup(uint32_t id);

/* The capability of a session, by its account. */
struct cap session_cap(struct account *account);

/* The session's account has ended, and its id with it. 0 is fine. */
void session_forget(uint32_t id);
