/* SPDX-License-Identifier: MIT */
/* ROMs that change and reports as files; see vfs_backing.h. */
#include "vfs_backing.h"

#include <base/attached.h>
#include <base/reporter.h>

/* --- ROMs --- */

struct rom_backing {
	struct vfs_backing    backing;
	struct attached_rom   rom;
	struct handler        changed;
	struct signal_context context;
};

static void show(struct vfs_node *node)
{
	struct rom_backing *self = container_of(node->backing, struct rom_backing, backing);

	node->content = self->rom.address;
	node->size = self->rom.address ? self->rom.size : 0;
}

static void refresh_rom(struct vfs_node *node)
{
	struct rom_backing *self = container_of(node->backing, struct rom_backing, backing);
	bool                changed;
	enum status         status;

	self->backing.is_newer = false;
	status = attached_rom_update(&self->rom, &changed);
	if (status == STATUS_OK && changed)
		node->changed_s = vfs_now_s();
	if (status != STATUS_OK)
		libc_note("a ROM has no newer content: its server is gone, or the account has too little");
	show(node);
}

/* Context: main entrypoint. */
static void handle_changed(struct handler *handler, uint64_t count)
{
	struct rom_backing *self = container_of(handler, struct rom_backing, changed);

	libc_lock();
	self->backing.is_newer = true;
	task_wake(&task_poll_key, EVERYBODY);
	libc_unlock();
}

enum status vfs_add_rom(struct env *env, struct vfs_node *node, char const *label)
{
	struct rom_backing *self = libc_alloc(sizeof(*self));

	if (!self)
		return STATUS_OUT_OF_RAM;
	TRY(attached_rom_open(&self->rom, env, label));
	self->changed.handle = handle_changed;
	TRY(ep_signal(&env->ep, &self->changed, &self->context));
	TRY(rom_change_handler(&self->rom.rom, self->context));
	node->refresh = refresh_rom;
	node->backing = &self->backing;
	show(node);
	return STATUS_OK;
}

/* --- Reports --- */

struct report_backing {
	struct vfs_backing backing;
	struct reporter    reporter;
	struct vfs_node   *node;
	bool               is_written;     /* there is something to report */
	char               label[VFS_NAME + 1];
};

static void report(struct vfs_node *node)
{
	struct report_backing *self = container_of(node->backing, struct report_backing, backing);
	size_t                 size;
	char                  *text = reporter_begin(&self->reporter, &size);

	self->is_written = true;
	if (!text)
		return;
	memcpy(text, node->content, node->size);
	reporter_commit(&self->reporter, node->size);
}

/* Context: main entrypoint, or vfs_add_report. */
static void handle_ready(struct reporter *reporter, enum status status)
{
	struct report_backing *self = container_of(reporter, struct report_backing, reporter);

	if (status != STATUS_OK)
		log_error("cannot open the report \"%s\": %s", self->label, status_name(status));
	libc_lock();
	if (self->is_written)
		report(self->node);
	libc_unlock();
}

enum status vfs_add_report(struct env *env, struct vfs_node *node, char const *label, size_t buffer_bytes)
{
	struct report_backing *self = libc_alloc(sizeof(*self));

	if (!self)
		return STATUS_OUT_OF_RAM;
	TRY(string_copy(self->label, sizeof(self->label), label));
	self->node = node;
	self->backing.written = report;
	self->backing.limit = buffer_bytes - sizeof(struct report_buffer);
	node->backing = &self->backing;
	node->writable = true;
	node->permissions |= 0222;
	reporter_init(&self->reporter, env, self->label, buffer_bytes, handle_ready);
	return STATUS_OK;
}
