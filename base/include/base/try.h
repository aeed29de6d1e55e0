/* SPDX-License-Identifier: MIT */
/*
 * TRY(expression) returns the expression's status from the function that it stands in, unless that is OK, and notes where
 * that was. The note of the place where an error first met a TRY stays while it is passed on; base prints it when the error
 * ends component_construct: `stopped: DENIED at main.c:12: hello_open(...)`.
 */
#pragma once

#include <base/status.h>

#define TRY(expression)                                                                    \
	do {                                                                               \
		enum status try_status_ = (expression);                                    \
		if (__builtin_expect(try_status_ != STATUS_OK, 0)) {                       \
			try_note(try_status_, __FILE__, __LINE__, #expression);            \
			return try_status_;                                                \
		}                                                                          \
	} while (0)

struct try_place {
	enum status status;
	unsigned    line;
	char const *file;
	char const *text;     /* of the expression */
};

/* Context: the main thread; other threads' notes may get mixed up with it, harmlessly. */
void try_note(enum status status, char const *file, unsigned line, char const *text);

/* The place where `status`, which has just arrived here, was noted; NULL: no TRY met it. */
struct try_place const *try_noted(enum status status);
