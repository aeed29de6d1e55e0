/* SPDX-License-Identifier: MIT */
/* <unistd.h>, <fcntl.h>, <sys/stat.h>, <dirent.h>: files and directories */
#define _GNU_SOURCE
#include "checks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* 0, or the error's number, which is the same for all. */
static int error_of(long result)
{
	return result < 0 ? errno : 0;
}

static void check_descriptors(void)
{
	struct iovec pieces[2] = { { (char[]) { "scatter" }, 7 }, { (char[]) { "gather" }, 6 } };
	char         buffer[32] = "";
	struct stat  stat;
	int          fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0640), other;

	SHOW("%d", fd >= 0);
	SHOW("%zd", write(fd, "0123456789", 10));
	SHOW("%lld", (long long)lseek(fd, 4, SEEK_SET));
	SHOW("%zd", read(fd, buffer, 3));
	SHOW("%s", buffer);
	SHOW("%zd", pread(fd, buffer, 4, 6));
	SHOW("%.4s", buffer);
	SHOW("%zd", pwrite(fd, "AB", 2, 1));
	SHOW("%lld", (long long)lseek(fd, 0, SEEK_CUR));
	SHOW("%lld", (long long)lseek(fd, 5, SEEK_END));
	SHOW("%zd", writev(fd, pieces, 2));
	SHOW("%d", fstat(fd, &stat));
	SHOW("%lld", (long long)stat.st_size);
	SHOW("%o", stat.st_mode);
	SHOW("%zd", pread(fd, buffer, 30, 0));
	SHOW("%d", memcmp(buffer, "0AB3456789\0\0\0\0\0scattergather", 28));
	SHOW("%d", ftruncate(fd, 5));
	SHOW("%lld", (long long)lseek(fd, 0, SEEK_END));
	SHOW("%d", ftruncate(fd, 8));
	SHOW("%zd", pread(fd, buffer, 30, 0));
	SHOW("%d", memcmp(buffer, "0AB34\0\0\0", 8));
	other = dup(fd);
	SHOW("%d", other > fd);
	SHOW("%lld", (long long)lseek(other, 2, SEEK_SET));
	SHOW("%lld", (long long)lseek(fd, 0, SEEK_CUR));
	SHOW("%d", dup2(fd, 77));
	SHOW("%d", close(77));
	SHOW("%d", error_of(close(77)) == EBADF);
	SHOW("%d", fcntl(fd, F_GETFL) & O_ACCMODE);
	SHOW("%d", fcntl(fd, F_DUPFD, 50));
	SHOW("%d", close(50));
	SHOW("%d", close(other) + close(fd));
	SHOW("%d", error_of(read(fd, buffer, 1)) == EBADF);
	SHOW("%d", error_of(open("file", O_RDWR | O_CREAT | O_EXCL, 0600)) == EEXIST);
	SHOW("%d", error_of(open("missing", O_RDONLY)) == ENOENT);
	SHOW("%d", error_of(open("file/below", O_RDONLY)) == ENOTDIR);
	fd = open("file", O_WRONLY | O_APPEND);
	SHOW("%zd", write(fd, "!", 1));
	SHOW("%d", error_of(read(fd, buffer, 1)) == EBADF);
	SHOW("%lld", (long long)lseek(fd, 0, SEEK_CUR));
	SHOW("%d", close(fd));
	fd = open("file", O_RDONLY | O_TRUNC | O_CREAT);
	close(fd);
	fd = open("file", O_RDWR | O_TRUNC);
	SHOW("%lld", (long long)lseek(fd, 0, SEEK_END));
	close(fd);
}

static int compare_names(struct dirent const **a, struct dirent const **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void check_directories(char const *directory)
{
	struct dirent **names;
	struct stat     stat_of;
	char            path[512];
	int             count, fd;

	SHOW("%d", mkdir("dir", 0755));
	SHOW("%d", error_of(mkdir("dir", 0755)) == EEXIST);
	SHOW("%d", mkdir("dir/inner", 0700));
	SHOW("%d", stat("dir/inner", &stat_of));
	SHOW("%d", S_ISDIR(stat_of.st_mode));
	close(open("dir/b", O_CREAT | O_WRONLY, 0600));
	close(open("dir/a", O_CREAT | O_WRONLY, 0600));
	count = scandir("dir", &names, NULL, compare_names);
	SHOW("%d", count);
	for (int i = 0; i < count; i++)
		SHOW("%s", names[i]->d_name);
	SHOW("%d", rename("dir/a", "dir/c"));
	SHOW("%d", error_of(access("dir/a", F_OK)) == ENOENT);
	SHOW("%d", access("dir/c", R_OK | W_OK));
	SHOW("%d", rename("dir/c", "dir/b"));
	SHOW("%d", error_of(rename("dir", "dir/inner/x")) == EINVAL);
	SHOW("%d", error_of(rmdir("dir")) == ENOTEMPTY);
	SHOW("%d", error_of(rmdir("dir/b")) == ENOTDIR);
	SHOW("%d", error_of(unlink("dir/inner")) == EISDIR);
	SHOW("%d", chdir("dir/inner"));
	SHOW("%s", getcwd(path, sizeof(path)) + strlen(directory));
	SHOW("%d", access("../b", F_OK));
	SHOW("%d", access("../../dir/./inner/..//b", F_OK));
	SHOW("%d", chdir(directory));
	fd = open("dir", O_RDONLY | O_DIRECTORY);
	SHOW("%d", faccessat(fd, "b", F_OK, 0));
	SHOW("%d", unlinkat(fd, "b", 0));
	SHOW("%d", unlinkat(fd, "inner", AT_REMOVEDIR));
	SHOW("%d", error_of(openat(fd, "b", O_RDONLY)) == ENOENT);
	SHOW("%d", close(fd));
	SHOW("%d", rmdir("dir"));
	SHOW("%d", error_of(open(".", O_WRONLY)) == EISDIR);
	SHOW("%d", chmod("file", 0600));
	SHOW("%d", stat("file", &stat_of));
	SHOW("%o", stat_of.st_mode);
	SHOW("%d", truncate("file", 1000));
	SHOW("%d", utimensat(AT_FDCWD, "file", (struct timespec[2]) { { .tv_sec = 1000 }, { .tv_sec = 2000 } }, 0));
	SHOW("%d", stat("file", &stat_of));
	SHOW("%lld %lld", (long long)stat_of.st_size, (long long)stat_of.st_mtime);
}

/* A file that was removed is there as long as somebody has it open. */
static void check_removed(void)
{
	char buffer[8] = "";
	int  fd = open("file", O_RDWR | O_TRUNC);

	SHOW("%zd", write(fd, "still", 5));
	SHOW("%d", unlink("file"));
	SHOW("%d", error_of(access("file", F_OK)) == ENOENT);
	SHOW("%zd", pread(fd, buffer, 8, 0));
	SHOW("%s", buffer);
	SHOW("%d", close(fd));
}

static void check_devices(void)
{
	char buffer[8] = "xxxxxxx";
	int  fd = open("/dev/null", O_RDWR);

	SHOW("%zd", write(fd, "gone", 4));
	SHOW("%zd", read(fd, buffer, 4));
	SHOW("%d", isatty(fd));
	SHOW("%d", close(fd));
	fd = open("/dev/zero", O_RDONLY);
	SHOW("%zd", read(fd, buffer, 7));
	SHOW("%d", buffer[0] + buffer[6]);
	SHOW("%d", error_of(write(fd, "x", 1)) == EBADF);
	SHOW("%d", close(fd));
}

static int volatile caught;

static void catch(int signal)
{
	caught = signal;
}

static void check_signals(void)
{
	SHOW("%d", signal(SIGUSR1, catch) == SIG_DFL);
	SHOW("%d", raise(SIGUSR1));
	SHOW("%d", caught == SIGUSR1);
	SHOW("%d", signal(SIGUSR1, SIG_IGN) == catch);
	SHOW("%d", kill(getpid(), SIGUSR1));
	SHOW("%d", error_of(kill(99999999, 0)) == ESRCH);
}

void check_files(char const *directory)
{
	SHOW("%d", chdir(directory));
	check_descriptors();
	check_directories(directory);
	check_removed();
	check_devices();
	check_signals();
}
