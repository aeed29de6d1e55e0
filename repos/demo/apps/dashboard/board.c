/* SPDX-License-Identifier: MIT */
/* The dashboard: from reports to the newest state, from wishes to the configuration in force; see board.h. What the page asks is in answer.c. */
#include "board.h"
#include "own.h"
#include "whole_file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { UNSETTLED_MS = 3000, WISH_PATIENCE_MS = 60000 };

/* --- Files --- */

/* Reads a file that is replaced now and then, if that is told or it is not open yet. True: it is there and not what it was. */
static bool read_file(struct board_file *file, struct pollfd *poll)
{
	static char buffer[BOARD_REPORT_SIZE];
	size_t      size;

	if (poll->fd >= 0 && !(poll->revents & POLLPRI))
		return false;
	poll->revents = 0;
	if (!whole_file_follow(file->file, &poll->fd, buffer, sizeof(buffer), &size) || (size == file->size && memcmp(buffer, file->text, size) == 0))
		return false;
	if (size > file->room) {
		char *text = realloc(file->text, size);

		if (!text)
			return false;
		file->text = text;
		file->room = size;
	}
	memcpy(file->text, buffer, size);
	file->size = size;
	return true;
}

/* One that never changes once it is there. */
static bool read_once(struct board_file *file)
{
	struct pollfd poll  = { .fd = -1 };
	bool const    is_it = read_file(file, &poll);

	if (poll.fd >= 0)
		close(poll.fd);
	return is_it;
}

static struct node read_document(struct board_file const *file, struct xml_node nodes[BOARD_REPORT_NODES])
{
	struct xml_error error;
	size_t           count;

	if (!file->size || xml_index(file->text, file->size, nodes, BOARD_REPORT_NODES, &count, &error) != STATUS_OK)
		return node_none();
	return node_root(file->text, nodes);
}

/* --- The state --- */

/* Makes the state of what the reports say now. */
static bool make_state(struct board *board, struct state *state)
{
	state_init(state);
	state_add_machine(state, read_document(&board->machine, board->nodes[BOARD_REPORTS]));
	for (unsigned i = 0; i < board->report_count; i++)
		(void)state_add_report(state, board->reports[i].path, read_document(&board->reports[i], board->nodes[i]));
	return state_settle(state);
}

static void make_snapshot(struct board *board)
{
	char const       *removed[EDIT_REMOVED];
	struct view const view = {
		.state = &board->states[board->current], .history = &board->history, .verdict = &board->verdict, .adds_up = board->adds_up,
		.removed = removed, .removed_count = board->edit.removed_count, .world = board->world,
	};
	struct text      *text = text_create(BOARD_SNAPSHOT);

	for (unsigned i = 0; i < board->edit.removed_count; i++)
		removed[i] = board->edit.removed[i].path;
	if (!text)
		return;
	view_state(text, &view);
	text_drop(board->snapshot);
	board->snapshot = text;
	board->is_shown = true;
}

struct text *board_snapshot(void *context)
{
	struct board *board = context;

	if (board->has_state && !board->is_shown)
		make_snapshot(board);
	return board->snapshot;
}

/*
 * Takes the new state over if everything in it adds up; if not, the reports were made while something moved, and the next ones are waited for; but not for
 * ever: whoever looks at the page wants to know that, too.
 */
static bool take_state(struct board *board)
{
	struct state  *next = &board->states[!board->current];
	bool const     adds_up = make_state(board, next);
	uint64_t const now = server_now_ms();

	if (!adds_up && !board->unsettled_ms)
		board->unsettled_ms = now;
	if (!next->components[0].reports || (!adds_up && now - board->unsettled_ms < UNSETTLED_MS))
		return false;
	load_note(&board->load, next);
	if (board->has_state)
		history_compare(&board->history, &board->states[board->current], next, next->components[0].time_ms);
	board->current = !board->current;
	board->has_state = true;
	board->adds_up = adds_up;
	board->unsettled_ms = adds_up ? 0 : board->unsettled_ms;
	return true;
}

/* --- Wishes --- */

static uint64_t now_there(struct board const *board)
{
	return board->states[board->current].components[0].time_ms;
}

bool board_wish(struct board *board, char const *text, size_t size, char const *what)
{
	board->wished = malloc(size ? size : 1);
	if (!board->wished || !whole_file_write(board->wish.file, text, size)) {
		free(board->wished);
		board->wished = NULL;
		return false;
	}
	memcpy(board->wished, text, size);
	board->wished_size = size;
	board->wished_ms = server_now_ms();
	snprintf(board->wished_what, sizeof(board->wished_what), "%s", what);
	board->verdict = (struct verdict) { .is_pending = true, .number = board->verdict.number + 1 };
	return true;
}

/* The wish is decided: the text in force is that of the wish, or what it was. */
static void settle_wish(struct board *board, bool is_valid)
{
	char const *error = is_valid ? edit_set(&board->edit, board->wished, board->wished_size) :
	                               board->config.size ? edit_set(&board->edit, board->config.text, board->config.size) : NULL;

	history_add(&board->history, now_there(board), EVENT_ACTION, board->world, "%s: %s%s%s", board->wished_what,
	            is_valid ? "passed on" : "refused by the validator", error ? "; " : "", error ? error : "");
	board->verdict.is_pending = false;
	board->verdict.is_there = true;
	board->verdict.is_valid = is_valid;
	free(board->wished);
	board->wished = NULL;
}

/* FNV-1a, by which a verdict says what it is about. */
static uint64_t hash_of(char const *text, size_t size)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static bool take_verdict(struct board *board)
{
	struct node const root = read_document(&board->verdict_file, board->nodes[BOARD_REPORTS]);

	if (!board->wished || !node_is(root, "verdict") || node_u64(root, "hash", 0, 0, UINT64_MAX) != hash_of(board->wished, board->wished_size))
		return false;
	board->verdict.error_count = 0;
	node_for_each (error, root, "error") {
		unsigned const at = board->verdict.error_count;

		if (at == sizeof(board->verdict.errors) / sizeof(*board->verdict.errors))
			break;
		board->verdict.errors[at].line = (unsigned)node_u64(error, "line", 0, 0, UINT32_MAX);
		if (node_string(error, "text", "", board->verdict.errors[at].text, sizeof(board->verdict.errors[at].text)) == STATUS_OK)
			board->verdict.error_count++;
	}
	settle_wish(board, node_bool(root, "valid", false));
	return true;
}

/* A validator that says nothing must not block the buttons for ever. */
static bool give_up(struct board *board)
{
	if (!board->wished || server_now_ms() - board->wished_ms < WISH_PATIENCE_MS)
		return false;
	board->verdict.error_count = 1;
	snprintf(board->verdict.errors[0].text, sizeof(board->verdict.errors[0].text), "the validator has not answered for %d s", WISH_PATIENCE_MS / 1000);
	settle_wish(board, false);
	return true;
}

bool board_look(struct board *board)
{
	struct pollfd *const of_config = &board->polls[BOARD_REPORTS], *const of_verdict = of_config + 1;
	bool                 is_new = false, is_changed = false;

	for (unsigned i = 0; i < board->report_count; i++)
		is_new = read_file(&board->reports[i], &board->polls[i]) || is_new;
	if (!board->machine.size)
		is_new = read_once(&board->machine) || is_new;
	if (is_new)
		is_changed = take_state(board);
	(void)read_file(&board->verdict_file, of_verdict);
	if (read_file(&board->config, of_config) && !board->wished)
		(void)edit_set(&board->edit, board->config.text, board->config.size);
	is_changed = take_verdict(board) || give_up(board) || is_changed;
	board->is_shown = board->is_shown && !is_changed;
	return is_changed && board->has_state;
}

/* --- Start --- */

static bool set_file(struct board_file *file, struct node node, char const *attribute)
{
	if (node_string(node, attribute, "", file->file, sizeof(file->file)) == STATUS_OK && *file->file)
		return true;
	fprintf(stderr, "the configuration needs %s=\"FILE\", of at most %d bytes\n", attribute, BOARD_FILE - 1);
	return false;
}

bool board_init(struct board *board, struct node config)
{
	if (!set_file(&board->machine, config, "machine") || !set_file(&board->wish, config, "wish") || !set_file(&board->config, config, "config") ||
	    !set_file(&board->verdict_file, config, "verdict") || node_string(config, "world", "world", board->world, sizeof(board->world)) != STATUS_OK)
		return false;
	for (unsigned i = 0; i < BOARD_FILES; i++)
		board->polls[i] = (struct pollfd) { .fd = -1, .events = POLLPRI };
	node_for_each (node, config, "report") {
		struct board_file *report = &board->reports[board->report_count];

		if (board->report_count == BOARD_REPORTS || !set_file(report, node, "file") ||
		    node_string(node, "of", "", report->path, sizeof(report->path)) != STATUS_OK) {
			fprintf(stderr, "at most %d reports, each <report file=\"\" of=\"\"/>\n", BOARD_REPORTS);
			return false;
		}
		board->report_count++;
	}
	return board->report_count;
}
