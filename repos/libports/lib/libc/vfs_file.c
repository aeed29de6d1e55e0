/* SPDX-License-Identifier: MIT */
/*
 * Open files of the VFS: each has its node, and those of devices pass everything on to the one that the device is.
 */
#include "vfs_backing.h"

#include <dirent.h>
#include <fcntl.h>

struct vfs_file {
	struct file      file;
	struct vfs_node *node;
};

static struct vfs_node *node_of(struct file *file)
{
	return container_of(file, struct vfs_file, file)->node;
}

/* --- Content --- */

/* Whoever is about to read it from its beginning has the newest; others who have it open go on with what it was. */
static long read_node(struct file *file, void *to, size_t size, uint64_t offset)
{
	struct vfs_node *node = node_of(file);
	size_t           piece;

	if (!offset && node->refresh && node->users == 1)
		node->refresh(node);
	piece = offset < node->size ? MIN(size, node->size - offset) : 0;
	memcpy(to, node->content + offset, piece);
	return (long)piece;
}

/*
 * Newer content is told as Linux does it for the attributes in sysfs: POLLPRI and POLLERR, until the file is opened again or read from its beginning. While
 * somebody else has the file open it stays what it is, so there is nothing to be told.
 */
static short poll_node(struct file *file)
{
	struct vfs_node const *node = node_of(file);

	return (short)(POLLIN | POLLOUT | (node->backing && node->backing->is_newer && node->users == 1 ? POLLPRI | POLLERR : 0));
}

/* Room for `size` bytes, in ever larger steps. */
static long reserve(struct vfs_node *node, uint64_t size)
{
	uint64_t const capacity = MAX(size, node->capacity * 2);
	uint8_t       *larger;

	if (size <= node->capacity)
		return 0;
	larger = libc_alloc(capacity);
	if (!larger)
		return -ENOSPC;
	memcpy(larger, node->content, node->size);
	libc_free((void *)node->content);
	node->content = larger;
	node->capacity = capacity;
	return 0;
}

long vfs_resize(struct vfs_node *node, uint64_t size)
{
	long result;

	if (node->kind != VFS_RAM || !node->writable)
		return node->kind == VFS_DIRECTORY ? -EISDIR : -EROFS;
	if (node->backing && node->backing->limit && size > node->backing->limit)
		return -ENOSPC;
	result = reserve(node, size);
	if (result)
		return result;
	if (size < node->size)
		memset((uint8_t *)node->content + size, 0, node->size - size);
	node->size = size;
	node->changed_s = vfs_now_s();
	return 0;
}

static long write_node(struct file *file, void const *from, size_t size, uint64_t offset)
{
	struct vfs_node *node = node_of(file);
	uint64_t         end;
	long             result;

	if (__builtin_add_overflow(offset, size, &end) || end > INT64_MAX)
		return -EFBIG;
	if (end > node->size) {
		result = vfs_resize(node, end);
		if (result)
			return result;
	}
	memcpy((uint8_t *)node->content + offset, from, size);
	node->changed_s = vfs_now_s();
	return (long)size;
}

static long truncate_node(struct file *file, uint64_t size)
{
	return vfs_resize(node_of(file), size);
}

/* --- What it is --- */

void vfs_stat(struct vfs_node const *node, struct stat *stat)
{
	static unsigned const types[] = {
		[VFS_DIRECTORY] = S_IFDIR, [VFS_CONSTANT] = S_IFREG, [VFS_RAM] = S_IFREG, [VFS_DEVICE] = S_IFCHR, [VFS_LINK] = S_IFLNK,
	};

	*stat = (struct stat) {
		.st_ino = node->number, .st_mode = types[node->kind] | node->permissions, .st_nlink = node->removed ? 0 : 1,
		.st_size = (off_t)node->size, .st_blksize = PAGE_SIZE, .st_blocks = (blkcnt_t)((node->size + 511) / 512),
		.st_mtim.tv_sec = node->changed_s, .st_ctim.tv_sec = node->changed_s, .st_atim.tv_sec = node->changed_s,
	};
}

static long stat_node(struct file *file, struct stat *stat)
{
	vfs_stat(node_of(file), stat);
	return 0;
}

/* Numbers 0 and 1 are . and .. */
static long entry_of(struct file *file, uint64_t index, struct file_entry *entry)
{
	static unsigned char const types[] = {
		[VFS_DIRECTORY] = DT_DIR, [VFS_CONSTANT] = DT_REG, [VFS_RAM] = DT_REG, [VFS_DEVICE] = DT_CHR, [VFS_LINK] = DT_LNK,
	};
	struct vfs_node *node = node_of(file);
	uint64_t         at   = 2;

	if (index < 2) {
		*entry = (struct file_entry) { index ? ".." : ".", index ? node->parent->number : node->number, DT_DIR };
		return 0;
	}
	list_for_each (child, &node->children, struct vfs_node, of_parent) {
		if (at++ < index)
			continue;
		*entry = (struct file_entry) { child->name, child->number, types[child->kind] };
		return 0;
	}
	return -ENOENT;
}

static void close_node(struct file *file)
{
	struct vfs_file *open = container_of(file, struct vfs_file, file);
	struct vfs_node *node = open->node;

	if (node->backing && node->backing->written && (file->flags & O_ACCMODE) != O_RDONLY)
		node->backing->written(node);
	vfs_put(node);
	libc_free(open);
}

/* --- Devices --- */

static struct file *device_of(struct file *file)
{
	return node_of(file)->device;
}

static long read_device(struct file *file, void *to, size_t size, uint64_t offset)
{
	struct file *device = device_of(file);

	return device->ops->read ? device->ops->read(device, to, size, offset) : -EINVAL;
}

static long write_device(struct file *file, void const *from, size_t size, uint64_t offset)
{
	struct file *device = device_of(file);

	return device->ops->write ? device->ops->write(device, from, size, offset) : -EINVAL;
}

static long control_device(struct file *file, unsigned long request, void *argument)
{
	struct file *device = device_of(file);

	return device->ops->ioctl ? device->ops->ioctl(device, request, argument) : -ENOTTY;
}

static struct file_ops const constant_ops = {
	.seekable = true, .read = read_node, .poll = poll_node, .stat = stat_node, .close = close_node,
};
static struct file_ops const ram_ops = {
	.seekable = true, .read = read_node, .write = write_node, .stat = stat_node, .truncate = truncate_node, .close = close_node,
};
static struct file_ops const directory_ops = {
	.seekable = true, .stat = stat_node, .entry = entry_of, .close = close_node,
};
static struct file_ops const device_ops = {
	.read = read_device, .write = write_device, .ioctl = control_device, .stat = stat_node, .close = close_node,
};

struct vfs_node *vfs_node_of(struct file *file)
{
	return file->ops->close == close_node ? node_of(file) : NULL;
}

long vfs_open(struct vfs_node *node, int flags, struct file **file)
{
	static struct file_ops const *const ops[] = {
		[VFS_DIRECTORY] = &directory_ops, [VFS_CONSTANT] = &constant_ops, [VFS_RAM] = &ram_ops, [VFS_DEVICE] = &device_ops,
	};
	struct vfs_file *open;

	if (node->kind == VFS_LINK)
		return -ELOOP;
	if (node->refresh && !node->users)
		node->refresh(node);
	if (node->kind == VFS_DIRECTORY && (flags & O_ACCMODE) != O_RDONLY)
		return -EISDIR;
	if (node->kind != VFS_DIRECTORY && flags & O_DIRECTORY)
		return -ENOTDIR;
	if (node->kind != VFS_DEVICE && !node->writable && (flags & O_ACCMODE) != O_RDONLY)
		return -EROFS;
	if (flags & O_TRUNC && node->kind == VFS_RAM && (flags & O_ACCMODE) != O_RDONLY) {
		long const result = vfs_resize(node, 0);

		if (result)
			return result;
	}
	open = libc_alloc(sizeof(*open));
	if (!open)
		return -ENOMEM;
	node->users++;
	open->node = node;
	file_init(&open->file, ops[node->kind], flags);
	*file = &open->file;
	return 0;
}
