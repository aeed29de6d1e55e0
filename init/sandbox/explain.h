/* SPDX-License-Identifier: MIT */
/*
 * Explanations: why a session was denied, which line of which file decided, and the smallest change that would allow it.
 * Made from the configuration and what is known of the request; the sentences are the same in init's log and in the
 * checker on the host. They go to whoever owns the configuration; the denied child learns a status and nothing more.
 */
#pragma once

#include "quota.h"
#include "route.h"

enum denial_kind {
	DENIAL_ROUTE,       /* the search ended without a provider; `verdict`, `trace` */
	DENIAL_VERSION,     /* client and server were built against different interfaces */
	DENIAL_SERVER,      /* the server said no; `reason` */
	DENIAL_PARENT,      /* passed to the parent, where it was denied; `reason` */
	DENIAL_GONE,        /* the server has exited or failed */
	DENIAL_RAM,         /* the client's account has too little: `need` of it, `have` left */
	DENIAL_CAPS,
	DENIAL_SLOTS,       /* all session slots of the client are in use */
};

struct denial {
	enum denial_kind           kind;
	struct config const       *config;
	struct config_start const *client;
	char const                *service, *label;         /* as the client asked */
	struct route_trace const  *trace;                   /* DENIAL_ROUTE */
	struct config_rule const  *rule;                    /* that chose the provider; NULL for DENIAL_ROUTE and DENIAL_SLOTS */
	struct config_target const *target;
	struct config_start const *server;                  /* or NULL: the parent */
	enum status                reason;
	uint64_t                   need, have;
	uint64_t                   client_hash, server_hash;    /* DENIAL_VERSION */
};

enum { EXPLANATION_LINE = 480 };

/* Three lines: who asked for what and why not; what decided; what to change. Too long a line ends in "...". */
struct explanation {
	char what[EXPLANATION_LINE], where[EXPLANATION_LINE], fix[EXPLANATION_LINE];
};

void explain_denial(struct explanation *to, struct denial const *denial);

/* What a child said, for a log: in one line, however it was meant. Returns `text`. */
char const *explain_word(char const *word, char *text, size_t size);

/* A child's account refused `asked` bytes or caps: the same three lines. `limit` is what the account holds in all. */
void explain_quota(struct explanation *to, struct config const *config, struct config_start const *client, bool is_ram,
                   uint64_t asked, uint64_t limit, uint64_t used);

/* A request for more quota that was refused: what the child asked for, and has by now. */
struct refused_request {
	bool        is_ram;
	uint64_t    asked, has;
	uint64_t    left;      /* of the own account; UINT64_MAX: that is not what decided */
	bool        frames;    /* the caps asked for take more of the child's own RAM than it has left */
};

/* The same three lines for that. */
void explain_request(struct explanation *to, struct config const *config, struct config_start const *client, struct refused_request const *refused);

/* A child's quota does not suffice for what it takes before its own first line: the same three lines. */
void explain_start(struct explanation *to, struct config const *config, struct config_start const *start, struct quota const *need);

/* A child cannot start because too little is left here, `left` bytes or caps. `where` is empty. */
void explain_no_room(struct explanation *to, struct config const *config, struct config_start const *start, bool is_ram, uint64_t left);

/* The line of the configuration that decided a denial, to tell repetitions from news. */
uint32_t explain_line(struct denial const *denial);
