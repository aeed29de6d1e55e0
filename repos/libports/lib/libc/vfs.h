/* SPDX-License-Identifier: MIT */
/*
 * The virtual file system: one tree of nodes in memory, made from <vfs> when the component starts, and from then on what the program makes of
 * it. A directory is writable if <ram/> says so, and so is what is made in it. Content is constant (the memory of a ROM, or a part of it), RAM of the
 * component's account, or a device. Everything runs with the lock held, but for what is done at the start.
 */
#pragma once

#include "libc.h"

enum vfs_kind {
	VFS_DIRECTORY,
	VFS_CONSTANT,     /* bytes that somebody else keeps */
	VFS_RAM,          /* bytes in `content`, which is libc_alloc's */
	VFS_DEVICE,
	VFS_LINK,         /* content is where it leads to */
};

struct vfs_node {
	enum vfs_kind     kind;
	bool              writable;
	bool              removed;        /* no longer in the tree: it goes when nobody has it open */
	struct list_link  of_parent;
	struct vfs_node  *parent;         /* of the root: itself */
	struct list       children;       /* of struct vfs_node by of_parent, in the order in which they were made */
	unsigned          users;          /* open files */
	uint64_t          number;
	unsigned          permissions;
	int64_t           changed_s;      /* modification time, seconds since 1970 */
	uint8_t const    *content;
	uint64_t          size, capacity;
	struct file      *device;
	struct vfs_backing *backing;        /* NULL: its content is its own (vfs_backing.h) */
	void            (*refresh)(struct vfs_node *node);    /* if not NULL: runs when newer content may be shown: nobody has it open, or one who begins to read */
	char             *name;
};

enum { VFS_PATH = 4096, VFS_NAME = 255 };

extern struct vfs_node *vfs_root;

/* Makes <vfs>. On the main thread. */
MUST_CHECK enum status vfs_start(struct env *env, struct node config);

/* A node without content, in `parent`; NULL: no memory. `length` is that of the name. */
struct vfs_node *vfs_make(struct vfs_node *parent, enum vfs_kind kind, char const *name, size_t length);

/* The child of that name, or NULL. */
struct vfs_node *vfs_child(struct vfs_node const *parent, char const *name, size_t length);

/* Moves `node` into directory `to` under that name, in the place of `replaced`, if that is not NULL. False: no memory. */
bool vfs_move(struct vfs_node *node, struct vfs_node *to, char const *name, size_t length, struct vfs_node *replaced);

/* Out of the tree; gone when its last user is. */
void vfs_remove(struct vfs_node *node);
void vfs_put(struct vfs_node *node);

/*
 * Where `path` leads to, from `from` if it is relative. With `last`, the last element is not looked up: `*last` is it (in `path`) and `node` the
 * directory. `follow`: also a link at its end. -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG.
 */
struct vfs_last { char const *name; size_t length; };
long vfs_walk(struct vfs_node *from, char const *path, bool follow, struct vfs_node **node, struct vfs_last *last);

/* Opens a node: flags of open. */
long vfs_open(struct vfs_node *node, int flags, struct file **file);

/* The node that a file is of, or NULL. */
struct vfs_node *vfs_node_of(struct file *file);
void             vfs_stat(struct vfs_node const *node, struct stat *stat);
long             vfs_resize(struct vfs_node *node, uint64_t size);
int64_t          vfs_now_s(void);

/* Puts what is in the archive into `directory`. INVALID: it is none. */
MUST_CHECK enum status vfs_tar(struct vfs_node *directory, uint8_t const *archive, uint64_t size);

/* Where relative paths start: 0, or what chdir says. */
long path_set_working(char const *path);
