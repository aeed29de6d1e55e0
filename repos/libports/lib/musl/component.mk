# SPDX-License-Identifier: MIT
# musl as it is, but for the layer that enters the kernel: that is here (kernel/syscall_arch.h, and thread.c for what musl has in assembly), and a faster memcmp.
CLASS = program
PORT = musl
PORT_SRC = src/*/*.c src/malloc/mallocng/*.c src/*/x86_64/*.c src/*/x86_64/*.s

# What x86-64 has a version of its own of; what is here instead; the dynamic loader's version
musl_arch = $(patsubst $(PORT_DIR)/%,%,$(wildcard $(PORT_DIR)/src/*/x86_64/*.[cs]))
PORT_OMIT = $(addsuffix .c,$(basename $(subst /x86_64/,/,$(musl_arch)))) src/internal/version.c src/string/memcmp.c src/process/x86_64/vfork.s src/signal/x86_64/restore.s \
	$(addprefix src/thread/x86_64/,clone.s syscall_cp.s __unmapself.s __set_thread_area.s)
PORT_FLAGS = -std=c99 -ffreestanding -fexcess-precision=standard -frounding-math -fno-strict-aliasing -fomit-frame-pointer -Wa,--noexecstack \
	-D_XOPEN_SOURCE=700 -I$(DIR)/kernel -I$(PORT_DIR)/arch/x86_64 -I$(PORT_DIR)/arch/generic -I$(PORT_DIR)/src/include -I$(PORT_DIR)/src/internal \
	-I$(PORT_DIR)/include
