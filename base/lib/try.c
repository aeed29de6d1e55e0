/* SPDX-License-Identifier: MIT */
/*
 * The note that TRY leaves. A status that is passed on meets TRYs in frames further and further up the stack, so a note from a
 * frame that is not above the last one begins a new error.
 */
#include <base/try.h>
#include <base/types.h>

static struct try_place noted;    /* where the error began */
static void const      *last;     /* the frame where it was seen last */

void try_note(enum status status, char const *file, unsigned line, char const *text)
{
	void const *frame = __builtin_frame_address(0);

	if (status != noted.status || (uintptr_t)frame <= (uintptr_t)last)
		noted = (struct try_place) { .status = status, .line = line, .file = file, .text = text };
	last = frame;
}

struct try_place const *try_noted(enum status status)
{
	return noted.file && noted.status == status ? &noted : NULL;
}
