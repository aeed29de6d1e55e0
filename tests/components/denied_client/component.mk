# SPDX-License-Identifier: MIT
# What denied_client is built with.
USES = hello
