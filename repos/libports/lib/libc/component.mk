# SPDX-License-Identifier: MIT
# What is below musl: its system calls, made of sessions. A program says USES = libc.
CLASS = system
USES = musl rtc
HEAVY = 1
