# SPDX-License-Identifier: MIT
# What denied_version is built with.
USES = old_hello
