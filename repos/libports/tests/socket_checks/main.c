/* SPDX-License-Identifier: MIT */
/*
 * socket_checks local                               sockets of this machine with each other
 * socket_checks peer IP TCP-PORT UDP-PORT REFUSER   with `serve-peer` on another one, and who refuses datagrams
 * socket_checks names TCP-PORT                      names from `serve-names`; that of server.test leads to `serve-peer`
 * socket_checks tftp IP FILE                        prints what it got
 * socket_checks serve-peer | serve-names
 */
#include "checks.h"

#include <stdlib.h>

char const *section;
int         number;

struct sockaddr_in address_of(char const *ip, unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	inet_pton(AF_INET, ip, &address.sin_addr);
	return address;
}

struct sockaddr_in own_address(int fd)
{
	struct sockaddr_in address = { 0 };
	socklen_t          size    = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &size);
	return address;
}

int bound(int type)
{
	struct sockaddr_in const address = address_of("127.0.0.1", 0);
	int const                fd      = socket(AF_INET, type, 0);

	if (fd < 0 || bind(fd, (struct sockaddr const *)&address, sizeof(address)) < 0)
		perror("bind");
	return fd;
}

int ready(int fd, short events, int ms)
{
	struct pollfd entry = { .fd = fd, .events = events };

	return poll(&entry, 1, ms) < 0 ? -1 : entry.revents;
}

static void begin(char const *name)
{
	section = name;
	number = 0;
}

int main(int argc, char **argv)
{
	char const *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "local")) {
		begin("options");
		check_options();
		begin("udp");
		check_udp();
		begin("tcp");
		check_tcp();
	} else if (!strcmp(what, "peer") && argc == 6) {
		begin("peer");
		check_peer(argv[2], (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]), argv[5]);
	} else if (!strcmp(what, "names") && argc == 3) {
		begin("names");
		check_names((unsigned)atoi(argv[2]));
	} else if (!strcmp(what, "tftp") && argc == 4) {
		check_tftp(argv[2], argv[3]);
	} else if (!strcmp(what, "serve-peer")) {
		serve_peer();
	} else if (!strcmp(what, "serve-names")) {
		serve_names();
	} else {
		fprintf(stderr, "what is to be checked? See the head of main.c\n");
		return 2;
	}
	return 0;
}
