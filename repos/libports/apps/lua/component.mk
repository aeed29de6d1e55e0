# SPDX-License-Identifier: MIT
# The interpreter as it is: lua.c is its main file, luac.c is another program.
USES = libc
PORT = lua
PORT_SRC = src/*.c
PORT_OMIT = src/luac.c
PORT_FLAGS = -std=gnu99 -DLUA_USE_POSIX -DLUA_COMPAT_5_3
