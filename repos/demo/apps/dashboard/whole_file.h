/* SPDX-License-Identifier: MIT */
/* Files that are read and written as a whole, as ROMs and reports are. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Reads it. False: it is not there, or has `room` bytes or more. *size is what was read, in any case. */
bool whole_file_read(char const *path, char *to, size_t room, size_t *size);

/* Replaces what is in it. False, with errno: it cannot be written, or not all of it. */
bool whole_file_write(char const *path, char const *text, size_t size);
