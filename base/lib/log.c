/* SPDX-License-Identifier: MIT */
/*
 * Log: a line is made on the stack of the caller and sent in one call.
 */
#include "own.h"

#include <base/log.h>
#include <base/string.h>
#include <log/log.h>

static struct log session;

void log_start(struct env *env)
{
	/* A component need not have LOG. */
	if (log_open(&session, env, "") != STATUS_OK)
		session.connection.cap = CAP_NULL;
}

static __attribute__((noinline)) void print(char const *prefix, char const *text, va_list arguments)
{
	size_t const length = strlen(prefix);
	char         line[LOG_LINE_MAX];

	if (cap_is_null(session.connection.cap))
		return;
	memcpy(line, prefix, length);
	format_cut_list(line + length, sizeof(line) - length - 1, text, arguments);

	size_t const end = strlen(line);

	line[end] = '\n';

	/* Who could be told that LOG is gone? */
	enum status status = log_write(&session, line, end + 1);
	(void)status;
}

void log_info(char const *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	print("", text, arguments);
	va_end(arguments);
}

void log_warning(char const *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	print("warning: ", text, arguments);
	va_end(arguments);
}

void log_error(char const *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	print("error: ", text, arguments);
	va_end(arguments);
}
