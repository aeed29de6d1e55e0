# SPDX-License-Identifier: MIT
# An ordinary C program on sockets.
USES = libc socket
