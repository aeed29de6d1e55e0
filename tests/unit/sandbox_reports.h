/* SPDX-License-Identifier: MIT */
/*
 * The server of reports in the model of core, for tests/unit/sandbox.c: whatever is reported has to be well-formed.
 */
#pragma once

#include "unit.h"
#include "platform.h"
#include <base/reporter.h>
#include <base/xml.h>

/* The server of reports is there, or not. */
void reporter_init(struct reporter *reporter, struct env *e, char const *label, size_t buffer_bytes,
                   void (*ready)(struct reporter *reporter, enum status status))
{
	static char buffer[1 << 16];

	*reporter = (struct reporter) { .env = e, .args.buffer = buffer_bytes, .buffer = unit_below(2) ? (struct report_buffer *)buffer : NULL };
	ready(reporter, reporter->buffer ? STATUS_OK : STATUS_DENIED);
}

void reporter_fini(struct reporter *reporter)
{
	reporter->buffer = NULL;
}

char *reporter_begin(struct reporter *reporter, size_t *size)
{
	*size = unit_below(8) ? reporter->args.buffer - 16 : 100;
	return reporter->buffer ? (char *)reporter->buffer : NULL;
}

static unsigned reports;

/* What is reported is well-formed, or not there. */
void reporter_commit(struct reporter *reporter, size_t size)
{
	static struct xml_node nodes[4000];
	struct xml_error       error;
	size_t                 count;

	CHECK(!size || xml_index((char *)reporter->buffer, size, nodes, ARRAY_SIZE(nodes), &count, &error) == STATUS_OK);
	reports += size > 0;
}
