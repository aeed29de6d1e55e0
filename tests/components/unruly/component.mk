# SPDX-License-Identifier: MIT
# What unruly is built with.
USES = hello rom log
