/* SPDX-License-Identifier: MIT */
/*
 * What the parts of hostile share: the interfaces as it read them, random numbers, the capabilities it has collected, the
 * making of calls, and the tally of what came back.
 */
#pragma once

#include <base/component.h>
#include <base/rpc.h>

enum {
	NAME = 32, INTERFACES_MAX = 48, CALLS_MAX = 224, FIELDS_MAX = 1536, VALUES_MAX = 512, MESSAGE_WORDS = UTCB_WORDS,
	/* what cannot be called: only passed on */
	TYPE_SIGNAL = INTERFACES_MAX, TYPE_ANY, TYPES,
	TYPE_NONE = -1,
};

/* --- describe.c: the interfaces --- */

enum kind { KIND_INTEGER, KIND_BOOL, KIND_STATUS, KIND_ENUM, KIND_STRING, KIND_BYTES, KIND_CAP };

/* One element of a message: structs and arrays are spelled out. */
struct field {
	char     name[NAME];
	uint8_t  kind, size;                 /* enum kind; size of numbers, in bytes */
	uint16_t offset;                     /* in the message, in bytes; of a capability: its place */
	uint16_t bound;                      /* of strings and data */
	uint16_t values_first, values_count; /* numbers of an enum, in described.values */
	int16_t  type;                       /* of a capability */
	uint8_t  meaning;                    /* enum meaning, values.c */
	bool     has_default;
	uint64_t default_number;
	char     default_text[NAME];
};

struct fields { uint16_t first, count, words, caps; };

struct call {
	char          name[NAME];
	uint32_t      label, errors;         /* errors: listed ones, as RPC_ERROR bits */
	struct fields in, out;
};

struct interface {
	char          name[NAME], service[NAME];
	bool          is_session, is_out_of_reach;
	uint64_t      hash;
	uint32_t      tag;
	struct fields args;
	uint16_t      first, count;          /* calls */
	uint64_t      ram, caps;             /* what a session needs, as far as it is known */
};

struct described {
	struct interface interfaces[INTERFACES_MAX];
	struct call      calls[CALLS_MAX];
	struct field     fields[FIELDS_MAX];
	uint32_t         values[VALUES_MAX];
	unsigned         interface_count, call_count, field_count, value_count;
};

extern struct described described;

/* Reads ROM "interfaces". TOO_LONG: more than there is room for. */
MUST_CHECK enum status describe(struct env *env);

/* By the name in .rpc files; TYPE_NONE. */
int type_by_name(char const *name);

/* The index of a call that hostile itself needs, as in "parent", "exit", and its label; asserts that there is one. */
unsigned call_of(char const *interface, char const *call);
uint32_t label_of(char const *interface, char const *call);

/* --- values.c: numbers, texts, data --- */

extern uint64_t random_seed;
uint64_t random_next(void);
static inline uint64_t below(uint64_t n) { return random_next() % n; }
static inline bool     one_in(uint64_t n) { return below(n) == 0; }

/* What the name of a number means; found once, by describe. */
uint8_t meaning_of(char const *interface, char const *name);

/* A value that makes sense, mostly; and one that need not, but has the right form. */
uint64_t value_polite(struct field const *field);
uint64_t value_extreme(struct field const *field);

/* Results come back as arguments. */
void value_remember(struct field const *field, uint64_t value);

/* Fills the fields of a message, or of the arguments of a session. */
void fields_fill(struct fields const *fields, uint64_t *message, bool is_polite);
uint64_t field_read(struct field const *field, uint64_t const *message);
void     field_write(struct field const *field, uint64_t *message, uint64_t value);

/* Breaks one field: no terminator, no such value, too much data. false: there is none that can be broken. */
bool fields_break(struct fields const *fields, uint64_t *message);

/* --- pool.c: capabilities --- */

enum fixed { FIXED_NOT, FIXED_IN_EPOCH, FIXED_IN_RUN };

struct held {
	struct cap cap;
	int        type;                     /* index of an interface, TYPE_SIGNAL, TYPE_ANY */
	enum fixed fixed;                    /* not to be moved away or thrown out */
	bool       is_argument;              /* never called */
};

MUST_CHECK enum status pool_init(struct env *env);

/* Takes the capability over; another of its type may go. */
void pool_add(struct held held);

/* What was made last is taken next, always: for calls that only make sense in a row. */
extern bool pool_newest;

/* One that lives; NULL: there is none. */
struct held *pool_pick(int type, bool is_target);
struct held *pool_pick_any(bool is_target);

/* A selector behind which nothing is any more, or never was. */
uint64_t pool_dead(void);

/* All go but those for the whole run. */
void pool_clear(void);

/* --- call.c: one call --- */

enum twist { POLITE, WRONG_WORDS, WRONG_CAPS, WRONG_WINDOW, WRONG_LABEL, WRONG_VALUES, WRONG_ARGUMENT, WRONG_FORM, WRONG_TARGET, TWISTS };

struct message {
	struct held target;
	int         interface, call;         /* call: index in described.calls, or TYPE_NONE */
	uint32_t    label;
	unsigned    words, caps, expect;
	uint64_t    data[MESSAGE_WORDS], send[16];
	enum twist  twist;
};

MUST_CHECK enum status call_init(void);

/* Makes what the interface says, then twists it, then calls, judges the answer and takes what it brought. false: no target. */
bool call_make(int interface, unsigned call, enum twist twist);

/* An OK answer of the last call. */
uint64_t const *call_answer(void);

/* Makes one of this type, by a call that gives such a thing. */
bool produce(int type);

/* What nobody but hostile itself may end: calls that would are changed. */
void spare_session(uint32_t id);

/* --- sessions.c: opening, serving, closing; the account that all is made from --- */

MUST_CHECK enum status sessions_init(struct env *env);

/* A request that may be granted, at `args` (struct session_open_args). TYPE_NONE: for any service. */
void sessions_request(void *args, int type);

/* Which the next polite request is for: TYPE_NONE, whichever. */
void sessions_want(int type);

/* An answer of the parent about session `id`; `session` is taken over. */
void sessions_opened(uint32_t id, uint64_t const *status, struct cap session);

/* Waits for the last one that was asked for. */
void sessions_wait(void);

/* What the parent wants served: struct session_request. */
void sessions_owe(uint64_t const *request);

/* The name of a service that hostile may announce itself. */
void sessions_own_service(char name[static NAME]);
uint64_t sessions_own_hash(void);

/* One epoch: an account to be wasted, and what is made from it; at its end everything must be as before. */
MUST_CHECK enum status epoch_begin(struct env *env);
MUST_CHECK enum status epoch_end(struct env *env);

/* How many ended only when something came back from a server. */
unsigned epochs_late(void);

/* --- tally.c --- */

void tally_count(struct message const *message, enum status status);

/* Something that must not happen; said at once, at most some dozen times. */
void tally_violation(struct message const *message, char const *text, uint64_t number);
unsigned tally_violations(void);

uint64_t tally_calls_of(int interface);
bool     tally_lacks(unsigned call);

struct goals { uint64_t each, successes; };

/* Prints the table and what is missing; how much is. `config` names what cannot be reached. */
unsigned tally_print(struct goals const *goals, struct node config);
