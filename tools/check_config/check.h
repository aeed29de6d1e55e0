/* SPDX-License-Identifier: MIT */
/*
 * check_config reads a configuration of init before anything boots, and says what will be denied. It decodes and routes with
 * init's own code (init/sandbox), so its sentences are those of the log; what a component asks for and provides it knows from the
 * manifest in the README of each. This header holds what the parts share: inputs, problems, and the tree that is checked.
 *
 * The tree is made of levels, one for each init whose configuration is known; a level has a child for each <start>, a child has
 * the requests that its manifest declares, a request its path from hop to hop. Memory is given back all at once, when the check is over:
 * the tool runs for one, repos/demo/apps/validator makes one after the other.
 */
#pragma once

#include <base/node.h>
#include <base/rpc.h>
#include <init/sandbox/cost.h>
#include <init/sandbox/explain.h>
#include <init/sandbox/quota.h>
#include <stdarg.h>
#include <stdio.h>

/* --- text.c: memory and text --- */

/* Zeroed; without memory it fails. */
void *check_alloc(size_t size);

/* What was read so far stays, but for problems; check_forget takes back all that was made since, and a check can begin again. */
void check_keep(void);
void check_forget(void);

#define NEW(pointer) ((pointer) = check_alloc(sizeof(*(pointer))))

/* Formatted, in memory of its own. */
char *text_of(char const *format, ...) FORMAT_CHECKED(1, 2);
char *text_of_list(char const *format, va_list arguments);

/* An attribute's value, or NULL. */
char const *text_attribute(struct node node, char const *name);

/* The program's own: it cannot go on, because of what it was called with or for lack of memory, not because of what it checks. */
_Noreturn void fail(char const *format, ...) FORMAT_CHECKED(1, 2);

/* Is the first of the two names closer to `wanted` than the other, and close enough to be meant? `best` may be NULL. */
bool text_is_meant(char const *wanted, char const *name, char const *best);

/* A file; NULL: it cannot be read. */
struct source {
	char const      *path;
	char            *text;          /* terminated */
	size_t           size, count;   /* of the text; of the nodes */
	struct xml_node *nodes;
	struct node      root;
	bool             is_valid;      /* by the schema, so that it need not be held against it again */
};
struct source *source_read(char const *path);

/* The same of a text, which is copied; `path` is what it is called. */
struct source *source_of(char const *path, char const *text, size_t size);

/* Indexes its text. False: it is no XML, as *error says. */
bool source_index(struct source *source, struct xml_error *error);

/* What the user knows its file as: its origin, or, if the document names none, the path that it was read from. */
char const *source_file(struct source const *source, struct node node);

/* --- report.c: problems and the balance --- */

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

enum { PROBLEM_LINES = 40 };

struct problem {
	struct problem *next;
	enum severity   severity;
	char const     *file, *text;
	struct position at;
	char const     *asker_file;             /* of a request: where the child is that asked first, however far from there it was decided; or NULL */
	struct position asker;
	char const     *more[PROBLEM_LINES];    /* what decided, what to change */
	unsigned        more_count;
};

/* Adds a problem; one that says the same at the same place counts once. */
struct problem *problem_add(enum severity severity, char const *file, struct position at, char const *text, ...) FORMAT_CHECKED(4, 5);
void            problem_more(struct problem *problem, char const *text, ...) FORMAT_CHECKED(2, 3);

/* In the order of the lines: the one after `problem`, or the first after NULL; NULL: that was all. */
struct problem const *problem_next(struct problem const *problem);

void report_forget(void);

/* Is there a problem already that the configuration's own reader reported for this line? */
bool problem_is_at(char const *file, unsigned line);

void proved(void);
void assumed(char const *text, ...) FORMAT_CHECKED(1, 2);
void unknown(char const *text, ...) FORMAT_CHECKED(1, 2);

/* Prints all, in the order of the lines, and the balance; returns how many errors there are. */
unsigned report_all(FILE *to);

/* --- manifest.c: what components say about themselves --- */

struct manifest_argument {
	struct manifest_argument *next;
	char const               *name;
	uint64_t                  value;
};

struct manifest_service {
	struct manifest_service  *next;
	struct position           at;
	char const               *name;               /* NULL: <any-service/> */
	char const               *label;              /* of the request; "" */
	char const               *label_attribute;    /* of its configuration, that holds the label; or NULL */
	bool                      any_label;          /* it is made at run time */
	bool                      is_optional;        /* the component goes on without */
	bool                      is_late;            /* not opened in construct */
	bool                      is_relay;           /* it opens the same at its own provider, for each session */
	unsigned                  count;
	struct quota              extra;              /* beyond what its interface costs */
	char const               *interface;          /* or NULL: the one of that service */
	struct manifest_argument *arguments;
};

struct manifest {
	struct manifest         *next;
	struct node              node;
	bool                     is_read;
	char const              *file, *name, *measured;    /* the scenario that measures its own use, or NULL */
	struct position          at;
	struct quota             own, each;           /* of its own; of an init for each <start> */
	struct manifest_service *provides, *requires;
	struct node              config;              /* its <config>; may not exist */
	bool                     is_init;             /* its configuration is one of init */
};

void manifests_read(char const *path);

/* Reads them all, for what they say wrongly. */
void manifests_check(void);

/* NULL: nobody has described it. */
struct manifest const *manifest_find(char const *name);

/* The <service> for this, or <any-service/>; NULL: neither. */
struct manifest_service const *manifest_service(struct manifest_service const *list, char const *name);

/* The name of a component that is meant by `name`, or NULL. */
char const *manifest_meant(char const *name);

/* --- interface.c: what interfaces cost --- */

void interfaces_read(char const *path);

struct interface {
	struct interface *next;
	struct node       node;
	char const       *name, *service, *cost;
	uint64_t          hash;
};

/* The interface of the service, by its own name if that is not NULL; NULL: unknown. */
struct interface const *interface_find(char const *service, char const *name);

/* What a session costs beyond the base, with these arguments. */
struct quota interface_cost(struct interface const *interface, struct manifest_argument const *arguments);

/* --- machine.c: what boots --- */

struct machine {
	char const *boot;            /* directory of the boot modules; NULL: only their names are known */
	char const *modules;         /* separated by blanks */
	char const *init;            /* the component that is booted as init */
	uint64_t    memory_bytes;
};
extern struct machine machine;

bool machine_has_module(char const *name);

/* The module that is meant by `name`, or NULL. */
char const *machine_meant(char const *name);

/* The file of a module, or NULL. */
char const *machine_file(char const *name);

/* What init gets, at most. */
struct quota machine_quota(void);

/* Does core provide it? */
bool machine_provides(char const *service);

/* What a binary takes to be loaded. False: it is not there, or no program; `defect` says what is wrong, or is NULL. */
bool machine_image(char const *name, struct cost_image *image, char const **defect);

/* --- level.c: the tree --- */

enum { HOPS_MAX = 40 };

/* One decision on the way of a request. */
struct hop {
	struct level              *level;             /* who decided */
	struct config_start const *client;            /* as seen there; &config.outside: an export */
	char const                *label;             /* as the client said */
	enum route_verdict         verdict;
	struct route_result        result;
	struct route_trace         trace;
};

enum path_end { PATH_CORE, PATH_CHILD, PATH_INIT, PATH_DENIED, PATH_UNKNOWN };

struct path {
	char const         *service;
	bool                is_binary;                /* it is the client's program */
	struct hop          hops[HOPS_MAX];
	unsigned            count;
	enum path_end       end;
	enum status         reason;                   /* PATH_DENIED */
	char const         *why;                      /* PATH_UNKNOWN: what is not known; PATH_DENIED: more on it, or NULL */
	struct child       *server;                   /* PATH_CHILD */
	char const         *label;                    /* as the provider is told */
	uint64_t            hash;                     /* of the interface the client was built for; 0: not known */
	struct quota        through;                  /* what inits and multiplexers on the way add to the cost */
};

struct request {
	struct request                *next;
	struct manifest_service const *declared;      /* NULL: every component asks for this */
	char const                    *label;
	unsigned                       count;
	bool                           is_config;     /* for its configuration */
	struct path                    path;
	struct quota                   cost;          /* of each */
};

struct child {
	struct level              *level;
	struct config_start const *start;
	struct manifest const     *manifest;          /* NULL: unknown */
	struct level              *inside;            /* of an init whose configuration is known, or NULL */
	struct request            *requests;
	unsigned                   slots;             /* sessions at a time */
	bool                       slots_told;
	struct quota               need;
};

struct level {
	struct level   *next;                         /* all of them, outer before inner */
	struct source const *source;                  /* the document that it stands in, */
	char const     *module;                       /* and the ROM that this is; NULL: the file that is checked */
	struct child   *of;                           /* the init whose configuration it is; NULL: the top */
	char const     *label;                        /* "init -> sub" */
	struct config   config;
	struct node     root;
	struct child   *children;                     /* by start->index */
};

extern struct level *levels;

/* Reads the configuration and all that are nested in it. False: it is none at all. */
bool levels_make(struct source *source);

/* What the ROM `name`, which is made at run time, is taken to have, where an init reads its configuration from it. `source` is indexed. */
void levels_take_rom(char const *name, struct source *source);

void levels_forget(void);

struct child *level_child(struct level *level, struct config_start const *start);

/* "init -> sub -> client" */
char const *child_label(struct child const *child);

/* --- schema.c --- */

/* Checks a document, or one <config> in it, against the schema. */
void schema_load(char const *path);
void schema_check(struct source const *source, struct node config);

/* Reports what nobody else has reported for the same line. */
void schema_report(void);

void schema_forget(void);

/* --- path.c: following --- */

/* `path` has the service and the hash. */
void path_follow(struct path *path, struct child *client, char const *label);

/* The lines that inits would log if it is denied, as one problem. */
void path_tell(struct path const *path, enum severity severity);

/* --- requests.c, quota.c, rules.c, values.c: the checks, one pass each over all levels --- */

void requests_check(void);
void quotas_check(void);
void rules_check(void);
void values_check(void);
void cycles_check(void);
void cycles_forget(void);

/* All of them, and the schema's. */
void all_check(void);

/* --- needs.c, why.c, graph.c, list.c, reference.c: other views --- */

/*
 * Fields between tabs: for each hop of each request the init, its client, service, label, and proved, denied or unknown; and the init
 * and its client alone for each that asks for no more than that.
 */
void list_write(FILE *to);

/* "init -> x: binary 81920 70 of 262144 100": what each child needs and was given, in bytes and caps. */
void needs_print(FILE *to);

/* The page that explains the language. */
void reference_write(FILE *to, char const *schema);

/* False: there is no such client. */
bool why_print(FILE *to, char const *client, char const *service, char const *label);
void graph_write(FILE *to);
