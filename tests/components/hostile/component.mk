# SPDX-License-Identifier: MIT
# What hostile is built with.
USES = hello rom log
