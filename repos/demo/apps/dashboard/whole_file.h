/* SPDX-License-Identifier: MIT */
/* Files that are read and written as a whole, as ROMs and reports are. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Reads it. False: it is not there, or has `room` bytes or more. *size is what was read, in any case. */
bool whole_file_read(char const *path, char *to, size_t room, size_t *size);

/*
 * The same of a file that is replaced now and then, and kept open: *fd, -1 at first, is what to poll for POLLPRI, which tells that there is something new
 * to be read. A file that was not there is not open afterwards.
 */
bool whole_file_follow(char const *path, int *fd, char *to, size_t room, size_t *size);

/* Replaces what is in it. False, with errno: it cannot be written, or not all of it. */
bool whole_file_write(char const *path, char const *text, size_t size);
