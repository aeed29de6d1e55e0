/* SPDX-License-Identifier: MIT */
/*
 * Routing: which provider a child's session request goes to, by the configuration alone. Rules are tried in the order of
 * the document; of the first that matches service and label, the first target that provides the service takes the
 * request; if none does, the next matching rule is tried. route_resolve is silent; asked again with a trace, it
 * notes why each rule and target did not take the request, which is what explain.c tells people.
 */
#pragma once

#include "config.h"

/* Why a rule or target did not take the request, or what came of all of them. */
enum route_verdict {
	ROUTE_FOUND,
	ROUTE_NO_RULE,           /* no rule is for this service */
	ROUTE_LABEL_DIFFERS,     /* the rule is for the service, but for other labels */
	ROUTE_PARENT_LACKS,      /* <parent-provides> does not name the service */
	ROUTE_CHILD_UNKNOWN,     /* there is no <start> of that name */
	ROUTE_CHILD_LACKS,       /* the child does not provide the service */
	ROUTE_NOBODY,            /* <any-child/>: no other child provides the service */
	ROUTE_AMBIGUOUS,         /* <any-child/>: several do */
	ROUTE_SELF,              /* <child/> is the one who asks */
	ROUTE_PARENT_ONLY,       /* PD, CPU, RM, RAM and CAP come from the parent alone */
	ROUTE_LOCAL_LACKS,       /* <local/>: init itself provides the ROM "state", and nothing else */
	ROUTE_TOO_LONG,          /* the label with what is put before it exceeds 255 bytes */
};

struct route_request {
	struct config_start const *client;
	char const                *service;
	char const                *label;       /* the client's own word, without its name */
	bool                       is_binary;   /* it is the client's program */
};

struct route_result {
	struct config_rule const   *rule;
	struct config_target const *target;
	struct config_start const  *server;     /* NULL: the parent, or init itself, as target->kind says */
	char                        label[LABEL_SIZE];    /* what the provider is told */
};

enum { ROUTE_TRACE_STEPS = 8 };

/* What <local/> provides: init's own state. */
#define ROUTE_LOCAL_ROM "state"

struct route_step {
	struct config_rule const   *rule;
	struct config_target const *target;     /* NULL: the rule as a whole */
	enum route_verdict          verdict;
};

/* The first steps of a search; `count` goes on beyond. */
struct route_trace {
	struct route_step step[ROUTE_TRACE_STEPS];
	unsigned          count;
	struct route_step deciding;             /* the step that the denial is to be explained by */
};

/* Must requests for this service go to the parent? */
bool route_is_parent_only(char const *service);

/*
 * Finds the provider. `trace`, if not NULL, is filled; `result` is only written on ROUTE_FOUND, but for its label.
 * Anything else is why the request is denied, as in trace->deciding.
 */
enum route_verdict route_resolve(struct config const *config, struct route_request const *request, struct route_result *result,
                                 struct route_trace *trace);

/* What the provider is told of a request that goes to this target. TOO_LONG: `to` is then empty. */
MUST_CHECK enum status route_label(struct config const *config, struct route_request const *request, struct config_target const *target,
                                   char to[static LABEL_SIZE]);

/* The only child other than `client` that provides the service; NULL: none or several, and then `count` tells. */
struct config_start const *route_only_provider(struct config const *config, struct config_start const *client, char const *service,
                                               unsigned *count);
