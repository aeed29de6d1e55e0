# SPDX-License-Identifier: MIT
# An ordinary C program on sockets. The same sources are compiled for the host, too, where Linux and glibc say what is right.
USES = libc socket
