# SPDX-License-Identifier: MIT
# What scarce is built with.
USES = hello
