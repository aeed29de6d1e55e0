/* SPDX-License-Identifier: MIT */
/*
 * What is different about a child in another configuration. Positions do not count: a child that only moved in the file has not changed. Pure: the
 * checker and the tests use it as it is.
 */
#pragma once

#include "config.h"

enum update_change {
	UPDATE_BINARY   = 1,      /* another program */
	UPDATE_VERSION  = 2,
	UPDATE_ENV      = 4,      /* what is fixed when it starts: priority, sessions, CPUs, share, where its configuration comes from */
	UPDATE_QUOTA    = 8,
	UPDATE_ROUTE    = 16,
	UPDATE_CONFIG   = 32,     /* the text of its inline configuration */
	UPDATE_PROVIDES = 64,
	UPDATE_POLICY   = 128,    /* what its parent does with it: patience, heartbeat, restart, exit */
	UPDATE_RESTART  = UPDATE_BINARY | UPDATE_VERSION | UPDATE_ENV,    /* what a running child cannot be changed in */
};

enum { UPDATE_CHANGES = 8, UPDATE_TEXT_SIZE = 128 };

/* The changes from one start to another of the same name. Linear in their size. */
unsigned update_diff(struct config_start const *before, struct config_start const *now);

/* "binary, quota"; returns `text`. */
char const *update_text(unsigned changes, char text[static UPDATE_TEXT_SIZE]);
