/* SPDX-License-Identifier: MIT */
/*
 * Prints the time of day, and that of the device. Then it tries twice each what is missing: that has to fail with ENOSYS, and to be told once.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void show(char const *name, long result)
{
	printf("%s: %s\n", name, result != -1 ? "works" : errno == ENOSYS ? "ENOSYS" : strerror(errno));
}

int main(void)
{
	char    text[64] = "";
	int     fd       = open("/dev/rtc", O_RDONLY);
	ssize_t size     = read(fd, text, sizeof(text) - 1);

	printf("time %lld\n", (long long)time(NULL));
	printf("device %.*s\n", (int)size - 1, text);
	for (int i = 0; i < 2; i++) {
		show("fork", fork());
		show("exec", execl("/bin/sh", "sh", NULL));
		show("alarm", alarm(1) ? 0 : errno == ENOSYS ? -1 : 0);
		show("mmap of a file", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0);
		show("setrlimit", setrlimit(RLIMIT_NOFILE, &(struct rlimit) { 10, 10 }));
		show("link", link("/dev/rtc", "/dev/x"));
		show("socket", socket(AF_INET, SOCK_STREAM, 0));
	}
	raise(SIGTERM);
	printf("not reached\n");
	return 0;
}
