# SPDX-License-Identifier: MIT
# What hello_server is built with.
USES = hello
