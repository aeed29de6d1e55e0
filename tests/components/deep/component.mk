# SPDX-License-Identifier: MIT
# What deep is built with.
USES = log
