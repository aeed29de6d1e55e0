/* SPDX-License-Identifier: MIT */
/*
 * Descriptors, and what is done with any file by its descriptor. Operations of files never block; the waiting is here.
 */
#include "libc.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FD_FIRST = 16, FD_MAX = 1024, FD_PATH = 256, STATUS_FLAGS = O_APPEND | O_NONBLOCK };

struct descriptor {
	struct file *file;        /* NULL: free */
	bool         on_exec;     /* FD_CLOEXEC, which is kept for who asks */
};

static struct descriptor *table;
static int                table_size;

/* --- Files --- */

void file_init(struct file *file, struct file_ops const *ops, int flags)
{
	*file = (struct file) { .ops = ops, .users = 1, .flags = flags };
}

void file_changed(struct file *file)
{
	task_wake(file, EVERYBODY);
	task_wake(&task_poll_key, EVERYBODY);
}

void file_release(struct file *file)
{
	if (--file->users)
		return;
	if (file->ops->close)
		file->ops->close(file);
}

struct file *fd_acquire(int fd)
{
	struct file *file = fd >= 0 && fd < table_size ? table[fd].file : NULL;

	if (file)
		file->users++;
	return file;
}

/* --- The table --- */

static bool grow_table(int needed)
{
	int                size = MAX(table_size * 2, (int)FD_FIRST);
	struct descriptor *larger;

	if (needed > FD_MAX)
		return false;
	while (size < needed)
		size *= 2;
	larger = libc_alloc((size_t)size * sizeof(*larger));
	if (!larger)
		return false;
	memcpy(larger, table, (size_t)table_size * sizeof(*larger));
	libc_free(table);
	table = larger;
	table_size = size;
	return true;
}

long fd_install(struct file *file, int lowest, int flags)
{
	int fd = lowest;

	while (fd < table_size && table[fd].file)
		fd++;
	if (fd >= table_size && !grow_table(fd + 1)) {
		file_release(file);
		return -EMFILE;
	}
	table[fd] = (struct descriptor) { .file = file, .on_exec = flags & O_CLOEXEC };
	return fd;
}

long call_close(long const a[6])
{
	struct file *file = fd_acquire((int)a[0]);

	if (!file)
		return -EBADF;
	table[a[0]].file = NULL;
	file_release(file);
	file_release(file);
	return 0;
}

/* a: descriptor, lowest new one */
static long duplicate(long fd, long lowest, int flags)
{
	struct file *file = fd_acquire((int)fd);

	return file ? fd_install(file, (int)lowest, flags) : -EBADF;
}

long call_dup(long const a[6])
{
	return duplicate(a[0], 0, 0);
}

/* a: descriptor, the new one, flags; also dup3 */
long call_dup2(long const a[6])
{
	if (a[1] < 0 || a[1] >= FD_MAX || !fd_acquire((int)a[0]))
		return -EBADF;
	table[a[0]].file->users--;
	if (a[0] == a[1])
		return a[1];
	if (a[1] < table_size && table[a[1]].file)
		call_close((long[6]) { a[1] });
	return duplicate(a[0], a[1], (int)a[2]);
}

/* --- Reading and writing --- */

typedef long transfer(struct file *file, void *data, size_t size, uint64_t offset);

static long read_once(struct file *file, void *data, size_t size, uint64_t offset)
{
	return file->ops->read(file, data, size, offset);
}

static long write_once(struct file *file, void *data, size_t size, uint64_t offset)
{
	return file->ops->write(file, data, size, offset);
}

long file_wait(struct file *file, uint64_t deadline_ns)
{
	long const result = file->flags & O_NONBLOCK ? -EAGAIN : task_wait(file, deadline_ns);

	return result == -ETIMEDOUT ? -EAGAIN : result;
}

/* Once it is possible. */
static long wait_and(transfer *once, struct file *file, struct iovec piece, uint64_t offset)
{
	long result, waited = 0;

	while ((result = once(file, piece.iov_base, piece.iov_len, offset)) == -EAGAIN) {
		waited = file_wait(file, 0);
		if (waited)
			return waited;
	}
	return result;
}

/* Into or from one piece after the other; a write that may block goes on until all is done. */
static long transfer_pieces(transfer *once, struct file *file, struct iovec const *pieces, long count, uint64_t offset)
{
	long done = 0, result = 0;

	for (long i = 0; i < count; i++) {
		struct iovec left = pieces[i];

		while (left.iov_len) {
			result = wait_and(once, file, left, offset + (uint64_t)done);
			if (result <= 0)
				return done ? done : result;
			done += result;
			left.iov_base = (char *)left.iov_base + result;
			left.iov_len -= (size_t)result;
			if (once == read_once && left.iov_len)
				return done;
		}

		/* What is more could only be waited for. */
		if (once == read_once && !file->ops->seekable && i + 1 < count)
			return done;
	}
	return done;
}

static long check_access(struct file *file, bool writing)
{
	int const mode = file->flags & O_ACCMODE;

	if (file->flags & O_PATH || mode == (writing ? O_RDONLY : O_WRONLY))
		return -EBADF;
	if (file->ops->socket || (writing ? file->ops->write != NULL : file->ops->read != NULL))
		return 0;
	return S_ISDIR(file_mode(file)) ? -EISDIR : -EINVAL;
}

/* offset: NULL is the file's own position, which then moves */
static long transfer_at(long fd, struct iovec const *pieces, long count, bool writing, uint64_t const *offset)
{
	struct file *file = fd_acquire((int)fd);
	long         result;
	uint64_t     from;

	if (!file)
		return -EBADF;
	result = check_access(file, writing);
	if (offset && !file->ops->seekable)
		result = -ESPIPE;
	if (!result && file->ops->socket) {
		result = socket_transfer(file, pieces, count, !writing);
	} else if (!result) {
		if (writing && file->flags & O_APPEND && file->ops->seekable && !offset)
			file->position = file_size(file);
		from = offset ? *offset : file->ops->seekable ? file->position : 0;
		result = transfer_pieces(writing ? write_once : read_once, file, pieces, count, from);
		if (result > 0 && !offset && file->ops->seekable)
			file->position = from + (uint64_t)result;
	}
	if (result == -EPIPE)
		signal_raise(SIGPIPE);
	file_release(file);
	return result;
}

long call_read(long const a[6])
{
	return transfer_at(a[0], &(struct iovec) { (void *)a[1], (size_t)a[2] }, 1, false, NULL);
}

long call_write(long const a[6])
{
	return transfer_at(a[0], &(struct iovec) { (void *)a[1], (size_t)a[2] }, 1, true, NULL);
}

long call_readv(long const a[6])
{
	return transfer_at(a[0], (struct iovec const *)a[1], a[2], false, NULL);
}

long call_writev(long const a[6])
{
	return transfer_at(a[0], (struct iovec const *)a[1], a[2], true, NULL);
}

static long transfer_by_offset(long const a[6], bool writing)
{
	uint64_t const offset = (uint64_t)a[3];

	if (a[3] < 0)
		return -EINVAL;
	return transfer_at(a[0], &(struct iovec) { (void *)a[1], (size_t)a[2] }, 1, writing, &offset);
}

long call_pread(long const a[6])
{
	return transfer_by_offset(a, false);
}

long call_pwrite(long const a[6])
{
	return transfer_by_offset(a, true);
}

/* --- What a file is --- */

static void describe(struct file *file, struct stat *stat)
{
	*stat = (struct stat) { .st_mode = S_IFCHR | 0666, .st_nlink = 1, .st_blksize = PAGE_SIZE };
	if (file->ops->stat)
		file->ops->stat(file, stat);
}

unsigned file_mode(struct file *file)
{
	struct stat stat;

	describe(file, &stat);
	return stat.st_mode;
}

uint64_t file_size(struct file *file)
{
	struct stat stat;

	describe(file, &stat);
	return (uint64_t)stat.st_size;
}

long call_fstat(long const a[6])
{
	struct file *file = fd_acquire((int)a[0]);

	if (!file)
		return -EBADF;
	describe(file, (struct stat *)a[1]);
	file_release(file);
	return 0;
}

static long seek(struct file *file, long offset, long whence)
{
	uint64_t base = 0, target;

	if (!file->ops->seekable)
		return -ESPIPE;
	if (whence == SEEK_CUR)
		base = file->position;
	else if (whence == SEEK_END)
		base = file_size(file);
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, offset, &target) || target > INT64_MAX)
		return -EINVAL;
	file->position = target;
	return (long)target;
}

long call_lseek(long const a[6])
{
	struct file *file = fd_acquire((int)a[0]);
	long         result;

	if (!file)
		return -EBADF;
	result = seek(file, a[1], a[2]);
	file_release(file);
	return result;
}

/* --- Control --- */

long call_ioctl(long const a[6])
{
	struct file *file = fd_acquire((int)a[0]);
	long         result = 0;

	if (!file)
		return -EBADF;
	if (a[1] == FIONBIO)
		file->flags = *(int *)a[2] ? file->flags | O_NONBLOCK : file->flags & ~O_NONBLOCK;
	else
		result = file->ops->ioctl ? file->ops->ioctl(file, (unsigned long)a[1], (void *)a[2]) : -ENOTTY;
	file_release(file);
	return result;
}

static long control(struct file *file, int fd, long command, long argument)
{
	switch (command) {
	case F_GETFD:
		return table[fd].on_exec ? FD_CLOEXEC : 0;
	case F_SETFD:
		table[fd].on_exec = argument & FD_CLOEXEC;
		return 0;
	case F_GETFL:
		return file->flags;
	case F_SETFL:
		file->flags = (file->flags & ~STATUS_FLAGS) | (int)(argument & STATUS_FLAGS);
		return 0;
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (argument < 0 || argument >= FD_MAX)
			return -EINVAL;
		return duplicate(fd, argument, command == F_DUPFD_CLOEXEC ? O_CLOEXEC : 0);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		libc_missing("locking of files (fcntl)");
		return -ENOSYS;
	}
	return -EINVAL;
}

long call_fcntl(long const a[6])
{
	struct file *file = fd_acquire((int)a[0]);
	long         result;

	if (!file)
		return -EBADF;
	result = control(file, (int)a[0], a[1], a[2]);
	file_release(file);
	return result;
}

/* --- At the start --- */

/* Where there is no such file, and none was asked for: reads end at once, writes go nowhere. */
static struct file nothing = { .ops = &file_null_ops, .users = 1, .flags = O_RDWR };

/* Descriptor `fd` is the file that the attribute of <libc> names. */
static enum status open_standard(int fd, struct node libc, char const *attribute, char const *otherwise)
{
	static int const flags[] = { O_RDONLY, O_WRONLY, O_WRONLY };
	char             path[FD_PATH], file[NODE_FILE_SIZE];
	long             result;

	TRY(node_string(libc, attribute, otherwise, path, sizeof(path)));
	result = call_open((long[6]) { (long)path, flags[fd] });
	if (result < 0 && !node_has_attribute(libc, attribute)) {
		nothing.users++;
		result = fd_install(&nothing, fd, 0);
	}
	if (result == fd)
		return STATUS_OK;
	log_error("%s:%u: cannot open %s=\"%s\": error %ld", node_file(libc, file), node_line(libc), attribute, path, -result);
	return STATUS_NOT_FOUND;
}

enum status fd_start(struct node libc)
{
	TRY(open_standard(0, libc, "stdin", "/dev/null"));
	TRY(open_standard(1, libc, "stdout", "/dev/log"));
	return open_standard(2, libc, "stderr", "/dev/log");
}
