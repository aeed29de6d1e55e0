/* SPDX-License-Identifier: MIT */
/*
 * Reporter: the writer's side of a Report session. The session is asked for and opened when the parent has decided, so nobody is waited for; until then, and
 * when it is refused, there is no buffer to write to.
 *
 *	reporter_init(&reporter, env, "state", 16 << 10, ready);
 *	...
 *	text = reporter_begin(&reporter, &size);
 *	if (text)
 *		reporter_commit(&reporter, write_something(text, size));
 *
 * The buffer is shared: a count at its start is odd while it is written, so a reader that finds it odd, or changed, has read nothing.
 */
#pragma once

#include <base/env.h>
#include <report/report.h>

/* What the buffer looks like. */
struct report_buffer {
	uint64_t count;      /* of changes; odd: the text is being written */
	uint64_t size;       /* of the text, in bytes */
	char     text[];
};

struct reporter {
	struct report         report;
	struct report_args    args;
	char const           *label;
	struct env           *env;
	struct news_handler   news;
	bool                  is_asked;      /* the parent has not decided yet */
	struct dataspace      memory;
	struct signal_context written;
	struct report_buffer *buffer;        /* NULL: not open */
	void                (*ready)(struct reporter *reporter, enum status status);
};

/*
 * Asks for a session. `label` stays. `ready` runs once, perhaps at once: OK, or why there is none (the parent's log tells more).
 * Context: main thread; register before the main loop runs.
 */
void reporter_init(struct reporter *reporter, struct env *env, char const *label, size_t buffer_bytes,
                   void (*ready)(struct reporter *reporter, enum status status));

/* Where to write, and how much fits; NULL: there is no session. Ends with reporter_commit. */
char *reporter_begin(struct reporter *reporter, size_t *size);

/* The text has so many bytes now; whoever reads it is told. */
void reporter_commit(struct reporter *reporter, size_t size);

/* Ends the session. */
void reporter_fini(struct reporter *reporter);

/*
 * The reader's side: copies what `buffer` of `buffer_bytes` holds into `to`. AGAIN: it is being written; the writer will tell. OVERFLOW: it does not fit
 * `size`. PROTOCOL: no such size fits the buffer. *length is written on OK.
 */
MUST_CHECK enum status report_read(struct report_buffer const *buffer, size_t buffer_bytes, char *to, size_t size, size_t *length);
