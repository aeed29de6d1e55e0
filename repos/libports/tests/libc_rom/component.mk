# SPDX-License-Identifier: MIT

USES = libc
