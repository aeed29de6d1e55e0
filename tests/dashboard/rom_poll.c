/* SPDX-License-Identifier: MIT */
/*
 * poll for the host (the linker puts it there: --wrap=poll), which tells of files what the VFS of lib/libc tells of ROMs: POLLPRI when another file
 * is in the place of the one that is open, or when it has been written to.
 */
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DESCRIPTORS = 256, SLICE_MS = 20 };

int __real_poll(struct pollfd *entries, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *entries, nfds_t count, int timeout_ms);

/* What is at the path by which it was opened now differs from what was there when this was asked last. */
static bool has_news(int fd)
{
	static struct stat seen[DESCRIPTORS];
	static char const  gone[] = " (deleted)";
	char               link[64], path[PATH_MAX];
	struct stat        now;
	ssize_t            length;
	bool               is_new;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (fd >= DESCRIPTORS || length < 0)
		return false;
	path[length] = '\0';
	if ((size_t)length > strlen(gone) && strcmp(path + length - strlen(gone), gone) == 0)
		path[length - (ssize_t)strlen(gone)] = '\0';
	if (stat(path, &now))
		return false;
	is_new = now.st_ino != seen[fd].st_ino || now.st_size != seen[fd].st_size || now.st_mtim.tv_sec != seen[fd].st_mtim.tv_sec ||
	         now.st_mtim.tv_nsec != seen[fd].st_mtim.tv_nsec;
	seen[fd] = now;
	return is_new;
}

int __wrap_poll(struct pollfd *entries, nfds_t count, int timeout_ms)
{
	for (;;) {
		int const slice = timeout_ms < 0 || timeout_ms > SLICE_MS ? SLICE_MS : timeout_ms;
		int       found = __real_poll(entries, count, slice);

		for (nfds_t i = 0; i < count; i++) {
			if (entries[i].fd < 0 || !(entries[i].events & POLLPRI) || !has_news(entries[i].fd))
				continue;
			found += !entries[i].revents;
			entries[i].revents |= POLLPRI | POLLERR;
		}
		if (found || timeout_ms == slice)
			return found;
		timeout_ms -= timeout_ms < 0 ? 0 : slice;
	}
}
