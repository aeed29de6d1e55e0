# SPDX-License-Identifier: MIT
# What libc_time is built with.
USES = libc
