/* SPDX-License-Identifier: MIT */
#include "whole_file.h"

#include <fcntl.h>
#include <unistd.h>

static bool read_all(int fd, char *to, size_t room, size_t *size)
{
	ssize_t got = -1;

	*size = 0;
	while (fd >= 0 && *size < room && (got = read(fd, to + *size, room - *size)) > 0)
		*size += (size_t)got;
	return got == 0 && *size < room;
}

bool whole_file_read(char const *path, char *to, size_t room, size_t *size)
{
	int const  fd   = open(path, O_RDONLY | O_CLOEXEC);
	bool const done = read_all(fd, to, room, size);

	if (fd >= 0)
		close(fd);
	return done;
}

bool whole_file_follow(char const *path, int *fd, char *to, size_t room, size_t *size)
{
	/* Opened anew, for a file in whose place another one was put is no longer the one of that name. */
	if (*fd >= 0)
		close(*fd);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return read_all(*fd, to, room, size);
}

bool whole_file_write(char const *path, char const *text, size_t size)
{
	int const fd   = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool      done = fd >= 0;

	while (done && size) {
		ssize_t const count = write(fd, text, size);

		done = count > 0;
		text += done ? count : 0;
		size -= done ? (size_t)count : 0;
	}
	if (fd >= 0 && close(fd))
		done = false;
	return done;
}
