# SPDX-License-Identifier: MIT
# What base_frail is built with.
USES = frail
