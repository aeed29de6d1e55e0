/* SPDX-License-Identifier: MIT */
/* The files of the page, which are part of the program. */
#pragma once

#include <stddef.h>

struct page {
	char const *path, *type;
	char const *data, *end;
};

extern struct page const pages[];
extern size_t const      page_count;
