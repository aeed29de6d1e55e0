/* SPDX-License-Identifier: MIT */
/*
 * What goes out on the serial line: core's own lines, and those of LOG sessions, each behind its label in brackets. Characters
 * that could pretend to be something else (all controls but tab and newline) are shown as '?'.
 *
 * There is one line in the making. A session that leaves it open and is interrupted by another finds its line cut
 * there; sessions that write whole lines never notice.
 */
#pragma once

#include <core/account.h>
#include <core/core.h>
#include <log/log.h>

struct log {
	struct record record;
	uint32_t      label_size;
	uint32_t      written;       /* of a text whose write is to be repeated */
	char          label[];
};

/* Places that a LOG session with a label of so many bytes takes. */
unsigned log_places(size_t label_size);

MUST_CHECK enum status log_create(struct account *payer, struct label const *label, struct log **log);
void log_destroy(struct log *log);

/* A line with any label, from core: "[label] text". */
void log_line(char const *label, char const *text, ...) FORMAT_CHECKED(2, 3);

extern struct log_ops const log_operations;
