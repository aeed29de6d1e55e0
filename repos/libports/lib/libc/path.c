/* SPDX-License-Identifier: MIT */
/*
 * System calls that take a path. The working directory is the program's; access rights are not checked beyond what is writable at all, as a component has
 * one user.
 */
#include "vfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

static struct vfs_node *working;
static unsigned         umask_bits = 022;

/* The directory that relative paths start from: AT_FDCWD or a descriptor. */
static long start_of(long fd, struct vfs_node **node)
{
	struct file *file;

	*node = working ? working : vfs_root;
	if ((int)fd == AT_FDCWD)
		return 0;
	file = fd_acquire((int)fd);
	if (!file)
		return -EBADF;
	*node = vfs_node_of(file);
	file_release(file);
	return *node ? 0 : -ENOTDIR;
}

static long walk(long fd, long path, bool follow, struct vfs_node **node, struct vfs_last *last)
{
	struct vfs_node *from   = vfs_root;
	long             result = *(char const *)path == '/' ? 0 : start_of(fd, &from);

	return result ? result : vfs_walk(from, (char const *)path, follow, node, last);
}

/* The directory in which the path's last element is, or is to be, and that one if it is there. */
static long walk_last(long fd, long path, struct vfs_node **parent, struct vfs_last *last, struct vfs_node **node)
{
	long const result = walk(fd, path, false, parent, last);

	if (result)
		return result;
	if (!last->length || (last->length <= 2 && last->name[0] == '.' && last->name[last->length - 1] == '.'))
		return -EBUSY;
	*node = vfs_child(*parent, last->name, last->length);
	return 0;
}

/* --- Opening --- */

static long create(long fd, long path, int flags, unsigned mode, struct vfs_node **node)
{
	struct vfs_node *parent;
	struct vfs_last  last;
	long             result = walk_last(fd, path, &parent, &last, node);

	if (result)
		return result == -EBUSY ? -EISDIR : result;
	if (*node)
		return flags & O_EXCL ? -EEXIST : walk(fd, path, true, node, NULL);
	if (last.name[last.length])
		return -EISDIR;
	if (!parent->writable)
		return -EROFS;
	*node = vfs_make(parent, VFS_RAM, last.name, last.length);
	if (!*node)
		return -ENOSPC;
	(*node)->permissions = mode & ~umask_bits & 0777;
	return 0;
}

static long open_at(long fd, long path, int flags, unsigned mode)
{
	struct vfs_node *node;
	struct file     *file;
	long             result = flags & O_CREAT ? create(fd, path, flags, mode, &node) : walk(fd, path, !(flags & O_NOFOLLOW), &node, NULL);

	if (!result)
		result = vfs_open(node, flags & ~(O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY), &file);
	return result ? result : fd_install(file, 0, flags);
}

/* a: path, flags, mode */
long call_open(long const a[6])
{
	return open_at(AT_FDCWD, a[0], (int)a[1], (unsigned)a[2]);
}

/* a: directory, path, flags, mode */
long call_openat(long const a[6])
{
	return open_at(a[0], a[1], (int)a[2], (unsigned)a[3]);
}

/* --- What there is --- */

static long stat_at(long fd, long path, bool follow, long stat)
{
	struct vfs_node *node;
	long const       result = walk(fd, path, follow, &node, NULL);

	if (!result)
		vfs_stat(node, (struct stat *)stat);
	return result;
}

long call_stat(long const a[6])
{
	return stat_at(AT_FDCWD, a[0], true, a[1]);
}

long call_lstat(long const a[6])
{
	return stat_at(AT_FDCWD, a[0], false, a[1]);
}

/* a: directory, path, stat, flags */
long call_fstatat(long const a[6])
{
	if (a[3] & AT_EMPTY_PATH && !*(char const *)a[1])
		return call_fstat((long[6]) { a[0], a[2] });
	return stat_at(a[0], a[1], !(a[3] & AT_SYMLINK_NOFOLLOW), a[2]);
}

static long access_at(long fd, long path, long mode)
{
	struct vfs_node *node;
	long const       result = walk(fd, path, true, &node, NULL);

	if (result)
		return result;
	if (mode & W_OK && node->kind != VFS_DEVICE && !node->writable)
		return -EROFS;
	return mode & X_OK && node->kind != VFS_DIRECTORY && !(node->permissions & 0111) ? -EACCES : 0;
}

long call_access(long const a[6])
{
	return access_at(AT_FDCWD, a[0], a[1]);
}

long call_faccessat(long const a[6])
{
	return access_at(a[0], a[1], a[2]);
}

static long read_link(long fd, long path, char *to, size_t size)
{
	struct vfs_node *node;
	long const       result = walk(fd, path, false, &node, NULL);
	size_t           length;

	if (result)
		return result;
	if (node->kind != VFS_LINK)
		return -EINVAL;
	length = MIN(size, node->size);
	memcpy(to, node->content, length);
	return (long)length;
}

long call_readlink(long const a[6])
{
	return read_link(AT_FDCWD, a[0], (char *)a[1], (size_t)a[2]);
}

long call_readlinkat(long const a[6])
{
	return read_link(a[0], a[1], (char *)a[2], (size_t)a[3]);
}

/* Writes one entry, if it fits; its size. */
static size_t put_entry(uint8_t *to, size_t left, struct file_entry const *entry, uint64_t next)
{
	size_t const   name = strlen(entry->name) + 1, size = align_up(offsetof(struct dirent, d_name) + name, 8);
	struct dirent *out  = (struct dirent *)to;

	if (size > left)
		return 0;
	memset(to, 0, size);
	out->d_ino = entry->number;
	out->d_off = (off_t)next;
	out->d_reclen = (unsigned short)size;
	out->d_type = entry->type;
	memcpy(out->d_name, entry->name, name);
	return size;
}

static long list_directory(struct file *file, uint8_t *to, size_t size)
{
	struct file_entry entry;
	size_t            done = 0;

	if (!file->ops->entry)
		return -ENOTDIR;
	while (file->ops->entry(file, file->position, &entry) == 0) {
		size_t const length = put_entry(to + done, size - done, &entry, file->position + 1);

		if (!length)
			return done ? (long)done : -EINVAL;
		done += length;
		file->position++;
	}
	return (long)done;
}

/* a: descriptor, buffer, size */
long call_getdents(long const a[6])
{
	struct file *file = fd_acquire((int)a[0]);
	long         result;

	if (!file)
		return -EBADF;
	result = list_directory(file, (uint8_t *)a[1], (size_t)a[2]);
	file_release(file);
	return result;
}

/* --- Making and removing --- */

static long make_directory(long fd, long path, unsigned mode)
{
	struct vfs_node *parent, *node;
	struct vfs_last  last;
	long             result = walk_last(fd, path, &parent, &last, &node);

	if (result)
		return result == -EBUSY ? -EEXIST : result;
	if (node)
		return -EEXIST;
	if (!parent->writable)
		return -EROFS;
	node = vfs_make(parent, VFS_DIRECTORY, last.name, last.length);
	if (!node)
		return -ENOSPC;
	node->permissions = mode & ~umask_bits & 0777;
	return 0;
}

long call_mkdir(long const a[6])
{
	return make_directory(AT_FDCWD, a[0], (unsigned)a[1]);
}

long call_mkdirat(long const a[6])
{
	return make_directory(a[0], a[1], (unsigned)a[2]);
}

static long check_removable(struct vfs_node const *parent, struct vfs_node const *node, bool directory)
{
	if (directory && node->kind != VFS_DIRECTORY)
		return -ENOTDIR;
	if (!directory && node->kind == VFS_DIRECTORY)
		return -EISDIR;
	if (!parent->writable)
		return -EROFS;
	return list_is_empty(&node->children) ? 0 : -ENOTEMPTY;
}

static long remove_at(long fd, long path, bool directory)
{
	struct vfs_node *parent, *node;
	struct vfs_last  last;
	long             result = walk_last(fd, path, &parent, &last, &node);

	if (!result && !node)
		result = -ENOENT;
	if (!result)
		result = check_removable(parent, node, directory);
	if (!result && node == working)
		result = -EBUSY;
	if (!result)
		vfs_remove(node);
	return result;
}

long call_unlink(long const a[6])
{
	return remove_at(AT_FDCWD, a[0], false);
}

long call_rmdir(long const a[6])
{
	return remove_at(AT_FDCWD, a[0], true);
}

long call_unlinkat(long const a[6])
{
	return remove_at(a[0], a[1], a[2] & AT_REMOVEDIR);
}

static bool is_inside(struct vfs_node const *node, struct vfs_node const *of)
{
	for (; node != node->parent; node = node->parent)
		if (node == of)
			return true;
	return node == of;
}

static long check_target(struct vfs_node const *node, struct vfs_node const *target)
{
	if (!target || target == node)
		return 0;
	if (target->kind == VFS_DIRECTORY)
		return node->kind != VFS_DIRECTORY ? -EISDIR : list_is_empty(&target->children) ? 0 : -ENOTEMPTY;
	return node->kind == VFS_DIRECTORY ? -ENOTDIR : 0;
}

static long rename_at(long from_fd, long from, long to_fd, long to)
{
	struct vfs_node *parent, *node, *new_parent, *target;
	struct vfs_last  last;
	long             result = walk_last(from_fd, from, &parent, &last, &node);

	if (!result && !node)
		result = -ENOENT;
	if (!result)
		result = walk_last(to_fd, to, &new_parent, &last, &target);
	if (!result && (!parent->writable || !new_parent->writable || !node->writable))
		result = -EROFS;
	if (!result && is_inside(new_parent, node))
		result = -EINVAL;
	if (!result)
		result = check_target(node, target);
	if (result || target == node)
		return result;
	return vfs_move(node, new_parent, last.name, last.length, target) ? 0 : -ENOSPC;
}

long call_rename(long const a[6])
{
	return rename_at(AT_FDCWD, a[0], AT_FDCWD, a[1]);
}

/* a: directory, path, directory, path, flags */
long call_renameat(long const a[6])
{
	if (a[4]) {
		libc_missing("renameat2 with flags");
		return -ENOSYS;
	}
	return rename_at(a[0], a[1], a[2], a[3]);
}

/* --- Attributes and size --- */

long call_truncate(long const a[6])
{
	struct vfs_node *node;
	long const       result = walk(AT_FDCWD, a[0], true, &node, NULL);

	return result ? result : a[1] < 0 ? -EINVAL : vfs_resize(node, (uint64_t)a[1]);
}

long call_ftruncate(long const a[6])
{
	struct file *file = fd_acquire((int)a[0]);
	long         result;

	if (!file)
		return -EBADF;
	if (!file->ops->truncate || (file->flags & O_ACCMODE) == O_RDONLY || a[1] < 0)
		result = -EINVAL;
	else
		result = file->ops->truncate(file, (uint64_t)a[1]);
	file_release(file);
	return result;
}

static long change_mode(long fd, long path, unsigned mode)
{
	struct vfs_node *node;
	long const       result = walk(fd, path, true, &node, NULL);

	if (result)
		return result;
	if (!node->writable)
		return -EROFS;
	node->permissions = mode & 07777;
	return 0;
}

long call_chmod(long const a[6])
{
	return change_mode(AT_FDCWD, a[0], (unsigned)a[1]);
}

long call_fchmodat(long const a[6])
{
	return change_mode(a[0], a[1], (unsigned)a[2]);
}

/* a: directory, path (NULL: the descriptor itself), times (access, modification), flags */
long call_utimensat(long const a[6])
{
	struct timespec const *times = (struct timespec const *)a[2];
	struct vfs_node       *node;
	long const             result = a[1] ? walk(a[0], a[1], !(a[3] & AT_SYMLINK_NOFOLLOW), &node, NULL) : start_of(a[0], &node);

	if (result)
		return result;
	if (!node->writable)
		return -EROFS;
	if (!times || times[1].tv_nsec == UTIME_NOW)
		node->changed_s = vfs_now_s();
	else if (times[1].tv_nsec != UTIME_OMIT)
		node->changed_s = times[1].tv_sec;
	return 0;
}

long call_umask(long const a[6])
{
	long const before = (long)umask_bits;

	umask_bits = (unsigned)a[0] & 0777;
	return before;
}

/* --- The working directory --- */

static long set_working(struct vfs_node *node)
{
	if (node->kind != VFS_DIRECTORY)
		return -ENOTDIR;
	working = node;
	return 0;
}

long path_set_working(char const *path)
{
	return call_chdir((long[6]) { (long)path });
}

long call_chdir(long const a[6])
{
	struct vfs_node *node;
	long const       result = walk(AT_FDCWD, a[0], true, &node, NULL);

	return result ? result : set_working(node);
}

long call_fchdir(long const a[6])
{
	struct vfs_node *node;
	long const       result = (int)a[0] < 0 ? -EBADF : start_of(a[0], &node);

	return result ? result : set_working(node);
}

/* a: buffer, size; its length with the terminator */
long call_getcwd(long const a[6])
{
	struct vfs_node const *node = working ? working : vfs_root;
	char                  *path = libc_alloc(VFS_PATH);
	size_t                 at   = VFS_PATH - 1, size;
	long                   result = -ERANGE;

	if (!path)
		return -ENOMEM;
	do {
		size_t const length = strlen(node->name);

		if (length + 1 > at)
			break;
		memcpy(path + at - length, node->name, length);
		at -= length;
		if (node != vfs_root || at == VFS_PATH - 1)
			path[--at] = '/';
		node = node->parent;
	} while (node != vfs_root);
	size = VFS_PATH - at;
	if (size <= (size_t)a[1]) {
		memcpy((char *)a[0], path + at, size);
		result = (long)size;
	}
	libc_free(path);
	return result;
}
