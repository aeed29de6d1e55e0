/* SPDX-License-Identifier: MIT */
/*
 * The dashboard itself: reads state reports from files, keeps the newest state in which everything adds up, and what happened; answers the page; and
 * turns buttons into configurations, which it writes to one file. Whoever reads that file decides what comes of it.
 *
 *	reports    state reports, of the top-level init first, each with the path of its init; the ROM "machine" beside them
 *	wish       a configuration that the user wants: written, whole
 *	config     the configuration in force, as the validator passed it on
 *	verdict    what the validator said of the last wish: <verdict hash="..." valid="yes"> <error line="" text=""/> </verdict>
 */
#pragma once

#include "edit.h"
#include "load.h"
#include "server.h"
#include "view.h"

enum { BOARD_REPORTS = 8, BOARD_FILE = 96, BOARD_REPORT_SIZE = 64 << 10, BOARD_REPORT_NODES = 2048, BOARD_SNAPSHOT = 192 << 10,
       BOARD_FILES = BOARD_REPORTS + 2 };

struct board_file {
	char   file[BOARD_FILE];
	char   path[EDIT_PATH];      /* of a report: whose it is */
	char  *text;                 /* what was read last */
	size_t size, room;
};

struct board {
	struct pollfd     polls[BOARD_FILES];    /* of the reports, the configuration and the verdict: each tells that there is a newer one */
	struct board_file reports[BOARD_REPORTS], machine, wish, config, verdict_file;
	unsigned          report_count;
	char              world[EDIT_PATH];      /* the init whose configuration it is */
	struct state      states[2];             /* that in force, and one to be made */
	unsigned          current;
	bool              has_state, adds_up;
	uint64_t          unsettled_ms;          /* since when nothing has added up; 0: it does */
	struct load       load;
	struct history    history;
	struct edit       edit;                  /* the configuration in force, as it will be when the wish is granted */
	char             *wished;                /* the text that was sent to the validator; NULL: none is pending */
	size_t            wished_size;
	uint64_t          wished_ms;
	char              wished_what[160];      /* in words */
	struct verdict    verdict;
	struct text      *snapshot;              /* the state as JSON, as it was when somebody asked for it */
	bool              is_shown;              /* it is the newest one */
	struct xml_node   nodes[BOARD_REPORTS + 1][BOARD_REPORT_NODES];
};

/* Reads what the configuration says (README.md). False: it makes no sense, a line on stderr says why. */
bool board_init(struct board *board, struct node config);

/* Reads what `polls` tells of, and what has not been there so far. True: something has changed. */
bool board_look(struct board *board);

/* The newest state as JSON, which the board holds; NULL: there is none yet. */
struct text *board_snapshot(void *board);

/* For the server. */
struct answer board_answer(void *board, struct http_request const *request, char const *body);
