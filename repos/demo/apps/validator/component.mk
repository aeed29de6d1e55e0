# SPDX-License-Identifier: MIT
# An ordinary program with libxml2.
USES = libc libxml2
FLAGS = -Irepos/libports/lib/libxml2/include -Ibuild/ports/libxml2/include

build/obj/program/repos/demo/apps/validator/main.c.o: | build/ports/libxml2/.port
