# SPDX-License-Identifier: MIT
# What spinner is built with.
USES = cpu
