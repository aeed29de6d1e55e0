/* SPDX-License-Identifier: MIT */
/*
 * Tar archives (POSIX.1-2017, pax, "ustar Interchange Format"; GNU's long names): their files become nodes whose content is the archive itself. Sparse
 * files and devices are left out, with a warning; hard links become links.
 */
#include "vfs.h"

enum { BLOCK = 512, LONG_NAME = 4096 };

struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2], user[32], group[32],
		major[8], minor[8], prefix[155], padding[12];
};

static_assert(sizeof(struct tar_header) == BLOCK, "POSIX");

struct tar {
	struct vfs_node *root;
	char             long_name[LONG_NAME];    /* for the next file; empty: none */
};

/* A number in octal digits that ends at a blank, a zero byte or the end of the field. */
static uint64_t octal(char const *field, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++) {
		if (field[i] == ' ' && !value)
			continue;
		if (field[i] < '0' || field[i] > '7')
			break;
		value = value * 8 + (uint64_t)(field[i] - '0');
	}
	return value;
}

/* The sum of its bytes, with blanks for the field that holds it. */
static bool is_header(struct tar_header const *header)
{
	uint8_t const *bytes = (uint8_t const *)header;
	uint64_t       sum   = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= offsetof(struct tar_header, checksum) && i < offsetof(struct tar_header, type) ? ' ' : bytes[i];
	return sum == octal(header->checksum, sizeof(header->checksum));
}

/* The directory at `path`, made as far as it is not there. `*last`: what is behind its last slash. */
static struct vfs_node *make_way(struct vfs_node *at, char const *path, char const **last)
{
	for (;;) {
		char const      *slash = string_find(path, '/');
		size_t const     length = slash ? (size_t)(slash - path) : 0;
		struct vfs_node *next;

		*last = path;
		if (!slash)
			return at;
		path = slash + 1;
		if (!length || (length == 1 && slash[-1] == '.'))
			continue;
		if (length > VFS_NAME || (length == 2 && slash[-1] == '.' && slash[-2] == '.'))
			return NULL;
		next = vfs_child(at, slash - length, length);
		if (!next)
			next = vfs_make(at, VFS_DIRECTORY, slash - length, length);
		if (!next || next->kind != VFS_DIRECTORY)
			return NULL;
		at = next;
	}
}

static enum status add_node(struct tar *tar, struct tar_header const *header, char const *path, uint64_t size)
{
	enum vfs_kind const kind   = header->type == '1' || header->type == '2' ? VFS_LINK : VFS_CONSTANT;
	char const         *last;
	struct vfs_node    *parent = make_way(tar->root, path, &last), *node;

	if (!parent || strlen(last) > VFS_NAME)
		return STATUS_INVALID;
	if (!*last || string_equal(last, "."))
		return STATUS_OK;
	node = vfs_child(parent, last, strlen(last));
	if (node && (node->kind == VFS_DIRECTORY || header->type == '5'))
		return STATUS_OK;
	if (node)
		vfs_remove(node);
	node = vfs_make(parent, header->type == '5' ? VFS_DIRECTORY : kind, last, strlen(last));
	if (!node)
		return STATUS_OUT_OF_RAM;
	node->writable = node->kind == VFS_DIRECTORY && parent->writable;
	node->permissions = (unsigned)octal(header->mode, sizeof(header->mode)) & 07777;
	node->changed_s = (int64_t)octal(header->mtime, sizeof(header->mtime));
	if (node->kind == VFS_CONSTANT) {
		node->content = (uint8_t const *)(header + 1);
		node->size = size;
		return STATUS_OK;
	}
	if (node->kind != VFS_LINK)
		return STATUS_OK;

	/* A hard link's target is a path in the archive; a copy, as it need not end with a zero byte. */
	char *target = libc_alloc(sizeof(header->link) + 2);

	if (!target)
		return STATUS_OUT_OF_RAM;
	target[0] = '/';
	memcpy(target + (header->type == '1'), header->link, sizeof(header->link));
	node->content = (uint8_t *)target;
	node->size = strlen(target);
	return STATUS_OK;
}

/* Prefix, slash and name, or the long name that came before. */
static enum status path_of(struct tar *tar, struct tar_header const *header, char *path, size_t size)
{
	size_t const prefix = string_equal_slice(header->magic, 5, "ustar") && header->magic[5] == 0 ? string_length_max(header->prefix, sizeof(header->prefix)) : 0;

	if (*tar->long_name) {
		enum status const status = string_copy(path, size, tar->long_name);

		tar->long_name[0] = 0;
		return status;
	}
	TRY(string_copy_slice(path, size, header->prefix, prefix));
	if (prefix)
		TRY(string_append(path, size, "/"));

	size_t const used = strlen(path);

	return string_copy_slice(path + used, size - used, header->name, string_length_max(header->name, sizeof(header->name)));
}

static enum status add_entry(struct tar *tar, struct tar_header const *header, uint64_t size)
{
	char path[VFS_NAME * 2];

	if (header->type == 'L')
		return string_copy_slice(tar->long_name, sizeof(tar->long_name), (char const *)(header + 1),
		                         string_length_max((char const *)(header + 1), size));
	if (header->type == 'x' || header->type == 'g')
		return STATUS_OK;
	TRY(path_of(tar, header, path, sizeof(path)));
	if (header->type == 0 || string_find("0125", header->type))
		return add_node(tar, header, path, size);
	log_warning("tar: %s is of type '%c' and is left out", path, header->type);
	return STATUS_OK;
}

enum status vfs_tar(struct vfs_node *directory, uint8_t const *archive, uint64_t size)
{
	struct tar *tar    = libc_alloc(sizeof(*tar));
	enum status status = tar ? STATUS_OK : STATUS_OUT_OF_RAM;

	if (status == STATUS_OK && size < BLOCK)
		status = STATUS_INVALID;
	if (tar)
		tar->root = directory;
	for (uint64_t at = 0; status == STATUS_OK && is_within(at, BLOCK, size) && archive[at]; ) {
		struct tar_header const *header = (struct tar_header const *)(archive + at);
		uint64_t const           length = octal(header->size, sizeof(header->size));

		if (!is_header(header) || !is_within(at + BLOCK, length, size))
			status = STATUS_INVALID;
		else
			status = add_entry(tar, header, length);
		at += BLOCK + align_up(length, BLOCK);
	}
	libc_free(tar);
	return status;
}
