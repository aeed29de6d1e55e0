/* SPDX-License-Identifier: MIT */
/* What the page asks for, and what its buttons do. */
#include "own.h"
#include "pages.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_SIZE = 512 << 10, GIVE_MAX_MIB = 4096 };

static struct answer text_answer(int status, char const *message)
{
	struct answer answer = { .status = status, .type = "text/plain; charset=utf-8", .body = text_create(2048) };

	if (answer.body) {
		text_put(answer.body, message);
		text_put(answer.body, "\n");
	}
	return answer;
}

static struct answer wrong_method(char const *allow)
{
	struct answer answer = text_answer(405, "another method is wanted here");

	answer.allow = allow;
	return answer;
}

/* Only the page itself may press buttons: what other sites make a browser send has another Origin, or lacks the mark. */
static bool is_own(struct http_request const *request)
{
	static char const scheme[] = "http://";

	return request->has_mark && (!*request->origin || (strncmp(request->origin, scheme, sizeof(scheme) - 1) == 0 &&
	                                                   strcmp(request->origin + sizeof(scheme) - 1, request->host) == 0));
}

/* --- Buttons --- */

/* The path below the world, as the configuration knows it; NULL: it is not there. */
static char const *below_world(struct board const *board, char const *path)
{
	size_t const length = strlen(board->world);

	return strncmp(path, board->world, length) == 0 && path[length] == '/' ? path + length + 1 : strcmp(path, board->world) == 0 ? "" : NULL;
}

static struct component const *component_of(struct board const *board, char const *path)
{
	int const index = state_find(&board->states[board->current], path);

	return index == NO_COMPONENT ? NULL : &board->states[board->current].components[index];
}

static char const *give(struct board *board, char const *path, char const *to, char const *amount)
{
	struct component const *giver = component_of(board, path), *taker = component_of(board, to);
	char const             *from_start = below_world(board, path), *to_start = below_world(board, to);
	char                   *end;
	unsigned long const     mib = strtoul(amount, &end, 10);
	uint64_t const          bytes = (uint64_t)mib << 20;

	if (!giver || !taker || !from_start || !*from_start || !to_start || !*to_start || giver == taker)
		return "give: from one component of the world to another one";
	if (!*amount || *end || !mib || mib > GIVE_MAX_MIB)
		return "give: a number of MiB from 1 to 4096";
	if (giver->parent != taker->parent)
		return "give: only between children of the same init, which has both accounts";
	if (!giver->has_account || giver->ram.avail < bytes) {
		static char message[160];

		snprintf(message, sizeof(message), "%.60s has only %llu KiB to spare", giver->path, (unsigned long long)(giver->ram.avail >> 10));
		return message;
	}
	return edit_give(&board->edit, from_start, giver->ram.limit, to_start, taker->ram.limit, bytes);
}

static char const *press(struct board *board, char const *what, char const *path, char const *to, char const *amount)
{
	char const *start = below_world(board, path);

	if (!start)
		return "only what is in the world can be changed";
	if (strcmp(what, "give") == 0)
		return give(board, path, to, amount);
	if (strcmp(what, "greedy") == 0)
		return edit_add_greedy(&board->edit, start);
	if (!*start)
		return "the world itself is not in its own configuration";
	if (strcmp(what, "kill") == 0)
		return edit_kill(&board->edit, start);
	if (strcmp(what, "restart") == 0)
		return edit_restart(&board->edit, start);
	if (strcmp(what, "revive") == 0)
		return edit_revive(&board->edit, start);
	return "there is no such button";
}

static struct answer wish_answer(struct board *board, char const *text, size_t size, char const *what)
{
	struct answer answer = { .status = 202, .type = "application/json", .body = text_create(64) };

	if (!board_wish(board, text, size, what))
		return text_answer(503, "cannot write the configuration");
	board->is_shown = false;
	if (answer.body)
		text_format(answer.body, "{\"number\":%llu}", (unsigned long long)board->verdict.number);
	return answer;
}

static struct answer answer_action(struct board *board, struct http_request const *request, char const *body)
{
	char        what[16], path[STATE_PATH], to[STATE_PATH] = "", amount[24] = "", words[160];
	char const *error;

	if (!is_own(request))
		return text_answer(403, "only the page itself may do this");
	if (!http_field(body, request->body_size, "do", what, sizeof(what)) || !http_field(body, request->body_size, "path", path, sizeof(path)))
		return text_answer(400, "expected do=...&path=...");
	(void)http_field(body, request->body_size, "to", to, sizeof(to));
	(void)http_field(body, request->body_size, "mib", amount, sizeof(amount));
	if (board->wished)
		return text_answer(409, "the last change is still with the validator");
	if (!board->has_state || !board->config.size)
		return text_answer(503, "nothing has been reported yet");
	error = press(board, what, path, to, amount);
	if (error)
		return text_answer(409, error);
	snprintf(words, sizeof(words), *to ? "%s %.50s %.8s MiB to %.50s" : "%s %.50s", what, path, amount, to);
	return wish_answer(board, board->edit.text, board->edit.size, words);
}

static struct answer answer_config(struct board *board, struct http_request const *request, char const *body)
{
	struct answer answer = { .status = 200, .type = "application/xml", .body = text_create(EDIT_SIZE) };

	if (request->method != HTTP_POST) {
		if (answer.body)
			text_add(answer.body, board->edit.text, board->edit.size);
		return answer;
	}
	text_drop(answer.body);
	if (!is_own(request))
		return text_answer(403, "only the page itself may do this");
	if (board->wished)
		return text_answer(409, "the last change is still with the validator");
	if (request->body_size > EDIT_SIZE)
		return text_answer(413, "a configuration has at most 48 KiB");
	return wish_answer(board, body, request->body_size, "edited configuration");
}

/* --- The rest --- */

static struct answer answer_events(struct board const *board, struct http_request const *request)
{
	struct answer answer = { .status = 200, .type = "application/json", .body = text_create(EVENTS_SIZE) };
	char          number[24] = "0";

	(void)http_field(request->query, strlen(request->query), "after", number, sizeof(number));
	if (answer.body)
		view_events(answer.body, &board->history, strtoull(number, NULL, 10));
	return answer;
}

static struct answer answer_page(struct http_request const *request)
{
	for (size_t i = 0; i < page_count; i++) {
		struct page const *page = &pages[i];

		if (strcmp(page->path, request->path) == 0) {
			struct answer answer = { .status = 200, .type = page->type, .body = text_create((size_t)(page->end - page->data)) };

			if (answer.body)
				text_add(answer.body, page->data, (size_t)(page->end - page->data));
			return answer;
		}
	}
	return text_answer(404, "there is nothing here");
}

struct answer board_answer(void *context, struct http_request const *request, char const *body)
{
	struct board *board   = context;
	bool const    is_post = request->method == HTTP_POST, is_read = request->method == HTTP_GET || request->method == HTTP_HEAD;

	if (request->method == HTTP_OTHER)
		return text_answer(501, "only GET, HEAD and POST");
	if (strcmp(request->path, "/action") == 0)
		return is_post ? answer_action(board, request, body) : wrong_method("POST");
	if (strcmp(request->path, "/config") == 0)
		return answer_config(board, request, body);
	if (!is_read)
		return wrong_method("GET, HEAD");
	if (strcmp(request->path, "/events") == 0)
		return answer_events(board, request);
	if (strcmp(request->path, "/state") == 0)
		return board_snapshot(board) ? (struct answer) { .status = 200, .type = "application/json", .body = text_hold(board->snapshot) } :
		                               text_answer(503, "nothing has been reported yet");
	return answer_page(request);
}
