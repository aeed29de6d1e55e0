/* SPDX-License-Identifier: MIT */
/*
 * The tree as <vfs> describes it. All sessions are opened here, at the start, so that one that is denied is told then, with its line.
 */
#include "vfs_backing.h"

static enum status add_directory(struct env *env, struct vfs_node *directory, struct node config);

/* A node for the element, named by its attribute `name`, or else as `otherwise` says. */
static enum status make_named(struct vfs_node *parent, struct node config, enum vfs_kind kind, char const *otherwise, struct vfs_node **made)
{
	char name[VFS_NAME + 1], file[NODE_FILE_SIZE];

	TRY(node_string(config, "name", otherwise, name, sizeof(name)));
	if (!*name || string_find(name, '/') || string_equal(name, ".") || string_equal(name, "..")) {
		log_error("%s:%u: name=\"%s\" is no name for a file", node_file(config, file), node_line(config), name);
		return STATUS_INVALID;
	}
	if (vfs_child(parent, name, strlen(name))) {
		log_error("%s:%u: there are two files \"%s\" in one directory", node_file(config, file), node_line(config), name);
		return STATUS_EXISTS;
	}
	*made = vfs_make(parent, kind, name, strlen(name));
	return *made ? STATUS_OK : STATUS_OUT_OF_RAM;
}

/* The label of the session behind a file: it is its name, unless another one is said. */
static enum status label_of(struct node config, char label[static VFS_NAME + 1])
{
	char name[VFS_NAME + 1];

	TRY(node_string(config, "name", "", name, sizeof(name)));
	return node_string(config, "label", name, label, VFS_NAME + 1);
}

/* What came of opening the ROM `label` for the element, which is told if it is an error. */
static enum status opened(struct node config, char const *label, enum status status)
{
	char file[NODE_FILE_SIZE];

	if (status)
		log_error("%s:%u: cannot open ROM \"%s\": %s", node_file(config, file), node_line(config), label, status_name(status));
	return status;
}

/* Opens the ROM that the element names by `label`, or by its name; for good. */
static enum status open_rom(struct env *env, struct node config, struct attached_rom *rom)
{
	char label[VFS_NAME + 1];

	TRY(label_of(config, label));
	return opened(config, label, attached_rom_open(rom, env, label));
}

static enum status add_rom(struct env *env, struct vfs_node *directory, struct node config)
{
	char             label[VFS_NAME + 1];
	struct vfs_node *node;

	TRY(make_named(directory, config, VFS_CONSTANT, "", &node));
	TRY(label_of(config, label));
	return opened(config, label, vfs_add_rom(env, node, label));
}

static enum status add_report(struct env *env, struct vfs_node *directory, struct node config)
{
	char             label[VFS_NAME + 1];
	struct vfs_node *node;

	TRY(make_named(directory, config, VFS_RAM, "", &node));
	TRY(label_of(config, label));
	return vfs_add_report(env, node, label, node_bytes(config, "buffer", 16 << 10, PAGE_SIZE, 1 << 20));
}

static enum status add_tar(struct env *env, struct vfs_node *directory, struct node config)
{
	struct attached_rom rom;
	enum status         status;
	char                file[NODE_FILE_SIZE];

	TRY(open_rom(env, config, &rom));
	status = vfs_tar(directory, rom.address, rom.size);
	if (status)
		log_error("%s:%u: the ROM is no tar archive that can be read", node_file(config, file), node_line(config));
	return status;
}

static enum status add_inline(struct env *env, struct vfs_node *directory, struct node config)
{
	struct vfs_node *node;
	size_t const     size = node_text_size(config);
	char            *text;

	TRY(make_named(directory, config, VFS_CONSTANT, "", &node));
	text = libc_alloc(size);
	if (!text)
		return STATUS_OUT_OF_RAM;
	TRY(node_text(config, text, size));
	node->content = (uint8_t *)text;
	node->size = strlen(text);
	return STATUS_OK;
}

static enum status add_subdirectory(struct env *env, struct vfs_node *directory, struct node config)
{
	struct vfs_node *node;

	TRY(make_named(directory, config, VFS_DIRECTORY, "", &node));
	return add_directory(env, node, config);
}

/* The directory that it stands in */
static enum status add_ram(struct env *env, struct vfs_node *directory, struct node config)
{
	directory->writable = true;
	return STATUS_OK;
}

static enum status add_device(struct env *env, struct vfs_node *directory, struct node config, struct device_kind const *kind)
{
	struct vfs_node *node;
	enum status      status;
	char             file[NODE_FILE_SIZE];

	TRY(make_named(directory, config, VFS_DEVICE, kind->name, &node));
	node->permissions = 0666;
	status = kind->make(env, config, &node->device);
	if (status)
		log_error("%s:%u: cannot make <%s/>: %s", node_file(config, file), node_line(config), kind->name, status_name(status));
	return status;
}

static enum status add(struct env *env, struct vfs_node *directory, struct node config)
{
	static struct { char const *name; enum status (*add)(struct env *, struct vfs_node *, struct node); } const kinds[] = {
		{ "dir", add_subdirectory }, { "ram", add_ram }, { "rom", add_rom }, { "report", add_report }, { "tar", add_tar }, { "inline", add_inline },
	};
	char name[NODE_NAME_SIZE], file[NODE_FILE_SIZE];

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (node_is(config, kinds[i].name))
			return kinds[i].add(env, directory, config);
	for (struct device_kind const *kind = device_kinds; kind->name; kind++)
		if (node_is(config, kind->name))
			return add_device(env, directory, config, kind);
	log_error("%s:%u: <%s> in <vfs>: expected dir, ram, rom, report, tar, inline, log, null, zero, random or rtc", node_file(config, file), node_line(config),
	          node_name(config, name));
	return STATUS_INVALID;
}

static enum status add_directory(struct env *env, struct vfs_node *directory, struct node config)
{
	node_for_each (child, config, NULL)
		TRY(add(env, directory, child));
	return STATUS_OK;
}

/* What a program has that nobody has configured anything for: /dev with log, null and zero. */
static enum status add_default(struct env *env)
{
	static char const *const names[] = { "log", "null", "zero" };
	struct vfs_node         *dev     = vfs_make(vfs_root, VFS_DIRECTORY, "dev", 3), *node;

	for (unsigned i = 0; dev && i < ARRAY_SIZE(names); i++) {
		node = vfs_make(dev, VFS_DEVICE, names[i], strlen(names[i]));
		if (!node)
			return STATUS_OUT_OF_RAM;
		node->permissions = 0666;
		for (struct device_kind const *kind = device_kinds; kind->name; kind++)
			if (string_equal(kind->name, names[i]))
				TRY(kind->make(env, node_none(), &node->device));
	}
	return dev ? STATUS_OK : STATUS_OUT_OF_RAM;
}

/* --- What the resolver of names reads, unless <vfs> has it: /etc/resolv.conf and /etc/hosts --- */

enum { RESOLVER_SIZE = 512 };

static void refresh_resolver(struct vfs_node *node)
{
	node->size = (uint64_t)libc_network.resolver((char *)node->content, RESOLVER_SIZE);
}

/* A file in /etc, empty, with room for so much; NULL in *node: there is one already. */
static enum status add_to_etc(char const *name, size_t room, struct vfs_node **node)
{
	struct vfs_node *etc = vfs_child(vfs_root, "etc", strlen("etc"));

	*node = NULL;
	if (!etc)
		etc = vfs_make(vfs_root, VFS_DIRECTORY, "etc", strlen("etc"));
	if (etc && vfs_child(etc, name, strlen(name)))
		return STATUS_OK;
	*node = etc ? vfs_make(etc, VFS_CONSTANT, name, strlen(name)) : NULL;
	if (*node)
		(*node)->content = libc_alloc(room);
	return *node && (*node)->content ? STATUS_OK : STATUS_OUT_OF_RAM;
}

static enum status add_names(void)
{
	static char const hosts[] = "127.0.0.1 localhost\n";
	struct vfs_node  *node;

	if (!&libc_network || !libc_network.resolver)
		return STATUS_OK;
	TRY(add_to_etc("resolv.conf", RESOLVER_SIZE, &node));
	if (node)
		node->refresh = refresh_resolver;
	TRY(add_to_etc("hosts", sizeof(hosts), &node));
	if (node) {
		memcpy((char *)node->content, hosts, sizeof(hosts));
		node->size = sizeof(hosts) - 1;
	}
	return STATUS_OK;
}

enum status vfs_start(struct env *env, struct node config)
{
	struct node const vfs = node_child(config, "vfs");

	vfs_root = vfs_make(NULL, VFS_DIRECTORY, "", 0);
	if (!vfs_root)
		return STATUS_OUT_OF_RAM;
	TRY(node_exists(vfs) ? add_directory(env, vfs_root, vfs) : add_default(env));
	return add_names();
}
