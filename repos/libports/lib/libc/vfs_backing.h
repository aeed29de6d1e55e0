/* SPDX-License-Identifier: MIT */
/* Files whose content comes from, or goes to, another component: ROMs that change, and reports. */
#pragma once

#include "vfs.h"

/* What stands behind a node; embedded. Everything runs with the lock held. */
struct vfs_backing {
	bool     is_newer;                           /* its content is not the newest: poll says so (vfs_file.c) */
	void   (*written)(struct vfs_node *node);    /* whoever could write to it has closed it. NULL: nobody cares */
	uint64_t limit;                              /* of its size: -ENOSPC; 0: none */
};

/* <rom name="" label=""/>: the content of a ROM; the newest whenever it is opened, or read from its beginning, while nobody else has it open. */
MUST_CHECK enum status vfs_add_rom(struct env *env, struct vfs_node *node, char const *label);

/*
 * <report name="" label="" buffer=""/>: what is written to it is reported, all of it at once, when it is closed. It opens its session without waiting; what is
 * written before that is reported then.
 */
MUST_CHECK enum status vfs_add_report(struct env *env, struct vfs_node *node, char const *label, size_t buffer_bytes);
