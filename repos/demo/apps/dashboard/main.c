/* SPDX-License-Identifier: MIT */
/*
 * The dashboard: a web page that shows the resources of a system being traded, and changes the configuration of a part of it. An ordinary
 * program, of files and sockets; `dashboard CONFIG` reads what the README says from the file CONFIG ("config" without an argument).
 */
#include "board.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { CONFIG_SIZE = 8 << 10, CONFIG_NODES = 128, SPACING_MS = 400, TICK_MS = 1000 };

/* The configuration stays as long as the program. False: there is none that can be read. */
static bool read_config(char const *path, struct node *config)
{
	static char            text[CONFIG_SIZE];
	static struct xml_node nodes[CONFIG_NODES];
	struct xml_error       error;
	FILE                  *file = fopen(path, "r");
	size_t                 size, count;
	char                   message[384];

	if (!file) {
		perror(path);
		return false;
	}
	size = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (xml_index(text, size, nodes, CONFIG_NODES, &count, &error) != STATUS_OK) {
		fprintf(stderr, "%s: %s\n", path, xml_error_text(&error, message, sizeof(message)));
		return false;
	}
	*config = node_root(text, nodes);
	return true;
}

int main(int count, char **arguments)
{
	static struct board  board;
	static struct server server = { .answer = board_answer, .news = board_snapshot, .context = &board };
	struct node          config;
	uint64_t             looked = 0;
	bool                 is_due = true;

	signal(SIGPIPE, SIG_IGN);
	if (!read_config(count > 1 ? arguments[1] : "/config", &config) || !board_init(&board, config))
		return 1;
	if (!server_init(&server, (uint16_t)node_u64(config, "port", 80, 0, UINT16_MAX))) {
		perror("cannot listen");
		return 1;
	}
	printf("the page is at port %u\n", server.port);
	fflush(stdout);
	/* Reports come in bursts, which are looked at together: there is a pause after each look. Without any there is one now and then, for what takes too long. */
	for (;;) {
		uint64_t pause;

		if (is_due) {
			looked = server_now_ms();
			if (board_look(&board))
				server_publish(&server);
		}
		pause = server_now_ms() - looked;
		if (pause < SPACING_MS)
			(void)server_run(&server, NULL, 0, (int)(SPACING_MS - pause));
		is_due = pause >= SPACING_MS && (server_run(&server, board.polls, BOARD_FILES, TICK_MS) || server_now_ms() - looked >= TICK_MS);
	}
}
