# SPDX-License-Identifier: MIT
# An ordinary program with libxml2.
USES = libc libxml2
FLAGS = -D_GNU_SOURCE
SRC = repos/demo/apps/dashboard/whole_file.c
