/* SPDX-License-Identifier: MIT */
/* Prints what a ROM says, as often as poll tells that it has something new to say, and what poll says in between. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

enum { SOON_MS = 20000, NEVER_MS = 4500 };

static int look(int fd, int timeout_ms)
{
	struct pollfd entry = { .fd = fd, .events = POLLPRI };

	return poll(&entry, 1, timeout_ms) < 0 ? -1 : entry.revents;
}

static void show(char const *what, int fd)
{
	char          text[256] = "";
	ssize_t const size      = read(fd, text, sizeof(text) - 1);
	char const   *element   = strrchr(text, '<');

	/* Before the element stands where it comes from. */
	printf("%s: %s\n", what, size < 0 ? "an error" : element ? element : "the end");
}

static void show_told(char const *what, int told)
{
	printf("%s: %s\n", what, told == (POLLPRI | POLLERR) ? "told" : told ? "something else" : "nothing");
}

int main(void)
{
	int    fd = open("/news", O_RDONLY), other;
	fd_set set;

	show("at first", fd);
	show_told("what was read is not told", look(fd, 0));
	show_told("the second", look(fd, SOON_MS));
	show_told("until it is read", look(fd, 0));
	show("not from where the first ended", fd);
	lseek(fd, 0, SEEK_SET);
	show("from the beginning", fd);
	show_told("then it is known", look(fd, 0));

	FD_ZERO(&set);
	FD_SET(fd, &set);
	printf("the third, by select: %d\n", select(fd + 1, NULL, NULL, &set, NULL));
	close(fd);
	fd = open("/news", O_RDONLY);
	show("opened again", fd);

	other = open("/news", O_RDONLY);
	show_told("while another one has it open", look(fd, NEVER_MS));
	show("which stays with what it was", other);
	close(other);
	show_told("and then", look(fd, 0));
	lseek(fd, 0, SEEK_SET);
	show("the fourth", fd);
	return 0;
}
