/* SPDX-License-Identifier: MIT */
/* Names: a DNS server that knows a few (RFC 1035), and what the resolver makes of its answers. */
#define _GNU_SOURCE
#include "checks.h"

#include <netdb.h>
#include <stdlib.h>

enum { PORT_DNS = 53, HEADER = 12, TYPE_A = 1, TYPE_CNAME = 5, TYPE_PTR = 12, CLASS_IN = 1, TTL_S = 60, NO_SUCH_NAME = 3, MESSAGE_MAX = 512 };

/* --- The server --- */

struct record {
	char const *name;
	unsigned    type;
	char const *data;     /* an address, or a name */
};

static struct record const records[] = {
	{ "one.test", TYPE_A, "192.0.2.1" },
	{ "many.test", TYPE_A, "192.0.2.1" }, { "many.test", TYPE_A, "192.0.2.2" }, { "many.test", TYPE_A, "192.0.2.3" },
	{ "alias.test", TYPE_CNAME, "one.test" },
	{ "late.test", TYPE_A, "192.0.2.4" },
	{ "forged.test", TYPE_A, "192.0.2.5" },
	{ "server.test", TYPE_A, "10.0.2.2" },
	{ "1.2.0.192.in-addr.arpa", TYPE_PTR, "one.test" },
};

struct message {
	unsigned char bytes[MESSAGE_MAX];
	size_t        size;
};

static void put16(struct message *message, unsigned value)
{
	message->bytes[message->size++] = (unsigned char)(value >> 8);
	message->bytes[message->size++] = (unsigned char)value;
}

/* "one.test" as labels. */
static void put_name(struct message *message, char const *name)
{
	while (*name) {
		size_t const size = strcspn(name, ".");

		message->bytes[message->size++] = (unsigned char)size;
		memcpy(message->bytes + message->size, name, size);
		message->size += size;
		name += size + (name[size] == '.');
	}
	message->bytes[message->size++] = 0;
}

static void put_record(struct message *message, struct record const *record)
{
	size_t data;

	put_name(message, record->name);
	put16(message, record->type);
	put16(message, CLASS_IN);
	put16(message, 0);
	put16(message, TTL_S);
	put16(message, 0);
	data = message->size;
	if (record->type == TYPE_A)
		message->size += 4, inet_pton(AF_INET, record->data, message->bytes + data);
	else
		put_name(message, record->data);
	message->bytes[data - 1] = (unsigned char)(message->size - data);
	message->bytes[7]++;
}

/* Reads the question's name, with dots; returns where it ends, or 0. */
static size_t read_name(struct message const *message, char *name)
{
	size_t at = HEADER, used = 0;

	while (at < message->size && message->bytes[at]) {
		size_t const size = message->bytes[at];

		if (size > 63 || at + 1 + size >= message->size || used + size + 2 > 256)
			return 0;
		used += used > 0;
		memcpy(name + used, message->bytes + at + 1, size);
		name[used - (used > 0)] = used ? '.' : name[0];
		used += size;
		at += 1 + size;
	}
	name[used] = 0;
	return at + 1;
}

/* Adds what is known of the name; false: there is none. */
static int answer(struct message *message, char const *name, unsigned type)
{
	int is_known = 0;

	for (unsigned i = 0; i < sizeof(records) / sizeof(*records); i++) {
		struct record const *record = &records[i];

		if (strcmp(record->name, name))
			continue;
		is_known = 1;
		if (record->type == type || record->type == TYPE_CNAME)
			put_record(message, record);
		if (record->type == TYPE_CNAME && type != TYPE_CNAME)
			answer(message, record->data, type);
	}
	return is_known;
}

static void reply(int fd, struct message *message, struct sockaddr_in const *to)
{
	sendto(fd, message->bytes, message->size, 0, (struct sockaddr const *)to, sizeof(*to));
}

/* The first question about late.test is lost, and what is told of forged.test is at first not the answer to what was asked. */
static void handle_question(int fd, struct message *message, struct sockaddr_in const *from)
{
	static int     is_late = 1;
	static unsigned char const elsewhere[4] = { 192, 0, 2, 66 };
	char           name[256];
	size_t const   end  = read_name(message, name);
	unsigned const type = end && end + 4 <= message->size ? message->bytes[end] << 8 | message->bytes[end + 1] : 0;

	if (!type || (!strcmp(name, "late.test") && is_late && type == TYPE_A && is_late--))
		return;
	message->size = end + 4;
	message->bytes[2] |= 0x80;    /* a response */
	message->bytes[3] = 0x80;     /* recursion is available; no error */
	memset(message->bytes + 6, 0, 6);
	if (!answer(message, name, type))
		message->bytes[3] |= NO_SUCH_NAME;
	if (!strcmp(name, "forged.test") && type == TYPE_A) {
		unsigned char right[4];

		memcpy(right, message->bytes + message->size - 4, 4);
		memcpy(message->bytes + message->size - 4, elsewhere, 4);
		message->bytes[0] ^= 1;
		reply(fd, message, from);
		message->bytes[0] ^= 1;
		memcpy(message->bytes + message->size - 4, right, 4);
	}
	reply(fd, message, from);
}

void serve_names(void)
{
	struct sockaddr_in const own = { .sin_family = AF_INET, .sin_port = htons(PORT_DNS) };
	int const                fd  = socket(AF_INET, SOCK_DGRAM, 0);

	if (bind(fd, (struct sockaddr const *)&own, sizeof(own)) < 0) {
		perror("bind");
		return;
	}
	printf("answers\n");
	fflush(stdout);
	for (;;) {
		struct message     message;
		struct sockaddr_in from;
		socklen_t          from_size = sizeof(from);
		ssize_t const      size      = recvfrom(fd, message.bytes, sizeof(message.bytes) / 2, 0, (struct sockaddr *)&from, &from_size);

		message.size = size < 0 ? 0 : (size_t)size;
		if (message.size > HEADER)
			handle_question(fd, &message, &from);
	}
}

/* --- The checks --- */

static int compare(void const *a, void const *b)
{
	return strcmp(a, b);
}

/* All addresses of a name, in order, or the error. */
static char const *addresses(char const *name, int family, int flags)
{
	static char            text[512];
	struct addrinfo const  hints = { .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = flags };
	struct addrinfo       *list  = NULL;
	char                   found[8][INET_ADDRSTRLEN];
	size_t                 count = 0;
	int const              error = getaddrinfo(name, "80", &hints, &list);

	if (error)
		return error == EAI_NONAME ? "no such name" : gai_strerror(error);
	for (struct addrinfo *at = list; at && count < 8; at = at->ai_next) {
		struct sockaddr_in const *address = (struct sockaddr_in const *)at->ai_addr;

		inet_ntop(AF_INET, &address->sin_addr, found[count++], INET_ADDRSTRLEN);
		if (at->ai_family != AF_INET || address->sin_port != htons(80))
			strcpy(found[count - 1], "another kind");
	}
	qsort(found, count, sizeof(*found), compare);
	*text = 0;
	for (size_t i = 0; i < count; i++)
		sprintf(text + strlen(text), "%s%s", i ? " " : "", found[i]);
	if (flags & AI_CANONNAME)
		sprintf(text + strlen(text), " %s", list->ai_canonname);
	freeaddrinfo(list);
	return text;
}

static void check_older(void)
{
	struct sockaddr_in const one  = address_of("192.0.2.1", 80);
	struct hostent const    *host = gethostbyname("many.test");
	char                     name[64] = "", service[16] = "";

	SHOW("%s %d", host ? host->h_name : "none", host ? host->h_length : 0);
	SHOW("%s", gethostbyname("missing.test") ? "found" : h_errno == HOST_NOT_FOUND ? "no such host" : "another error");
	SHOW("%d", getnameinfo((struct sockaddr const *)&one, sizeof(one), name, sizeof(name), service, sizeof(service), NI_NAMEREQD | NI_NUMERICSERV));
	SHOW("%s %s", name, service);
	SHOW("%d", getnameinfo((struct sockaddr const *)&one, sizeof(one), name, sizeof(name), NULL, 0, NI_NUMERICHOST));
	SHOW("%s", name);
}

/* By name to a server that is there. */
static void check_connection(unsigned port)
{
	struct addrinfo const hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo      *list  = NULL;
	char                  text[8], buffer[8] = "";
	int                   fd;

	sprintf(text, "%u", port);
	SHOW("%d", getaddrinfo("server.test", text, &hints, &list));
	fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
	SHOW("%d", connect(fd, list->ai_addr, list->ai_addrlen));
	SHOW("%zd", send(fd, "by name", 7, 0));
	SHOW("%zd", recv(fd, buffer, 7, MSG_WAITALL));
	SHOW("%s", buffer);
	close(fd);
	freeaddrinfo(list);
}

/* The server may come up later than who asks it. */
static void wait_for_server(void)
{
	for (int tries = 0; tries < 10 && !strcmp(addresses("one.test", AF_INET, 0), gai_strerror(EAI_AGAIN)); tries++) { }
}

void check_names(unsigned tcp_port)
{
	wait_for_server();
	SHOW("%s", addresses("one.test", AF_INET, 0));
	SHOW("%s", addresses("one.test", AF_UNSPEC, 0));
	SHOW("%s", addresses("many.test", AF_UNSPEC, AI_ADDRCONFIG));
	SHOW("%s", addresses("alias.test", AF_INET, AI_CANONNAME));
	SHOW("%s", addresses("late.test", AF_INET, 0));
	SHOW("%s", addresses("forged.test", AF_INET, 0));
	SHOW("%s", addresses("missing.test", AF_INET, 0));
	SHOW("%s", addresses("missing.test", AF_UNSPEC, 0));
	SHOW("%s", addresses("localhost", AF_INET, 0));
	SHOW("%s", addresses("10.1.2.3", AF_UNSPEC, 0));
	SHOW("%s", addresses("10.1.2.3", AF_INET, AI_NUMERICHOST));
	SHOW("%s", addresses("one.test", AF_INET, AI_NUMERICHOST));
	SHOW("%s", addresses(NULL, AF_INET, AI_PASSIVE));
	check_older();
	check_connection(tcp_port);
}
