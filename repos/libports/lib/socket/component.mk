# SPDX-License-Identifier: MIT
# BSD sockets for programs of libc: what plugs into it by libc_network.
CLASS = system
USES = libc net lwip
