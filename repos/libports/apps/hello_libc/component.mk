# SPDX-License-Identifier: MIT
# An ordinary C program: this file is all that makes it a component.
USES = libc
