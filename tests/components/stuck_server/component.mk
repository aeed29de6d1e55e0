# SPDX-License-Identifier: MIT
# What stuck_server is built with.
USES = hello
