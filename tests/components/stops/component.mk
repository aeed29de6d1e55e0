# SPDX-License-Identifier: MIT
# What stops is built with.
USES = hello
