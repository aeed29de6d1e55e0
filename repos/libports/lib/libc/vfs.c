/* SPDX-License-Identifier: MIT */
/*
 * The tree: nodes, and the way along a path.
 */
#include "vfs_backing.h"

enum { LINKS_MAX = 8 };

struct vfs_node *vfs_root;

static uint64_t last_number;

int64_t vfs_now_s(void)
{
	return (int64_t)(libc_boot_s + time_now_ns() / TIME_NS_PER_S);
}

static bool set_name(struct vfs_node *node, char const *name, size_t length)
{
	char *copy = libc_alloc(length + 1);

	if (!copy)
		return false;
	memcpy(copy, name, length);
	libc_free(node->name);
	node->name = copy;
	return true;
}

struct vfs_node *vfs_make(struct vfs_node *parent, enum vfs_kind kind, char const *name, size_t length)
{
	struct vfs_node *node = libc_alloc(sizeof(*node));

	if (!node || !set_name(node, name, length)) {
		libc_free(node);
		return NULL;
	}
	node->kind = kind;
	node->number = ++last_number;
	node->permissions = kind == VFS_DIRECTORY ? 0755 : kind == VFS_RAM ? 0644 : 0444;
	node->changed_s = vfs_now_s();
	list_init(&node->children);
	node->parent = parent ? parent : node;
	if (!parent)
		return node;
	node->writable = parent->writable && (kind == VFS_DIRECTORY || kind == VFS_RAM);
	parent->changed_s = node->changed_s;
	list_append(&parent->children, &node->of_parent);
	return node;
}

struct vfs_node *vfs_child(struct vfs_node const *parent, char const *name, size_t length)
{
	list_for_each (child, &parent->children, struct vfs_node, of_parent)
		if (string_equal_slice(name, length, child->name))
			return child;
	return NULL;
}

static void free_if_gone(struct vfs_node *node)
{
	if (!node->removed || node->users)
		return;
	if (node->kind == VFS_RAM || node->kind == VFS_LINK)
		libc_free((void *)node->content);
	libc_free(node->name);
	libc_free(node);
}

void vfs_remove(struct vfs_node *node)
{
	list_remove(&node->of_parent);
	node->parent->changed_s = vfs_now_s();
	node->removed = true;
	free_if_gone(node);
}

bool vfs_move(struct vfs_node *node, struct vfs_node *to, char const *name, size_t length, struct vfs_node *replaced)
{
	if (!set_name(node, name, length))
		return false;
	if (replaced)
		vfs_remove(replaced);
	list_remove(&node->of_parent);
	node->parent->changed_s = to->changed_s = vfs_now_s();
	node->parent = to;
	list_append(&to->children, &node->of_parent);
	return true;
}

void vfs_put(struct vfs_node *node)
{
	node->users--;
	if (node->backing && node->backing->is_newer)
		task_wake(&task_poll_key, EVERYBODY);
	free_if_gone(node);
}

/* --- Paths --- */

static size_t element_length(char const *path)
{
	size_t length = 0;

	while (path[length] && path[length] != '/')
		length++;
	return length;
}

static char const *skip_slashes(char const *path)
{
	while (*path == '/')
		path++;
	return path;
}

/* One element further down. */
static struct vfs_node *step(struct vfs_node *node, char const *name, size_t length)
{
	if (length == 1 && name[0] == '.')
		return node;
	if (length == 2 && name[0] == '.' && name[1] == '.')
		return node->parent;
	return vfs_child(node, name, length);
}

struct walk { bool follow; struct vfs_last *last; unsigned links; };

static long walk_on(struct walk *walk, struct vfs_node **at, char const *path);

/* What a link stands for, in the place of it. */
static long follow_link(struct walk *walk, struct vfs_node **at, struct vfs_node *link)
{
	struct walk inner = { .follow = true, .links = walk->links + 1 };
	char const *target = (char const *)link->content;

	if (inner.links > LINKS_MAX)
		return -ELOOP;
	*at = *target == '/' ? vfs_root : link->parent;
	return walk_on(&inner, at, target);
}

static long walk_on(struct walk *walk, struct vfs_node **at, char const *path)
{
	for (path = skip_slashes(path); *path; ) {
		size_t const      length = element_length(path);
		char const *const rest   = skip_slashes(path + length);
		struct vfs_node  *next;
		long              result;

		if (length > VFS_NAME)
			return -ENAMETOOLONG;
		if ((*at)->kind != VFS_DIRECTORY)
			return -ENOTDIR;
		if (walk->last && !*rest) {
			*walk->last = (struct vfs_last) { path, length };
			return 0;
		}
		next = step(*at, path, length);
		if (!next)
			return -ENOENT;
		if (next->kind == VFS_LINK && (path[length] || walk->follow)) {
			result = follow_link(walk, at, next);
			if (result)
				return result;
		} else {
			*at = next;
		}
		if (path[length] && (*at)->kind != VFS_DIRECTORY)
			return -ENOTDIR;
		path = rest;
	}
	return 0;
}

long vfs_walk(struct vfs_node *from, char const *path, bool follow, struct vfs_node **node, struct vfs_last *last)
{
	struct walk walk = { .follow = follow, .last = last };

	if (!*path)
		return -ENOENT;
	if (string_length_max(path, VFS_PATH) == VFS_PATH)
		return -ENAMETOOLONG;
	if (last)
		*last = (struct vfs_last) { "", 0 };
	*node = *path == '/' ? vfs_root : from;
	return walk_on(&walk, node, path);
}
