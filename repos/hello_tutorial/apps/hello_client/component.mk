# SPDX-License-Identifier: MIT
# What hello_client is built with.
USES = hello
