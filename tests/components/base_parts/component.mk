# SPDX-License-Identifier: MIT
# What base_parts is built with.
USES = account
