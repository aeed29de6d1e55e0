# SPDX-License-Identifier: MIT
# The interpreter as it is, without processes; luac.c and print.c are of another program.
USES = libc
PORT = lua51
PORT_SRC = src/*.c
PORT_OMIT = src/luac.c src/print.c
PORT_FLAGS = -std=gnu99 -DLUA_USE_MKSTEMP -DLUA_USE_ISATTY -DLUA_USE_ULONGJMP
