# SPDX-License-Identifier: MIT
# The same sources are compiled for the host, too, where glibc says what is right.
USES = libc
FLAGS = -Wno-format-truncation -Wno-stringop-truncation
