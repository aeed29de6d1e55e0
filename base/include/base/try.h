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
		unsigned const    try_before_ = try_count;                                 \
		enum status const try_status_ = (expression);                              \
		if (__builtin_expect(try_status_ != STATUS_OK, 0)) {                       \
			try_note(try_status_, try_before_, &(struct try_place) { __FILE__, #expression, __LINE__ }); \
			return try_status_;                                                \
		}                                                                          \
	} while (0)

struct try_place {
	char const *file;
	char const *text;     /* of the expression */
	unsigned    line;
};

/* The number of notes so far: one that was made while the expression was evaluated is about the same error, if the status is the same. */
extern unsigned try_count;

/* Context: the main thread; other threads' notes may get mixed up with it, harmlessly. */
void try_note(enum status status, unsigned before, struct try_place const *place);

/* The place where `status`, which has just arrived here, was noted; NULL: no TRY met it. */
struct try_place const *try_noted(enum status status);
