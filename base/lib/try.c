/* SPDX-License-Identifier: MIT */
/*
 * The note that TRY leaves: where the error began. A TRY whose expression made a note already is passing an error on.
 */
#include <base/try.h>
#include <base/types.h>

unsigned try_count;

static enum status      noted_status;
static struct try_place noted;

void try_note(enum status status, unsigned before, struct try_place const *place)
{
	if (before != try_count && status == noted_status)
		return;
	try_count++;
	noted_status = status;
	noted = *place;
}

struct try_place const *try_noted(enum status status)
{
	return try_count && status == noted_status ? &noted : NULL;
}
