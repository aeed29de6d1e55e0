/* SPDX-License-Identifier: MIT */
/*
 * The dashboard: a web page that shows the resources of a system being traded, and changes the configuration of a part of it. An ordinary
 * program, of files and sockets; `dashboard CONFIG` reads what the README says from the file CONFIG ("config" without an argument).
 */
#include "board.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { CONFIG_SIZE = 8 << 10, CONFIG_NODES = 128, LOOK_MS = 200 };

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
	static struct server server = { .answer = board_answer, .context = &board };
	struct node          config;
	uint64_t             looked = 0;

	signal(SIGPIPE, SIG_IGN);
	if (!read_config(count > 1 ? arguments[1] : "/config", &config) || !board_init(&board, config))
		return 1;
	if (!server_init(&server, (uint16_t)node_u64(config, "port", 80, 0, UINT16_MAX))) {
		perror("cannot listen");
		return 1;
	}
	printf("the page is at port %u\n", server.port);
	fflush(stdout);
	for (;;) {
		uint64_t const now = server_now_ms();

		if (now - looked >= LOOK_MS) {
			if (board_look(&board))
				server_publish(&server, board.snapshot);
			looked = now;
		}
		server_run(&server, LOOK_MS);
	}
}
