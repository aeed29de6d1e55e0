/* SPDX-License-Identifier: MIT */
/*
 * What the ROM `interfaces` (doc/rpc.md, "For programs") says about interfaces, calls and messages. The monitor knows no interface otherwise.
 */
#pragma once

#include <base/component.h>
#include <base/rpc.h>

/* A message, copied, and what is to be said about its capabilities. */
struct message {
	uint64_t word[UTCB_WORDS];    /* zero beyond `words` */
	unsigned words, caps;
	struct {
		bool     is_null;
		unsigned number;      /* of an object that the monitor stands for; 0: something that is passed on */
	} cap[RPC_CAPS_MAX];
};

struct described_call {
	uint32_t    label;
	struct node call;
};

/* A line in the making; what does not fit is cut, which the log then shows. */
struct line {
	char   text[768];
	size_t used;
};

/* Reads the ROM. Its errors are those of attached_rom_open and xml_index. */
MUST_CHECK enum status describe_init(struct env *env);

/* The session interface of this service; `name` chooses between several, "" leaves it open. NOT_FOUND, or EXISTS: there are several. */
MUST_CHECK enum status describe_service(char const *service, char const *name, struct node *interface);

/* NULL: no interface has a call with this label. */
struct described_call const *describe_call(uint32_t label);

/*
 * The interface of the object that capability `cap` of the call's answer is for, if it is one to stand in for: described, and no call takes such an
 * object as an argument. Those that are (dataspaces, accounts, threads) have receivers that must recognize their own. Else a node that does not exist.
 */
struct node describe_object(struct described_call const *call, unsigned cap);

/* "a=1, b=2" for what is in an element <in>, <out> or <args>. */
void describe_message(struct line *line, struct node fields, struct message const *message);

/* Appends to the line. */
void line_add(struct line *line, char const *text, ...) FORMAT_CHECKED(2, 3);
